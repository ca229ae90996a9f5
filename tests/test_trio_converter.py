"""The trio converter against the table of what Magenta was seen to do (`musicvae_reference` section 7.3)."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from note_seq.protobuf.music_pb2 import NoteSequence

from core.converters.drums import labels_to_roll
from core.converters.trio import BASS, DRUMS, MELODY, TrioConverter

STEP = 1 / 8
TRIO = TrioConverter()
ALWAYS = range(99)


def add(sequence: NoteSequence, pitch: int, start: float, end: float, instrument: int, program: int = 0, drum=False):
    sequence.notes.add(
        pitch=pitch,
        velocity=80,
        start_time=start * STEP,
        end_time=end * STEP,
        instrument=instrument,
        program=program,
        is_drum=drum,
    )
    sequence.total_time = max(sequence.total_time, end * STEP)


def band(
    bars: int = 16,
    melody=ALWAYS,
    bass=ALWAYS,
    drums=ALWAYS,
    melody_program: int = 0,
    bass_program: int = 33,
    bass_instrument: int = 1,
    qpm: float = 120,
) -> NoteSequence:
    """A melody, a bass and a kick, each in the bars given."""
    sequence = NoteSequence()
    sequence.tempos.add(qpm=qpm)
    for bar in range(bars):
        if bar in melody:
            add(sequence, 60 + bar % 5, 16 * bar, 16 * bar + 8, 0, melody_program)
        if bar in bass:
            add(sequence, 36 + bar % 5, 16 * bar, 16 * bar + 4, bass_instrument, bass_program)
        if bar in drums:
            add(sequence, 36, 16 * bar, 16 * bar + 0.8, 2, drum=True)
    if qpm != 120:
        for note in sequence.notes:
            note.start_time, note.end_time = note.start_time * 120 / qpm, note.end_time * 120 / qpm
        sequence.total_time *= 120 / qpm
    return sequence


def without(bars: range) -> range | set:
    return set(range(16)) - set(bars)


COUNTS = [
    ("all three", band(), 1),
    ("no bass", band(bass=()), 0),
    ("program 40", band(bass_program=40), 0),
    ("program 32", band(bass_program=32), 1),
    ("program 39", band(bass_program=39), 1),
    ("melody program 31", band(melody_program=31), 1),
    ("melody program 32", band(melody_program=32), 0),
    ("bass on the melody's instrument", band(bass_instrument=0), 0),
    ("instrument 200", band(bass_instrument=200), 0),
    ("another tempo", band(qpm=90), 1),
    ("15 bars", band(15), 0),
    ("17 bars", band(17), 2),
    ("18 bars", band(18), 3),
    ("24 bars: five are kept", band(24), 5),
    ("bass silent for 4 bars", band(bass=without(range(6, 10))), 1),
    ("bass silent for 5 bars", band(bass=without(range(6, 11))), 0),
    ("bass enters at bar 4", band(bass=range(4, 16)), 1),
    ("bass enters at bar 5", band(bass=range(5, 16)), 0),
    ("bass leaves 4 bars before the end", band(bass=range(12)), 1),
    ("bass leaves 5 bars before the end", band(bass=range(11)), 0),
    ("all enter at bar 3", band(melody=range(3, 16), bass=range(3, 16), drums=range(3, 16)), 1),
]


@pytest.mark.parametrize(("sequence", "count"), [row[1:] for row in COUNTS], ids=[row[0] for row in COUNTS])
def test_windows(sequence, count):
    assert len(TRIO.to_labels(sequence)) == count


def events(labels: np.ndarray, steps: int = 40) -> dict[int, int]:
    return {step: int(label) for step, label in enumerate(labels[:steps]) if label}


def test_labels():
    (window,) = TRIO.to_labels(band())
    assert window.shape == (256, 3)
    assert events(window[:, MELODY]) == {0: 41, 8: 1, 16: 42, 24: 1, 32: 43}
    assert events(window[:, BASS]) == {0: 17, 4: 1, 16: 18, 20: 1, 32: 19, 36: 1}
    assert events(window[:, DRUMS]) == {0: 1, 16: 1, 32: 1}
    (late,) = TRIO.to_labels(band(melody=range(1, 16)))
    assert events(late[:, MELODY]) == {16: 42, 24: 1, 32: 43}


def test_a_bass_out_of_range_gives_nothing():
    sequence = band(bass=())
    for bar in range(16):
        add(sequence, 20, 16 * bar, 16 * bar + 4, 1, 33)
    assert TRIO.to_labels(sequence) == []


def test_every_combination_in_order():
    sequence = band()
    for bar in range(16):
        add(sequence, 80, 16 * bar, 16 * bar + 8, 5, 5)
        add(sequence, 50, 16 * bar, 16 * bar + 8, 7, 35)
        add(sequence, 38, 16 * bar, 16 * bar + 0.8, 9, drum=True)
    first = [tuple(window[0].tolist()) for window in TRIO.all_windows().to_labels(sequence)]
    assert first[:5] == [(41, 17, 1), (41, 17, 2), (41, 31, 1), (41, 31, 2), (61, 17, 1)]
    assert len(first) == 8
    assert len(TRIO.to_labels(sequence)) == 5


def test_a_note_off_at_the_front_of_a_window_stays():
    sequence = band(17, melody=range(2, 17))
    add(sequence, 70, 8, 24, 0)
    _, second = TRIO.to_labels(sequence)
    assert events(second[:, MELODY], 20) == {8: 1, 16: 43}


def test_music_without_a_tempo_is_at_120():
    sequence = band()
    del sequence.tempos[:]
    assert len(TRIO.to_labels(sequence)) == 1


def test_tensors():
    tensors = TRIO.to_tensors(band())
    (window,) = tensors.outputs
    assert window.shape == (256, 692)
    assert (window.sum(-1) == 3).all()
    assert (tensors.inputs[0] == window).all()
    ours = dataclasses.replace(TRIO, drums_as_roll=True)
    (heard,) = ours.to_tensors(band()).inputs
    assert heard.shape == (256, ours.input_depth) == (256, 190)
    assert (heard[:, :180] == window[:, :180]).all()
    assert (heard[:, 180:] == labels_to_roll(window[:, 180:].argmax(-1))).all()


def test_back_to_notes():
    labels = np.zeros((256, 3), int)
    labels[0, MELODY], labels[4, BASS], labels[12, BASS], labels[255, DRUMS] = 41, 19, 1, 3
    sequence = TRIO.from_samples(labels)
    found = [(n.pitch, n.start_time, n.end_time, n.instrument, n.program, n.is_drum) for n in sequence.notes]
    assert found == [
        (60, 0, 32, 0, 0, False),
        (38, 0.5, 1.5, 1, 33, False),
        (36, 31.875, 32, 9, 0, True),
        (38, 31.875, 32, 9, 0, True),
    ]
    assert sequence.total_time == 32
    assert TRIO.from_tensors([TRIO.samples_to_tensor(labels)]) == [sequence]
