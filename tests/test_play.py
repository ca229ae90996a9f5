"""`python -m core play`: the music of a link, a recipe or a recipe.json again, to the byte; and every kind of file."""

from __future__ import annotations

import io
import json
import re
import shutil
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from core import audio, export, mp3
from core.__main__ import main
from core.catalog import CATALOG
from core.clip import to_midi
from core.recipe import Recipe
from core.studio import perform

LOKL, HIKL, HUMANIZE = "bundled/drums_2bar.lokl", "bundled/drums_2bar.hikl", "bundled/groove_2bar_humanize"


@pytest.fixture(params=["sample", "interpolate", "groove"])
def recipe(request, rock_beat, half_time_beat) -> Recipe:
    return {
        "sample": Recipe("sample", LOKL, 7, 2, 0.7, qpm=97.5),
        "interpolate": Recipe("interpolate", HIKL, 3, 3, clips=(rock_beat, half_time_beat)),
        "groove": Recipe("groove", HUMANIZE, 5, qpm=101.0, clips=(rock_beat,), amount=0.7),
    }[request.param]


def midi_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.mid")}


def test_links_recipes_and_recipe_files_play_the_same_music(recipe, tmp_path, capsys):
    performance = perform(recipe)
    archive = export.archive(export.files(performance), recipe)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        opened.extractall(tmp_path / "zip")
    text = recipe.to_link_string()
    jams = [f"https://host.example/jam/?__theme=dark&jam={text}", text, str(tmp_path / "zip" / "recipe.json")]
    expected = midi_files(tmp_path / "zip")
    assert len(expected) >= len(performance.clips)
    for number, jam in enumerate(jams):
        out = tmp_path / str(number)
        assert main(["play", jam, "--output-dir", str(out)]) == 0
        assert capsys.readouterr().out.split() == [str(out / name) for name in export.files(performance)]
        assert midi_files(out) == expected


def test_every_kind_of_file(tmp_path, capsys):
    recipe = Recipe("sample", LOKL, 7, 1)
    text = recipe.to_string()
    kinds = ["wav", "mp3", "png", "svg"]
    flags = [f"--{kind}" for kind in kinds]
    assert main(["play", text, *flags, "--zip", "--output-dir", str(tmp_path)]) == 0
    names = [f"drums_2bar.lokl_00.{kind}" for kind in ("mid", *kinds)] + ["drums_2bar.lokl.zip"]
    assert sorted(Path(line).name for line in capsys.readouterr().out.split()) == sorted(names)
    with zipfile.ZipFile(tmp_path / names[-1]) as archive:
        assert sorted(archive.namelist()) == sorted([*names[:-1], "recipe.json"])
    whole, rate = soundfile.read(tmp_path / names[1])
    small, small_rate = soundfile.read(tmp_path / names[2])
    assert (rate, small_rate) == (44_100, 32_000)
    assert (tmp_path / names[2]).stat().st_size < (tmp_path / names[1]).stat().st_size / 5
    assert len(small) / small_rate == pytest.approx(len(whole) / rate, abs=0.002), "an MP3 loops as the WAV does"
    sound = audio.render(perform(recipe).clips[0], rate=small_rate) / 32768
    assert np.sqrt(((small - sound) ** 2).mean()) < 0.15 * np.sqrt((sound**2).mean())
    assert ET.parse(tmp_path / names[4]).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_an_mp3_is_always_the_same(rock_beat):
    sound = audio.render(rock_beat)
    assert mp3.encode([sound], 44_100) == mp3.encode([sound], 44_100)


@pytest.mark.parametrize("rate", [32_000, 44_100])
@pytest.mark.parametrize("samples", [1, 1151, 1152, 44_100])
def test_an_mp3_is_exactly_as_long_as_its_sound(samples, rate):
    sound = np.zeros((samples, 2), np.int16)
    sound[-1] = 30_000
    heard, _ = soundfile.read(io.BytesIO(mp3.encode([sound], rate)))
    assert heard.shape == sound.shape
    assert np.abs(heard).max(1).argmax() >= samples - 3


def test_a_checkpoint_of_ones_own_plays_again(tmp_path, capsys):
    shutil.copy(CATALOG[HIKL].path, tmp_path / "own.safetensors")
    own = ["--config", "cat-drums_2bar_small", "--checkpoint_file", str(tmp_path / "own.safetensors")]
    assert (
        main(["sample", *own, "--num-outputs", "1", "--seed", "1", "--zip", "--output-dir", str(tmp_path / "a")]) == 0
    )
    with zipfile.ZipFile(next((tmp_path / "a").glob("*.zip"))) as archive:
        archive.extract("recipe.json", tmp_path)
    jam = ["play", str(tmp_path / "recipe.json")]
    assert main([*jam, *own, "--output-dir", str(tmp_path / "b")]) == 0
    assert midi_files(tmp_path / "b") == midi_files(tmp_path / "a")
    capsys.readouterr()
    assert main([*jam, "--output-dir", str(tmp_path / "c")]) == 2
    assert re.search("checkpoint of somebody's own: add --config cat-drums_2bar_small", capsys.readouterr().err)
    other = Recipe("sample", LOKL, 1).to_string()
    assert main(["play", other, *own, "--output-dir", str(tmp_path / "c")]) == 2
    assert "Leave --checkpoint_file out" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()


WRONG = {
    "a cut link": ("https://host.example/?jam=AnjaBcFRCo", "This link is damaged"),
    "a newer link": ("https://host.example/?jam=_3jaBcFRCo", "another version of Latent Jam"),
    "no link": ("hello", "This link"),
    "no file": ("nowhere.json", "nowhere.json cannot be read"),
    "another file": ("{folder}/other.json", "no recipe.json"),
    "no such model": (Recipe("sample", "bundled/trumpet", 1).to_string(), "There is no model “bundled/trumpet”"),
    "a groove model that samples": (Recipe("sample", HUMANIZE, 1).to_string(), "Choose another model"),
}


@pytest.mark.parametrize(("jam", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_wrong_jams_are_one_sentence(tmp_path, capsys, jam, sentence):
    (tmp_path / "other.json").write_text(json.dumps({"name": "other"}))
    assert main(["play", jam.format(folder=tmp_path), "--output-dir", str(tmp_path / "out")]) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert captured.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_names_of_files_from_anywhere_survive(rock_beat):
    """A file's name may hold what no text may, and be long."""
    import dataclasses

    named = dataclasses.replace(rock_beat, name="a\udcff" + "b" * 200)
    again = Recipe.from_link(Recipe("groove", HUMANIZE, 1, clips=(named,)).to_link_string()).clips[0]
    assert to_midi(again) == to_midi(named)
