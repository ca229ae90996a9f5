"""From a MIDI file of any kind to clips that a model can take: which track, which bars, and what was left out.

A file is cut wherever its tempo or metre changes, and its 4-4 parts are taken. Nothing is left out without a sentence.
"""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core import limits
from core.clip import (
    BASS_INSTRUMENT,
    BASS_PROGRAM,
    BASS_PROGRAMS,
    TICKS_PER_BAR,
    TICKS_PER_QUARTER,
    Clip,
    Note,
    from_sequence,
    length_of,
    read_midi,
    to_sequence,
)
from core.errors import ClipError, one_line
from core.sentences import Sentence

if TYPE_CHECKING:
    from core.note_sequences import NoteSequence

TICKS_PER_STEP = TICKS_PER_QUARTER // 4
DRUMS, MELODY, BAND = "drums", "melody", "band"
# What the models can take of a file, by the bars of their clips.
OF_BARS = {2: (DRUMS, MELODY), 16: (BAND, MELODY)}
DRUM_NAMES = ("drum", "perc", "beat", "kit")
MELODY_NAMES = ("melody", "lead", "vocal", "vox", "voice", "solo", "sing", "tune")
# The most melodies of a file that are offered to choose from.
MELODY_TRACKS = 4
# A track with a larger share of notes that begin together with another is an accompaniment.
MOSTLY_CHORDS = 0.3
# The range of the melody models, that of a piano.
LOWEST, HIGHEST = 21, 108
# Mean distance from the sixteenth grid, in steps, from which on music was hardly played to it: at random it is 0.25.
OFF_GRID = 0.2
# The most bars together in which an instrument of a trio may be silent (`converters.trio.GAP_BARS` at either side).
MOST_SILENT_BARS = 4


@dataclass(frozen=True)
class Window:
    """A part of an upload: a clip, the number of its first bar in the file (from 1), and its track, where the file has
    several."""

    clip: Clip
    first_bar: int
    track: str = ""

    @property
    def label(self) -> Sentence:
        """Its track, and its bars as a musician counts them."""
        last = self.first_bar + self.clip.bars - 1
        if last == self.first_bar:
            bars = Sentence("Bar {last}", last=last)
        else:
            bars = Sentence("Bars {first}–{last}", first=self.first_bar, last=last)
        return Sentence("{track} · {bars}", track=self.track, bars=bars) if self.track else bars


@dataclass(frozen=True)
class Upload:
    """What a file holds for a model: windows to choose from, and sentences on what was taken and what was not."""

    windows: tuple[Window, ...]
    said: tuple[str, ...]


@dataclass(frozen=True)
class _Track:
    """A track of a file: what to call it, what it plays, and its music with tempos and metres."""

    label: str
    plays: str
    music: NoteSequence


def drum_windows(data: bytes, name: str, bars: int) -> Upload:
    """The different windows of `bars` bars in the drums of a MIDI file, one after the other.

    Raises:
        ClipError: the file cannot be read, or has no such window; the sentence says why.
    """
    return windows(data, name, bars, (DRUMS,))


