"""How goldens are stored; the oracle writes and the tests read with the same functions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from note_seq.protobuf.music_pb2 import NoteSequence


def pack_flags(flags: np.ndarray) -> np.ndarray:
    """Flags [..., n] as one int16 each: flag i is bit i."""
    return (np.asarray(flags, int) @ (1 << np.arange(flags.shape[-1]))).astype(np.int16)


def unpack_flags(packed: np.ndarray, n: int) -> np.ndarray:
    """Undoes `pack_flags`: bool [..., n]."""
    return (packed[..., None] >> np.arange(n) & 1).astype(bool)


def join_sequences(sequences: Iterable[NoteSequence]) -> np.ndarray:
    """Sequences as one array of bytes, each after its length in four bytes."""
    messages = [sequence.SerializeToString(deterministic=True) for sequence in sequences]
    return np.frombuffer(b"".join(len(m).to_bytes(4, "little") + m for m in messages), np.uint8)


def split_sequences(joined: np.ndarray) -> list[NoteSequence]:
    """Undoes `join_sequences`."""
    data, sequences = joined.tobytes(), []
    while data:
        end = 4 + int.from_bytes(data[:4], "little")
        sequences.append(NoteSequence.FromString(data[4:end]))
        data = data[end:]
    return sequences


def in_order(sequence: NoteSequence) -> NoteSequence:
    """The sequence with its notes by time and pitch; Magenta's order within a step is that of a set."""
    sequence.notes.sort(key=lambda note: (note.start_time, note.pitch))
    return sequence
