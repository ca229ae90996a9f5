"""How smoothly a model that reconstructs blends two clips (MusicVAE section 4.2): the Hamming distance over hits of
every clip on the way from both ends, beside a mix of the two that takes each step from one or the other by chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.converters.drums import labels_to_hits, labels_to_roll
from core.trained_model import TrainedModel, slerp

PAIRS = 200
STEPS = 6
GREEDY = 1e-8


@dataclass(frozen=True)
class Smoothness:
    """Figures of one way from clip to clip, averages over pairs.

    `steady` is the share of transitions that bring a clip no nearer to the start and no further from the end,
    `rising` the share of those that bring it further from the start and nearer to the end. `from_start` and `from_end`
    are the distances at each clip in shares of that between the ends. Where the ends are the same clip there is no
    way, and no such distances.
    """

    steady: float
    rising: float
    from_start: np.ndarray
    from_end: np.ndarray


@dataclass(frozen=True)
class Blends:
    """The model's blends and the mixes by chance, over the same ends; how many of the ends are exactly what the model
    makes of the clips when it reconstructs them."""

    pairs: int
    model: Smoothness
    mixed: Smoothness
    equal_ends: int


def smoothness(ways: np.ndarray) -> Smoothness:
    """The figures of ways [pairs, steps, length] of label windows."""
    hits = labels_to_hits(ways)
    start, end = ((hits != hits[:, [place]]).sum((-2, -1)) for place in (0, -1))
    away, nearer = np.diff(start, axis=1), -np.diff(end, axis=1)
    whole = start[:, -1:].astype(float)
    there_is_a_way = whole[:, 0] > 0
    return Smoothness(
        steady=float(((away >= 0) & (nearer >= 0)).mean()),
        rising=float(((away > 0) & (nearer > 0)).mean()),
        from_start=(start[there_is_a_way] / whole[there_is_a_way]).mean(0),
        from_end=(end[there_is_a_way] / whole[there_is_a_way]).mean(0),
    )


def random_pairs(windows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Places [count, 2] of windows [count, length] that differ in each pair."""
    pairs = rng.integers(len(windows), size=(4 * count, 2))
    return pairs[(windows[pairs[:, 0]] != windows[pairs[:, 1]]).any(1)][:count]


def mixes(starts: np.ndarray, ends: np.ndarray, steps: int, rng: np.random.Generator) -> np.ndarray:
    """Ways [pairs, steps, length] on which each step of a clip is the end's with the probability t, else the start's;
    t goes from 0 to 1, and every clip is drawn anew."""
    chance = rng.random((len(starts), steps, starts.shape[1]))
    return np.where(chance < np.linspace(0, 1, steps)[:, None], ends[:, None], starts[:, None])


def blends(model: TrainedModel, windows: np.ndarray, pairs: int = PAIRS, steps: int = STEPS, seed: int = 0) -> Blends:
    """Blends random pairs of label windows [count, length] as `TrainedModel.interpolate` does, decoded greedily."""
    rng = np.random.default_rng(seed)
    clips = windows[random_pairs(windows, pairs, rng)].astype(np.int64)
    count, _, length = clips.shape

    def decoded(z: np.ndarray) -> np.ndarray:
        tensors = model.decode_to_tensors(z.reshape(-1, z.shape[-1]), length, GREEDY, seed=seed)
        return np.array([tensor.argmax(-1) for tensor in tensors]).reshape(count, -1, length)

    rolls = [labels_to_roll(labels).astype(np.float32) for labels in clips.reshape(-1, length)]
    _, mu, _ = model.encode_tensors(rolls, [length] * len(rolls), seed=seed)
    mu = mu.reshape(count, 2, -1)
    path = np.linspace(0, 1, steps)
    ways = decoded(np.array([[slerp(start, end, t) for t in path] for start, end in mu]))
    return Blends(
        pairs=count,
        model=smoothness(ways),
        mixed=smoothness(mixes(ways[:, 0], ways[:, -1], steps, rng)),
        equal_ends=int((ways[:, [0, -1]] == decoded(mu)).all(-1).sum()),
    )
