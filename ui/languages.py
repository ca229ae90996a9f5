"""English and Chinese: what stands on the page from the start is in the browser's language (`gr.I18n`), what is said in
answer to a request in the one that the request asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from zlib import crc32

import gradio as gr
from gradio.context import LocalContext
from gradio.i18n import I18nData

from core.sentences import translated
from ui.chinese import SENTENCES

ENGLISH, CHINESE = "en", "zh"
# The most of a browser's list of languages that is read.
HEADER_CHARACTERS = 200


def preferred(accept_language: str | None) -> str:
    """The first of our languages in a visitor's Accept-Language header, in their order; English if there is none."""
    asked = []
    for place, entry in enumerate((accept_language or "")[:HEADER_CHARACTERS].split(",")):
        tag, _, quality = entry.partition(";q=")
        try:
            asked.append((-float(quality or 1), place, tag.strip().lower()[:2]))
        except ValueError:
            continue
    return next((tag for weight, _, tag in sorted(asked) if tag in (ENGLISH, CHINESE) and weight), ENGLISH)


def language() -> str:
    """The language of the request that is being answered; English outside of one."""
    request = LocalContext.request.get(None)
    return preferred(request.headers.get("accept-language")) if request else ENGLISH


class Text(I18nData):
    """What the page says. A component that is given it shows it in the browser's language; a sentence for a request is
    what `said` gives.

    Gradio shows at most one in a string, which may stand among other characters.
    """

    def __init__(self, english: str, chinese: str) -> None:
        """The same in both languages, with the same fields in braces."""
        name = re.sub(r"\W+", "_", english)[:40]
        super().__init__(f"{name}_{crc32(english.encode()):08x}")
        self.words = {ENGLISH: english, CHINESE: chinese}

    def said(self, **values: object) -> str:
        """The words in the request's language; values that are texts or sentences of `core` are translated, too."""
        now = language()
        return self.words[now].format(**{name: _in(now, value) for name, value in values.items()})

    def filled(self, **values: object) -> Text:
        """A text with values that the page knows from the start."""
        return Text(*(words.format(**{n: _in(at, v) for n, v in values.items()}) for at, words in self.words.items()))

    def __getattr__(self, name: str) -> object:
        """Gradio's own would answer to any name, also to `format`, and say nothing."""
        raise AttributeError(f"a Text has no {name}")


def spoken(sentence: str) -> str:
    """A sentence of `core` in the request's language."""
    return str(_in(language(), sentence))


def i18n(texts: Iterable[Text]) -> gr.I18n:
    """What Gradio needs to show texts."""
    known = {text.key: text.words for text in texts}
    return gr.I18n(**{at: {key: words[at] for key, words in known.items()} for at in (ENGLISH, CHINESE)})


def _in(at: str, value: object) -> object:
    if isinstance(value, Text):
        return value.words[at]
    return translated(value, SENTENCES) if at == CHINESE and isinstance(value, str) else value
