"""Uploads: which drums of a file are taken, and twenty files that nobody tuned for."""

from __future__ import annotations

import dataclasses
import io
import itertools
from collections.abc import Callable

import mido
import numpy as np
import pytest

from core import limits, uploads
from core.clip import TICKS_PER_BAR, Clip, Note, join, to_midi, to_sequence
from core.configs import CONFIG_MAP
from core.converters.drums import DrumsConverter
from core.converters.melody import MELODY_PROGRAMS, MelodyConverter
from core.errors import ClipError
from core.recipe import Recipe

Track = list[mido.Message | mido.MetaMessage]


def file(tracks: list[Track], kind: int = 1, ticks: int = 480) -> bytes:
    out = io.BytesIO()
    mido.MidiFile(type=kind, ticks_per_beat=ticks, tracks=[mido.MidiTrack(track) for track in tracks]).save(file=out)
    return out.getvalue()


def part(
    hits: list[tuple[float, int]], channel: int = 9, length: float = 0.2, name: str = "", ticks: int = 480
) -> Track:
    """A track of (quarter notes, pitch)."""
    events = [(at, 1, pitch) for at, pitch in hits] + [(at + length, 0, pitch) for at, pitch in hits]
    track: Track = [mido.MetaMessage("track_name", name=name)] if name else []
    now = 0
    for at, on, pitch in sorted(events):
        tick = round(at * ticks)
        kind = "note_on" if on else "note_off"
        track.append(mido.Message(kind, channel=channel, note=pitch, velocity=90 * on, time=tick - now))
        now = tick
    return track


def tempo(*changes: tuple[float, float], ticks: int = 480) -> Track:
    """Tempos as (quarter notes since the last, qpm)."""
    return [mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(qpm), time=round(at * ticks)) for at, qpm in changes]


def metre(*changes: tuple[float, int, int]) -> Track:
    return [
        mido.MetaMessage("time_signature", numerator=n, denominator=d, time=round(at * 480)) for at, n, d in changes
    ]


def rock(bars: int, begin: float = 0, beats: int = 4) -> list[tuple[float, int]]:
    hits = []
    for bar in range(bars):
        at = begin + bar * beats
        hits += [(at + i / 2, 42) for i in range(2 * beats)] + [(at, 36), (at + 1, 38), (at + 2, 36)]
        hits += [(at + 3, 38)] * (beats > 3)
    return hits


def piano(bars: int, channel: int = 0) -> Track:
    return part([(i, 60 + i % 5) for i in range(4 * bars)], channel, 0.9, "Piano")


def busy(bars: int) -> Track:
    track = part(rock(bars), name="Kit")
    noise: Track = [
        mido.Message("sysex", data=(1, 2, 3)),
        mido.MetaMessage("lyrics", text="la \x80"),
        mido.MetaMessage("marker", text="A"),
    ]
    noise += [mido.Message("control_change", channel=9, control=7, value=i % 128) for i in range(3000)]
    noise += [mido.Message("pitchwheel", channel=9, pitch=i - 200) for i in range(400)]
    return noise + track


WILD: dict[str, tuple[Callable[[], bytes], str | int]] = {
    # Name: (file, the longest music for a groove in bars, or what the sentence must say).
    "a band": (lambda: file([tempo((0, 97)), piano(8), part(rock(8)), part([(i, 40) for i in range(32)], 1)]), 8),
    "drums beside channel 10": (lambda: file([part(rock(4), channel=3, name="My Drums")]), 4),
    "a melody only": (lambda: file([piano(8)]), "There are no drums in “wild.mid”. Put them on MIDI channel 10"),
    "empty tracks": (lambda: file([[], tempo((0, 90)), []]), "has no notes in it"),
    "one note": (lambda: file([part([(0, 36)])]), 1),
    "one note, late": (lambda: file([part([(4 * 5, 38)])]), 6),
    "ten minutes": (lambda: file([tempo((0, 128)), part(rock(320))]), limits.GROOVE_BARS),
    "several tempos": (lambda: file([tempo((0, 90), (16, 100), (16, 140)), part(rock(20))]), 12),
    "rubato": (lambda: file([tempo(*[(0.25, 100 + i % 7) for i in range(400)]), part(rock(25))]), "all the time"),
    "a waltz": (lambda: file([metre((0, 3, 4)), part(rock(8, beats=3))]), "are not in 4-4"),
    "six eight": (lambda: file([metre((0, 6, 8)), part(rock(8, beats=3))]), "are not in 4-4"),
    "a bar of three": (
        lambda: file([metre((0, 4, 4), (16, 3, 4), (3, 4, 4)), part([*rock(4), (17, 38), *rock(6, 19)])]),
        6,
    ),
    "cut time": (lambda: file([metre((0, 2, 2)), part(rock(4))]), 4),
    "type 0": (lambda: file([tempo((0, 111)) + part(rock(4))], kind=0), 4),
    "type 2": (lambda: file([part(rock(2)), part(rock(2))], kind=2), 2),
    "slow as a snail": (lambda: file([tempo((0, 12)), part(rock(2))]), 2),
    "triplets at 960": (lambda: file([part([(i / 3, 42) for i in range(48)], ticks=960)], ticks=960), 4),
    "without a click": (
        lambda: file([part([(a + x, p) for (a, p), x in zip(rock(4), np.linspace(0, 3, 60), strict=False)])]),
        5,
    ),
    "unknown drums": (lambda: file([part([(i, 100) for i in range(8)])]), "no drums in this music that the model"),
    "everything in it": (lambda: file([busy(4), piano(4)]), 4),
    "notes without an end": (
        lambda: file([[mido.Message("note_on", channel=9, note=36, time=480)] * 16]),
        "None of the notes in “wild.mid” has an end",
    ),
    "half a file": (lambda: file([part(rock(4))])[:120], "is not a MIDI file, or it is damaged"),
    "text": (lambda: b"MThd but not really", "is not a MIDI file"),
}


