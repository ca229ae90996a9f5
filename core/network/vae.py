"""MusicVAE put together: its variables, its first weights, and the terms of its loss (MusicVAE sections 2.1 and 3)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from core.configs import Config
from core.network import bar_encoder, decoder, encoder, groove_decoder, hierarchical_decoder, nade_decoder


def variable_shapes(config: Config) -> dict[str, tuple[int, ...]]:
    """Magenta's variable names and the shapes that `config` gives them."""
    hparams, converter = config.hparams, config.data_converter
    heard = converter.input_depth + converter.control_depth
    if hparams.reads_bars:
        shapes = bar_encoder.variable_shapes(heard, hparams.enc_rnn_size)
        shapes |= encoder.moment_shapes(config.bars * hparams.enc_rnn_size[-1], hparams.z_size)
    else:
        shapes = encoder.variable_shapes(heard, hparams.enc_rnn_size, hparams.z_size)
    if config.is_hierarchical:
        units = hparams.dec_rnn_size
        return shapes | hierarchical_decoder.variable_shapes(converter.output_depths, units, hparams.z_size, units)
    if hparams.nade_num_hidden:
        return shapes | nade_decoder.variable_shapes(
            converter.output_depth, hparams.nade_num_hidden, hparams.dec_rnn_size, hparams.z_size
        )
    logits = groove_decoder.logits_depth(hparams.feel_bins) if hparams.feel_bins else converter.output_depth
    return shapes | decoder.variable_shapes(
        converter.output_depth, hparams.dec_rnn_size, hparams.z_size, converter.control_depth, logits
    )


def initial_weights(config: Config, seed: int) -> dict[str, np.ndarray]:
    """Weights to begin training with."""
    return random_weights(variable_shapes(config), seed)


def random_weights(shapes: Mapping[str, tuple[int, ...]], seed: int) -> dict[str, np.ndarray]:
    """Glorot for inputs, orthogonal for recurrent rows, zero biases."""
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in sorted(shapes.items()):
        if len(shape) == 1:
            weights[name] = np.zeros(shape, np.float32)
        elif "lstm_cell" in name:
            units = shape[1] // 4
            recurrent = np.concatenate([np.linalg.qr(rng.standard_normal((units, units)))[0] for _ in range(4)], 1)
            weights[name] = np.concatenate([_glorot(rng, (shape[0] - units, shape[1])), recurrent])
        else:
            weights[name] = _glorot(rng, shape)
    return {name: array.astype(np.float32) for name, array in weights.items()}


def _glorot(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    limit = np.sqrt(6 / sum(shape))
    return rng.uniform(-limit, limit, shape)


def kl_divergence(mu: tf.Tensor, sigma: tf.Tensor) -> tf.Tensor:
    """KL(q(z | x) || p(z)) in nats [batch], p a standard normal."""
    return 0.5 * tf.reduce_sum(mu * mu + sigma * sigma - 1 - 2 * tf.math.log(sigma), -1)
