"""Drums: NoteSequence ⇄ tensors of nine drum classes (`musicvae_reference` sections 4.2, 5 and 6.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from note_seq.protobuf.music_pb2 import NoteSequence

from core.converters.windows import (
    SECONDS_PER_STEP,
    STEPS_PER_BAR,
    LabelConverter,
    bars_up,
    empty_sequence,
    hop_by_bars,
    one_hot,
    quantized_segments,
)

# The first pitch of a class is the one written back; the others are heard as the same drum.
DRUM_CLASSES: dict[str, tuple[int, ...]] = {
    "kick": (36, 35),
    "snare": (38, 27, 28, 31, 32, 33, 34, 37, 39, 40, 56, 65, 66, 75, 85),
    "closed hi-hat": (42, 44, 54, 68, 69, 70, 71, 73, 78, 80, 22),
    "open hi-hat": (46, 67, 72, 74, 79, 81, 26),
    "low tom": (45, 29, 41, 43, 61, 64, 84),
    "mid tom": (48, 47, 60, 63, 77, 86, 87),
    "high tom": (50, 30, 62, 76, 83),
    "crash": (49, 52, 55, 57, 58),
    "ride": (51, 53, 59, 82),
}
CLASS_NAMES = tuple(DRUM_CLASSES)
CLASS_PITCHES = tuple(pitches[0] for pitches in DRUM_CLASSES.values())
CLASS_OF_PITCH = {pitch: i for i, pitches in enumerate(DRUM_CLASSES.values()) for pitch in pitches}
NUM_CLASSES = len(DRUM_CLASSES)
NUM_LABELS = 2**NUM_CLASSES

DRUM_INSTRUMENT = 9
VELOCITY = 80
MAX_TRACK_STEPS = 100 * STEPS_PER_BAR


def labels_to_hits(labels: np.ndarray) -> np.ndarray:
    """Splits labels [...] of 0…511 into the hits of the nine classes, bool [..., 9]; bit i is class i."""
    return (np.asarray(labels)[..., None] >> np.arange(NUM_CLASSES) & 1).astype(bool)


def hits_to_labels(hits: np.ndarray) -> np.ndarray:
    """Joins hits [..., 9] into labels [...] of 0…511."""
    return np.asarray(hits, bool) @ (1 << np.arange(NUM_CLASSES))


def labels_to_roll(labels: np.ndarray) -> np.ndarray:
    """The encoder's input for labels [...]: bool [..., 10], nine hits and a flag for silence."""
    hits = labels_to_hits(labels)
    return np.concatenate([hits, ~hits.any(-1, keepdims=True)], -1)


def hits_by_step(notes: Iterable[NoteSequence.Note]) -> dict[int, int]:
    """The label at each step at which quantised notes strike a drum."""
    hits_at: dict[int, int] = {}
    for note in notes:
        if note.is_drum and note.velocity and note.pitch in CLASS_OF_PITCH:
            step = note.quantized_start_step
            hits_at[step] = hits_at.get(step, 0) | 1 << CLASS_OF_PITCH[note.pitch]
    return hits_at


def add_hits(sequence: NoteSequence, labels: np.ndarray) -> None:
    """Adds the hits of labels [steps] to a sequence at the reference tempo: each lasts a step and has velocity 80."""
    for step, drum_class in np.argwhere(labels_to_hits(labels)):
        start = float(step) * SECONDS_PER_STEP
        sequence.notes.add(
            pitch=CLASS_PITCHES[drum_class],
            velocity=VELOCITY,
            start_time=start,
            end_time=start + SECONDS_PER_STEP,
            instrument=DRUM_INSTRUMENT,
            is_drum=True,
        )
        sequence.total_time = max(sequence.total_time, start + SECONDS_PER_STEP)


def drum_tracks(quantized: NoteSequence) -> list[np.ndarray]:
    """Label arrays [steps] of the drum tracks in a quantised sequence, each a whole number of bars.

    A track begins at the bar of its first hit and ends where a bar's length of silence follows a hit.
    """
    hits_at = hits_by_step(quantized.notes)
    tracks: list[list[int]] = []
    for step in sorted(hits_at):
        if not tracks or step - (tracks[-1][-1] + 1) >= STEPS_PER_BAR:
            tracks.append([])
        tracks[-1].append(step)
    arrays = []
    for steps in tracks:
        start = steps[0] // STEPS_PER_BAR * STEPS_PER_BAR
        labels = np.zeros(bars_up(steps[-1] + 1 - start), np.int64)
        for step in steps:
            labels[step - start] = hits_at[step]
        arrays.append(labels[:MAX_TRACK_STEPS])
    return arrays


@dataclass(frozen=True)
class DrumsConverter(LabelConverter):
    """Windows of `slice_bars` bars, at a hop of one bar, of all the drums in a sequence.

    `max_windows` bounds the windows of one sequence (None: all of them). Repeated windows count once. Where the
    reference keeps an arbitrary five of more, this keeps the first five.
    """

    slice_bars: int = 2
    max_windows: int | None = 5

    input_depth = NUM_CLASSES + 1
    output_depth = NUM_LABELS
    plays = "drums"

    def to_labels(self, note_sequence: NoteSequence) -> list[np.ndarray]:
        """The windows as label arrays [slice_steps], in the order of the music, without repeats.

        Raises note_seq's QuantizationStatusError if the sequence is quantised already.
        """
        tracks = map(drum_tracks, quantized_segments(note_sequence))
        return hop_by_bars(tracks, self.slice_steps, self.max_windows)

    def heard(self, labels: np.ndarray) -> np.ndarray:
        """Nine hits and silence, bool [..., steps, 10], of labels [..., steps]."""
        return labels_to_roll(labels)

    def played(self, labels: np.ndarray) -> np.ndarray:
        """One-hot bool [..., steps, 512] of labels [..., steps]."""
        return one_hot(labels, NUM_LABELS)

    def from_samples(self, labels: Sequence[int] | np.ndarray) -> NoteSequence:
        """A sequence at 120 qpm for labels [steps]: each hit lasts a step and has velocity 80."""
        sequence = empty_sequence()
        add_hits(sequence, np.asarray(labels))
        return sequence
