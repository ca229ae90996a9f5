"""The bidirectional LSTM encoder, q(z | x) (MusicVAE section 3.1; `musicvae_reference` sections 2.3 and 2.4).

Our own long models have a hierarchical one: it reads each bar by itself, then the row of what it made of the bars, and
so never has to carry anything over more than sixteen steps.
"""

from __future__ import annotations

import tensorflow as tf

from core.network import lstm
from core.network.lstm import Weights

SCOPE = "encoder"


def _cell_scope(scope: str, layer: int, direction: str) -> str:
    return f"{scope}/cell_{layer}/bidirectional_rnn/{direction}/multi_rnn_cell/cell_0/lstm_cell"


def _level_scope(level: int) -> str:
    return f"{SCOPE}/hierarchical_level_{level}"


def variable_shapes(
    input_depth: int, units: tuple[int, ...], z_size: int, hierarchical: bool = False
) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the encoder's variables; `units` has one width a layer, or, if it is hierarchical, one width
    a level."""
    shapes: dict[str, tuple[int, ...]] = {}
    for place, width in enumerate(units):
        for direction in ("fw", "bw"):
            scope, layer = (_level_scope(place), 0) if hierarchical else (SCOPE, place)
            shapes |= lstm.cell_shapes(_cell_scope(scope, layer, direction), input_depth, width)
        input_depth = 2 * width
    for moment in ("mu", "sigma"):
        shapes |= {f"{SCOPE}/{moment}/kernel": (input_depth, z_size), f"{SCOPE}/{moment}/bias": (z_size,)}
    return shapes


def encode(
    weights: Weights, inputs: tf.Tensor, lengths: tf.Tensor, steps_per_bar: int = 16
) -> tuple[tf.Tensor, tf.Tensor]:
    """mu and sigma [batch, z_size] of the posterior.

    Args:
        weights: under Magenta's variable names.
        inputs: [batch, steps, input_depth (+ control_depth)].
        lengths: int [batch], in steps; what lies beyond has no influence.
        steps_per_bar: of the lower level of a hierarchical encoder; the steps are whole bars there.
    """
    if f"{_cell_scope(_level_scope(0), 0, 'fw')}/bias" in weights:
        batch, depth = tf.shape(inputs)[0], inputs.shape[-1]
        bars = tf.shape(inputs)[1] // steps_per_bar
        of_bars = tf.clip_by_value(lengths[:, None] - tf.range(bars) * steps_per_bar, 0, steps_per_bar)
        by_bar = tf.reshape(inputs, [batch * bars, steps_per_bar, depth])
        embeddings = _read(weights, _level_scope(0), by_bar, tf.reshape(of_bars, [-1]))
        inputs = tf.reshape(embeddings, [batch, bars, embeddings.shape[-1]])
        encoding = _read(weights, _level_scope(1), inputs, (lengths + steps_per_bar - 1) // steps_per_bar)
    else:
        encoding = _read(weights, SCOPE, inputs, lengths)
    mu, sigma = (
        tf.matmul(encoding, weights[f"{SCOPE}/{moment}/kernel"]) + weights[f"{SCOPE}/{moment}/bias"]
        for moment in ("mu", "sigma")
    )
    return mu, tf.nn.softplus(sigma)


def _read(weights: Weights, scope: str, inputs: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """What the last layer ends in, forward ⊕ backward [batch, 2H], on reading inputs [batch, steps, depth]."""
    sequence = tf.transpose(inputs, [1, 0, 2])
    time, batch = tf.shape(sequence)[0], tf.shape(sequence)[1]
    active = tf.transpose(tf.sequence_mask(lengths, time, inputs.dtype))[..., None]
    layer = 0
    while f"{_cell_scope(scope, layer, 'fw')}/bias" in weights:
        both_outputs, both_finals = [], []
        for direction in ("fw", "bw"):
            cell = lstm.read_cell(weights, _cell_scope(scope, layer, direction))
            backward = direction == "bw"
            ordered = tf.reverse_sequence(sequence, lengths, 0, 1) if backward else sequence
            zero = tf.zeros([batch, cell.units], inputs.dtype)
            outputs, final = lstm.run(cell.project(ordered), cell.recurrent_kernel, zero, zero, active)
            both_outputs.append(tf.reverse_sequence(outputs, lengths, 0, 1) if backward else outputs)
            both_finals.append(final)
        sequence = tf.concat(both_outputs, -1)
        layer += 1
    return tf.concat(both_finals, -1)
