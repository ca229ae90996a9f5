"""Standard MIDI files that nobody has vouched for, read in bounded time and memory.

What note_seq and pretty_midi make of a file, without what no part of the app asks for (controls, bends, keys, texts)
and without their arrays of every tick: one pass over the bytes, a tuple for each note, nothing for what is skipped.
"""

from __future__ import annotations

import bisect
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core import limits
from core.errors import SHOWN_CHARACTERS, one_line

if TYPE_CHECKING:
    from core.note_sequences import NoteSequence

DRUM_CHANNEL = 9
DEFAULT_TEMPO = 500_000
NAME, TEMPO, METRE = 0x03, 0x51, 0x58
# Data bytes by status, the channel's by its upper half. What is missing is not defined.
CHANNEL_BYTES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0, 0xF8: 0, 0xFA: 0, 0xFB: 0, 0xFC: 0, 0xFE: 0}
LARGEST_METRE = 64


class DamagedError(ValueError):
    """The bytes are no Standard MIDI file, or not a whole one."""


class TimeCodeError(ValueError):
    """Times are in frames of film (SMPTE), not in notes."""


class TooManyNotesError(ValueError):
    """More notes than `limits.MAX_MIDI_NOTES`."""


class TooManyChangesError(ValueError):
    """More changes of tempo or metre than `limits.TEMPO_CHANGES`."""


class TooLongError(ValueError):
    """More bars than `limits.MAX_MIDI_BARS`, or a longer time than `limits.MAX_MIDI_SECONDS`."""


@dataclass
class _Track:
    """What was found in a track, times in ticks: notes as (start, end, pitch, velocity, channel, program) by the order
    of their ends; the name that it had when each (channel, program) was first heard; tempos in microseconds and metres
    (numerator, denominator) as (tick, value); how many notes were begun, and when the last of them was or any ended."""

    notes: list[tuple[int, int, int, int, int, int]] = field(default_factory=list)
    names: dict[tuple[int, int], str] = field(default_factory=dict)
    tempos: list[tuple[int, int]] = field(default_factory=list)
    metres: list[tuple[int, tuple[int, int]]] = field(default_factory=list)
    begun: int = 0
    last: int = 0


def read(data: bytes) -> tuple[NoteSequence, int]:
    """The music of a file and how many notes begin in it, those without an end included.

    Time and memory grow with the size of the file, whatever is in it. The music has all that
    `note_seq.midi_to_note_sequence` finds except controls, bends, keys and repeated metres; names are printable.

    Raises:
        DamagedError, TimeCodeError, TooManyNotesError, TooManyChangesError, TooLongError: as these say.
    """
    try:
        division, tracks = _tracks(data)
    except (IndexError, struct.error):
        raise DamagedError("the file ends too early") from None
    scales = _scales(tracks[0].tempos, division)
    last = max(track.last for track in tracks)
    seconds = _Seconds(scales)
    if last > division * 4 * limits.MAX_MIDI_BARS or seconds.at(last) > limits.MAX_MIDI_SECONDS:
        raise TooLongError(f"{last} ticks")
    return _sequence(division, tracks, scales, seconds), sum(track.begun for track in tracks)


def _tracks(data: bytes) -> tuple[int, list[_Track]]:
    """Ticks in a quarter note, and the tracks; raises IndexError or struct.error where the file ends too early."""
    if data[:4] != b"MThd":
        raise DamagedError("no header")
    length, kind, count, division = struct.unpack_from(">LHHH", data, 4)
    if length < 6 or kind > 2 or not count or not division:
        raise DamagedError("a header that makes no sense")
    if division >= 0x8000:
        raise TimeCodeError("SMPTE")
    tracks: list[_Track] = []
    position, begun = 8 + length, 0
    while len(tracks) < count:
        name, size = struct.unpack_from(">4sL", data, position)
        start, position = position + 8, position + 8 + size
        if position > len(data):
            raise DamagedError("a chunk that ends after the file")
        # Chunks of other kinds are to be skipped, says the standard.
        if name == b"MTrk":
            tracks.append(_track(data[start:position], begun, is_first=not tracks))
            begun += tracks[-1].begun
    return division, tracks


