"""The Groove MIDI Dataset as training windows (Gillick et al. 2019; CC BY 4.0)."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import note_seq
import numpy as np

from core.converters.drums import DrumsConverter
from core.converters.groove import ROLAND, ROW, loudest_notes, rows_of
from core.converters.windows import STEPS_PER_BAR, bars_up
from core.note_sequences import NoteSequence

SPLITS = ("train", "validation", "test")
NAME = "Groove MIDI Dataset 1.0.0, CC BY 4.0"
ARCHIVE = "groove-v1.0.0-midionly.zip"
CITATION = """Groove MIDI Dataset 1.0.0 (Gillick, Roberts, Engel, Eck, Bamman: “Learning to Groove with Inverse
Sequence Transformations”, ICML 2019; https://g.co/magenta/groove-dataset), CC BY 4.0."""


def takes(archive: Path, split: str) -> Iterator[NoteSequence]:
    """Yields the 4-4 performances of a split ('train', 'validation' or 'test') from the data set's zip."""
    with zipfile.ZipFile(archive) as files:
        rows = csv.DictReader(io.TextIOWrapper(files.open("groove/info.csv"), "utf-8"))
        for row in rows:
            if row["split"] == split and row["time_signature"] == "4-4":
                yield note_seq.midi_to_note_sequence(files.read(f"groove/{row['midi_filename']}"))


def kept(cache: Path | None, name: str, found: Callable[[], Iterable[np.ndarray]], dtype: type) -> np.ndarray:
    """Windows as one array, read from the folder `cache` if they were found before: reading a thousand MIDI files
    takes minutes. Nothing is kept without a folder."""
    path = cache / f"{name}.npy" if cache else None
    if path and path.exists():
        return np.load(path)
    windows = np.array(list(found()), dtype)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, windows)
    return windows


def label_windows(archive: Path, split: str, converter: DrumsConverter, cache: Path | None = None) -> np.ndarray:
    """Label windows int16 [count, steps] of a split, at a hop of one bar, without repeats inside a take; kept in the
    folder `cache`, if one is given."""

    def found() -> Iterator[np.ndarray]:
        for take in takes(archive, split):
            yield from converter.to_labels(take)

    return kept(cache, f"groove_{split}_{converter.slice_bars}bar", found, np.int16)


def groove_windows(archive: Path, split: str, bars: int, cache: Path | None = None) -> np.ndarray:
    """Groove windows float32 [count, steps, 28] of a split, at a hop of one bar: rows of 27 numbers and the tempo in
    qpm. The last of a take is filled up with silence, as the last window of a song is. Kept in `cache` as above."""

    def found() -> Iterator[np.ndarray]:
        for take in takes(archive, split):
            yield from row_windows(take.notes, take.tempos[0].qpm, bars, ROLAND)

    return kept(cache, f"groove_{split}_{bars}bar_rows", found, np.float32)


def row_windows(
    notes: Sequence[NoteSequence.Note], qpm: float, bars: int, classes: tuple[tuple[int, ...], ...]
) -> Iterator[np.ndarray]:
    """Yields the windows [steps, 28] of drum notes of one tempo: see `groove_windows`."""
    struck = loudest_notes(notes, qpm, classes)
    steps = max(bars_up(max((step for step, _ in struck), default=0) + 1), bars * STEPS_PER_BAR)
    rows = np.column_stack([rows_of(notes, qpm, steps, classes), np.full(steps, qpm)])
    for start in range(0, steps - (bars - 1) * STEPS_PER_BAR, STEPS_PER_BAR):
        window = rows[start : start + bars * STEPS_PER_BAR]
        if window[:, :ROW].any():
            yield window
