"""Bands: their parts, pictures, files, uploads, and a drummer on the drums of one."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from core import export, pianoroll, uploads
from core.clip import TICKS_PER_BAR, Clip, Note, from_sequence, join, read_midi, to_midi, to_sequence
from core.converters.trio import TrioConverter
from core.errors import ClipError
from core.recipe import Recipe
from core.studio import Performance
from tests.test_trio_converter import band
from tests.test_uploads import file, part, piano, rock, tempo

BASS_LINE = [(i, 40 + i % 3) for i in range(64)]


@pytest.fixture(scope="module")
def trio() -> Clip:
    return from_sequence(band(), 16, 100.0, "a trio")


def test_a_band_comes_apart_and_together_again(trio):
    assert trio.plays == "band"
    assert list(trio.parts) == ["melody", "bass", "drums"]
    assert {name: len(alone.notes) for name, alone in trio.parts.items()} == {"melody": 16, "bass": 16, "drums": 16}
    together = [note for alone in trio.parts.values() for note in alone.notes]
    assert Clip(tuple(together), trio.bars, trio.qpm, trio.name) == trio
    assert all((alone.bars, alone.qpm) == (16, 100.0) for alone in trio.parts.values())
    assert list(trio.parts["drums"].parts) == ["drums"]


def test_each_instrument_is_a_file_of_its_own(trio, rock_beat):
    recipe = Recipe("sample", "test/trio", seed=1, count=2)
    contents = export.files(Performance(recipe, (trio, rock_beat)))
    assert sorted(contents) == [
        "trio_00.mid", "trio_00_bass.mid", "trio_00_drums.mid", "trio_00_melody.mid", "trio_01.mid",
    ]  # fmt: skip
    bass = read_midi(contents["trio_00_bass.mid"])
    assert {(note.program, note.is_drum) for note in bass.notes} == {(33, False)}
    assert len(bass.notes) == 16


def colours(png: bytes) -> set[tuple[int, ...]]:
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).reshape(-1, 3)
    return set(map(tuple, pixels.tolist()))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_picture_has_one_colour_an_instrument_and_names_it(trio, theme):
    loud = Clip(
        tuple(Note(n.start, n.pitch, n.end, 127, n.is_drum, n.instrument, n.program) for n in trio.notes), 16, 100.0
    )
    figure = pianoroll.draw(to_sequence(loud), 16, 100.0, theme, title="A title", spread=True)
    legend = [text for text in figure.axes[0].texts if text.get_text().startswith("■")]
    assert [text.get_text() for text in legend] == ["■ melody", "■ bass", "■ drums"]
    drawn = colours(pianoroll.png(to_sequence(loud), 16, 100.0, theme, spread=True))
    for name, text in zip(loud.parts, legend, strict=True):
        colour = tuple(round(255 * value) for value in to_rgb(text.get_color()))
        assert colour in drawn, name
    others = {tuple(round(255 * value) for value in to_rgb(each)) for each in pianoroll.THEMES[theme].loud[3:]}
    assert not others & drawn
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert pianoroll.describe(to_sequence(loud), 16, 100.0) == (
        "16 bars of drums: 16 kick hits; of bass: 16 notes from C2 to E2; of melody: 16 notes from C4 to E4"
    )


def test_one_kind_of_music_has_no_legend(rock_beat):
    figure = pianoroll.draw(to_sequence(rock_beat), 2, 120.0)
    assert not [text for text in figure.axes[0].texts if text.get_text().startswith("■")]


def test_a_trio_is_found_in_a_file():
    low = part([(i, 30 + i % 3) for i in range(64)], 2, 0.9, "Pad")
    lead = part([(i, 72 + i % 5) for i in range(64)], 3, 0.9, "Lead")
    data = file([tempo((0, 97)), low, part(BASS_LINE, 1, 0.9, "Bass"), lead, part(rock(16))])
    upload = uploads.windows(data, "song.mid", 16, ("band",))
    (window,) = upload.windows
    assert window.clip.plays == "band"
    assert {name: len(alone.notes) for name, alone in window.clip.parts.items()} == {
        "melody": 64, "bass": 64, "drums": 16 * 12,
    }  # fmt: skip
    assert {note.pitch for note in window.clip.parts["bass"].notes} == {40, 41, 42}
    assert upload.said == (
        "The trio: melody from “Lead”, bass from “Bass”, and the drums.",
        "The trio was taken, 1 other track was left out.",
    )
    assert len(TrioConverter().to_labels(to_sequence(window.clip))) == 1


def test_sixteen_bars_of_a_file_are_a_trio_or_a_melody():
    data = file([piano(16), part(BASS_LINE, 1, 0.9), part(rock(16))])
    found = uploads.windows(data, "song.mid", 16, uploads.OF_BARS[16]).windows
    assert [(window.track, window.clip.plays, window.clip.bars) for window in found] == [
        ("Trio", "band", 16), ("Piano", "melody", 16), ("Track 2", "melody", 16),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tracks", "sentence"),
    [
        ([piano(16), part(BASS_LINE, 1)], "there are no drums on channel 10"),
        ([piano(16), part(rock(16))], "beside drums it has only 1 of the two"),
        ([part(rock(16))], "beside drums it has only 0 of the two"),
        ([piano(8), part(BASS_LINE[:32], 1), part(rock(8))], "has only 8 bars of melody, bass and drums in 4-4"),
        ([piano(16), part(BASS_LINE[:20], 1), part(rock(16))], "has no 16 bars in a row with melody, bass and drums"),
    ],
)
def test_a_file_without_a_trio_gets_a_sentence(tracks, sentence):
    with pytest.raises(ClipError, match="^[^\n]*$") as error:
        uploads.windows(file(tracks), "song.mid", 16, ("band",))
    assert sentence in str(error.value)


def test_a_drummer_plays_the_drums_of_a_trio_and_leaves_the_others_alone(trio, tiny_grooves):
    model = tiny_grooves["groove_2bar_humanize"]
    played = from_sequence(model.groove(to_sequence(trio), 0.5, 1.0, True, seed=1), 16, 100.0, "a trio")
    for name in ("melody", "bass"):
        assert played.parts[name] == trio.parts[name]
    assert len(played.parts["drums"].notes) == 16
    assert played.parts["drums"] != trio.parts["drums"]


def test_a_band_survives_its_midi_file(trio):
    again = from_sequence(read_midi(to_midi(trio)), 16, 100.0, "a trio")
    for name, alone in trio.parts.items():
        theirs = again.parts[name].notes
        assert [(n.start, n.pitch, n.end, n.velocity) for n in alone.notes] == [
            (n.start, n.pitch, n.end, n.velocity) for n in theirs
        ]


def test_joined_bands_keep_their_parts(trio):
    joined = join([trio, trio])
    assert {name: len(alone.notes) for name, alone in joined.parts.items()} == {"melody": 32, "bass": 32, "drums": 32}
    assert max(note.start for note in joined.notes) >= 16 * TICKS_PER_BAR
