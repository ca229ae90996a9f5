"""The random models on which Magenta and this project are compared: sizes, and weights that both processes can draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

CONFIG = "cat-drums_2bar_small"


class RandomModel(NamedTuple):
    """Sizes in place of the published ones, and how weights are drawn. Layers of unlike sizes find more mistakes."""

    seed: int
    scale: float
    sizes: dict[str, int | tuple[int, ...]]


MODELS = {
    "full_size": RandomModel(1, 0.06, {}),
    "shrunk": RandomModel(2, 0.5, {"z_size": 16, "enc_rnn_size": (24,), "dec_rnn_size": (20, 28)}),
    "deep_encoder": RandomModel(3, 0.5, {"z_size": 8, "enc_rnn_size": (12, 10), "dec_rnn_size": (14,)}),
}


def random_weights(shapes: Mapping[str, tuple[int, ...]], model: RandomModel) -> dict[str, np.ndarray]:
    """Normal float32 weights by variable name, the same for the same names and shapes in every process."""
    rng = np.random.RandomState(model.seed)
    return {name: (rng.randn(*shapes[name]) * model.scale).astype(np.float32) for name in sorted(shapes)}
