"""The weights of the box as TF1 checkpoints, so that Magenta plays with the same ones.

Of the trio Magenta gets the decoder, which has its own variable names, with an encoder that is never asked. The groove
models of the box are none that Magenta could read, so both sides play `groovae_2bar_humanize` with random weights;
their bias is such that about as many drums are hit as in a beat.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from core import catalog, checkpoints
from core.configs import CONFIG_MAP, Config
from core.converters.groove import HITS
from core.network import vae

BUNDLED = {
    "drums.lokl": "bundled/drums_2bar.lokl",
    "drums.hikl": "bundled/drums_2bar.hikl",
    "melody": "bundled/melody_2bar",
}
HUMANIZE = "humanize"
HUMANIZE_CONFIG = CONFIG_MAP["groovae_2bar_humanize"]
# Its id on our side.
HUMANIZER = f"local/{HUMANIZE}"
# At temperature 0.5 one in ten of nine drums and 32 steps.
HITS_BIAS = -1.1
TRIO_ENCODER = (16,)


def save_tf1(prefix: Path, weights: Mapping[str, np.ndarray]) -> None:
    """Writes a checkpoint with a global step, which Magenta insists on."""
    names = [*weights, "global_step"]
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[*weights.values(), np.int64(0)],
    )


def write(folder: Path) -> None:
    """Writes a checkpoint for each model of the naive app under its name."""
    for name, model_id in BUNDLED.items():
        save_tf1(folder / name, _of(model_id))
    save_tf1(folder / "trio", _trio())
    save_tf1(folder / HUMANIZE, _humanize(HUMANIZE_CONFIG))


def own_checkpoints(folder: Path) -> str:
    """Our `LATENT_JAM_CHECKPOINTS`, by which our app plays the same drummer."""
    return f"{HUMANIZE}={HUMANIZE_CONFIG.name}:{folder / HUMANIZE}"


def _of(model_id: str) -> dict[str, np.ndarray]:
    model = catalog.find(model_id, catalog.CATALOG)
    return checkpoints.load(model.path, model.config)


def _trio() -> dict[str, np.ndarray]:
    ours, magentas = CONFIG_MAP["trio_16bar"].hparams, CONFIG_MAP["hierdec-trio_16bar"]
    sizes = {"z_size": ours.z_size, "enc_rnn_size": TRIO_ENCODER, "dec_rnn_size": ours.dec_rnn_size}
    config = dataclasses.replace(magentas, hparams=dataclasses.replace(magentas.hparams, **sizes))
    weights, trained = vae.initial_weights(config, seed=0), _of("bundled/trio_16bar")
    return {name: array if name.startswith("encoder/") else trained[name] for name, array in weights.items()}


def _humanize(config: Config) -> dict[str, np.ndarray]:
    weights = vae.initial_weights(config, seed=0)
    weights["decoder/output_projection/bias"][HITS] = HITS_BIAS
    return weights