def _track(data: bytes, begun: int, is_first: bool) -> _Track:
    """Reads a track; `begun` notes were begun in those before it, and tempos and metres are those of the first. Raises
    IndexError where it ends too early."""
    track = _Track()
    open_notes: dict[int, list[tuple[int, int]]] = {}
    programs = [0] * 16
    position, size, tick, status, name = 0, len(data), 0, 0, b""
    while position < size:
        byte = data[position]
        position += 1
        delta = byte & 0x7F
        if byte > 0x7F:
            delta, position = _number(data, position - 1)
        tick += delta
        byte = data[position]
        if byte < 0xF0:
            if byte > 0x7F:
                status, position = byte, position + 1
            if not status:
                raise DamagedError("data before any status")
            first = data[position]
            kind, channel = status & 0xF0, status & 0x0F
            second = 0
            position += 1
            if CHANNEL_BYTES[kind] == 2:
                second = data[position]
                position += 1
            if first > 0x7F or second > 0x7F:
                raise DamagedError("a status where data should be")
            if kind == 0x90 and second:
                track.begun, track.last = track.begun + 1, tick
                if begun + track.begun > limits.MAX_MIDI_NOTES:
                    raise TooManyNotesError(f"more than {limits.MAX_MIDI_NOTES}")
                open_notes.setdefault(channel << 7 | first, []).append((tick, second))
            elif kind in (0x80, 0x90):
                key = channel << 7 | first
                if key in open_notes:
                    _close(track, open_notes, key, tick, programs[channel], name)
            elif kind == 0xC0:
                programs[channel] = first
        elif byte == 0xFF:
            kind = data[position + 1]
            length, position = _number(data, position + 2)
            content, position = data[position : position + length], position + length
            if position > size:
                raise DamagedError("an event that ends after its track")
            if kind == NAME:
                name = content
            elif is_first and kind == TEMPO:
                _change(track.tempos, tick, _tempo(content))
            elif is_first and kind == METRE:
                _change(track.metres, tick, _metre(content))
        elif byte in (0xF0, 0xF7):
            length, position = _number(data, position + 1)
            position += length
        elif byte in SYSTEM_BYTES:
            position += 1 + SYSTEM_BYTES[byte]
        else:
            raise DamagedError("a status that is not defined")
    if position > size:
        raise DamagedError("an event that ends after its track")
    return track


def _close(
    track: _Track, open_notes: dict[int, list[tuple[int, int]]], key: int, tick: int, program: int, name: bytes
) -> None:
    """Ends the notes of a channel and pitch as pretty_midi does: all that began before this tick; what began at it goes
    on if others ended, and is dropped if none did."""
    channel, pitch = key >> 7, key & 0x7F
    ended = [(start, velocity) for start, velocity in open_notes[key] if start != tick]
    going_on = [note for note in open_notes[key] if note[0] == tick]
    if ended:
        track.last = tick
        if (channel, program) not in track.names:
            track.names[channel, program] = _printable(name)
        track.notes += [(start, tick, pitch, velocity, channel, program) for start, velocity in ended]
    if ended and going_on:
        open_notes[key] = going_on
    else:
        del open_notes[key]


def _change(changes: list, tick: int, value: object) -> None:
    """Adds a tempo or a metre, unless it is there already."""
    if not changes or changes[-1][1] != value:
        changes.append((tick, value))
    if len(changes) > limits.TEMPO_CHANGES:
        raise TooManyChangesError(f"more than {limits.TEMPO_CHANGES}")


def _number(data: bytes, position: int) -> tuple[int, int]:
    """A number of variable length and the position after it; the standard allows four bytes."""
    value = 0
    for place in range(position, position + 4):
        value = value << 7 | data[place] & 0x7F
        if data[place] < 0x80:
            return value, place + 1
    raise DamagedError("a number of more than four bytes")


