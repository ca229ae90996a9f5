"""What the melody and drums converters share: segments, the sixteenth-note grid, and bars.

`musicvae_reference` section 4.1 in short: a sequence is cut wherever its tempo or metre changes, each segment is laid
on a grid of 4 steps a quarter note, and only metres with 16 steps a bar are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from note_seq import sequences_lib
from note_seq.protobuf.music_pb2 import NoteSequence

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