def windows(data: bytes, name: str, bars: int, plays: Sequence[str] = (DRUMS, MELODY)) -> Upload:
    """The different windows of `bars` bars in a MIDI file of what it `plays`: in its drums, in its melodies, the
    likeliest first, in its band of a melody, a bass and drums.

    Raises:
        ClipError: the file cannot be read, or has no such window; the sentence says why.
    """
    sequence, name = read_midi(data, name), one_line(name)
    said: list[str] = []
    tracks = _tracks(sequence, name, plays, said)
    found: list[Window] = []
    beyond, why_not = False, None
    for track in tracks:
        about: list[str] = []
        try:
            of_track = _windows_of(track, name, bars, about)
        except ClipError as error:
            why_not = why_not or error
            continue
        said += [sentence for sentence in dict.fromkeys(about) if sentence not in said]
        room = max(1, limits.WINDOWS // len(tracks))
        beyond |= len(of_track) > room
        found += [replace(window, track=track.label if len(tracks) > 1 else "") for window in of_track[:room]]
    if not found:
        raise why_not or ClipError("There is nothing in “{name}” that could be used.", name=name)
    if beyond:
        said.append(Sentence("The first {count} different parts are shown, there are more.", count=len(found)))
    return Upload(tuple(found), tuple(said))


def _windows_of(track: _Track, name: str, bars: int, said: list[str]) -> list[Window]:
    """The different windows of a track, one after the other; where that gives none, at a hop of one bar."""
    parts = _parts(track.music, name, track.plays, said)
    if track.plays != DRUMS:
        parts = [(first_bar, _top_lines(part, said)) for first_bar, part in parts]
    if parts[-1][0] + parts[-1][1].bars - 1 > limits.SEARCHED_BARS:
        said.append(Sentence("Only its first {most} bars were searched.", most=limits.SEARCHED_BARS))
    is_one = {DRUMS: is_one_phrase, MELODY: is_one_melody, BAND: is_one_band}[track.plays]
    pauses = [_pauses(part, track.plays) for _, part in parts]
    found: dict[tuple, Window] = {}
    for hop in (bars, 1):
        for (first_bar, part), pauses_of_part in zip(parts, pauses, strict=True):
            starts = list(range(0, part.bars - bars + 1, hop))
            if starts and starts[-1] + bars < part.bars:
                starts.append(part.bars - bars)
            for start in starts:
                if first_bar + start + bars - 1 > limits.SEARCHED_BARS or len(found) > limits.WINDOWS:
                    break
                if _has_pause(pauses_of_part, start, bars):
                    continue
                window = cut(part, start, bars)
                if is_one(window):
                    found.setdefault(window.notes, Window(window, first_bar + start))
        if found:
            return list(found.values())
    longest = max(part.bars for _, part in parts)
    what = Sentence("melody, bass and drums") if track.plays == BAND else track.plays
    if longest < bars:
        raise ClipError(
            "“{name}” has only {length} of {what} in 4-4, and {bars} are needed. Loop it to {bars} bars.",
            name=name,
            length=length_of(longest),
            what=what,
            bars=bars,
        )
    raise ClipError(
        "“{name}” has no {bars} bars in a row with {what} in each. Choose a denser part.",
        name=name,
        bars=bars,
        what=what,
    )


def drum_music(data: bytes, name: str) -> tuple[Clip, tuple[str, ...]]:
    """The longest stretch of drums in one tempo and 4-4, at its own tempo, and sentences on what was left out.

    Raises:
        ClipError: the file cannot be read, or has no drums in 4-4.
    """
    sequence, name, sentences = read_midi(data, name), one_line(name), []
    (track,) = _tracks(sequence, name, (DRUMS,), sentences)
    parts = _parts(track.music, name, DRUMS, sentences)
    said = tuple(sentences)
    _, longest = max(parts, key=lambda part: len(part[1].notes))
    if len(parts) > 1:
        said += (
            Sentence(
                "Its tempo or metre changes: the part with the most hits was taken, {length}.",
                length=length_of(longest.bars),
            ),
        )
    if longest.bars > limits.GROOVE_BARS:
        longest = cut(longest, 0, limits.GROOVE_BARS)
        said += (Sentence("The first {most} bars were taken.", most=limits.GROOVE_BARS),)
    return longest, said


def cut(clip: Clip, first: int, bars: int) -> Clip:
    """`bars` bars of a clip from bar `first` (from 0); a hit a little early belongs to the bar that it leads into, and
    what sounds longer is cut off."""
    start, length = first * TICKS_PER_BAR, bars * TICKS_PER_BAR
    # A long piece is cut into as many windows as it has bars, so its other notes are not looked at.
    earliest, latest = start - TICKS_PER_STEP // 2, start + length - TICKS_PER_STEP // 2
    began = [bisect.bisect_left(clip.notes, tick, key=lambda note: note.start) for tick in (earliest, latest)]
    notes = [
        replace(note, start=max(0, note.start - start), end=min(note.end - start, length))
        for note in clip.notes[slice(*began)]
        if min(note.end - start, length) > max(0, note.start - start)
    ]
    return replace(clip, notes=tuple(notes), bars=bars)


def _pauses(clip: Clip, plays: str) -> list[tuple[int, int]]:
    """Pauses that are too long for a model, as the ticks at which the notes before and after begin: of a bar in drums
    or in one line, of five whole bars in any part of a band.

    A window with both of these notes is not taken by `is_one_phrase`, `is_one_melody` or `is_one_band`. To know that
    before it is cut is what keeps a long file with many pauses from taking longer than one without.
    """
    from core.converters.drums import CLASS_OF_PITCH

    a_bar = TICKS_PER_BAR // TICKS_PER_STEP
    found = []
    for part in clip.parts.values() if plays == BAND else [clip]:
        notes = [note for note in part.notes if plays != DRUMS or note.pitch in CLASS_OF_PITCH]
        end = 0
        for before, after in itertools.pairwise(notes):
            end = max(end, _step(before.start) + 1, 0 if plays == DRUMS else _step(before.end))
            silent = _step(after.start) // a_bar - -(-end // a_bar) if plays == BAND else _step(after.start) - end
            if silent >= (MOST_SILENT_BARS + 1 if plays == BAND else a_bar):
                found.append((before.start, after.start))
    return found


def _has_pause(pauses: list[tuple[int, int]], first: int, bars: int) -> bool:
    """Whether one of the pauses is between two notes of these bars, as `cut` takes them."""
    earliest, latest = (bar * TICKS_PER_BAR - TICKS_PER_STEP // 2 for bar in (first, first + bars))
    return any(before >= earliest and after < latest for before, after in pauses)


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


def is_one_melody(clip: Clip) -> bool:
    """Whether the melody model takes the clip as one window: a note begins in its first bar, one sounds in its last,
    and nowhere is there a bar's length of silence (reference section 4.3)."""
    last_step = clip.bars * TICKS_PER_BAR // TICKS_PER_STEP
    a_bar = TICKS_PER_BAR // TICKS_PER_STEP
    spans = [(_step(note.start), max(_step(note.end), _step(note.start) + 1)) for note in clip.notes]
    return (
        bool(spans)
        and spans[0][0] < a_bar
        and spans[-1][0] < last_step
        and last_step - a_bar < spans[-1][1] <= last_step
        and all(after - end < a_bar for (_, end), (after, _) in itertools.pairwise(spans))
    )


def is_one_band(clip: Clip) -> bool:
    """Whether the trio model takes the clip as one window: a melody, a bass and drums, none of them silent for long
    (reference section 4.4)."""
    from core.converters.trio import TrioConverter

    return len(TrioConverter(clip.bars).to_labels(to_sequence(clip))) == 1


def _step(tick: int) -> int:
    return (tick + TICKS_PER_STEP // 2) // TICKS_PER_STEP


def _top_lines(clip: Clip, said: list[str]) -> Clip:
    """What is played in one line each, the drums as they are."""
    lines = [part if name == DRUMS else _top_line(part, said) for name, part in clip.parts.items()]
    return replace(clip, notes=tuple(note for line in lines for note in line.notes))


def _top_line(clip: Clip, said: list[str]) -> Clip:
    """The highest of the notes that begin together, each until the next begins, in the melody models' range of
    pitches; adds sentences on what was changed."""
    line: list[Note] = []
    for note in sorted(clip.notes, key=lambda note: (_step(note.start), -note.pitch)):
        if line and _step(note.start) == _step(line[-1].start):
            continue
        if line and line[-1].end > note.start:
            line[-1] = replace(line[-1], end=max(note.start, line[-1].start + 1))
        octaves = -(-max(0, LOWEST - note.pitch) // 12) + -max(0, note.pitch - HIGHEST) // 12
        if octaves:
            said.append(Sentence("Notes beyond the range of a piano were moved by octaves."))
        line.append(replace(note, pitch=note.pitch + 12 * octaves))
    if len(line) < len(clip.notes):
        said.append(Sentence("Where several notes begin together, the highest was taken."))
    return replace(clip, notes=tuple(line))


def _tracks(sequence: NoteSequence, name: str, plays: Sequence[str], said: list[str]) -> list[_Track]:
    """The tracks of a file that could be used; adds sentences on what was taken and what was left out."""
    if not sequence.notes:
        raise ClipError("None of the notes in “{name}” has an end. Export it again from your DAW.", name=name)
    names = {info.instrument: info.name.strip() for info in sequence.instrument_infos}
    drums = {note.instrument for note in sequence.notes if note.is_drum}
    drummers = [note for note in sequence.notes if note.is_drum]
    if not drummers:
        drums = {number for number, each in names.items() if any(word in each.lower() for word in DRUM_NAMES)}
        drummers = [note for note in sequence.notes if note.instrument in drums]
        if drummers and {DRUMS, BAND} & set(plays):
            called = sorted({names[number] for number in drums})
            shown = Sentence.listed(f"“{each}”" for each in called[:MELODY_TRACKS])
            if len(called) > MELODY_TRACKS:
                shown = Sentence("{names}, …", names=shown)
            said.append(Sentence("Nothing is on channel 10; the track {names} was taken as drums.", names=shown))
    lines: dict[int, list] = {}
    for note in sequence.notes:
        if not note.is_drum and note.instrument not in drums:
            lines.setdefault(note.instrument, []).append(note)
    label_of = {number: names.get(number) or Sentence("Track {number}", number=number + 1) for number in lines}
    ranked = sorted(lines, key=lambda number: _unlike_a_melody(names.get(number, ""), lines[number]))
    found: list[_Track] = []
    # The tracks that went into no choice.
    left = set(lines)
    if BAND in plays and drummers and len(ranked) > 1:
        melody, bass = ranked[0], _bass_among(ranked[1:], names, lines)
        music = _with_only(sequence, {MELODY: lines[melody], "bass": lines[bass], DRUMS: drummers})
        found.append(_Track(Sentence("Trio"), BAND, music))
        said.append(
            Sentence(
                "The trio: melody from “{melody}”, bass from “{bass}”, and the drums.",
                melody=label_of[melody],
                bass=label_of[bass],
            )
        )
        left -= {melody, bass}
    if DRUMS in plays and drummers:
        found.append(_Track(Sentence("Drums"), DRUMS, _with_only(sequence, {DRUMS: drummers})))
    if MELODY in plays:
        for number in ranked[:MELODY_TRACKS]:
            found.append(_Track(label_of[number], MELODY, _with_only(sequence, {MELODY: lines[number]})))
        left -= set(ranked[:MELODY_TRACKS])
    if not found:
        raise ClipError(_why_nothing(name, plays, bool(drummers), len(lines)))
    others = len(left) + bool(drummers and not {DRUMS, BAND} & {track.plays for track in found})
    if others:
        taken = {
            DRUMS: Sentence("The drums were taken"),
            MELODY: Sentence("The melody was taken"),
            BAND: Sentence("The trio was taken"),
        }
        several = Sentence("{count} tracks can be chosen", count=len(found))
        choice = taken[found[0].plays] if len(found) == 1 else several
        if others == 1:
            said.append(Sentence("{choice}, 1 other track was left out.", choice=choice))
        else:
            said.append(Sentence("{choice}, {others} other tracks were left out.", choice=choice, others=others))
    return found


def _why_nothing(name: str, plays: Sequence[str], has_drums: bool, lines: int) -> Sentence:
    """A sentence on a file without anything of what is wanted."""
    if DRUMS in plays:
        return Sentence(
            "There are no drums in “{name}”. Put them on MIDI channel 10, or give their track a name with “drums” in "
            "it.",
            name=name,
        )
    if MELODY in plays:
        return Sentence(
            "There is no melody in “{name}”: all its notes are drums. Take drums for both A and B.", name=name
        )
    missing = Sentence("there are no drums on channel 10")
    if has_drums:
        missing = Sentence("beside drums it has only {lines} of the two", lines=lines)
    return Sentence(
        "A trio needs a melody, a bass and drums, each on a track of its own, and in “{name}” {missing}.",
        name=name,
        missing=missing,
    )


def _bass_among(tracks: Sequence[int], names: dict[int, str], lines: dict[int, list]) -> int:
    """The track that is a bass by its name or its General MIDI program, else the lowest."""

    def unlike(number: int) -> tuple:
        notes = lines[number]
        return not _is_bass(names.get(number, ""), notes), sum(note.pitch for note in notes) / len(notes)

    return min(tracks, key=unlike)


def _is_bass(name: str, notes: Sequence) -> bool:
    return "bass" in name.lower() or all(note.program in BASS_PROGRAMS for note in notes)


def _unlike_a_melody(name: str, notes: Sequence) -> tuple:
    """Sorts tracks: those that are called a melody first, basses last, one line before chords, high before low."""
    together = 1 - len({note.start_time for note in notes}) / len(notes)
    height = sum(note.pitch for note in notes) / len(notes)
    is_melody = any(word in name.lower() for word in MELODY_NAMES)
    return not is_melody, _is_bass(name, notes), together > MOSTLY_CHORDS, -height


def _with_only(sequence: NoteSequence, notes_of: dict[str, Sequence]) -> NoteSequence:
    """The tempos and metres of a sequence with some of its notes, by which of 'melody', 'bass' and 'drums' they are."""
    music = type(sequence)(ticks_per_quarter=sequence.ticks_per_quarter, total_time=sequence.total_time)
    music.tempos.extend(sequence.tempos)
    music.time_signatures.extend(sequence.time_signatures)
    written = {DRUMS: {"is_drum": True, "instrument": 9}, MELODY: {"instrument": 0}}
    written["bass"] = {"instrument": BASS_INSTRUMENT, "program": BASS_PROGRAM}
    for part, notes in notes_of.items():
        for note in notes:
            if note.end_time > 0 and note.velocity:
                music.notes.add(
                    pitch=note.pitch,
                    velocity=note.velocity,
                    start_time=max(0.0, note.start_time),
                    end_time=note.end_time,
                    **written[part],
                )
    return music


def _parts(music: NoteSequence, name: str, plays: str, said: list[str]) -> list[tuple[int, Clip]]:
    """The stretches of a track in one tempo and 4-4 with their first bar (from 1); adds sentences."""
    parts, other_metres, first_bar = [], False, 1
    for segment in _segments(music):
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
                said.append(
                    Sentence(
                        "Its tempo of {qpm:.0f} is out of our range and was changed to {changed:.0f}.",
                        qpm=qpm,
                        changed=shown,
                    )
                )
            parts.append((first_bar, replace(from_sequence(segment, bars, qpm, _stem(name)), qpm=round(shown, 3))))
        elif segment.notes:
            other_metres = True
        first_bar += max(0, round(quarters / bar))
    if not parts:
        raise ClipError(
            "The drums in “{name}” are not in 4-4, the only metre that the models know."
            if plays == DRUMS
            else "The notes in “{name}” are not in 4-4, the only metre that the models know.",
            name=name,
        )
    if other_metres:
        said.append(Sentence("Bars in other metres than 4-4 were left out."))
    hits = [note.start for _, part in parts for note in part.notes]
    astray = [abs((start + TICKS_PER_STEP // 2) % TICKS_PER_STEP - TICKS_PER_STEP // 2) for start in hits]
    if sum(astray) / len(astray) / TICKS_PER_STEP > OFF_GRID:
        said.append(
            Sentence(
                "Its {notes} do not follow the sixteenth notes of its tempo, so they were moved to the nearest. If it "
                "was played without a click, set its tempo in your DAW first.",
                notes=Sentence("hits") if plays == DRUMS else Sentence("notes"),
            )
        )
    return parts


def _segments(sequence: NoteSequence) -> list[NoteSequence]:
    """The parts between changes of tempo or metre, each from time zero."""
    # Not needed before there is music; the page is up by then.
    from core.note_sequences import sequences_lib

    if not any(change.time for change in (*sequence.tempos, *sequence.time_signatures)):
        return [sequence]
    return sequences_lib.split_note_sequence_on_time_changes(sequence)


def _stem(name: str) -> str:
    return one_line(re.split(r"[/\\]", name)[-1].rsplit(".", 1)[0])
