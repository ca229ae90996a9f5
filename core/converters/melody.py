"""Melody: NoteSequence ⇄ one line of notes, 90 labels a step (`musicvae_reference` sections 4.3, 5 and 7.2).

Label 0 goes on (with the note, or with the rest), 1 ends the note, and 2 … 89 begin one of the pitches 21 … 108.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
from core.note_sequences import NoteSequence, melodies_lib

NO_EVENT, NOTE_OFF, FIRST_PITCH_LABEL = 0, 1, 2
MIN_PITCH, MAX_PITCH = 21, 108
NUM_LABELS = FIRST_PITCH_LABEL + MAX_PITCH - MIN_PITCH + 1
LABEL_OF_PITCH = FIRST_PITCH_LABEL - MIN_PITCH
# General MIDI's pianos, chromatic percussion, organs and guitars.
MELODY_PROGRAMS = range(32)
VELOCITY = 80
MAX_TRACK_STEPS = 100 * STEPS_PER_BAR


def single_line(notes: Iterable[NoteSequence.Note], gap_steps: float = float("inf")) -> tuple[int, np.ndarray, bool]:
    """The first melody among quantised notes, thinned to one line.

    A melody begins at the bar of the first note and ends where a note begins `gap_steps` or more after the last one
    ended. Of notes that begin together the highest counts, and a note ends where the next begins. Drums and notes of
    velocity 0 are not heard, but a bar that begins with one can be the first.

    Returns:
        its first step; its labels [steps], a whole number of bars, without a note off on the last bar line; and
        whether a note still sounds there. Without any notes there are no labels.

    Raises note_seq's BadNoteError if a note does not end after it begins.
    """
    ordered = sorted(notes, key=lambda note: (note.quantized_start_step, -note.pitch))
    first_step = ordered[0].quantized_start_step // STEPS_PER_BAR * STEPS_PER_BAR if ordered else 0
    line: list[tuple[int, int, int]] = []
    for note in ordered:
        if note.is_drum or not note.velocity:
            continue
        start, end = note.quantized_start_step - first_step, note.quantized_end_step - first_step
        if line:
            last_start, last_end, last_label = line[-1]
            if start == last_start:
                continue
            if start - last_end >= gap_steps:
                break
            line[-1] = last_start, min(last_end, start), last_label
        if end <= start:
            raise melodies_lib.BadNoteError(f"A note ends at step {end}, but begins at {start}.")
        line.append((start, end, note.pitch + LABEL_OF_PITCH))
    if not line:
        return first_step, np.zeros(0, np.int64), False
    last_end = line[-1][1]
    labels = np.full(bars_up(last_end), NO_EVENT)
    for start, end, label in line:
        if end < len(labels):
            labels[end] = NOTE_OFF
        labels[start] = label
    return first_step, labels, last_end == len(labels)


def line_from_zero(notes: Iterable[NoteSequence.Note], bars: int) -> np.ndarray | None:
    """One line from time zero, labels [16 · bars], silence included; None if there is nothing in it."""
    in_range = [note for note in notes if MIN_PITCH <= note.pitch <= MAX_PITCH]
    first_step, labels, sounds_on = single_line(in_range)
    if not len(labels):
        return None
    track = np.full(max(bars * STEPS_PER_BAR, first_step + len(labels) + 1), NO_EVENT)
    track[first_step : first_step + len(labels)] = labels
    if sounds_on:
        track[first_step + len(labels)] = NOTE_OFF
    return track[: bars * STEPS_PER_BAR]


def without_leading_offs(labels: np.ndarray) -> np.ndarray:
    """Labels [steps] in which nothing ends that has not begun."""
    begins = np.flatnonzero(labels >= FIRST_PITCH_LABEL)
    first = begins[0] if len(begins) else len(labels)
    return np.where((np.arange(len(labels)) < first) & (labels == NOTE_OFF), NO_EVENT, labels)


def add_line(sequence: NoteSequence, labels: np.ndarray, instrument: int = 0, program: int = 0) -> None:
    """Adds the notes of labels [steps] to a sequence at the reference tempo; the last may last to the end."""
    sounding: tuple[int, int] | None = None
    for step, label in [*enumerate(np.asarray(labels).tolist()), (len(labels), NOTE_OFF)]:
        if label == NO_EVENT:
            continue
        if sounding:
            start, pitch = sounding
            sequence.notes.add(
                pitch=pitch,
                velocity=VELOCITY,
                start_time=start * SECONDS_PER_STEP,
                end_time=step * SECONDS_PER_STEP,
                instrument=instrument,
                program=program,
            )
            sequence.total_time = max(sequence.total_time, step * SECONDS_PER_STEP)
        sounding = (step, label - LABEL_OF_PITCH) if label >= FIRST_PITCH_LABEL else None


@dataclass(frozen=True)
class MelodyConverter(LabelConverter):
    """Windows of `slice_bars` bars, at a hop of one bar, of every melody in a sequence; each instrument is heard by
    itself.

    A melody ends at a bar of silence, as in the reference, unless it may have `rests` (our own long model, whose
    samples have some): then it is heard from time zero, whatever is in it.

    At most `max_windows` windows are kept, in the order of the music (Magenta keeps an arbitrary five; see
    reference section 4.1).
    """

    slice_bars: int
    programs: range | None = None
    max_windows: int | None = 5
    rests: bool = False

    input_depth = NUM_LABELS
    output_depth = NUM_LABELS
    output_depths = (NUM_LABELS,)
    plays = "melody"

    def to_labels(self, note_sequence: NoteSequence) -> list[np.ndarray]:
        """The windows as label arrays [slice_steps], in the order of the music, without repeats.

        Raises note_seq's QuantizationStatusError if the sequence is quantised already, and its BadNoteError if a note
        ends before it begins.
        """
        return hop_by_bars(
            map(self._melodies, quantized_segments(note_sequence)),
            self.slice_steps,
            self.max_windows,
            without_leading_offs,
        )

    def _melodies(self, quantized: NoteSequence) -> list[np.ndarray]:
        """Labels of the melodies in a quantised sequence, each a whole number of bars."""
        by_instrument: dict[int, list[NoteSequence.Note]] = {}
        for note in quantized.notes:
            if MIN_PITCH <= note.pitch <= MAX_PITCH and (self.programs is None or note.program in self.programs):
                by_instrument.setdefault(note.instrument, []).append(note)
        found = []
        for _, notes in sorted(by_instrument.items()):
            if self.rests:
                line = line_from_zero(notes, -(-quantized.total_quantized_steps // STEPS_PER_BAR))
                found += [] if line is None else [line]
                continue
            while notes:
                first_step, labels, _ = single_line(notes, STEPS_PER_BAR)
                if not len(labels):
                    break
                found.append(labels[:MAX_TRACK_STEPS])
                notes = [note for note in notes if note.quantized_start_step >= first_step + len(labels)]
        return found

    def heard(self, labels: np.ndarray) -> np.ndarray:
        """One-hot bool [..., steps, 90] of labels [..., steps]."""
        return one_hot(labels, NUM_LABELS)

    played = heard

    def from_samples(self, labels: Sequence[int] | np.ndarray) -> NoteSequence:
        """A sequence at 120 qpm for labels [steps], in velocity 80 and program 0."""
        sequence = empty_sequence()
        add_line(sequence, np.asarray(labels))
        return sequence
