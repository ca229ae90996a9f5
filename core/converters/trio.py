"""A trio of melody, bass and drums: NoteSequence ⇄ three labels a step (`musicvae_reference` 4.4, 5 and 7.3)."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from core.clip import BASS_INSTRUMENT, BASS_PROGRAM, BASS_PROGRAMS, PARTS
from core.converters import drums, melody
from core.converters.windows import STEPS_PER_BAR, LabelConverter, bars_up, empty_sequence, one_hot, quantized_segments
from core.note_sequences import NoteSequence

MELODY, BASS, DRUMS = range(3)
DEPTHS = (melody.NUM_LABELS, melody.NUM_LABELS, drums.NUM_LABELS)
MAX_INSTRUMENT = 127
MAX_BARS = 1024
# An instrument may be silent for so many bars beside one in which it plays.
GAP_BARS = 2


def part_of(note: NoteSequence.Note) -> int | None:
    """Which part a note can belong to, None for neither of them."""
    if note.is_drum:
        return DRUMS
    if note.program in melody.MELODY_PROGRAMS:
        return MELODY
    return BASS if note.program in BASS_PROGRAMS else None


def widened(covered: np.ndarray, bars: int) -> np.ndarray:
    """Bars [bars, …] that are covered, or have one that is within `bars` bars."""
    padded = np.pad(covered, [(bars, bars)] + [(0, 0)] * (covered.ndim - 1))
    return np.any([padded[shift : shift + len(covered)] for shift in range(2 * bars + 1)], 0)


@dataclass(frozen=True)
class TrioConverter(LabelConverter):
    """Windows of `slice_bars` bars, at a hop of one bar, counted from time zero, of every combination of a melody, a
    bass and a drum instrument that play together throughout.

    At most `max_windows` windows are kept, the first ones; repeats count. An instrument with notes of two parts, or of
    another program, is left out. Unlike the reference, which then fails, music without a tempo is at 120 qpm.

    `drums_as_roll`: the encoder hears nine hits and a flag for silence instead of 512 combinations (our own model).
    """

    slice_bars: int = 16
    max_windows: int | None = 5
    drums_as_roll: bool = False

    output_depth = sum(DEPTHS)
    output_depths = DEPTHS
    plays = "band"

    @property
    def input_depth(self) -> int:
        """Width of what the encoder hears at a step."""
        return sum(DEPTHS[:DRUMS]) + (drums.NUM_CLASSES + 1 if self.drums_as_roll else DEPTHS[DRUMS])

    def heard(self, labels: np.ndarray) -> np.ndarray:
        """What the encoder hears of labels [..., 3], one part after the other: bool [..., input_depth]."""
        if not self.drums_as_roll:
            return self.played(labels)
        lines = [one_hot(labels[..., part], DEPTHS[part]) for part in (MELODY, BASS)]
        return np.concatenate([*lines, drums.labels_to_roll(labels[..., DRUMS])], -1)

    def played(self, labels: np.ndarray) -> np.ndarray:
        """Labels [..., 3] as bool [..., 692], one part after the other."""
        return np.concatenate([one_hot(labels[..., part], depth) for part, depth in enumerate(DEPTHS)], -1)

    def labels_of(self, tensor: np.ndarray) -> np.ndarray:
        """The labels [steps, 3] of an array [steps, 692]."""
        parts = np.split(np.asarray(tensor), np.cumsum(DEPTHS)[:-1], -1)
        return np.stack([part.argmax(-1) for part in parts], -1)

    def to_labels(self, note_sequence: NoteSequence) -> list[np.ndarray]:
        """The windows as label arrays [slice_steps, 3]: melody, bass, drums.

        Raises note_seq's QuantizationStatusError if the sequence is quantised already, and its BadNoteError if a note
        ends before it begins.
        """
        windows = itertools.chain.from_iterable(map(self._windows, quantized_segments(note_sequence)))
        return list(itertools.islice(windows, self.max_windows))

    def _windows(self, quantized: NoteSequence) -> Iterable[np.ndarray]:
        bars = min(-(-quantized.total_quantized_steps // STEPS_PER_BAR), MAX_BARS)
        notes_of: dict[int, list[NoteSequence.Note]] = defaultdict(list)
        for note in quantized.notes:
            if note.instrument <= MAX_INSTRUMENT:
                notes_of[note.instrument].append(note)
        instruments: dict[int, list[tuple[np.ndarray, np.ndarray]]] = defaultdict(list)
        for _, notes in sorted(notes_of.items()):
            parts = {part_of(note) for note in notes}
            part = parts.pop()
            if parts or part is None:
                continue
            track = _drum_track(notes, bars) if part == DRUMS else melody.line_from_zero(notes, bars)
            if track is not None:
                instruments[part].append((track, widened(_covered(notes, bars), GAP_BARS)))
        for trio in itertools.product(*(instruments[part] for part in range(len(PARTS)))):
            tracks, covered = zip(*trio, strict=True)
            together = np.all(covered, 0)
            for edge in (slice(None, GAP_BARS), slice(-GAP_BARS, None)):
                together[edge] = np.any([each[edge] for each in covered])
            joined = np.stack(tracks, -1)
            for bar in range(bars - self.slice_bars + 1):
                if together[bar : bar + self.slice_bars].all():
                    yield joined[bar * STEPS_PER_BAR : (bar + self.slice_bars) * STEPS_PER_BAR]

    def from_samples(self, labels: Sequence[Sequence[int]] | np.ndarray) -> NoteSequence:
        """A sequence at 120 qpm for labels [steps, 3]: a piano's melody, a finger bass, and drums."""
        sequence = empty_sequence()
        labels = np.asarray(labels)
        melody.add_line(sequence, labels[:, MELODY])
        melody.add_line(sequence, labels[:, BASS], BASS_INSTRUMENT, BASS_PROGRAM)
        drums.add_hits(sequence, labels[:, DRUMS])
        return sequence


def _covered(notes: Iterable[NoteSequence.Note], bars: int) -> np.ndarray:
    """Which bars [bars] are touched by a note."""
    covered = np.zeros(bars, bool)
    for note in notes:
        covered[note.quantized_start_step // STEPS_PER_BAR : -(-note.quantized_end_step // STEPS_PER_BAR)] = True
    return covered


def _drum_track(notes: Iterable[NoteSequence.Note], bars: int) -> np.ndarray | None:
    """Drum labels [16 · bars] from time zero; None if there is nothing in them."""
    hits = drums.hits_by_step(notes)
    if not hits:
        return None
    track = np.zeros(max(bars * STEPS_PER_BAR, bars_up(max(hits) + 1)), np.int64)
    track[list(hits)] = list(hits.values())
    return track[: bars * STEPS_PER_BAR]
