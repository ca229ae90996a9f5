"""A clip: some bars of music at a tempo, as notes on a fine grid; MIDI in and out.

Times are whole ticks of 1/480 quarter note (1 ms at 120 qpm), so a clip, its MIDI file and its share link hold
exactly the same music.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import mido

from core import limits, midi_file
from core.errors import ClipError, one_line
from core.sentences import Sentence

if TYPE_CHECKING:
    from core.note_sequences import NoteSequence

TICKS_PER_QUARTER = 480
TICKS_PER_BAR = 4 * TICKS_PER_QUARTER
PARTS = ("melody", "bass", "drums")
BASS_PROGRAMS = range(32, 40)
# What the bass of a band is written as: the second instrument, General MIDI's finger bass.
BASS_INSTRUMENT, BASS_PROGRAM = 1, 33


@dataclass(frozen=True, order=True)
class Note:
    """A note; `start` and `end` in ticks from the clip's beginning, pitch and velocity as in MIDI."""

    start: int
    pitch: int
    end: int
    velocity: int
    is_drum: bool = False
    instrument: int = 0
    program: int = 0


def part_of(note: Note) -> str:
    """Which of the `PARTS` of a band plays a note: drums by their channel, a bass by its General MIDI program."""
    if note.is_drum:
        return "drums"
    return "bass" if note.program in BASS_PROGRAMS else "melody"


@dataclass(frozen=True)
class Clip:
    """Notes, in order of time, with a length in bars of 4-4, a tempo in quarter notes a minute, and a name."""

    notes: tuple[Note, ...]
    bars: int
    qpm: float
    name: str = ""

    def __post_init__(self) -> None:
        """Sorts the notes, so that clips of the same music are equal."""
        object.__setattr__(self, "notes", tuple(sorted(self.notes)))

    @property
    def plays(self) -> str:
        """'drums', 'melody', or 'band' where both are."""
        kinds = {note.is_drum for note in self.notes}
        return "band" if len(kinds) > 1 else "melody" if kinds == {False} else "drums"

    @property
    def parts(self) -> dict[str, Clip]:
        """What a band plays, a clip each, in the order 'melody', 'bass', 'drums'; the drums or the melody itself under
        its name where nothing else is played."""
        of_part: dict[str, list[Note]] = {}
        for note in self.notes:
            of_part.setdefault(part_of(note), []).append(note)
        return {part: replace(self, notes=tuple(of_part[part])) for part in PARTS if part in of_part}

    @property
    def seconds(self) -> float:
        """Length of the bars in seconds, whatever still rings after them."""
        return self.bars * 4 * 60 / self.qpm


def from_sequence(sequence: NoteSequence, bars: int, qpm: float, name: str = "") -> Clip:
    """A clip of `bars` bars at tempo `qpm` from a sequence at its own single tempo (120 if it has none)."""
    source_qpm = sequence.tempos[0].qpm if sequence.tempos else 120.0
    ticks_per_second = source_qpm / 60 * TICKS_PER_QUARTER
    notes = tuple(
        Note(
            start=max(0, round(note.start_time * ticks_per_second)),
            pitch=note.pitch,
            end=max(round(note.end_time * ticks_per_second), round(note.start_time * ticks_per_second) + 1, 1),
            velocity=note.velocity,
            is_drum=note.is_drum,
            instrument=note.instrument,
            program=note.program,
        )
        for note in sequence.notes
    )
    return Clip(notes, bars, qpm, name)


def to_sequence(clip: Clip) -> NoteSequence:
    """The clip as a NoteSequence, times in seconds at its own tempo, 4-4, lasting all its bars."""
    # Not needed before there is music; the page is up by then.
    from core.note_sequences import NoteSequence

    seconds_per_tick = 60 / clip.qpm / TICKS_PER_QUARTER
    sequence = NoteSequence(ticks_per_quarter=TICKS_PER_QUARTER, total_time=clip.seconds)
    sequence.tempos.add(qpm=clip.qpm)
    sequence.time_signatures.add(numerator=4, denominator=4)
    for note in clip.notes:
        sequence.notes.add(
            pitch=note.pitch,
            velocity=note.velocity,
            start_time=note.start * seconds_per_tick,
            end_time=note.end * seconds_per_tick,
            is_drum=note.is_drum,
            instrument=note.instrument,
            program=note.program,
        )
    return sequence


