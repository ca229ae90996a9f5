"""The drums converter against the table of what Magenta was seen to do (`musicvae_reference` section 7.1)."""

from __future__ import annotations

import numpy as np
import pytest
from note_seq import sequences_lib
from note_seq.protobuf.music_pb2 import NoteSequence

from core.converters.drums import DrumsConverter

STEP = 1 / 8
CONVERTER = DrumsConverter(slice_bars=2)


def note(pitch: int, seconds: float, **changes: int) -> NoteSequence.Note:
    fields = {"velocity": 100, "instrument": 9, "is_drum": True} | changes
    return NoteSequence.Note(pitch=pitch, start_time=seconds, end_time=seconds + 0.1, **fields)


def drums(hits: str, *more, tempos=((0, 120),), signatures=(), total_time=None) -> NoteSequence:
    """Drum hits written `pitch@step`, and more notes."""
    sequence = NoteSequence(ticks_per_quarter=220)
    for pitch, step in (map(int, hit.split("@")) for hit in hits.split()):
        sequence.notes.append(note(pitch, step * STEP))
    sequence.notes.extend(more)
    for time, qpm in tempos:
        sequence.tempos.add(time=time, qpm=qpm)
    for time, numerator, denominator in signatures:
        sequence.time_signatures.add(time=time, numerator=numerator, denominator=denominator)
    last = max(n.end_time for n in sequence.notes)
    sequence.total_time = last if total_time is None else total_time
    return sequence


def labels(events: dict[int, int]) -> tuple[int, ...]:
    return tuple(events.get(step, 0) for step in range(32))


def windows(sequence: NoteSequence, converter: DrumsConverter = CONVERTER) -> list[tuple[int, ...]]:
    return [tuple(window.tolist()) for window in converter.to_labels(sequence)]


BAR_EACH = "36@0 38@16"
ROWS = [
    ("classes share a label", drums("36@0 38@4 42@8 36@8 49@16 46@31"), [{0: 1, 4: 2, 8: 5, 16: 128, 31: 8}]),
    ("pitches of one class are one hit", drums("38@0 40@0 37@0 36@16"), [{0: 2, 16: 1}]),
    (
        "unknown pitch, no drum, no velocity",
        drums("36@0 88@4 36@16", note(38, 8 * STEP, is_drum=False), note(42, 12 * STEP, velocity=0)),
        [{0: 1, 16: 1}],
    ),
    ("a little late", drums("36@0 36@16", note(38, 0.0624)), [{0: 3, 16: 1}]),
    ("half a step goes up", drums("36@0 36@16", note(38, 0.0625)), [{0: 1, 1: 2, 16: 1}]),
    ("a little early", drums("36@0 36@16", note(38, 0.1874)), [{0: 1, 1: 2, 16: 1}]),
    ("half a step goes up again", drums("36@0 36@16", note(38, 0.1875)), [{0: 1, 2: 2, 16: 1}]),
    ("hop of a bar", drums("36@0 38@16 42@32 46@48"), [{0: 1, 16: 2}, {0: 2, 16: 4}, {0: 4, 16: 8}]),
    ("repeats count once", drums("36@0 36@16 36@32 36@48 36@64"), [{0: 1, 16: 1}]),
    ("begins at the bar of the first hit", drums("36@35 38@50"), [{3: 1, 18: 2}]),
    ("15 silent steps", drums("36@0 38@16"), [{0: 1, 16: 2}]),
    ("16 silent steps end a track", drums("36@0 38@17"), []),
    ("15 silent steps inside", drums("36@0 36@5 38@21"), [{0: 1, 5: 1, 21: 2}]),
    ("16 silent steps inside", drums("36@0 36@5 38@22"), []),
    ("the track after a silence", drums("36@0 38@20 42@36"), [{4: 2, 20: 4}]),
    ("one bar", drums("38@20"), []),
    ("one bar of three hits", drums("36@0 36@4 36@8"), []),
    ("3/4", drums(BAR_EACH, signatures=[(0, 3, 4)]), []),
    ("4/3", drums(BAR_EACH, signatures=[(0, 4, 3)]), []),
    ("0/4", drums(BAR_EACH, signatures=[(0, 0, 4)]), []),
    ("3/4 from 1 s", drums(BAR_EACH, signatures=[(1, 3, 4)]), []),
    ("4/4, then 3/4 at 2 s", drums(BAR_EACH, signatures=[(0, 4, 4), (2, 3, 4)]), []),
    ("2/2", drums(BAR_EACH, signatures=[(0, 2, 2)]), [{0: 1, 16: 2}]),
    ("8/8", drums(BAR_EACH, signatures=[(0, 8, 8)]), [{0: 1, 16: 2}]),
    ("4/4 at 1 s changes nothing", drums(BAR_EACH, signatures=[(1, 4, 4)]), [{0: 1, 16: 2}]),
    ("no tempo", drums(BAR_EACH, tempos=()), [{0: 1, 16: 2}]),
    (
        "a tempo change cuts",
        drums("", note(36, 0), note(38, 2), note(42, 4), note(46, 8), tempos=[(0, 120), (4, 60)]),
        [{0: 1, 16: 2}, {0: 4, 16: 8}],
    ),
    ("total time 0", drums(BAR_EACH, total_time=0), []),
    ("total time before the second bar", drums(BAR_EACH, total_time=1), []),
    ("before time 0", drums("38@4 38@16", note(36, -0.2)), [{4: 2, 16: 2}]),
    ("two instruments", drums("36@0 42@16", note(38, 0, instrument=3)), [{0: 3, 16: 4}]),
    ("90 beats a minute", drums("36@0", note(38, 16 / 6), tempos=[(0, 90)]), [{0: 1, 16: 2}]),
]


