"""English and Chinese: every text has both, with the same fields, and each visitor gets their own."""

from __future__ import annotations

import ast
import json
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import SettingError
from core.limits import TEMPERATURE, number_within
from ui import languages, models, page, texts, tries
from ui.languages import CHINESE, ENGLISH, Text, preferred

UI = Path(texts.__file__).parent
ALL = [*texts.constants(), *(choice.label for choice in models.choices()), *map(tries.empty, tries.TRIES)]
# The same in both languages.
NAMES = {"A", "B"}
# What components and Gradio's own messages show; the endpoints' labels are names of arguments.
SHOWN = {"label", "info", "placeholder", "title", "desc"}
NOT_SEEN = ("api.py", "texts.py")


def fields(words: str) -> list[tuple]:
    return sorted((name, spec) for _, name, spec, _ in string.Formatter().parse(words) if name is not None)


@pytest.mark.parametrize("text", ALL, ids=lambda text: text.words[ENGLISH][:30])
def test_a_text_is_said_in_both_languages(text):
    english, chinese = text.words[ENGLISH], text.words[CHINESE]
    assert fields(english) == fields(chinese)
    assert english.strip() and not re.search(r"[\u4e00-\u9fff]", english)
    assert english in NAMES or re.search(r"[\u4e00-\u9fff：]", chinese)
    assert re.findall(r"<[^>]+>", english) == re.findall(r"<[^>]+>", chinese)


def test_gradio_knows_every_text_on_the_page():
    known = page.look()["i18n"].translations_dict
    assert set(known) == {ENGLISH, CHINESE}
    assert known[ENGLISH].keys() == known[CHINESE].keys()
    config = json.dumps(page.build().get_config_file(), default=str)
    used = set(re.findall(r'"key[\\"]*: [\\"]*(\w+)', config))
    used.discard("null")
    assert len(used) > 80
    assert used <= known[ENGLISH].keys()
    by_key: dict[str, dict] = {}
    for text in ALL:
        assert by_key.setdefault(text.key, text.words) == text.words


def _parts(value: ast.AST) -> Iterator[str]:
    """The strings in an expression, but not those that are given to a function or look something up in it."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    for inner in ast.iter_child_nodes(value):
        if not isinstance(inner, ast.Call | ast.Subscript):
            yield from _parts(inner)


def hard_coded(source: str) -> list[str]:
    """Words in a program that a visitor would see and that no text holds."""
    found = []
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call):
            continue
        shown = [each.value for each in call.keywords if each.arg in SHOWN]
        name = getattr(call.func, "attr", None) or getattr(call.func, "id", "")
        if name in ("Button", "Tab", "Accordion", "UploadButton", "DownloadButton", "HTML", "notice", "Error"):
            shown += call.args[:1]
        for value in shown:
            for part in _parts(value):
                words = re.sub(r"<[^>]*>|[\w-]+=\"[^\"]*\"|\"[\w -]*\"?>?", " ", part)
                if re.search(r"[A-Za-z]{3,}", words) and part not in ("wrong", "quiet"):
                    found.append(f"{call.lineno}: {part}")
    return found


@pytest.mark.parametrize(
    "file", [file for file in sorted(UI.glob("*.py")) if file.name not in NOT_SEEN], ids=lambda file: file.name
)
def test_no_text_is_hard_coded(file):
    assert not hard_coded(file.read_text())


def test_hard_coded_texts_are_found():
    assert hard_coded('gr.Slider(0, 1, label="How many")')
    assert hard_coded('gr.Button("Press me")') and hard_coded('notice(f"That is {what}")')
    assert hard_coded('gr.HTML("Sample a groove")') and hard_coded('gr.Tab("Groove", id="groove")')
    assert not hard_coded('gr.Button(texts.GENERATE, elem_id="generate")')
    assert not hard_coded("gr.HTML(f'<div class=\"empty small\">{texts.SLOT_EMPTY}</div>')")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, ENGLISH),
        ("", ENGLISH),
        ("en-US,en;q=0.9,zh-CN;q=0.8", ENGLISH),
        ("zh-CN,zh;q=0.9,en;q=0.8", CHINESE),
        ("de-DE,de;q=0.9,zh;q=0.5,en;q=0.4", CHINESE),
        ("en;q=0.1, zh-TW", CHINESE),
        ("zh;q=0, en", ENGLISH),
        ("fr,it", ENGLISH),
        ("zh;q=much", ENGLISH),
        (",;q=,;;;" * 10_000, ENGLISH),
    ],
)
def test_the_visitors_language(header, expected):
    assert preferred(header) == expected


class Asked:
    def __init__(self, language: str) -> None:
        self.headers = {"accept-language": language}


def test_sentences_are_said_in_the_language_of_the_request():
    with pytest.raises(SettingError) as raised:
        number_within(9, TEMPERATURE, "The temperature")
    error = raised.value
    assert languages.spoken(error.sentence) == str(error)
    assert texts.CLIP.said(number=3) == "Clip 3"
    with languages.answering(Asked("zh-CN")):
        assert texts.CLIP.said(number=3) == "片段 3"
        assert re.search(r"[\u4e00-\u9fff]", languages.spoken(error.sentence))
        assert texts.SLOT_MISSING.said(slots=texts.AND.said().join("AB")).startswith("A 和 B")
    assert texts.CLIP.said(number=3) == "Clip 3"


def test_a_text_is_no_string():
    with pytest.raises(AttributeError):
        texts.CLIP.format(number=1)
    assert isinstance(texts.CLIPS_NUMBERED[0], Text)
