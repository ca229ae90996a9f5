"""Sentences in two languages."""

from __future__ import annotations

import ast
import copy
import inspect
import pickle
import re
import string
from pathlib import Path

import pytest

from core import errors, examples
from core.clip import to_sequence
from core.errors import ClipError, SettingError
from core.sentences import Sentence, translated
from ui.chinese import SENTENCES

CORE = Path(errors.__file__).parent
# What only the owner of the machine sees stays English.
ENGLISH_ONLY = ("__main__.py", "settings.py")
# Where in a call the words stand, by the name of what is called.
PLACES = {"Sentence": 0, "tell": 1, "number_within": 2, "whole_number_within": 2} | {
    name: 0 for name, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, errors.LatentJamError)
}

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


def templates(source: str) -> tuple[set[str], list[str]]:
    """What the sentences in a program are made of, and the lines where one is made so that it cannot be translated."""
    found: set[str] = set()
    faults: list[str] = []
    tree = ast.parse(source)
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    own = {
        each.name: 0 for each in classes if {base.id for base in each.bases if isinstance(base, ast.Name)} & {*PLACES}
    }
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "id", None) or getattr(call.func, "attr", None)
        place = (PLACES | own).get(name)
        if name == "append" and getattr(call.func.value, "id", None) == "said":
            place = 0
        if place is None or len(call.args) <= place:
            continue
        values = {each.arg for each in call.keywords}
        for words in _branches(call.args[place]):
            if isinstance(words, ast.Constant):
                found.add(words.value)
                if missing := {field for field, _ in fields(words.value)} - values:
                    faults.append(f"{call.lineno}: no value for {', '.join(sorted(missing))}")
            elif values - {None} or not _is_ready(words):
                faults.append(f"{call.lineno}: not a template: {ast.unparse(words)}")
    return found, faults


def _branches(words: ast.expr) -> list[ast.expr]:
    return [*_branches(words.body), *_branches(words.orelse)] if isinstance(words, ast.IfExp) else [words]


def _is_ready(words: ast.expr) -> bool:
    """Whether this can be a sentence, which was made elsewhere."""
    if isinstance(words, ast.Call):
        return (
            getattr(words.func, "attr", None) not in ("format", "join", "replace") and ast.unparse(words.func) != "str"
        )
    return isinstance(words, (ast.Name, ast.Attribute, ast.Subscript))


def fields(template: str) -> set[tuple[str, str | None]]:
    """The fields of a template and how each is formatted."""
    return {(name, spec) for _, name, spec, _ in string.Formatter().parse(template) if name is not None}


def all_templates() -> dict[str, set[str]]:
    """The templates of every module of core that visitors can come across."""
    files = [file for file in sorted(CORE.rglob("*.py")) if file.name not in ENGLISH_ONLY]
    return {str(file.relative_to(CORE)): templates(file.read_text())[0] for file in files}


def words_in_values() -> set[str]:
    """Words that are no sentences where they stand: values of sentences, and the name of a clip of taps."""
    from core import taps
    from core.clip import PARTS
    from core.pianoroll import LANE_NAMES
    from core.recipe import INPUTS

    return {*PARTS, *INPUTS, *LANE_NAMES, taps.clip_of_taps([0], 120).name}


def test_every_sentence_of_core_can_be_translated() -> None:
    faults = {}
    for file in sorted(CORE.rglob("*.py")):
        if file.name not in ENGLISH_ONLY and (wrong := templates(file.read_text())[1]):
            faults[str(file.relative_to(CORE))] = wrong
    assert not faults


def test_every_sentence_of_core_has_its_chinese_and_no_chinese_is_left_over() -> None:
    of_module = all_templates()
    assert len(of_module["uploads.py"]) > 20, "the scan finds too little"
    used = set.union(words_in_values(), *of_module.values())
    assert sorted(used - SENTENCES.keys()) == []
    assert sorted(SENTENCES.keys() - used) == []


@pytest.mark.parametrize("english", SENTENCES)
def test_chinese_has_the_same_fields_and_is_chinese(english: str) -> None:
    chinese = SENTENCES[english]
    assert fields(chinese) == fields(english)
    plain = re.sub(r"{[^}]*}", "", english)
    assert re.search("[\u4e00-\u9fff]", chinese) or not re.search("[A-Za-z]", plain)
    # Punctuation of Chinese is as wide as its signs.
    assert not re.search("[\u4e00-\u9fff}][,;:!?]|[,;:!?][\u4e00-\u9fff]|[\u4e00-\u9fff][.]|[.]$", chinese)


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ('raise ClipError(f"{name} is empty.")', "1: not a template: f'{name} is empty.'"),
        ('raise ClipError(f"No {a}" if a else "None.")', "1: not a template: f'No {a}'"),
        ('raise ClipError("%s is empty." % name)', "1: not a template: '%s is empty.' % name"),
        ('raise ClipError("{} is empty.".format(name))', "1: not a template: '{} is empty.'.format(name)"),
        ('raise errors.ClipError("No " + name)', "1: not a template: 'No ' + name"),
        ('raise ClipError("{name} is empty.")', "1: no value for name"),
        ('raise ClipError("{name} is {what}.", name=name)', "1: no value for what"),
        ("raise ClipError(template, name=name)", "1: not a template: template"),
        ("raise ClipError(str(error))", "1: not a template: str(error)"),
        ('tell(0.5, f"Loading {name}")', "1: not a template: f'Loading {name}'"),
        ('said.append(f"{count} left")', "1: not a template: f'{count} left'"),
        ('limits.number_within(x, (0, 1), f"The {x}")', "1: not a template: f'The {x}'"),
        ('class _Odd(ClipError): ...\nraise _Odd(f"{name}")', "2: not a template: f'{name}'"),
    ],
)
def test_the_scan_sees_what_cannot_be_translated(source: str, fault: str) -> None:
    assert templates(source)[1] == [fault]


def test_the_scan_finds_templates() -> None:
    source = """
tell(0.5, Sentence("Loading {name}", name=name))
raise ClipError("One." if one else "{n} of them.", n=2) from None
said.append(Sentence("Cut."))
raise ValueError(f"not {shown}")
raise ClipError(_why(name))
"""
    assert templates(source) == ({"Loading {name}", "One.", "{n} of them.", "Cut."}, [])


def test_what_core_says_can_be_said_in_chinese() -> None:
    from core.downloads import Transfer
    from core.limits import TEMPERATURE, number_within
    from core.pianoroll import describe
    from core.recipe import Recipe
    from core.uploads import Window

    clip = examples.load("Straight rock")
    described = describe(to_sequence(clip), clip.bars, clip.qpm)
    assert translated(described, SENTENCES).startswith(f"{clip.bars} 小节，鼓：底鼓 ")
    assert translated(Window(clip, 3, Sentence("Track {number}", number=2)).label, SENTENCES) == "音轨 2 · 第 3–4 小节"
    transfer = Transfer(120_000_000, 923_000_000, 14e6, 57.4)
    assert str(transfer) == "120 of 923 MB, 14 MB/s, 57 s left"
    assert translated(transfer.words, SENTENCES) == "已下载 120/923 MB，每秒 14 MB，还需 57 秒"
    with pytest.raises(SettingError) as error:
        number_within("", TEMPERATURE, "The temperature")
    assert translated(error.value.sentence, SENTENCES) == "温度必须是 0.01 到 2 之间的数，不能是“空”。"
    with pytest.raises(SettingError) as error:
        Recipe("groove", "x", seed=1)
    assert translated(error.value.sentence, SENTENCES) == "律动需要 1 个输入片段，但收到了 0 个。"
