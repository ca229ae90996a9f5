"""How goldens are stored; the oracle writes and the tests read with the same functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from note_seq.protobuf.music_pb2 import NoteSequence

NUM_DRUMS = 9
MAX_VELOCITY = 127
# A velocity or offset that a decoder gives is stored as a multiple of this, so it is off by half as much at most.
FEEL_UNIT = 2.0**-15


def pack_flags(flags: np.ndarray, dtype: type = np.int16) -> np.ndarray:
    """Flags [..., n] as one number each: flag i is bit i."""
    return (np.asarray(flags, int) @ (1 << np.arange(flags.shape[-1]))).astype(dtype)


def unpack_flags(packed: np.ndarray, n: int) -> np.ndarray:
    """Undoes `pack_flags`: bool [..., n]."""
    return (packed[..., None] >> np.arange(n) & 1).astype(bool)


def pack_feel(feel: np.ndarray) -> np.ndarray:
    """Numbers of −1 … 1 as int16, see `FEEL_UNIT`."""
    return np.clip(np.rint(feel / FEEL_UNIT), 1 - 2**15, 2**15 - 1).astype(np.int16)


def unpack_feel(packed: np.ndarray) -> np.ndarray:
    """Undoes `pack_feel`: float64."""
    return packed * FEEL_UNIT


def pack_rows(name: str, rows: np.ndarray) -> dict[str, np.ndarray]:
    """A converter's groove rows [..., 27]: velocities are whole MIDI ones, and only offsets are rounded, to float32."""
    hits, velocities, offsets = np.split(np.asarray(rows), 3, -1)
    packed = {
        f"{name}_hits": pack_flags(hits),
        f"{name}_velocities": np.rint(velocities * MAX_VELOCITY).astype(np.uint8),
        f"{name}_offsets": offsets.astype(np.float32),
    }
    assert (rounded_offsets(rows) == unpack_rows(name, packed)).all(), f"{name} cannot be stored"
    return packed


def unpack_rows(name: str, packed: Mapping[str, np.ndarray]) -> np.ndarray:
    """Undoes `pack_rows`: float64 [..., 27]."""
    hits = unpack_flags(packed[f"{name}_hits"], NUM_DRUMS)
    return np.concatenate([hits, packed[f"{name}_velocities"] / MAX_VELOCITY, packed[f"{name}_offsets"]], -1)


def rounded_offsets(rows: np.ndarray) -> np.ndarray:
    """Groove rows [..., 27] with offsets rounded to float32, as `pack_rows` does."""
    hits, velocities, offsets = np.split(np.asarray(rows, float), 3, -1)
    return np.concatenate([hits, velocities, offsets.astype(np.float32)], -1)


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