def to_midi(clip: Clip) -> bytes:
    """A MIDI file, always the same bytes for the same clip, that lasts exactly the clip's bars so that it loops in a
    DAW."""
    meta = mido.MidiTrack(
        [
            mido.MetaMessage("track_name", name=clip.name.encode("latin-1", "replace").decode("latin-1")),
            mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(clip.qpm)),
            mido.MetaMessage("time_signature", numerator=4, denominator=4),
        ]
    )
    tracks = [meta]
    parts = sorted({(note.instrument, note.program, note.is_drum) for note in clip.notes})
    melodic_channels = [channel for channel in range(16) if channel != 9]
    for number, part in enumerate(parts):
        is_drum = part[2]
        channel = 9 if is_drum else melodic_channels[number % 15]
        track = mido.MidiTrack()
        if not is_drum:
            track.append(mido.Message("program_change", channel=channel, program=part[1]))
        events = []
        for note in clip.notes:
            if (note.instrument, note.program, note.is_drum) == part:
                # At one tick, notes end before others begin, or a repeated pitch would be cut off.
                events.append((note.start, 1, note.pitch, note.velocity))
                events.append((note.end, 0, note.pitch, 0))
        now = 0
        for tick, begins, pitch, velocity in sorted(events):
            kind = "note_on" if begins else "note_off"
            track.append(mido.Message(kind, channel=channel, note=pitch, velocity=velocity, time=tick - now))
            now = tick
        tracks.append(track)
    for track in tracks:
        played = sum(message.time for message in track)
        track.append(mido.MetaMessage("end_of_track", time=max(0, clip.bars * TICKS_PER_BAR - played)))
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER, tracks=tracks)
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def read_midi(data: bytes, name: str = "") -> NoteSequence:
    """The music in a MIDI file that nobody has vouched for.

    Raises:
        ClipError: it is too large, too long, damaged, without a tempo, or has no notes.
    """
    shown = f"“{one_line(name)}”" if one_line(name) else Sentence("This file")
    if len(data) > limits.MAX_UPLOAD_BYTES:
        raise ClipError(
            "{file} is larger than {most} MiB. Export only the part you need.",
            file=shown,
            most=limits.MAX_UPLOAD_BYTES >> 20,
        )
    try:
        music, begun = midi_file.read(data)
    except midi_file.DamagedError:
        raise ClipError(
            "{file} is not a MIDI file, or it is damaged. Export it again as Standard MIDI (.mid).", file=shown
        ) from None
    except midi_file.TimeCodeError:
        raise ClipError(
            "{file} counts time in frames of film (SMPTE), not in beats. Export it again with a tempo.", file=shown
        ) from None
    except midi_file.TooManyNotesError:
        raise ClipError(
            "{file} has more than {most:,} notes. Export only the part you need.",
            file=shown,
            most=limits.MAX_MIDI_NOTES,
        ) from None
    except midi_file.TooManyChangesError:
        raise ClipError(
            "{file} changes its tempo all the time, as a performance without a click does. Set one tempo in your DAW "
            "and export it again.",
            file=shown,
        ) from None
    except midi_file.TooLongError:
        raise ClipError(
            "{file} lasts more than {minutes} minutes or {bars:,} bars. Export only the part you need.",
            file=shown,
            minutes=limits.MAX_MIDI_SECONDS // 60,
            bars=limits.MAX_MIDI_BARS,
        ) from None
    if not begun:
        raise ClipError("{file} has no notes in it.", file=shown)
    return music


def length_of(bars: int) -> Sentence:
    """“1 bar”, “2 bars”."""
    return Sentence("{bars} bars", bars=bars) if bars > 1 else Sentence("1 bar")


def join(clips: Sequence[Clip], name: str = "") -> Clip:
    """The clips one after the other, at the tempo of the first."""
    notes: list[Note] = []
    bars = 0
    for clip in clips:
        shift = bars * TICKS_PER_BAR
        notes += [replace(note, start=note.start + shift, end=note.end + shift) for note in clip.notes]
        bars += clip.bars
    return Clip(tuple(notes), bars, clips[0].qpm, name)
