"""A folder of MIDI files of one's own as training windows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import note_seq
import numpy as np

from core.converters.drums import DRUM_CLASSES
from core.converters.windows import LabelConverter
from core.errors import ClipError
from core.note_sequences import NoteSequence
from training.groove_dataset import row_windows

# One file of so many is kept for validation.
VALIDATION_SHARE = 10


def files(folder: Path, split: str) -> list[Path]:
    """The MIDI files of a split, 'train' or 'validation', in all subfolders: of their names in order every tenth, or
    the last of fewer, is for validation. Raises `ClipError` if there are not at least two."""
    found = sorted(file for file in folder.rglob("*") if file.suffix.lower() in (".mid", ".midi"))
    if len(found) < 2:
        raise ClipError(f"{folder} holds {len(found)} MIDI files. Give a folder with at least two, better hundreds.")
    kept = set(found[VALIDATION_SHARE - 1 :: VALIDATION_SHARE]) or {found[-1]}
    return [file for file in found if (file in kept) == (split == "validation")]


def sequences(folder: Path, split: str) -> Iterator[NoteSequence]:
    """The music of a split; files that are no MIDI are passed over."""
    for file in files(folder, split):
        try:
            yield note_seq.midi_file_to_note_sequence(file)
        except note_seq.MIDIConversionError:
            continue


def label_windows(folder: Path, split: str, converter: LabelConverter) -> np.ndarray:
    """Label windows [count, steps, …], at a hop of one bar; raises `ClipError` if there are none."""
    windows = [window for sequence in sequences(folder, split) for window in converter.to_labels(sequence)]
    return _enough(np.array(windows, np.int64), folder, split, converter.slice_bars)


def groove_windows(folder: Path, split: str, bars: int) -> np.ndarray:
    """Groove windows float32 [count, steps, 28] as `groove_dataset.groove_windows` has them; raises `ClipError` if
    there are none."""
    classes = tuple(DRUM_CLASSES.values())
    windows = []
    for sequence in sequences(folder, split):
        drums = [note for note in sequence.notes if note.is_drum]
        if len(sequence.tempos) < 2 and all(s.numerator == s.denominator for s in sequence.time_signatures):
            qpm = sequence.tempos[0].qpm if sequence.tempos else 120.0
            windows += row_windows(drums, qpm, bars, classes)
    return _enough(np.array(windows, np.float32), folder, split, bars)


def _enough(windows: np.ndarray, folder: Path, split: str, bars: int) -> np.ndarray:
    if not len(windows):
        raise ClipError(
            f"The {split} files in {folder} hold no {bars} bars in 4-4 that this configuration could learn from. "
            "Add music of its kind."
        )
    return windows
