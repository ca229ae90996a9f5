"""Groove: NoteSequence ⇄ hits, velocities and offsets of nine drum classes (`musicvae_reference` sections 4.5, 5, 6).

A step of groove is a row of 27 numbers: nine hits (0 or 1), nine velocities (of 127), and nine offsets, which say how
far a hit lies from the step it was rounded to, in half steps: +1 is half a step early, −1 half a step late.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.converters.drums import CLASS_NAMES, DRUM_CLASSES, DRUM_INSTRUMENT, NUM_CLASSES
from core.converters.windows import (
    REFERENCE_QPM,
    SECONDS_PER_STEP,
    STEPS_PER_BAR,
    STEPS_PER_QUARTER,
    ConverterTensors,
    bars_up,
    quantized_in_bars,
)
from core.note_sequences import NoteSequence

PitchClasses = tuple[tuple[int, ...], ...]
# What a model plays by, and what it is trained by: the pads of the electronic kit that the Groove MIDI Dataset was
# played on. They disagree about three toms and a crash, and Magenta has it so as well.
REDUCED: PitchClasses = tuple(DRUM_CLASSES.values())
ROLAND: PitchClasses = (
    (36,),
    (38, 37, 40),
    (42, 22, 44),
    (46, 26),
    (43, 58),
    (47, 45),
    (50, 48),
    (49, 52, 55, 57),
    (51, 53, 59),
)
CLOSED_HI_HAT = CLASS_NAMES.index("closed hi-hat")
TAP_CLASS = CLASS_NAMES.index("open hi-hat")
ROW = 3 * NUM_CLASSES
HITS, VELOCITIES, OFFSETS = (slice(i * NUM_CLASSES, (i + 1) * NUM_CLASSES) for i in range(3))


def grid_step(seconds: float, qpm: float) -> int:
    """The sixteenth-note step that a time is rounded to, halves up (reference section 4.1)."""
    return int(seconds * (STEPS_PER_QUARTER * qpm / 60) + 0.5)


def offset_of(seconds: float, qpm: float) -> float:
    """The offset of a time from its step, in half steps, early positive."""
    step_seconds = 60 / qpm / STEPS_PER_QUARTER
    return 2 * (grid_step(seconds, qpm) * step_seconds - seconds) / step_seconds


def loudest_notes(
    notes: Iterable[NoteSequence.Note], qpm: float, classes: PitchClasses
) -> dict[tuple[int, int], NoteSequence.Note]:
    """The note that stands for each (step, class): the loudest there, the first of equals."""
    class_of = {pitch: number for number, pitches in enumerate(classes) for pitch in pitches}
    loudest: dict[tuple[int, int], NoteSequence.Note] = {}
    for note in notes:
        if note.pitch in class_of:
            place = grid_step(note.start_time, qpm), class_of[note.pitch]
            if place not in loudest or note.velocity > loudest[place].velocity:
                loudest[place] = note
    return loudest


def rows_of(notes: Iterable[NoteSequence.Note], qpm: float, steps: int, classes: PitchClasses) -> np.ndarray:
    """Notes as rows [steps, 27]; what lies beyond `steps` or is in no class is left out."""
    rows = np.zeros((steps, ROW))
    for (step, drum), note in loudest_notes(notes, qpm, classes).items():
        if step < steps:
            rows[step, drum::NUM_CLASSES] = 1, note.velocity / 127, offset_of(note.start_time, qpm)
    return rows


def without_feel(rows: np.ndarray) -> np.ndarray:
    """The rows [..., 27] with hits only: velocities and offsets 0."""
    return np.where(np.arange(ROW) < NUM_CLASSES, rows, 0)


def without_drum(rows: np.ndarray, drum: int) -> np.ndarray:
    """The rows [..., 27] with nothing of one class."""
    return np.where(np.arange(ROW) % NUM_CLASSES == drum, 0, rows)


def as_taps(rows: np.ndarray) -> np.ndarray:
    """The rhythm of rows [steps, 27] as taps: the loudest hit of a step, on the open hi-hat, its offset kept, without
    velocity. As in the reference, a hit of velocity 0 counts only on the kick."""
    loudest = rows[..., VELOCITIES].argmax(-1)[..., None]
    taps = np.zeros_like(rows)
    for part in (HITS, OFFSETS):
        taps[..., part.start + TAP_CLASS] = np.take_along_axis(rows[..., part], loudest, -1)[..., 0]
    return taps


@dataclass(frozen=True)
class GrooveConverter:
    """Windows of `slice_bars` bars, one after the other from time zero, of all the notes in a sequence.

    What the encoder hears is the music with something taken away: its feel (`humanize`), its drums (`tapify`), or one
    class (`add_class`). The output is always the music as it is.

    Controls go to the encoder and to every step of the decoder: the hits of the output (`hits_as_controls`, a
    published model), or all that the encoder hears and the tempo (`input_as_controls`, our own models).
    """

    slice_bars: int = 2
    humanize: bool = False
    tapify: bool = False
    add_class: int | None = None
    hits_as_controls: bool = False
    input_as_controls: bool = False
    classes: PitchClasses = REDUCED

    input_depth = ROW
    output_depth = ROW
    plays = "drums"

    @property
    def control_depth(self) -> int:
        """Width of a row of controls."""
        return NUM_CLASSES if self.hits_as_controls else ROW + 1 if self.input_as_controls else 0

    @property
    def slice_steps(self) -> int:
        """Length of a window in steps."""
        return self.slice_bars * STEPS_PER_BAR

    def heard(self, rows: np.ndarray) -> np.ndarray:
        """What the encoder hears of rows [..., 27]."""
        if self.humanize:
            return without_feel(rows)
        if self.tapify:
            return as_taps(rows)
        return rows if self.add_class is None else without_drum(rows, self.add_class)

    def controls(self, rows: np.ndarray, qpm: float | np.ndarray) -> np.ndarray:
        """The controls [..., control_depth] that go with rows [..., 27] at a tempo, one or one a row [..., 1]."""
        if self.hits_as_controls:
            return rows[..., HITS] > 0
        if self.input_as_controls:
            tempo = np.broadcast_to(np.log2(np.divide(qpm, REFERENCE_QPM)), (*rows.shape[:-1], 1))
            return np.concatenate([self.heard(rows), tempo], -1)
        return np.zeros((*rows.shape[:-1], 0))

    def to_tensors(self, note_sequence: NoteSequence) -> ConverterTensors:
        """The windows as tensors of 27 numbers a step; nothing if tempo or metre change, or a bar has not 16 steps.

        Notes count whether they are drums or not; those in no class are left out (the reference raises KeyError).
        Raises note_seq's QuantizationStatusError if the sequence is quantised already.
        """
        quantized = quantized_in_bars(note_sequence)
        if quantized is None:
            return ConverterTensors()
        qpm = quantized.tempos[0].qpm
        last = max((step for step, _ in loudest_notes(note_sequence.notes, qpm, self.classes)), default=-1)
        rows = rows_of(note_sequence.notes, qpm, bars_up(last + 1), self.classes)
        count = len(rows) // self.slice_steps
        windows = rows[: count * self.slice_steps].reshape(count, self.slice_steps, ROW)
        return ConverterTensors(
            inputs=[self.heard(window) for window in windows],
            outputs=list(windows),
            controls=[self.controls(window, qpm) for window in windows],
            lengths=[self.slice_steps] * count,
        )

    def from_tensors(self, samples: Iterable[np.ndarray]) -> list[NoteSequence]:
        """Sequences at 120 qpm for rows [steps, 27]."""
        return [self.from_samples(sample) for sample in samples]

    def samples_to_tensor(self, rows: np.ndarray) -> np.ndarray:
        """Rows [steps, 27] as float32."""
        return np.asarray(rows, np.float32)

    def from_samples(self, rows: np.ndarray) -> NoteSequence:
        """A sequence at 120 qpm for rows [steps, 27]: each hit lasts a step. A hit before the first step may begin
        before time zero; the sequence's total_time is 0, as in the reference."""
        rows = np.asarray(rows)
        sequence = NoteSequence()
        sequence.tempos.add(qpm=REFERENCE_QPM)
        for step, drum in np.argwhere(rows[:, HITS] > 0.5):
            _, velocity, offset = rows[step, drum::NUM_CLASSES]
            start = (float(step) - float(np.clip(offset / 2, -0.5, 0.5))) * SECONDS_PER_STEP
            sequence.notes.add(
                pitch=self.classes[drum][0],
                velocity=midi_velocity(velocity),
                start_time=start,
                end_time=start + SECONDS_PER_STEP,
                instrument=DRUM_INSTRUMENT,
                is_drum=True,
            )
        return sequence


def midi_velocity(velocity: float) -> int:
    """0 … 127 for a velocity of 0 … 1, halves to even."""
    return int(np.clip(np.round(float(velocity) * 127), 0, 127))


def padded_windows(rows: np.ndarray, window_steps: int) -> np.ndarray:
    """Rows [steps, depth] as windows [count, window_steps, depth], the last one filled up with silence."""
    return np.pad(rows, ((0, -len(rows) % window_steps), (0, 0))).reshape(-1, window_steps, rows.shape[1])
