"""What the melody and drums converters share: segments, the sixteenth-note grid, and bars.

`musicvae_reference` section 4.1 in short: a sequence is cut wherever its tempo or metre changes, each segment is laid
on a grid of 4 steps a quarter note, and only metres with 16 steps a bar are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from core.note_sequences import NoteSequence, sequences_lib

if TYPE_CHECKING:
    from typing import Self

STEPS_PER_QUARTER = 4
STEPS_PER_BAR = 16
# Sequences made from tensors are always at this tempo; callers rescale (reference section 5).
REFERENCE_QPM = 120.0
SECONDS_PER_STEP = 60.0 / REFERENCE_QPM / STEPS_PER_QUARTER


@dataclass(frozen=True)
class ConverterTensors:
    """Windows of one sequence as arrays, one entry a window.

    `inputs` [steps, input_depth] go to the encoder, `outputs` [steps, output_depth] are what the decoder should give,
    `controls` [steps, control_depth] condition both, `lengths` count steps.
    """

    inputs: list[np.ndarray] = field(default_factory=list)
    outputs: list[np.ndarray] = field(default_factory=list)
    controls: list[np.ndarray] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)


def one_hot(labels: np.ndarray, depth: int) -> np.ndarray:
    """Labels [...] as bool [..., depth]."""
    return np.arange(depth) == np.asarray(labels)[..., None]


class LabelConverter:
    """What the converters of drums, melodies and trios share: windows of labels, and tensors made of them."""

    slice_bars: int
    max_windows: int | None
    control_depth = 0

    @property
    def slice_steps(self) -> int:
        """Length of a window in steps."""
        return self.slice_bars * STEPS_PER_BAR

    def all_windows(self) -> Self:
        """The same converter without a bound on the windows of a sequence."""
        return replace(self, max_windows=None)

    def to_labels(self, note_sequence: NoteSequence) -> list[np.ndarray]:
        """The windows as label arrays [slice_steps, …]."""
        raise NotImplementedError

    def heard(self, labels: np.ndarray) -> np.ndarray:
        """What the encoder hears of labels [..., steps, …]: bool [..., steps, input_depth]."""
        raise NotImplementedError

    def played(self, labels: np.ndarray) -> np.ndarray:
        """What the decoder should give for labels [..., steps, …]: bool [..., steps, output_depth]."""
        raise NotImplementedError

    def labels_of(self, tensor: np.ndarray) -> np.ndarray:
        """The labels [steps, …] of an array [steps, output_depth]; a row of zeros is label 0."""
        return np.asarray(tensor).argmax(-1)

    def from_samples(self, labels: np.ndarray) -> NoteSequence:
        """A sequence at 120 qpm for labels [steps, …]."""
        raise NotImplementedError

    def to_tensors(self, note_sequence: NoteSequence) -> ConverterTensors:
        """The windows as tensors: inputs bool [steps, input_depth], outputs bool [steps, output_depth]. Raises as
        `to_labels` does."""
        windows = self.to_labels(note_sequence)
        return ConverterTensors(
            inputs=list(map(self.heard, windows)),
            outputs=list(map(self.played, windows)),
            controls=[np.zeros((len(window), 0), bool) for window in windows],
            lengths=list(map(len, windows)),
        )

    def from_tensors(self, samples: Iterable[np.ndarray]) -> list[NoteSequence]:
        """Sequences at 120 qpm for arrays [steps, output_depth]."""
        return [self.from_samples(self.labels_of(sample)) for sample in samples]

    def samples_to_tensor(self, labels: np.ndarray) -> np.ndarray:
        """Labels [steps, …] as a float32 array [steps, output_depth]."""
        return self.played(np.asarray(labels)).astype(np.float32)


def quantized_segments(note_sequence: NoteSequence) -> Iterator[NoteSequence]:
    """Yields the parts between tempo and metre changes, quantised to 4 steps a quarter, where a bar has 16 steps.

    Parts in another metre, or with a note that ends before time zero, are left out without a word, as in the reference.
    Raises note_seq's QuantizationStatusError if the sequence is quantised already.
    """
    for segment in sequences_lib.split_note_sequence_on_time_changes(note_sequence):
        if quantized := quantized_in_bars(segment):
            yield quantized


def hop_by_bars(
    tracks: Iterable[Iterable[np.ndarray]],
    steps: int,
    most: int | None,
    cleaned: Callable[[np.ndarray], np.ndarray] = lambda window: window,
) -> list[np.ndarray]:
    """The different windows [steps] that begin at a bar of some label tracks, `cleaned`, in the order of the music.

    `tracks` has those of each segment; at most `most` windows of a segment and of them all are kept (None: every one).
    """
    found: dict[tuple[int, ...], None] = {}
    for of_segment in tracks:
        in_segment: dict[tuple[int, ...], None] = {}
        for track in of_segment:
            for start in range(0, len(track) - steps + 1, STEPS_PER_BAR):
                in_segment[tuple(cleaned(track[start : start + steps]).tolist())] = None
        found.update(dict.fromkeys(list(in_segment)[:most]))
    return [np.array(window) for window in list(found)[:most]]


def quantized_in_bars(sequence: NoteSequence) -> NoteSequence | None:
    """The music quantised to 4 steps a quarter; None if its tempo or metre changes, a note ends before time zero, or
    a bar has not 16 steps. Raises note_seq's QuantizationStatusError if it is quantised already."""
    try:
        quantized = sequences_lib.quantize_note_sequence(sequence, STEPS_PER_QUARTER)
    except (
        sequences_lib.BadTimeSignatureError,
        sequences_lib.MultipleTimeSignatureError,
        sequences_lib.MultipleTempoError,
        sequences_lib.NegativeTimeError,
    ):
        return None
    if sequences_lib.steps_per_bar_in_quantized_sequence(quantized) != STEPS_PER_BAR:
        return None
    return quantized


def bars_up(steps: int) -> int:
    """Rounds a number of steps up to whole bars, in steps."""
    return -(-steps // STEPS_PER_BAR) * STEPS_PER_BAR


def empty_sequence() -> NoteSequence:
    """A sequence without notes at the reference tempo, as every converter returns for silence."""
    sequence = NoteSequence(ticks_per_quarter=220)
    sequence.tempos.add(qpm=REFERENCE_QPM)
    return sequence
