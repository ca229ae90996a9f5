"""The melody converter against the table of what Magenta was seen to do (`musicvae_reference` section 7.2)."""

from __future__ import annotations

import numpy as np
import pytest
from note_seq import melodies_lib
from note_seq.protobuf.music_pb2 import NoteSequence

from core.converters.melody import MELODY_PROGRAMS, NOTE_OFF, NUM_LABELS, MelodyConverter

STEP = 1 / 8
TWO_BARS = MelodyConverter(2, MELODY_PROGRAMS)


def melody(notes: str, *more: NoteSequence.Note, program: int = 0, tempos=((0, 120),)) -> NoteSequence:
    """Notes written `pitch@start-end` in steps, and more notes."""
    sequence = NoteSequence(ticks_per_quarter=220)
    for written in notes.split():
        pitch, place = written.split("@")
        sequence.notes.append(note(int(pitch), *map(float, place.split("-")), program=program))
    sequence.notes.extend(more)
    for time, qpm in tempos:
        sequence.tempos.add(time=time, qpm=qpm)
    sequence.total_time = max(each.end_time for each in sequence.notes)
    return sequence


def note(pitch: int, start: float, end: float, **changes: int) -> NoteSequence.Note:
    return NoteSequence.Note(pitch=pitch, start_time=start * STEP, end_time=end * STEP, **({"velocity": 100} | changes))


def labels(events: dict[int, int]) -> tuple[int, ...]:
    return tuple(events.get(step, 0) for step in range(32))


BASE = {0: 41, 4: 43, 8: 1, 16: 45}
ROWS = [
    ("notes in a row", melody("60@0-4 62@4-8 64@16-32"), [BASE]),
    ("lowest and highest", melody("21@0-4 60@4-8 108@8-20"), [{0: 2, 4: 41, 8: 89, 20: 1}]),
    ("a note off before the last bar line", melody("60@0-4 64@16-30"), [{0: 41, 4: 1, 16: 45, 30: 1}]),
    ("a hop of a bar", melody("60@0-4 64@16-33"), [{0: 41, 4: 1, 16: 45}, {0: 45, 17: 1}]),
    ("the highest of a chord", melody("60@0-8 67@0-2 64@0-4 62@16-20"), [{0: 48, 2: 1, 16: 43, 20: 1}]),
    ("a note cut off stays so", melody("60@0-12 55@4-6 62@16-20"), [{0: 41, 4: 36, 6: 1, 16: 43, 20: 1}]),
    ("the first of equals", melody("60@0-2 60@0-6 62@16-20"), [{0: 41, 2: 1, 16: 43, 20: 1}]),
    ("the first of equals, exchanged", melody("60@0-6 60@0-2 62@16-20"), [{0: 41, 6: 1, 16: 43, 20: 1}]),
    ("a held note is not there", melody("60@0-60"), [{0: 41}, {}]),
    ("no note off without a note", melody("60@0-17 62@32-40"), [{0: 41, 17: 1}, {16: 43, 24: 1}]),
    ("a silence of 16 steps ends a melody", melody("60@0-16 62@32-40"), []),
    ("the same later", melody("60@0-4 62@20-24"), []),
    ("15 steps do not", melody("60@0-4 62@19-24"), [{0: 41, 4: 1, 19: 43, 24: 1}]),
    ("from the bar of the first note", melody("60@12-20 62@35-40"), [{12: 41, 20: 1}, {19: 43, 24: 1}]),
    ("from a later bar", melody("60@35-40 62@50-52"), [{3: 41, 8: 1, 18: 43, 20: 1}]),
    ("program 31", melody("60@0-4 62@4-8 64@16-32", program=31), [BASE]),
    ("program 32", melody("60@0-4 62@4-8 64@16-32", program=32), []),
    ("out of range", melody("20@0-4 109@4-8 60@5-8 64@16-32"), [{5: 41, 8: 1, 16: 45}]),
    ("no velocity", melody("60@0-4 64@16-32", note(62, 4, 8, velocity=0)), [{0: 41, 4: 1, 16: 45}]),
    ("no length", melody("60@0-0 62@8-8 64@16-32"), [{0: 41, 1: 1, 8: 43, 9: 1, 16: 45}]),
    (
        "each instrument by itself",
        melody("60@0-4 64@16-20", note(72, 0, 4, instrument=1), note(74, 16, 20, instrument=1)),
        [{0: 41, 4: 1, 16: 45, 20: 1}, {0: 53, 4: 1, 16: 55, 20: 1}],
    ),
    (
        "a drum of the same instrument counts for the first bar",
        melody("60@20-24 62@36-40", note(36, 0, 1, is_drum=True)),
        [{20: 41, 24: 1}, {4: 41, 8: 1, 20: 43, 24: 1}],
    ),
    (
        "a drum of another does not",
        melody("60@20-24 62@36-40", note(36, 0, 1, is_drum=True, instrument=9)),
        [{4: 41, 8: 1, 20: 43, 24: 1}],
    ),
    (
        "a tempo change cuts",
        melody("60@0-8 62@16-48 64@36-48 65@64-96", tempos=[(0, 120), (4, 60)]),
        [{0: 41, 8: 1, 16: 43}, {2: 45, 8: 1, 16: 46}],
    ),
]