@pytest.mark.parametrize(("sequence", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_windows(sequence, expected):
    found = windows(sequence)
    assert len(found) == len(expected)
    assert set(found) == set(map(labels, expected))


def test_five_windows_at_most():
    bars = " ".join(f"36@{16 * b} 38@{16 * b + 1 + b}" for b in range(8))
    seven = [labels({0: 1, 1 + b: 2, 16: 1, 18 + b: 2}) for b in range(7)]
    assert windows(drums(bars), CONVERTER.all_windows()) == seven
    five = windows(drums(bars))
    assert len(set(five)) == 5
    assert set(five) < set(seven)


def test_tensors():
    tensors = CONVERTER.to_tensors(drums("36@0 38@4 42@8 36@8 49@16 46@31"))
    (roll,), (one_hot,) = tensors.inputs, tensors.outputs
    assert (roll.shape, one_hot.shape) == ((32, 10), (32, 512))
    assert roll.dtype == one_hot.dtype == bool
    assert tensors.lengths == [32]
    assert tensors.controls[0].shape == (32, 0)
    for step, flags in {0: "1000000000", 1: "0000000001", 8: "1010000000", 31: "0001000000"}.items():
        assert "".join(map(str, roll[step].astype(int))) == flags
    assert one_hot.sum() == 32
    assert one_hot[[0, 1, 8, 16, 31], [1, 0, 5, 128, 8]].all()


def test_a_track_is_cut_at_a_hundred_bars():
    hits = " ".join(f"{36 if bar % 2 else 38}@{16 * bar} 42@{16 * bar + bar % 15 + 1}" for bar in range(110))
    sequence = drums(hits + f" 49@{16 * 100 + 3}")
    found = windows(sequence, CONVERTER.all_windows())
    assert not any(128 & label for window in found for label in window), "the crash in bar 101 is lost"


def test_quantised_already():
    quantised = sequences_lib.quantize_note_sequence(drums(BAR_EACH), 4)
    with pytest.raises(sequences_lib.QuantizationStatusError):
        CONVERTER.to_labels(quantised)


def test_back():
    one_hot = np.eye(512)[list(labels({0: 1, 4: 7, 31: 511}))]
    (sequence,) = CONVERTER.from_tensors([one_hot])
    notes = sorted((n.start_time, n.end_time, n.pitch) for n in sequence.notes)
    assert notes == [
        (0.0, 0.125, 36),
        *[(0.5, 0.625, pitch) for pitch in (36, 38, 42)],
        *[(3.875, 4.0, pitch) for pitch in (36, 38, 42, 45, 46, 48, 49, 50, 51)],
    ]
    assert {(n.velocity, n.instrument, n.program, n.is_drum) for n in sequence.notes} == {(80, 9, 0, True)}
    assert [(tempo.time, tempo.qpm) for tempo in sequence.tempos] == [(0, 120)]
    assert (sequence.ticks_per_quarter, sequence.total_time) == (220, 4)
    assert not sequence.time_signatures


def test_silence_back():
    (sequence,) = CONVERTER.from_tensors([np.zeros((32, 512))])
    assert not sequence.notes
    assert sequence.total_time == 0