def _tempo(content: bytes) -> int:
    """Microseconds in a quarter note."""
    tempo = int.from_bytes(content[:3], "big")
    if len(content) < 3 or not tempo:
        raise DamagedError("a tempo that makes no sense")
    return tempo


def _metre(content: bytes) -> tuple[int, int]:
    if len(content) < 2 or not content[0] or 1 << content[1] > LARGEST_METRE:
        raise DamagedError("a metre that makes no sense")
    return content[0], 1 << content[1]


def _printable(name: bytes) -> str:
    """The name of a track on one line, as much of it as `one_line` leaves."""
    # Four bytes are the most that a character takes.
    name = name[: 4 * SHOWN_CHARACTERS]
    try:
        text = name.decode()
    except UnicodeDecodeError:
        text = name.decode("latin-1")
    return one_line(text)


def _scales(tempos: list[tuple[int, int]], division: int) -> list[tuple[int, float]]:
    """(tick, seconds in a tick from there on); 120 where no tempo is told."""
    scales = [(0, 60.0 / (120.0 * division))]
    for tick, tempo in tempos:
        scale = 60.0 / ((6e7 / tempo) * division)
        if tick == 0:
            scales = [(0, scale)]
        elif scale != scales[-1][1]:
            scales.append((tick, scale))
    return scales


class _Seconds:
    """When ticks are, at the tempos of a file."""

    def __init__(self, scales: list[tuple[int, float]]) -> None:
        self._ticks, self._scales, self._begins = [tick for tick, _ in scales], [scale for _, scale in scales], [0.0]
        for number in range(1, len(scales)):
            length = self._ticks[number] - self._ticks[number - 1]
            self._begins.append(self._begins[-1] + self._scales[number - 1] * length)

    def at(self, tick: int) -> float:
        """The time of a tick in seconds."""
        place = bisect.bisect_right(self._ticks, tick) - 1
        return self._begins[place] + self._scales[place] * (tick - self._ticks[place])


def _sequence(division: int, tracks: list[_Track], scales: list[tuple[int, float]], seconds: _Seconds) -> NoteSequence:
    # Not needed before there is music; the page is up by then.
    from core.note_sequences import NoteSequence

    sequence = NoteSequence(ticks_per_quarter=division)
    sequence.source_info.parser = NoteSequence.SourceInfo.PRETTY_MIDI
    sequence.source_info.encoding_type = NoteSequence.SourceInfo.MIDI
    for tick, (numerator, denominator) in tracks[0].metres:
        sequence.time_signatures.add(time=seconds.at(tick), numerator=numerator, denominator=denominator)
    for tick, scale in scales:
        sequence.tempos.add(time=seconds.at(tick), qpm=60.0 / (scale * division))
    for instrument, (name, program, is_drum, notes) in enumerate(_instruments(tracks)):
        if name:
            sequence.instrument_infos.add(instrument=instrument, name=name)
        for start, end, pitch, velocity, *_ in notes:
            sequence.notes.add(
                instrument=instrument,
                program=program,
                start_time=seconds.at(start),
                end_time=seconds.at(end),
                pitch=pitch,
                velocity=velocity,
                is_drum=is_drum,
            )
    sequence.total_time = max((note.end_time for note in sequence.notes), default=0.0)
    return sequence


def _instruments(tracks: list[_Track]) -> Iterator[tuple[str, int, bool, list[tuple]]]:
    """Name, program, whether they are drums, and notes: of each track, one for each channel and program in it."""
    for track in tracks:
        notes_of: dict[tuple[int, int], list[tuple]] = {}
        for note in track.notes:
            notes_of.setdefault(note[4:], []).append(note)
        for (channel, program), notes in notes_of.items():
            yield track.names[channel, program], program, channel == DRUM_CHANNEL, notes
