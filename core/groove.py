"""Playing notes with a feel: where a model's hits, velocities and offsets meet the notes of a musician.

Two ways. *Kept notes*: every note stays, and only moves and gets louder or softer; what the model does not know (grace
notes beside a louder hit, drums in no class, notes off the sixteenth grid) goes along with what it does. *Composed
notes*: the model's own hits, as GrooVAE does it (Gillick et al. 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.converters.drums import DRUM_INSTRUMENT, NUM_CLASSES
from core.converters.groove import HITS, OFFSETS, VELOCITIES, PitchClasses, loudest_notes, offset_of
from core.converters.windows import STEPS_PER_QUARTER
from core.note_sequences import NoteSequence

# A note further from its step than this (in half steps) was meant to be there: a triplet, a thirty-second.
MEANT_OFF_GRID = 0.6


@dataclass(frozen=True)
class Amount:
    """How far to go from the input (0) to the model (1) and beyond, for timing and for dynamics.

    `keep_dynamics`: the model's accents are laid on the input's velocities instead of replacing them.
    """

    timing: float = 1.0
    dynamics: float = 1.0
    keep_dynamics: bool = False


def keep_notes(
    notes: Sequence[NoteSequence.Note], rows: np.ndarray, qpm: float, classes: PitchClasses, amount: Amount
) -> list[NoteSequence.Note]:
    """The same notes, played like the rows [steps, 27] that a model gave for them.

    Times stay above zero, and notes of one pitch stay in order.
    """
    step_seconds = 60 / qpm / STEPS_PER_QUARTER
    start = np.array([note.start_time for note in notes])
    end = np.array([note.end_time for note in notes])
    velocity = np.array([note.velocity for note in notes], float)
    places = {id(note): number for number, note in enumerate(notes)}
    shift = np.full(len(notes), np.nan)
    gain = np.full(len(notes), np.nan)
    leads = loudest_notes(notes, qpm, classes)
    model_velocity = {(step, drum): 127 * rows[step, VELOCITIES][drum] for step, drum in leads}
    usual = {
        drum: np.mean([model_velocity[place] for place in leads if place[1] == drum]) for drum in {d for _, d in leads}
    }
    for (step, drum), note in leads.items():
        number = places[id(note)]
        offset = rows[step, OFFSETS][drum]
        own_offset = offset_of(note.start_time, qpm)
        meant = own_offset if abs(own_offset) > MEANT_OFF_GRID else 0.0
        shift[number] = (own_offset - meant - offset) / 2 * step_seconds
        reference = usual[drum] if amount.keep_dynamics else velocity[number]
        gain[number] = model_velocity[step, drum] / max(reference, 1.0)
    class_of = {pitch: number for number, pitches in enumerate(classes) for pitch in pitches}
    led = np.flatnonzero(~np.isnan(shift))
    for number, note in enumerate(notes):
        if not np.isnan(shift[number]):
            continue
        # A grace note goes with the louder hit of its own drum, a drum that the model does not know with the nearest.
        family = [lead for lead in led if class_of[notes[lead].pitch] == class_of.get(note.pitch)]
        lead = min(family or led, key=lambda lead: abs(start[lead] - start[number]), default=None)  # noqa: B023
        if lead is None:
            shift[number], gain[number] = 0.0, 1.0
        else:
            shift[number] = shift[lead]
            gain[number] = gain[lead] if family else np.mean(gain[led])
    target = _in_order(notes, start + shift)
    played = start + amount.timing * (target - start)
    if amount.timing > 1:
        played = _in_order(notes, played)
    loudness = np.clip(velocity * gain, 1, 127)
    loudness = np.clip(np.rint(velocity + amount.dynamics * (loudness - velocity)), 1, 127).astype(int)
    return _moved(notes, start, end, played, loudness)


def compose_notes(
    notes: Sequence[NoteSequence.Note], rows: np.ndarray, qpm: float, classes: PitchClasses, amount: Amount
) -> list[NoteSequence.Note]:
    """The model's hits in rows [steps, 27] as notes. Amounts below 1 bring them nearer to the grid, and to the mean
    velocity of the input's notes."""
    step_seconds = 60 / qpm / STEPS_PER_QUARTER
    base = float(np.mean([note.velocity for note in notes]))
    composed = []
    for step, drum in np.argwhere(rows[:, HITS] > 0.5):
        _, velocity, offset = rows[step, drum::NUM_CLASSES]
        start = (step - amount.timing * np.clip(offset / 2, -0.5, 0.5)) * step_seconds
        louder = base + amount.dynamics * (127 * velocity - base)
        composed.append(
            NoteSequence.Note(
                pitch=classes[drum][0],
                velocity=int(np.clip(np.rint(louder), 1, 127)),
                start_time=max(0.0, start),
                end_time=max(0.0, start) + step_seconds,
                instrument=DRUM_INSTRUMENT,
                is_drum=True,
            )
        )
    return composed


def _in_order(notes: Sequence[NoteSequence.Note], times: np.ndarray) -> np.ndarray:
    """Times at or after zero, notes of one pitch in the order they came in."""
    times = np.maximum(times, 0.0)
    latest: dict[int, float] = {}
    for number in sorted(range(len(notes)), key=lambda number: notes[number].start_time):
        pitch = notes[number].pitch
        times[number] = max(times[number], latest.get(pitch, 0.0))
        latest[pitch] = times[number]
    return times


def _moved(
    notes: Sequence[NoteSequence.Note],
    start: np.ndarray,
    end: np.ndarray,
    played: np.ndarray,
    velocity: np.ndarray,
) -> list[NoteSequence.Note]:
    """The notes at their new times and velocities; each is as long as it was, unless it would sound into the next of
    its pitch where it did not before."""
    ends = end + (played - start)
    following: dict[int, int] = {}
    for number in sorted(range(len(notes)), key=lambda number: notes[number].start_time, reverse=True):
        after = following.get(notes[number].pitch)
        if after is not None and end[number] <= start[after]:
            ends[number] = min(ends[number], max(played[after], played[number]))
        following[notes[number].pitch] = number
    moved = []
    for number, note in enumerate(notes):
        copy = NoteSequence.Note()
        copy.CopyFrom(note)
        copy.start_time, copy.end_time, copy.velocity = played[number], ends[number], velocity[number]
        moved.append(copy)
    return moved
