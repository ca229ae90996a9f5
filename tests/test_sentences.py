"""Sentences in two languages."""

from __future__ import annotations

import copy
import pickle

import pytest

from core.errors import ClipError, SettingError
from core.sentences import Sentence, translated

GERMAN = {
    "Loading {name}": "{name} wird geladen",
    "{what} takes {seconds:.1f} seconds": "{what} dauert {seconds:.1f} Sekunden",
    "{first} {second}": "{first} {second}",
    "{first}, {second}": "{first} und {second}",
    "The tempo": "Das Tempo",
    "No notes.": "Keine Noten.",
}


def test_a_sentence_is_its_english() -> None:
    sentence = Sentence("Loading {name}", name="trio")
    assert sentence == "Loading trio" and isinstance(sentence, str)
    assert (sentence.template, sentence.values) == ("Loading {name}", {"name": "trio"})
    assert Sentence(sentence) is sentence


def test_templates_are_translated_and_then_filled() -> None:
    assert translated(Sentence("Loading {name}", name="trio"), GERMAN) == "trio wird geladen"
    long = Sentence("{what} takes {seconds:.1f} seconds", what="The tempo", seconds=1.26)
    assert long == "The tempo takes 1.3 seconds"
    assert translated(long, GERMAN) == "Das Tempo dauert 1.3 Sekunden"
    inner = Sentence("{what} takes {seconds:.1f} seconds", what=Sentence("Loading {name}", name="trio"), seconds=2)
    assert translated(inner, GERMAN) == "trio wird geladen dauert 2.0 Sekunden"
    assert translated("No notes.", GERMAN) == translated(Sentence("No notes."), GERMAN) == "Keine Noten."


def test_what_is_not_in_the_dictionary_stays_english() -> None:
    sentence = Sentence("{what} is too {how}.", what="The tempo", how="slow")
    assert translated(sentence, GERMAN) == "The tempo is too slow."
    assert translated("New.", GERMAN) == "New."
    assert type(translated(sentence, {})) is str


@pytest.mark.parametrize("name", ["{name}", "{0}", "{", "}}", "{name.__class__}", "%s", "{name!r:>{name}}"])
def test_braces_in_values_mean_nothing(name: str) -> None:
    sentence = Sentence("Loading {name}", name=name)
    assert sentence == f"Loading {name}"
    assert translated(sentence, GERMAN) == f"{name} wird geladen"
    assert translated(Sentence.joined(sentence, name), GERMAN) == f"{name} wird geladen {name}"
    assert str(ClipError(name)) == name == translated(ClipError(name).sentence, GERMAN)


def test_sentences_are_joined_and_words_listed() -> None:
    both = Sentence.joined(Sentence("Loading {name}", name="trio"), "No notes.")
    assert both == "Loading trio No notes."
    assert translated(both, GERMAN) == "trio wird geladen Keine Noten."
    assert Sentence.joined("No notes.") == "No notes." and Sentence.joined() == ""
    assert Sentence.listed(iter("abc")) == "a, b, c"
    assert translated(Sentence.listed("abc"), GERMAN) == "a und b und c"


def test_errors_hold_sentences_and_travel_between_processes() -> None:
    inner = Sentence("Loading {name}", name="{trio}")
    error = SettingError("{what} takes {seconds:.1f} seconds", what=inner, seconds=2)
    for each in (error, pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(each) is SettingError and isinstance(each, ValueError)
        assert str(each) == "Loading {trio} takes 2.0 seconds"
        assert translated(each.sentence, GERMAN) == "{trio} wird geladen dauert 2.0 Sekunden"
    for each in (pickle.loads(pickle.dumps(inner)), copy.copy(inner), copy.deepcopy(inner)):
        assert type(each) is Sentence and each == inner
        assert (each.template, each.values) == (inner.template, inner.values)
