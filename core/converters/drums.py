"""Drums: NoteSequence ⇄ tensors of nine drum classes, or of 61 (`musicvae_reference` sections 4.2, 5 and 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

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
from core.note_sequences import NoteSequence

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
NINE_CLASSES = tuple(DRUM_CLASSES.values())
# Every drum of General MIDI and its extensions by itself, in the order in which NADE draws them.
FULL_CLASSES = tuple(
    (pitch,)
    for pitch in (
        *(36, 35, 38, 27, 28, 31, 32, 33, 34, 37, 39, 40, 56, 65, 66, 75, 85, 42, 44, 54, 68, 69, 70, 71, 73, 78, 80),
        *(46, 67, 72, 74, 79, 81, 45, 29, 41, 61, 64, 84, 48, 47, 60, 63, 77, 86, 87, 50, 30, 43, 62, 76, 83),
        *(49, 55, 57, 58, 51, 52, 53, 59, 82),
    )
)

DRUM_INSTRUMENT = 9
VELOCITY = 80
MAX_TRACK_STEPS = 100 * STEPS_PER_BAR


def labels_to_hits(labels: np.ndarray, classes: int = NUM_CLASSES) -> np.ndarray:
    """Splits labels [...], 0…511 for nine classes, into the hits of the classes, bool [..., classes]; bit i is class
    i."""
    return (np.asarray(labels)[..., None] >> np.arange(classes) & 1).astype(bool)


def hits_to_labels(hits: np.ndarray) -> np.ndarray:
    """Joins hits [..., classes] into labels [...]."""
    return np.asarray(hits, bool) @ (1 << np.arange(np.shape(hits)[-1]))


def labels_to_roll(labels: np.ndarray, classes: int = NUM_CLASSES) -> np.ndarray:
    """The encoder's input for labels [...]: bool [..., classes + 1], the hits and a flag for silence."""
    hits = labels_to_hits(labels, classes)
    return np.concatenate([hits, ~hits.any(-1, keepdims=True)], -1)


def hits_by_step(
    notes: Iterable[NoteSequence.Note], class_of_pitch: Mapping[int, int] = CLASS_OF_PITCH
) -> dict[int, int]:
    """The label at each step at which quantised notes strike a drum."""
    hits_at: dict[int, int] = {}
    for note in notes:
        if note.is_drum and note.velocity and note.pitch in class_of_pitch:
            step = note.quantized_start_step
            hits_at[step] = hits_at.get(step, 0) | 1 << class_of_pitch[note.pitch]
    return hits_at


def add_hits(sequence: NoteSequence, labels: np.ndarray, pitches: Sequence[int] = CLASS_PITCHES) -> None:
    """Adds the hits of labels [steps] to a sequence at the reference tempo, `pitches` being those of the classes: each
    lasts a step and has velocity 80."""
    for step, drum_class in np.argwhere(labels_to_hits(labels, len(pitches))):
        start = float(step) * SECONDS_PER_STEP
        sequence.notes.add(
            pitch=pitches[drum_class],
            velocity=VELOCITY,
            start_time=start,
            end_time=start + SECONDS_PER_STEP,
            instrument=DRUM_INSTRUMENT,
            is_drum=True,
        )
        sequence.total_time = max(sequence.total_time, start + SECONDS_PER_STEP)


def drum_tracks(quantized: NoteSequence, class_of_pitch: Mapping[int, int] = CLASS_OF_PITCH) -> list[np.ndarray]:
    """Label arrays [steps] of the drum tracks in a quantised sequence, each a whole number of bars.

    A track begins at the bar of its first hit and ends where a bar's length of silence follows a hit.
    """
    hits_at = hits_by_step(quantized.notes, class_of_pitch)
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
    reference keeps an arbitrary five of more, this keeps the first five. `classes` has the pitches that are heard as
    one drum, the first of each being the one written. A label has one bit a class; the decoder's side of a tensor is
    one-hot over the labels of nine classes, and with `as_roll` one flag a class.
    """

    slice_bars: int = 2
    max_windows: int | None = 5
    classes: tuple[tuple[int, ...], ...] = NINE_CLASSES
    as_roll: bool = False

    plays = "drums"

    @property
    def input_depth(self) -> int:
        """A flag for each class, and one for silence."""
        return len(self.classes) + 1

    @property
    def output_depth(self) -> int:
        """As `classes` and `as_roll` have it."""
        return len(self.classes) if self.as_roll else 2 ** len(self.classes)

    def to_labels(self, note_sequence: NoteSequence) -> list[np.ndarray]:
        """The windows as label arrays [slice_steps], in the order of the music, without repeats.

        Raises note_seq's QuantizationStatusError if the sequence is quantised already.
        """
        class_of_pitch = {pitch: i for i, pitches in enumerate(self.classes) for pitch in pitches}
        tracks = (drum_tracks(segment, class_of_pitch) for segment in quantized_segments(note_sequence))
        return hop_by_bars(tracks, self.slice_steps, self.max_windows)

    def heard(self, labels: np.ndarray) -> np.ndarray:
        """Hits and silence, bool [..., steps, classes + 1], of labels [..., steps]."""
        return labels_to_roll(labels, len(self.classes))

    def played(self, labels: np.ndarray) -> np.ndarray:
        """Bool [..., steps, output_depth] of labels [..., steps]."""
        return labels_to_hits(labels, len(self.classes)) if self.as_roll else one_hot(labels, self.output_depth)

    def labels_of(self, tensor: np.ndarray) -> np.ndarray:
        """The labels [steps] of an array [steps, output_depth]; a row of zeros is silence."""
        return hits_to_labels(np.asarray(tensor) != 0) if self.as_roll else super().labels_of(tensor)

    def from_samples(self, labels: Sequence[int] | np.ndarray) -> NoteSequence:
        """A sequence at 120 qpm for labels [steps]: each hit lasts a step and has velocity 80."""
        sequence = empty_sequence()
        add_hits(sequence, np.asarray(labels), [pitches[0] for pitches in self.classes])
        return sequence
