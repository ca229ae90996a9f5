"""The encoder of our own long models: no recurrence, two layers make a code of each bar, and the codes in a row are the
encoding.

It is ours alone; Magenta's are LSTMs (`encoder`). On two cores it learns a space of sixteen bars in a quarter of an
hour, where an LSTM takes days.
"""

from __future__ import annotations

import tensorflow as tf

from core.network.lstm import Weights

SCOPE = "encoder/bars"


def variable_shapes(input_depth: int, widths: tuple[int, ...], steps_per_bar: int = 16) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the variables; `widths` are those of a bar's hidden layer and of its code."""
    hidden, code = widths
    kernels = {"steps": (steps_per_bar * input_depth, hidden), "bar": (hidden, code)}
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, shape in kernels.items():
        shapes |= {f"{SCOPE}/{layer}/kernel": shape, f"{SCOPE}/{layer}/bias": shape[1:]}
    return shapes


def is_in(weights: Weights) -> bool:
    """Whether weights have such an encoder."""
    return f"{SCOPE}/steps/bias" in weights


def read(weights: Weights, inputs: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """The encoding [batch, width] of inputs [batch, steps, input_depth], of whole bars; what lies beyond `lengths`,
    int [batch] in steps, is silence to it."""
    heard = inputs * tf.sequence_mask(lengths, tf.shape(inputs)[1], inputs.dtype)[..., None]
    of_bar = weights[f"{SCOPE}/steps/kernel"].shape[0]
    by_bar = tf.reshape(heard, [-1, of_bar])
    codes = _dense(weights, "bar", tf.nn.relu(_dense(weights, "steps", by_bar)))
    return tf.reshape(codes, [tf.shape(inputs)[0], -1])


def _dense(weights: Weights, layer: str, inputs: tf.Tensor) -> tf.Tensor:
    return tf.matmul(inputs, weights[f"{SCOPE}/{layer}/kernel"]) + weights[f"{SCOPE}/{layer}/bias"]