@pytest.mark.parametrize("name", WILD)
def test_a_wild_file_gives_music_or_a_sentence(name, tiny_grooves, tiny_studio):
    make, expected = WILD[name]
    data = make()
    try:
        clip, said = uploads.drum_music(data, "wild.mid")
        recipe = Recipe("groove", "test", seed=1, qpm=clip.qpm, clips=(clip,))
        played = tiny_grooves["groove_2bar_humanize"].groove(to_sequence(recipe.clips[0]), 0.5, 1.0, True, seed=1)
        assert len(played.notes) == len(clip.notes)
        assert clip.bars == expected
        assert all(sentence.endswith(".") for sentence in said)
    except Exception as error:  # noqa: BLE001 (what kind it is, is the question)
        assert type(error).__module__ == "core.errors", error
        assert isinstance(expected, str), f"refused: {error}"
        assert expected in str(error)
        assert "\n" not in str(error)
    for plays, converter in (("drums", DrumsConverter()), ("melody", MelodyConverter(2, MELODY_PROGRAMS))):
        try:
            windows = uploads.windows(data, "wild.mid", 2, (plays,)).windows
        except ClipError as error:
            assert "\n" not in str(error)
            continue
        for window in windows:
            Recipe("interpolate", "test", seed=1, clips=(window.clip, window.clip))
            assert window.clip.plays == plays
            assert len(converter.to_labels(to_sequence(window.clip))) == 1


def test_there_are_more_than_twenty():
    assert len(WILD) >= 20


def test_what_was_taken_is_said():
    _, said = uploads.drum_music(WILD["a band"][0](), "band.mid")
    assert said == ("The drums were taken, 2 other tracks were left out.",)
    _, said = uploads.drum_music(WILD["drums beside channel 10"][0](), "x.mid")
    assert said == ("Nothing is on channel 10; the track “My Drums” was taken as drums.",)
    _, said = uploads.drum_music(WILD["several tempos"][0](), "x.mid")
    assert said == ("Its tempo or metre changes: the part with the most hits was taken, 12 bars.",)
    _, said = uploads.drum_music(WILD["a bar of three"][0](), "x.mid")
    assert "Bars in other metres than 4-4 were left out." in said
    _, said = uploads.drum_music(WILD["ten minutes"][0](), "x.mid")
    assert said == ("The first 64 bars were taken.",)
    clip, said = uploads.drum_music(WILD["slow as a snail"][0](), "x.mid")
    assert clip.qpm == 30
    assert "tempo of 12 is out of our range" in said[0]
    _, said = uploads.drum_music(WILD["without a click"][0](), "x.mid")
    assert any("do not follow the sixteenth notes" in sentence for sentence in said)


def test_windows_have_their_bars_and_repeats_count_once(rock_beat, half_time_beat):
    song = join([rock_beat, rock_beat, half_time_beat])
    five = dataclasses.replace(song, bars=5, notes=tuple(n for n in song.notes if n.start < 5 * TICKS_PER_BAR))
    found = uploads.drum_windows(to_midi(five), "song.mid", 2).windows
    assert [window.label for window in found] == ["Bars 1–2", "Bars 4–5"]
    assert [(n.start, n.pitch) for n in found[0].clip.notes] == [(n.start, n.pitch) for n in rock_beat.notes]


def test_a_window_is_what_the_model_takes(rock_beat):
    """`is_one_phrase` and the converter agree, on random clips thin enough to fail often."""
    rng = np.random.default_rng(1)
    agreed = []
    for _ in range(300):
        starts = sorted(rng.choice(2 * TICKS_PER_BAR, rng.integers(1, 6), replace=False).tolist())
        clip = Clip(tuple(Note(s, int(rng.choice([36, 42, 100])), s + 60, 80, True, 9) for s in starts), 2, 120.0)
        clip = uploads.cut(clip, 0, 2)
        ours = uploads.is_one_phrase(clip)
        assert ours == (len(DrumsConverter().to_labels(to_sequence(clip))) == 1), clip.notes
        agreed.append(ours)
    assert 0.1 < np.mean(agreed) < 0.9


