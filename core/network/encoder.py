"""The bidirectional LSTM encoder, q(z | x) (MusicVAE section 3.1; `musicvae_reference` sections 2.3 and 2.4)."""

from __future__ import annotations

import tensorflow as tf

from core.network import lstm
from core.network.lstm import Weights


def _scope(layer: int, direction: str) -> str:
    return f"encoder/cell_{layer}/bidirectional_rnn/{direction}/multi_rnn_cell/cell_0/lstm_cell"


def variable_shapes(input_depth: int, units: tuple[int, ...], z_size: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the encoder's variables; `units` has one width a layer."""
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, width in enumerate(units):
        for direction in ("fw", "bw"):
            shapes |= lstm.cell_shapes(_scope(layer, direction), input_depth, width)
        input_depth = 2 * width
    for moment in ("mu", "sigma"):
        shapes |= {f"encoder/{moment}/kernel": (input_depth, z_size), f"encoder/{moment}/bias": (z_size,)}
    return shapes


def encode(weights: Weights, inputs: tf.Tensor, lengths: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """mu and sigma [batch, z_size] of the posterior.

    Args:
        weights: under Magenta's variable names.
        inputs: [batch, steps, input_depth (+ control_depth)].
        lengths: int [batch], in steps; what lies beyond has no influence.
    """
    sequence = tf.transpose(inputs, [1, 0, 2])
    time, batch = tf.shape(sequence)[0], tf.shape(sequence)[1]
    active = tf.transpose(tf.sequence_mask(lengths, time, inputs.dtype))[..., None]
    layer = 0
    while f"{_scope(layer, 'fw')}/bias" in weights:
        both_outputs, both_finals = [], []
        for direction in ("fw", "bw"):
            cell = lstm.read_cell(weights, _scope(layer, direction))
            backward = direction == "bw"
            ordered = tf.reverse_sequence(sequence, lengths, 0, 1) if backward else sequence
            zero = tf.zeros([batch, cell.units], inputs.dtype)
            outputs, final = lstm.run(cell.project(ordered), cell.recurrent_kernel, zero, zero, active)
            both_outputs.append(tf.reverse_sequence(outputs, lengths, 0, 1) if backward else outputs)
            both_finals.append(final)
        sequence = tf.concat(both_outputs, -1)
        layer += 1
    encoding = tf.concat(both_finals, -1)
    mu, sigma = (
        tf.matmul(encoding, weights[f"encoder/{moment}/kernel"]) + weights[f"encoder/{moment}/bias"]
        for moment in ("mu", "sigma")
    )
    return mu, tf.nn.softplus(sigma)
