"""POP909 as training windows: melodies, and trios with a bass from its piano and drums from the Groove MIDI Dataset
(Wang et al., ISMIR 2020, MIT; Gillick et al. 2019, CC BY 4.0).

A song is warped to its annotated beats, cut where a bar has not four of them, and laid on the sixteenth grid.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
import pretty_midi

from core.clip import BASS_INSTRUMENT, BASS_PROGRAM
from core.converters.drums import DrumsConverter, add_hits
from core.converters.melody import MelodyConverter
from core.converters.trio import TrioConverter
from core.converters.windows import SECONDS_PER_STEP, STEPS_PER_BAR, STEPS_PER_QUARTER, empty_sequence
from core.note_sequences import NoteSequence
from training import groove_dataset

NAME, ARCHIVE = "POP909, MIT", "POP909.zip"
CITATION = """POP909 (Wang, Chen, Jiang, Zhang, Xu, Dai, Gu, Xia: “POP909: A Pop-song Dataset for Music Arrangement
Generation”, ISMIR 2020; https://github.com/music-x-lab/POP909-Dataset), MIT licence."""
SONGS = range(1, 910)
# By the song's number modulo 10; all other songs are for training.
HELD_OUT = {"test": 0, "validation": 1}
TRIPLE = 3
BEATS_PER_BAR = 4
# Mean distance of the melody from the grid, in steps, from which on the beats do not fit the song.
MAX_STRAY = 0.1
# Four octaves' worth of folding: the bass sounds from E1 up to E♭3.
BASS_RANGE = range(28, 52)
DRUM_LOOP_BARS = 8


class Line(NamedTuple):
    """Notes of one track in a stretch of bars, from its first step: starts and ends in steps, and pitches."""

    start: np.ndarray
    end: np.ndarray
    pitch: np.ndarray


class Stretch(NamedTuple):
    """Bars in a row of a song: the number of the song, the melody, and the piano."""

    song: int
    melody: Line
    piano: Line


def split_of(song: int) -> str:
    """The split that a song belongs to."""
    return next((split for split, rest in HELD_OUT.items() if song % 10 == rest), "train")


def stretches(archive: Path, split: str) -> Iterator[Stretch]:
    """Yields the stretches of the songs of a split ('train', 'validation' or 'test') from the data set's zip.

    Songs in compound metre, and those whose melody does not follow the annotated beats, are left out.
    """
    with zipfile.ZipFile(archive) as files:
        compound = _songs_in_compound_metre(files)
        for song in SONGS:
            if split_of(song) != split or song in compound:
                continue
            folder = f"POP909/{song:03d}"
            beats = np.loadtxt(io.BytesIO(files.read(f"{folder}/beat_midi.txt")))
            tracks = {
                track.name: track
                for track in pretty_midi.PrettyMIDI(io.BytesIO(files.read(f"{folder}/{song:03d}.mid"))).instruments
            }
            melody, piano = (_in_steps(tracks[name].notes, beats[:, 0]) for name in ("MELODY", "PIANO"))
            if np.abs(melody.start - np.rint(melody.start)).mean() > MAX_STRAY:
                continue
            for first_beat, last_beat in _regular_bars(beats[:, 2]):
                bounds = first_beat * STEPS_PER_QUARTER, last_beat * STEPS_PER_QUARTER
                yield Stretch(song, _cut(melody, *bounds), _cut(piano, *bounds))


def _songs_in_compound_metre(files: zipfile.ZipFile) -> set[int]:
    """The songs with three quavers a beat, by the table in index.xlsx (its first and last columns)."""
    with zipfile.ZipFile(io.BytesIO(files.read("POP909/index.xlsx"))) as workbook:
        sheet = ElementTree.fromstring(workbook.read("xl/worksheets/sheet1.xml"))
    found = set()
    for row in sheet.iter("{http://schemas.openxmlformats.org/spreadsheetml/2006/main}row"):
        cells = ["".join(cell.itertext()) for cell in row]
        if cells[-1] == str(TRIPLE):
            found.add(int(cells[0]))
    return found


def _in_steps(notes: Sequence[pretty_midi.Note], beats: np.ndarray) -> Line:
    """Notes in seconds as a line in steps after the first beat, not rounded yet."""
    warp = partial(np.interp, xp=beats, fp=np.arange(len(beats)) * float(STEPS_PER_QUARTER))
    inside = [note for note in notes if beats[0] <= note.start < beats[-1]]
    return Line(
        warp(np.array([note.start for note in inside])),
        warp(np.array([note.end for note in inside])),
        np.array([note.pitch for note in inside], np.int64),
    )


def _regular_bars(starts_a_bar: np.ndarray) -> Iterator[tuple[int, int]]:
    """First and last beats of the stretches in which every bar has four beats."""
    bar_starts = np.flatnonzero(starts_a_bar)
    first = bar_starts[0] if len(bar_starts) else 0
    for here, following in zip(bar_starts, [*bar_starts[1:], None], strict=True):
        if following is None or following - here != BEATS_PER_BAR:
            if here > first:
                yield int(first), int(here)
            first = following


def _cut(line: Line, first: int, last: int) -> Line:
    """The notes that begin from step `first` up to `last`, on the grid, at least a step long."""
    start, end = np.rint(line.start).astype(np.int64), np.rint(line.end).astype(np.int64)
    inside = (start >= first) & (start < last)
    start, end = start[inside] - first, np.minimum(end[inside], last) - first
    return Line(start, np.maximum(end, start + 1), line.pitch[inside])


def bass_of(piano: Line) -> Line:
    """A bass from a piano: of the notes that begin together the lowest, where none lower still sounds, folded by
    octaves into the range of a bass."""
    order = np.lexsort([piano.pitch, piano.start])
    start, end, pitch = (field[order] for field in piano)
    kept, sounding_end, sounding_pitch = [], -1, 128
    for number in range(len(start)):
        together = kept and start[kept[-1]] == start[number]
        if together or (start[number] < sounding_end and pitch[number] > sounding_pitch):
            continue
        kept.append(number)
        sounding_end, sounding_pitch = end[number], pitch[number]
    folded = (pitch[kept] - BASS_RANGE.start) % 12 + BASS_RANGE.start
    return Line(start[kept], end[kept], np.where(pitch[kept] - folded >= 12, folded + 12, folded))


def add_line(sequence: NoteSequence, line: Line, instrument: int, program: int) -> None:
    """Adds a line, in steps, to a sequence at the reference tempo."""
    for start, end, pitch in zip(*(field.tolist() for field in line), strict=True):
        sequence.notes.add(
            pitch=pitch,
            velocity=80,
            start_time=start * SECONDS_PER_STEP,
            end_time=end * SECONDS_PER_STEP,
            instrument=instrument,
            program=program,
        )
        sequence.total_time = max(sequence.total_time, end * SECONDS_PER_STEP)


def melody_windows(archive: Path, split: str, converter: MelodyConverter, cache: Path | None = None) -> np.ndarray:
    """Label windows int16 [count, steps] of the melodies of a split, without bars of rest, at a hop of one bar, repeats
    inside a stretch left out; kept in the folder `cache`, if one is given."""
    converter = replace(converter, rests=False)

    def found() -> Iterator[np.ndarray]:
        for stretch in stretches(archive, split):
            sequence = empty_sequence()
            add_line(sequence, stretch.melody, 0, 0)
            yield from converter.to_labels(sequence)

    return groove_dataset.kept(cache, f"pop909_{split}_{converter.slice_bars}bar_melody", found, np.int16)


def trio_windows(
    archive: Path, drums: Path, split: str, converter: TrioConverter, cache: Path | None = None
) -> np.ndarray:
    """Label windows int16 [count, steps, 3] of the bands put together from a split of both data sets (`drums` is the
    Groove MIDI Dataset's zip), at a hop of one bar; kept in `cache` as above.

    The drummer of a stretch is drawn by the song's number, among takes of eight bars and more, and plays in a loop.
    """

    def found() -> Iterator[np.ndarray]:
        loops = groove_dataset.label_windows(drums, split, DrumsConverter(DRUM_LOOP_BARS, None), cache)
        for stretch in stretches(archive, split):
            bars = -(-max(stretch.melody.end.max(initial=1), stretch.piano.end.max(initial=1)) // STEPS_PER_BAR)
            loop = loops[np.random.default_rng(stretch.song).integers(len(loops))]
            sequence = empty_sequence()
            add_line(sequence, stretch.melody, 0, 0)
            add_line(sequence, bass_of(stretch.piano), BASS_INSTRUMENT, BASS_PROGRAM)
            add_hits(sequence, np.resize(loop, bars * STEPS_PER_BAR))
            yield from converter.to_labels(sequence)

    return groove_dataset.kept(cache, f"pop909_{split}_{converter.slice_bars}bar_trio", found, np.int16)
