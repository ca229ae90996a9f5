"""From a recipe's seed to every random number.

Each clip has a stream of its own for each stage of its making, so a clip is the same alone or among others, and
moving the knob of one stage leaves the draws of the others as they were. The generator is counter-based (Philox) and
only its raw output is used, which numpy promises never to change.
"""

from __future__ import annotations

import secrets
from enum import IntEnum

import numpy as np

from core import limits


class Stage(IntEnum):
    """What random numbers are drawn for. The values are part of every share link: never change one."""

    LATENT = 0
    POSTERIOR = 1
    DECODE = 2


def new_seed() -> int:
    """A seed that nobody chose."""
    return secrets.randbelow(limits.SEED[1] + 1)


class Stream:
    """The random numbers of one clip at one stage, in an order that never changes."""

    def __init__(self, seed: int, stage: Stage, clip: int) -> None:
        """`seed` is the recipe's, `clip` the clip's place in the recipe."""
        self._bits = np.random.Philox(key=np.array([seed, (int(stage) << 32) + clip], np.uint64))

    def uniform(self, *shape: int) -> np.ndarray:
        """Uniform numbers strictly between 0 and 1, float64."""
        raw = self._bits.random_raw(int(np.prod(shape, dtype=np.int64)))
        return (((raw >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52).reshape(shape)

    def normal(self, *shape: int) -> np.ndarray:
        """Standard normal numbers, float64 (Box and Muller)."""
        radius, angle = self.uniform(2, *shape)
        return np.sqrt(-2 * np.log(radius)) * np.cos(2 * np.pi * angle)

    def gumbel(self, *shape: int, dtype: type = np.float32) -> np.ndarray:
        """Standard Gumbel numbers: the argmax of logits plus these is a draw from softmax(logits).

        They come from 24-bit uniform numbers, exact in both float types, so that the same draws can be had in more
        digits.
        """
        count = int(np.prod(shape, dtype=np.int64))
        raw = self._bits.random_raw(-(-count // 2)).astype("<u8").view("<u4")[:count]
        numbers = (raw >> 9).astype(dtype)
        # In place, because a batch needs a million of these and fresh memory costs more than the logarithms.
        numbers += dtype(0.5)
        numbers *= dtype(2.0**-23)
        for _ in range(2):
            np.log(numbers, out=numbers)
            np.negative(numbers, out=numbers)
        return numbers.reshape(shape)
