"""The bidirectional LSTM encoder, q(z | x) (MusicVAE section 3.1; `musicvae_reference` sections 2.3 and 2.4)."""

from __future__ import annotations

import tensorflow as tf

from core.network import bar_encoder, lstm
from core.network.lstm import Weights

SCOPE = "encoder"


def cell_scope(layer: int, direction: str) -> str:
    """Where the cell of a layer is stored; `direction` is 'fw' or 'bw'."""
    return f"{SCOPE}/cell_{layer}/bidirectional_rnn/{direction}/multi_rnn_cell/cell_0/lstm_cell"


def variable_shapes(input_depth: int, units: tuple[int, ...], z_size: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the encoder's variables; `units` has one width a layer."""
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, width in enumerate(units):
        for direction in ("fw", "bw"):
            shapes |= lstm.cell_shapes(cell_scope(layer, direction), input_depth, width)
        input_depth = 2 * width
    return shapes | moment_shapes(input_depth, z_size)


def moment_shapes(width: int, z_size: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of what makes mu and sigma of an encoding [batch, width]."""
    shapes: dict[str, tuple[int, ...]] = {}
    for moment in ("mu", "sigma"):
        shapes |= {f"{SCOPE}/{moment}/kernel": (width, z_size), f"{SCOPE}/{moment}/bias": (z_size,)}
    return shapes


def encode(weights: Weights, inputs: tf.Tensor, lengths: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """mu and sigma [batch, z_size] of the posterior.

    Args:
        weights: under Magenta's variable names, or those of `bar_encoder`.
        inputs: [batch, steps, input_depth (+ control_depth)].
        lengths: int [batch], in steps; what lies beyond has no influence.
    """
    encoding = read(weights, inputs, lengths)
    mu, sigma = (
        tf.matmul(encoding, weights[f"{SCOPE}/{moment}/kernel"]) + weights[f"{SCOPE}/{moment}/bias"]
        for moment in ("mu", "sigma")
    )
    return mu, tf.nn.softplus(sigma)


def read(weights: Weights, inputs: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """The encoding [batch, width] that mu and sigma are made of; arguments as for `encode`.

    Of LSTMs it is what the last layer ends in, forward ⊕ backward [batch, 2H].
    """
    if bar_encoder.is_in(weights):
        return bar_encoder.read(weights, inputs, lengths)
    sequence = tf.transpose(inputs, [1, 0, 2])
    time, batch = tf.shape(sequence)[0], tf.shape(sequence)[1]
    active = tf.transpose(tf.sequence_mask(lengths, time, inputs.dtype))[..., None]
    layer = 0
    while f"{cell_scope(layer, 'fw')}/bias" in weights:
        both_outputs, both_finals = [], []
        for direction in ("fw", "bw"):
            cell = lstm.read_cell(weights, cell_scope(layer, direction))
            backward = direction == "bw"
            ordered = tf.reverse_sequence(sequence, lengths, 0, 1) if backward else sequence
            zero = tf.zeros([batch, cell.units], inputs.dtype)
            outputs, final = lstm.run(cell.project(ordered), cell.recurrent_kernel, zero, zero, active)
            both_outputs.append(tf.reverse_sequence(outputs, lengths, 0, 1) if backward else outputs)
            both_finals.append(final)
        sequence = tf.concat(both_outputs, -1)
        layer += 1
    return tf.concat(both_finals, -1)