@pytest.mark.parametrize(("sequence", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_windows(sequence, expected):
    found = [tuple(window.tolist()) for window in TWO_BARS.to_labels(sequence)]
    assert sorted(found) == sorted(map(labels, expected))


def test_a_note_that_ends_before_it_begins_is_refused():
    with pytest.raises(melodies_lib.BadNoteError):
        TWO_BARS.to_labels(melody("62@16-32", note(60, 8, 4)))


def test_sixteen_bars():
    converter = MelodyConverter(16)
    bars = " ".join(f"{60 + bar}@{16 * bar}-{16 * bar + 8}" for bar in range(16))
    assert converter.to_labels(melody(bars.rsplit(" ", 1)[0])) == []
    (window,) = converter.to_labels(melody(bars, program=33))
    assert window.shape == (256,)
    assert [window[16 * bar] for bar in range(16)] == list(range(41, 57))


def test_tensors_are_one_hot():
    tensors = TWO_BARS.to_tensors(ROWS[0][1])
    (window,) = tensors.inputs
    assert window.shape == (32, NUM_LABELS)
    assert window.dtype == bool
    assert (window.sum(-1) == 1).all()
    assert tensors.lengths == [32]
    assert tuple(window.argmax(-1)) == labels(BASE)


def test_back_to_notes():
    events = np.zeros(32, int)
    events[[0, 2, 4, 6, 8, 10, 16, 20]] = [1, 41, 1, 1, 43, 43, 2, 89]
    sequence = TWO_BARS.from_samples(events)
    found = [(n.pitch, n.start_time, n.end_time) for n in sequence.notes]
    assert found == [(60, 0.25, 0.5), (62, 1, 1.25), (62, 1.25, 2), (21, 2, 2.5), (108, 2.5, 4)]
    assert {(n.velocity, n.instrument, n.program, n.is_drum) for n in sequence.notes} == {(80, 0, 0, False)}
    assert sequence.total_time == 4
    (again,) = TWO_BARS.from_tensors([TWO_BARS.samples_to_tensor(events)])
    assert again == sequence
    assert not TWO_BARS.from_tensors([np.zeros((32, NUM_LABELS))])[0].notes


def test_a_melody_that_may_rest_is_heard_from_time_zero_and_comes_back():
    labels = np.zeros(256, int)
    labels[[20, 40, 130]], labels[[24, 64, 250]] = (50, 52, 54), NOTE_OFF
    sequence = MelodyConverter(16).from_samples(labels)
    sequence.total_time = 32
    resting = MelodyConverter(16, rests=True)
    (window,) = resting.to_labels(sequence)
    assert window.tolist() == labels.tolist()
    assert MelodyConverter(16).to_labels(sequence) == []
    assert resting.to_labels(MelodyConverter(16).from_samples(np.zeros(256, int))) == []
