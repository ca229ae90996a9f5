"""Sentences that can be said in another language later: who shows one knows the language, who makes it does not."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping


class Sentence(str):
    """An English sentence, which it is as a string, that knows the template and the values that it was made of.

    `Sentence("Loading {name}", name="trio")` is “Loading trio”. Values are numbers or text, and may be sentences. A
    template without values is taken as it stands, braces and all. Sentences can be pickled.
    """

    template: str
    values: dict[str, object]

    def __new__(cls, template: str, /, **values: object) -> Sentence:
        """A sentence alone stays what it is."""
        if isinstance(template, Sentence) and not values:
            return template
        made = super().__new__(cls, template.format(**values) if values else template)
        made.template, made.values = str(template), values
        return made

    def __reduce__(self) -> tuple:
        """How to make it again."""
        return _made, (self.template, self.values)

    @staticmethod
    def joined(*sentences: str) -> Sentence:
        """Sentences one after the other."""
        return _folded(sentences, lambda first, second: Sentence("{first} {second}", first=first, second=second))

    @staticmethod
    def listed(words: Iterable[str]) -> Sentence:
        """Words with commas between them."""
        return _folded(words, lambda first, second: Sentence("{first}, {second}", first=first, second=second))


def _made(template: str, values: dict[str, object]) -> Sentence:
    return Sentence(template, **values)


def _folded(parts: Iterable[str], glue: Callable[[str, str], Sentence]) -> Sentence:
    first, *others = [*parts] or [""]
    return functools.reduce(glue, others, Sentence(first))


def translated(text: str, dictionary: Mapping[str, str]) -> str:
    """A text in the language of a dictionary from English to it, which has texts and the templates of sentences.

    Values that are text are translated as well. What is not in the dictionary stays English.
    """
    if not isinstance(text, Sentence) or not text.values:
        return dictionary.get(text, str(text))
    if text.template not in dictionary:
        return str(text)
    values = {
        name: translated(value, dictionary) if isinstance(value, str) else value for name, value in text.values.items()
    }
    return dictionary[text.template].format(**values)
