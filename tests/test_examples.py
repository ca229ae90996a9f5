"""The example library: the files are what the script writes, and the models can take each of them."""

from __future__ import annotations

import pytest

from core import examples
from core.clip import to_sequence
from core.configs import CONFIG_MAP
from core.errors import ClipError
from scripts.make_examples import files

CONVERTERS = {"drums": "cat-drums_2bar_small", "melodies": "cat-mel_2bar_small", "taps": "groove_2bar_tap"}
EVERY = [(kind, name) for kind in CONVERTERS for name in examples.names(kind)]


def test_files_are_what_the_script_writes():
    written = files()
    assert set(written) == {path.name for path in examples.EXAMPLES_FOLDER.glob("*.mid")}
    for name, data in written.items():
        assert (examples.EXAMPLES_FOLDER / name).read_bytes() == data, name


def test_the_readme_lists_every_example():
    listed = (examples.EXAMPLES_FOLDER / "README.md").read_text()
    for _, name in EVERY:
        assert f"| `{examples.file_name(name)}` | {name} | {examples.load(name).qpm:g} |" in listed


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_the_models_take_it(kind, name):
    clip = examples.load(name)
    assert clip.name == name
    assert clip.bars == 2
    assert clip.plays == ("melody" if kind == "melodies" else "drums")
    windows = CONFIG_MAP[CONVERTERS[kind]].data_converter.to_tensors(to_sequence(clip)).inputs
    assert len(windows) == 1


def test_wrong_names_get_a_sentence():
    with pytest.raises(ClipError, match="no examples of"):
        examples.names("basses")
    with pytest.raises(ClipError, match="no example"):
        examples.load("../../etc/passwd")
