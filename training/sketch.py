"""A sketch of a model: a feed-forward VAE that finds the latent space in minutes where LSTMs need hours.

Its encoder is a `bar_encoder`; its decoder gives all steps at once, from a code of each bar that becomes the bar's
embedding. A model is then trained in two phases:

1. `sketch`: the sketch, with the loss of MusicVAE.
2. `decoder`: the model's decoder learns to play from the sketch's latents. What lies between is made, not learnt: an
   encoder that has to be an LSTM by `memory.delay_line`, a conductor by `memory.shift_register`.

In the end the coordinates of z are made to fit the prior (`prior`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
import tensorflow as tf

from core.configs import Config
from core.converters import melody
from core.converters.drums import NUM_CLASSES
from core.converters.windows import STEPS_PER_BAR
from core.network import bar_encoder, encoder, vae
from core.network.lstm import Weights

SCOPE = "sketch"
T = TypeVar("T")
BAR_ENCODER = (1024, 512)
BAR_WIDTH = 1024


def initial_weights(config: Config, seed: int) -> dict[str, np.ndarray]:
    """Random weights of a sketch for the windows of a configuration; its encoder is the configuration's own where that
    reads bars."""
    hparams, depth = config.hparams, config.data_converter.input_depth
    widths = hparams.enc_rnn_size if hparams.reads_bars else BAR_ENCODER
    embedding = hparams.dec_rnn_size[-1]
    lines, has_drums = _instruments(config)
    shapes = bar_encoder.variable_shapes(depth, widths)
    shapes |= encoder.moment_shapes(config.bars * widths[-1], hparams.z_size)
    for layer, shape in {
        "codes": (hparams.z_size, config.bars * code_width(config)),
        "embedding": (code_width(config), embedding),
        "bar": (embedding, BAR_WIDTH),
        "steps": (BAR_WIDTH, STEPS_PER_BAR * (lines * melody.NUM_LABELS + has_drums * NUM_CLASSES)),
    }.items():
        shapes |= {f"{layer}/kernel": shape, f"{layer}/bias": shape[1:]}
    weights = vae.random_weights(shapes, seed)
    # Most inputs are zero, and latents should say something from the start: louder inputs and little noise.
    weights[f"{bar_encoder.SCOPE}/steps/kernel"] *= 4
    weights[f"{encoder.SCOPE}/sigma/kernel"] *= 0.1
    weights[f"{encoder.SCOPE}/sigma/bias"] -= 1
    return {f"{SCOPE}/{name}": array for name, array in weights.items()}


def encoder_of(weights: Mapping[str, T]) -> dict[str, T]:
    """A sketch's encoder under the names that it has in a model."""
    prefix = f"{SCOPE}/"
    return {name.removeprefix(prefix): v for name, v in weights.items() if name.startswith(prefix + encoder.SCOPE)}


def encode(weights: Weights, heard: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """mu and sigma [batch, z_size] of windows [batch, steps, input_depth]."""
    return encoder.encode(encoder_of(weights), heard, tf.fill([tf.shape(heard)[0]], tf.shape(heard)[1]))


def code_width(config: Config) -> int:
    """Width of a bar's code: a conductor's units hold those of all bars."""
    return config.hparams.dec_rnn_size[-1] // config.bars


def _instruments(config: Config) -> tuple[int, bool]:
    """How many lines of notes there are, and whether there are drums."""
    return {"drums": (0, True), "melody": (1, False), "band": (2, True)}[config.data_converter.plays]


def embeddings(config: Config, weights: Weights, z: tf.Tensor) -> tf.Tensor:
    """The embeddings of the bars [batch, bars, E] for z [batch, z_size], as the output of an LSTM would be that heard
    the codes."""
    codes = tf.reshape(_layer(weights, "codes", z), [-1, config.bars, code_width(config)])
    return tf.tanh(tf.tanh(_layer(weights, "embedding", codes)))


def judged(config: Config, weights: Weights, embedded: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Cross-entropy in nats a clip [batch] of labels [batch, steps, …] given the embeddings of their bars, drums hit by
    hit, and the share [batch] of labels that are likeliest."""
    lines, has_drums = _instruments(config)
    batch, steps = tf.shape(labels)[0], tf.shape(labels)[1]
    logits = _layer(weights, "steps", tf.nn.relu(_layer(weights, "bar", embedded)))
    of_lines = STEPS_PER_BAR * lines * melody.NUM_LABELS
    line_logits = tf.reshape(logits[..., :of_lines], [batch, steps, lines, melody.NUM_LABELS])
    parts = tf.reshape(labels, [batch, steps, -1])
    notes = tf.nn.sparse_softmax_cross_entropy_with_logits(parts[..., :lines], line_logits)
    right = [tf.cast(tf.argmax(line_logits, -1, labels.dtype) == parts[..., :lines], tf.float32)]
    nats = tf.reduce_sum(notes, [1, 2])
    if has_drums:
        hit_logits = tf.reshape(logits[..., of_lines:], [batch, steps, NUM_CLASSES])
        struck = tf.bitwise.bitwise_and(parts[..., lines:], [1 << drum for drum in range(NUM_CLASSES)]) > 0
        hits = tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(struck, tf.float32), hit_logits)
        nats += tf.reduce_sum(hits, [1, 2])
        right.append(tf.cast(tf.reduce_all((hit_logits > 0) == struck, -1, keepdims=True), tf.float32))
    return nats, tf.reduce_mean(tf.concat(right, -1), [1, 2])


def _layer(weights: Weights, name: str, inputs: tf.Tensor) -> tf.Tensor:
    return tf.tensordot(inputs, weights[f"{SCOPE}/{name}/kernel"], 1) + weights[f"{SCOPE}/{name}/bias"]
