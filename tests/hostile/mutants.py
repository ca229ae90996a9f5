"""Damaged copies of the seeds, always the same for the same number."""

from __future__ import annotations

import random
import struct

from tests.hostile import corpus

INTERESTING = (0, 1, 0x2F, 0x40, 0x51, 0x58, 0x7F, 0x80, 0x90, 0x99, 0xB9, 0xC0, 0xF0, 0xF7, 0xFF)
# Mostly few: what is broken in eight places is seldom read at all.
CHANGES_OF_ONE = (1, 1, 1, 2, 8)
LONGEST = 64
MENDED = 0.7


def mutant(number: int) -> bytes:
    """The mutant of this number: a seed with a few of its bytes changed, moved, repeated, or cut off."""
    rng = random.Random(number)
    data = bytearray(rng.choice(corpus.seeds()))
    for _ in range(rng.choice(CHANGES_OF_ONE)):
        rng.choice(CHANGES)(rng, data)
    if rng.random() < MENDED:
        _mend(data)
    return bytes(data[: corpus.LIMIT])


def _place(rng: random.Random, data: bytearray) -> int:
    return rng.randrange(len(data) + 1)


def _flip(rng: random.Random, data: bytearray) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _overwrite(rng: random.Random, data: bytearray) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.choice(INTERESTING)


def _insert(rng: random.Random, data: bytearray) -> None:
    place = _place(rng, data)
    data[place:place] = bytes(rng.choice(INTERESTING) for _ in range(rng.randint(1, 4)))


def _delete(rng: random.Random, data: bytearray) -> None:
    place = _place(rng, data)
    del data[place : place + rng.randint(1, LONGEST)]


def _repeat(rng: random.Random, data: bytearray) -> None:
    place = _place(rng, data)
    piece = data[place : place + rng.randint(1, LONGEST)]
    data[place:place] = piece * min(rng.choice((1, 4, 64, 4096)), (corpus.LIMIT - len(data)) // max(1, len(piece)))


def _cut_off(rng: random.Random, data: bytearray) -> None:
    del data[_place(rng, data) :]


def _splice(rng: random.Random, data: bytearray) -> None:
    other = rng.choice(corpus.seeds())
    data[_place(rng, data) :] = other[rng.randrange(len(other)) :]


def _delay(rng: random.Random, data: bytearray) -> None:
    place = _place(rng, data)
    data[place:place] = corpus.number(rng.randrange(1 << rng.randint(1, 28)))


def _meta(rng: random.Random, data: bytearray) -> None:
    place = _place(rng, data)
    content = rng.randbytes(rng.choice((0, 1, 2, 3, 4, 300)))
    data[place:place] = corpus.meta(
        rng.randrange(200), rng.choice((1, 3, 0x51, 0x58, 0x59, rng.randrange(128))), content
    )


def _header(rng: random.Random, data: bytearray) -> None:
    """Another division, kind or number of tracks, so that times are others but the rest is whole."""
    if len(data) >= 14:
        place = rng.choice((8, 10, 12, 12, 12))
        struct.pack_into(">H", data, place, rng.choice((0, 1, 2, 24, 96, 960, 32767, 0xE728, rng.randrange(1 << 16))))


def _mend(data: bytearray) -> None:
    """Makes the last track as long as it says, so that its damage is read."""
    place = data.rfind(b"MTrk")
    if 0 <= place <= len(data) - 8:
        struct.pack_into(">L", data, place + 4, len(data) - place - 8)


CHANGES = (_flip, _overwrite, _insert, _delete, _repeat, _cut_off, _splice, _delay, _meta, _header)