def test_cutting_keeps_early_hits_and_ends_what_rings():
    notes = (Note(3830, 36, 4500, 90, True, 9), Note(0, 38, 60, 90, True, 9), Note(5000, 42, 9000, 90, True, 9))
    piece = uploads.cut(Clip(notes, 4, 120.0), 2, 2)
    assert piece.notes == (Note(0, 36, 660, 90, True, 9), Note(1160, 42, 3840, 90, True, 9))


def test_too_short_says_so(rock_beat):
    bar = dataclasses.replace(rock_beat, bars=1, notes=tuple(n for n in rock_beat.notes if n.start < TICKS_PER_BAR))
    with pytest.raises(ClipError, match="has only 1 bar of drums in 4-4, and 2 are needed"):
        uploads.drum_windows(to_midi(bar), "bar.mid", CONFIG_MAP["cat-drums_2bar_small"].bars)
    sparse = Clip((Note(0, 36, 60, 90, True, 9), Note(7000, 36, 7060, 90, True, 9)), 4, 120.0)
    with pytest.raises(ClipError, match="no 2 bars in a row"):
        uploads.drum_windows(to_midi(sparse), "sparse.mid", 2)


def song() -> bytes:
    """Chords, a bass, a lead that is called so, and drums, of four bars."""
    chords = part([(2 * i, pitch) for i in range(8) for pitch in (60, 64, 67)], 0, 1.9, "Keys")
    bass = [mido.Message("program_change", channel=1, program=33), *part([(i, 40) for i in range(16)], 1, 0.9, "Low")]
    lead = part([(i, 70 + i % 4) for i in range(16)], 2, 0.9, "Lead synth")
    return file([chords, bass, lead, part(rock(4), name="Kit")])


def test_a_song_offers_its_drums_and_its_melodies():
    upload = uploads.windows(song(), "song.mid", 2)
    labels = [window.label for window in upload.windows]
    # Repeats count once; the track that is called a lead comes first, the bass last.
    assert labels == ["Drums · Bars 1–2", "Lead synth · Bars 1–2", "Keys · Bars 1–2", "Low · Bars 1–2"]
    assert "Where several notes begin together, the highest was taken." in upload.said
    (first, *_) = uploads.windows(song(), "song.mid", 2, ("melody",)).windows
    assert {note.pitch for note in first.clip.notes} == {70, 71, 72, 73}
    assert {(note.instrument, note.program) for note in first.clip.notes} == {(0, 0)}


def test_of_a_chord_the_highest_is_taken_and_ends_where_the_next_begins():
    chords = part([(i, pitch) for i in range(8) for pitch in (60 + i, 48)], 0, 1.5)
    (window,) = uploads.windows(file([chords]), "chords.mid", 2).windows
    assert [note.pitch for note in window.clip.notes] == list(range(60, 68))
    assert all(a.end <= b.start for a, b in itertools.pairwise(window.clip.notes))


def test_notes_beyond_the_models_range_are_moved_by_octaves():
    low = part([(i, pitch) for i, pitch in enumerate((9, 20, 21, 60, 108, 109, 125, 60))], 0, 0.9)
    upload = uploads.windows(file([low]), "low.mid", 2)
    assert [note.pitch for note in upload.windows[0].clip.notes] == [21, 32, 21, 60, 108, 97, 101, 60]
    assert "Notes beyond the range of a piano were moved by octaves." in upload.said


def test_a_melody_that_begins_a_bar_late_is_found():
    late = part([(4 + i, 60 + i) for i in range(8)], 0, 0.9)
    upload = uploads.windows(file([late]), "late.mid", 2)
    assert [window.label for window in upload.windows] == ["Bars 2–3"]


def test_without_a_melody_says_so(rock_beat):
    with pytest.raises(ClipError, match="no melody in “beat.mid”"):
        uploads.windows(to_midi(rock_beat), "beat.mid", 2, ("melody",))


def test_a_window_is_what_the_melody_model_takes():
    """`is_one_melody` and the converter agree, on random lines thin enough to fail often."""
    rng, converter = np.random.default_rng(2), MelodyConverter(2, MELODY_PROGRAMS)
    agreed = []
    for _ in range(300):
        starts = sorted((240 * rng.choice(32, rng.integers(1, 7), replace=False) + rng.integers(-50, 50)).tolist())
        starts = [max(0, start) // 2 for start in starts]
        latest = [*starts[1:], 2 * TICKS_PER_BAR]
        ends = [min(s + int(rng.integers(30, 2500)), end) for s, end in zip(starts, latest, strict=True)]
        notes = tuple(Note(s, 60, e, 80) for s, e in zip(starts, ends, strict=True) if e > s)
        clip = Clip(notes, 2, 120.0)
        ours = uploads.is_one_melody(clip)
        assert ours == (len(converter.to_labels(to_sequence(clip))) == 1), clip.notes
        agreed.append(ours)
    assert 0.1 < np.mean(agreed) < 0.9
