"""From a MIDI file of any kind to clips that a model can take: which track, which bars, and what was left out.

A file is cut wherever its tempo or metre changes, and its 4-4 parts are taken. Nothing is left out without a sentence.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core import limits
from core.clip import TICKS_PER_BAR, TICKS_PER_QUARTER, Clip, from_sequence, read_midi
from core.errors import ClipError

if TYPE_CHECKING:
    from note_seq.protobuf.music_pb2 import NoteSequence

TICKS_PER_STEP = TICKS_PER_QUARTER // 4
DRUM_NAMES = ("drum", "perc", "beat", "kit")
# Mean distance from the sixteenth grid, in steps, from which on music was hardly played to it: at random it is 0.25.
OFF_GRID = 0.2


@dataclass(frozen=True)
class Window:
    """A part of an upload: a clip, and the number of its first bar in the file (from 1)."""

    clip: Clip
    first_bar: int

    @property
    def label(self) -> str:
        """Its bars, as a musician counts them."""
        last = self.first_bar + self.clip.bars - 1
        return f"Bar {last}" if last == self.first_bar else f"Bars {self.first_bar}–{last}"


@dataclass(frozen=True)
class Upload:
    """What a file holds for a model: windows to choose from, and sentences on what was taken and what was not."""

    windows: tuple[Window, ...]
    said: tuple[str, ...]


def drum_windows(data: bytes, name: str, bars: int) -> Upload:
    """The different windows of `bars` bars in the drums of a MIDI file, one after the other.

    Raises:
        ClipError: the file cannot be read, or has no such window; the sentence says why.
    """
    parts, said = _drum_parts(data, name)
    found: dict[tuple, Window] = {}
    beyond = 0
    for first_bar, part in parts:
        starts = list(range(0, part.bars - bars + 1, bars))
        if starts and starts[-1] + bars < part.bars:
            starts.append(part.bars - bars)
        for start in starts:
            window = cut(part, start, bars)
            if not is_one_phrase(window):
                continue
            if window.notes in found:
                continue
            if len(found) == limits.WINDOWS:
                beyond += 1
                continue
            found[window.notes] = Window(window, first_bar + start)
    if not found:
        longest = max(part.bars for _, part in parts)
        if longest < bars:
            raise ClipError(
                f"“{name}” has only {_bars(longest)} of drums in 4-4, and {bars} are needed. Loop it to {bars} bars."
            )
        raise ClipError(f"“{name}” has no {bars} bars in a row with drums in each. Choose a denser part.")
    if beyond:
        said += (f"The first {limits.WINDOWS} different parts are shown, {beyond} more are not.",)
    return Upload(tuple(found.values()), said)


def drum_music(data: bytes, name: str) -> tuple[Clip, tuple[str, ...]]:
    """The longest stretch of drums in one tempo and 4-4, at its own tempo, and sentences on what was left out.

    Raises:
        ClipError: the file cannot be read, or has no drums in 4-4.
    """
    parts, said = _drum_parts(data, name)
    _, longest = max(parts, key=lambda part: len(part[1].notes))
    if len(parts) > 1:
        said += (f"Its tempo or metre changes: the part with the most hits was taken, {_bars(longest.bars)}.",)
    if longest.bars > limits.GROOVE_BARS:
        longest = cut(longest, 0, limits.GROOVE_BARS)
        said += (f"The first {limits.GROOVE_BARS} bars were taken.",)
    return longest, said


def cut(clip: Clip, first: int, bars: int) -> Clip:
    """`bars` bars of a clip from bar `first` (from 0); a hit a little early belongs to the bar that it leads into, and
    what sounds longer is cut off."""
    start, length = first * TICKS_PER_BAR, bars * TICKS_PER_BAR
    notes = [
        replace(note, start=max(0, note.start - start), end=min(note.end - start, length))
        for note in clip.notes
        if 0 <= note.start - start + TICKS_PER_STEP // 2 < length
        if min(note.end - start, length) > max(0, note.start - start)
    ]
    return replace(clip, notes=tuple(notes), bars=bars)


def is_one_phrase(clip: Clip) -> bool:
    """Whether the drums model takes the clip as one window: hits in its first and its last bar, and nowhere a bar's
    length of silence between hits (reference section 4.2)."""
    from core.converters.drums import CLASS_OF_PITCH

    last_step = clip.bars * TICKS_PER_BAR // TICKS_PER_STEP - 1
    steps = sorted(
        {
            min((note.start + TICKS_PER_STEP // 2) // TICKS_PER_STEP, last_step)
            for note in clip.notes
            if note.pitch in CLASS_OF_PITCH
        }
    )
    a_bar = TICKS_PER_BAR // TICKS_PER_STEP
    return (
        bool(steps)
        and steps[0] < a_bar
        and steps[-1] > last_step - a_bar
        and all(after - (before + 1) < a_bar for before, after in itertools.pairwise(steps))
    )


def _drum_parts(data: bytes, name: str) -> tuple[list[tuple[int, Clip]], tuple[str, ...]]:
    """The stretches of drums in one tempo and 4-4 with their first bar (from 1), and sentences."""
    sequence = read_midi(data, name)
    said: list[str] = []
    _take_drums(sequence, name, said)
    parts, other_metres, first_bar = [], False, 1
    for segment in _segments(sequence):
        qpm = segment.tempos[0].qpm if segment.tempos else 120.0
        quarters = segment.total_time * qpm / 60
        signature = segment.time_signatures[0] if segment.time_signatures else None
        in_four = signature is None or signature.numerator == signature.denominator
        bar = 4.0 * signature.numerator / signature.denominator if signature else 4.0
        if segment.notes and in_four:
            last = max(note.start_time for note in segment.notes) * qpm / 60 * TICKS_PER_QUARTER
            bars = int(last + TICKS_PER_STEP / 2) // TICKS_PER_BAR + 1
            shown = min(max(qpm, limits.QPM[0]), limits.QPM[1])
            if shown != qpm:
                said.append(f"Its tempo of {qpm:.0f} is out of our range and was changed to {shown:.0f}.")
            parts.append((first_bar, replace(from_sequence(segment, bars, qpm, _stem(name)), qpm=round(shown, 3))))
        elif segment.notes:
            other_metres = True
        first_bar += max(0, round(quarters / bar))
    if not parts:
        raise ClipError(f"The drums in “{name}” are not in 4-4, the only metre that the models know.")
    if other_metres:
        said.append("Bars in other metres than 4-4 were left out.")
    hits = [note.start for _, part in parts for note in part.notes]
    astray = [abs((start + TICKS_PER_STEP // 2) % TICKS_PER_STEP - TICKS_PER_STEP // 2) for start in hits]
    if sum(astray) / len(astray) / TICKS_PER_STEP > OFF_GRID:
        said.append(
            "Its hits do not follow the sixteenth notes of its tempo, so they were moved to the nearest. If it was "
            "played without a click, set its tempo in your DAW first."
        )
    return parts, tuple(said)


def _take_drums(sequence: NoteSequence, name: str, said: list[str]) -> None:
    """Leaves only the drums in the sequence; adds a sentence if something else was there."""
    if not sequence.notes:
        raise ClipError(f"None of the notes in “{name}” has an end. Export it again from your DAW.")
    drums = [note for note in sequence.notes if note.is_drum]
    instruments = {note.instrument for note in sequence.notes}
    if not drums:
        named = {
            info.instrument: info.name
            for info in sequence.instrument_infos
            if any(word in info.name.lower() for word in DRUM_NAMES)
        }
        drums = [note for note in sequence.notes if note.instrument in named]
        if not drums:
            raise ClipError(
                f"There are no drums in “{name}”. Put them on MIDI channel 10, or give their track a name with "
                "“drums” in it."
            )
        names = ", ".join(f"“{each}”" for each in sorted(set(named.values())))
        said.append(f"Nothing is on channel 10; the track {names} was taken as drums.")
    others = len(instruments - {note.instrument for note in drums})
    if others:
        said.append(f"The drums were taken, {others} other track{'s were' if others > 1 else ' was'} left out.")
    drums = [note for note in drums if note.end_time > 0 and note.velocity]
    del sequence.notes[:]
    for note in drums:
        sequence.notes.add(
            pitch=note.pitch,
            velocity=note.velocity,
            start_time=max(0.0, note.start_time),
            end_time=note.end_time,
            is_drum=True,
            instrument=9,
        )


def _segments(sequence: NoteSequence) -> list[NoteSequence]:
    """The parts between changes of tempo or metre, each from time zero."""
    # note_seq takes a second to import; the page is up before it is needed.
    from note_seq import sequences_lib

    # Controllers and the like only slow the cutting down.
    for events in (sequence.control_changes, sequence.pitch_bends, sequence.text_annotations, sequence.key_signatures):
        del events[:]
    segments = sequences_lib.split_note_sequence_on_time_changes(sequence)
    if len(segments) > limits.TEMPO_CHANGES:
        raise ClipError(
            "This file changes its tempo all the time, as a performance without a click does. Set one tempo in your "
            "DAW and export it again."
        )
    return segments


def _bars(count: int) -> str:
    return f"{count} bar{'s' if count > 1 else ''}"


def _stem(name: str) -> str:
    return name.rsplit(".", 1)[0][:60]
