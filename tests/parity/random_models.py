"""The random models on which Magenta and this project are compared: sizes, and numbers that both processes can draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

DRUMS = "cat-drums_2bar_small"
NADE = "nade-drums_2bar_full"
HUMANIZE = "groovae_2bar_humanize"
TAP = "groovae_2bar_tap_fixed_velocity"
ADD = "groovae_2bar_add_closed_hh"
HITS_CONTROL = "groovae_2bar_hits_control_tfds"
FOUR_BARS = "groovae_4bar"
GROOVES = (HUMANIZE, TAP, ADD, HITS_CONTROL, FOUR_BARS)
MELODY_SMALL = "cat-mel_2bar_small"
MELODY_BIG = "cat-mel_2bar_big"
LONG_MELODY = "hierdec-mel_16bar"
TRIO = "hierdec-trio_16bar"
NUM_DRUMS = 9
NUM_FULL_DRUMS = 61


class RandomModel(NamedTuple):
    """A configuration, sizes in place of the published ones, and how weights are drawn. Layers of unlike sizes find
    more mistakes."""

    config: str
    seed: int
    scale: float
    sizes: dict[str, int | tuple[int, ...]]


DRUM_MODELS = {
    "full_size": RandomModel(DRUMS, 1, 0.06, {}),
    "shrunk": RandomModel(DRUMS, 2, 0.5, {"z_size": 16, "enc_rnn_size": (24,), "dec_rnn_size": (20, 28)}),
    "deep_encoder": RandomModel(DRUMS, 3, 0.5, {"z_size": 8, "enc_rnn_size": (12, 10), "dec_rnn_size": (14,)}),
}
GROOVE_MODELS = {
    "groovae_full_size": RandomModel(HUMANIZE, 4, 0.1, {}),
    "groovae_humanize": RandomModel(HUMANIZE, 5, 0.5, {"z_size": 8, "enc_rnn_size": (12,), "dec_rnn_size": (14, 10)}),
    "groovae_tap": RandomModel(TAP, 6, 0.5, {"z_size": 7, "enc_rnn_size": (11,), "dec_rnn_size": (10, 13)}),
    "groovae_add": RandomModel(ADD, 7, 0.5, {"z_size": 6, "enc_rnn_size": (9, 8), "dec_rnn_size": (16,)}),
    "groovae_controls": RandomModel(
        HITS_CONTROL, 8, 0.5, {"z_size": 8, "enc_rnn_size": (10,), "dec_rnn_size": (13, 11)}
    ),
    "groovae_4bar": RandomModel(FOUR_BARS, 9, 0.5, {"z_size": 9, "enc_rnn_size": (10,), "dec_rnn_size": (12, 14)}),
}
LINE_MODELS = {
    "melody_small": RandomModel(MELODY_SMALL, 10, 0.5, {"z_size": 9, "enc_rnn_size": (13,), "dec_rnn_size": (12, 15)}),
    "melody_big": RandomModel(MELODY_BIG, 11, 0.5, {"z_size": 7, "enc_rnn_size": (11,), "dec_rnn_size": (9, 12, 10)}),
    "melody_16bar": RandomModel(LONG_MELODY, 12, 0.5, {"z_size": 6, "enc_rnn_size": (7, 8), "dec_rnn_size": (9, 11)}),
    "trio_16bar": RandomModel(TRIO, 13, 0.5, {"z_size": 8, "enc_rnn_size": (9, 7), "dec_rnn_size": (10, 12)}),
}
NADE_MODELS = {
    "nade": RandomModel(
        NADE, 18, 0.5, {"z_size": 7, "enc_rnn_size": (10,), "dec_rnn_size": (12, 9), "nade_num_hidden": 8}
    ),
}
# These are large, so they have no goldens: only the suite that runs Magenta knows them.
FULL_SIZE_LINE_MODELS = {
    "melody_small_full_size": RandomModel(MELODY_SMALL, 14, 0.06, {}),
    "melody_big_full_size": RandomModel(MELODY_BIG, 15, 0.02, {}),
    "melody_16bar_full_size": RandomModel(LONG_MELODY, 16, 0.03, {}),
    "trio_16bar_full_size": RandomModel(TRIO, 17, 0.03, {}),
}
FULL_SIZE_GROOVE_MODELS = {
    "groovae_tap_full_size": RandomModel(TAP, 19, 0.1, {}),
    "groovae_add_full_size": RandomModel(ADD, 20, 0.1, {}),
    "groovae_controls_full_size": RandomModel(HITS_CONTROL, 21, 0.1, {}),
    "groovae_4bar_full_size": RandomModel(FOUR_BARS, 22, 0.08, {}),
}
FULL_SIZE_NADE_MODELS = {"nade_full_size": RandomModel(NADE, 23, 0.06, {})}
WITHOUT_GOLDENS = FULL_SIZE_LINE_MODELS | FULL_SIZE_GROOVE_MODELS | FULL_SIZE_NADE_MODELS
MODELS = DRUM_MODELS | GROOVE_MODELS | LINE_MODELS | NADE_MODELS | WITHOUT_GOLDENS


def random_weights(shapes: Mapping[str, tuple[int, ...]], model: RandomModel) -> dict[str, np.ndarray]:
    """Normal float32 weights by variable name, the same for the same names and shapes in every process."""
    rng = np.random.RandomState(model.seed)
    return {name: (rng.randn(*shapes[name]) * model.scale).astype(np.float32) for name in sorted(shapes)}


def random_uniforms(model: RandomModel, steps: int, latents: int) -> np.ndarray:
    """The uniform numbers by which a model's hits are drawn, float32 [steps, latents, drums]; 0 < number < 1."""
    drums = NUM_FULL_DRUMS if model.config == NADE else NUM_DRUMS
    integers = np.random.RandomState(model.seed).randint(0, 2**22, (steps, latents, drums))
    return ((integers + 0.5) / 2**22).astype(np.float32)


def random_rows(count: int, steps: int) -> np.ndarray:
    """Groove rows [count, steps, 27] that no converter makes: hits between 0 and 1, velocities and offsets also beyond
    their bounds, and in the first column exactly at those and at halves."""
    rng = np.random.RandomState(0)
    hits = rng.rand(count, steps, NUM_DRUMS) * 0.7
    velocities = rng.uniform(-0.2, 1.2, hits.shape)
    offsets = rng.uniform(-1.5, 1.5, hits.shape)
    hits[..., 0] = rng.choice([0, 0.5, 0.51, 1], hits.shape[:2])
    velocities[..., 0] = rng.randint(0, 254, hits.shape[:2]) / 254
    offsets[..., 0] = rng.choice([-1, -0.5, 0, 0.5, 1], hits.shape[:2])
    return np.concatenate([hits, velocities, offsets], -1)
