"""The LSTM cell of MusicVAE, and a layer of it run over time (`musicvae_reference` section 2.1).

Kernels are stored as in Magenta's checkpoints: input rows first, then recurrent rows; columns in the order input gate,
candidate, forget gate, output gate. The reference adds 1 to the forget gate when it runs; here the 1 is added to the
bias as it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import tensorflow as tf

Weights = Mapping[str, tf.Tensor]


class Cell(NamedTuple):
    """One LSTM cell: `input_kernel` [n, 4H], `recurrent_kernel` [H, 4H], `bias` [4H] with the forget gate's 1 in it."""

    input_kernel: tf.Tensor
    recurrent_kernel: tf.Tensor
    bias: tf.Tensor

    @property
    def units(self) -> int:
        """H, the width of the state."""
        return self.recurrent_kernel.shape[0]

    def project(self, inputs: tf.Tensor) -> tf.Tensor:
        """The part of the gates that does not depend on the state: [..., n] → [..., 4H]."""
        return tf.tensordot(inputs, self.input_kernel, 1) + self.bias


def read_cell(weights: Weights, scope: str) -> Cell:
    """The cell stored under `scope`."""
    kernel, bias = weights[f"{scope}/kernel"], weights[f"{scope}/bias"]
    units = bias.shape[0] // 4
    one_for_forget_gate = tf.repeat(tf.constant([0, 0, 1, 0], bias.dtype), units)
    inputs = kernel.shape[0] - units
    return Cell(kernel[:inputs], kernel[inputs:], bias + one_for_forget_gate)


def read_stack(weights: Weights, scope_of: Callable[[int], str]) -> tuple[Cell, ...]:
    """The cells stored under `scope_of(layer)`, as many layers as there are."""
    cells: list[Cell] = []
    while f"{scope_of(len(cells))}/bias" in weights:
        cells.append(read_cell(weights, scope_of(len(cells))))
    return tuple(cells)


def cell_shapes(scope: str, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
    """Variable names and shapes of a cell with `inputs` inputs and `units` units."""
    return {f"{scope}/kernel": (inputs + units, 4 * units), f"{scope}/bias": (4 * units,)}


def initial_state(z: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, cells: Sequence[Cell]) -> tuple[tf.Tensor, ...]:
    """c and h of every layer in turn, from z [batch, n] (reference section 2.5)."""
    flat = tf.tanh(tf.matmul(z, kernel) + bias)
    return tuple(tf.split(flat, [cell.units for cell in cells for _ in "ch"], -1))


def step(preactivation: tf.Tensor, c: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """One step: gates before activation [batch, 4H] and c [batch, H] → new c, new h."""
    i, g, f, o = tf.split(preactivation, 4, -1)
    c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
    return c, tf.sigmoid(o) * tf.tanh(c)


def run(
    projected: tf.Tensor, recurrent_kernel: tf.Tensor, c: tf.Tensor, h: tf.Tensor, active: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Runs a layer over time.

    Args:
        projected: [time, batch, 4H], `Cell.project` of the inputs.
        recurrent_kernel: [H, 4H].
        c, h: [batch, H], the state before the first step.
        active: [time, batch, 1], 1 where a step counts; at 0 the state stays and the output is 0.

    Returns:
        h at every step [time, batch, H] and h after the last one [batch, H].

    The gradient is written out (backpropagation through time) because it is where training spends its life: the
    kernel's gradient is one product over all steps instead of one for each, which made a training step twice as fast
    as TensorFlow's own.
    """

    @tf.custom_gradient
    def differentiable(projected, recurrent_kernel, c, h):
        outputs, final_h, history = _forward(projected, recurrent_kernel, c, h, active)

        def gradient(d_outputs, d_final_h):
            return _backward(d_outputs, d_final_h, history, recurrent_kernel, active)

        return (outputs, final_h), gradient

    return differentiable(projected, recurrent_kernel, c, h)


def _product_with(kernel: tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
    """What gives h · kernel [batch, 4H] for h [batch, H], at every step."""
    if kernel.dtype != tf.float64:
        return lambda h: tf.matmul(h, kernel)
    # Of few rows and a wide kernel TensorFlow makes this product in less than half the time when both are transposed.
    turned = tf.transpose(kernel)
    return lambda h: tf.transpose(tf.matmul(turned, h, transpose_b=True))


def _forward(projected, recurrent_kernel, c, h, active):
    time = tf.shape(projected)[0]
    arrays = [tf.TensorArray(projected.dtype, time) for _ in range(3)]
    from_h = _product_with(recurrent_kernel)

    def body(t, c, h, gates, c_before, h_before):
        preactivation = projected[t] + from_h(h)
        new_c, new_h = step(preactivation, c)
        on = active[t]
        return (
            t + 1,
            on * new_c + (1 - on) * c,
            on * new_h + (1 - on) * h,
            gates.write(t, preactivation),
            c_before.write(t, c),
            h_before.write(t, h),
        )

    _, c, h, *arrays = tf.while_loop(
        lambda t, *_: t < time, body, (tf.constant(0), c, h, *arrays), parallel_iterations=1
    )
    gates, c_before, h_before = (array.stack() for array in arrays)
    h_after = tf.concat([h_before[1:], h[None]], 0)
    return h_after * active, h, (gates, c_before, h_before)


def _backward(d_outputs, d_final_h, history, recurrent_kernel, active):
    gates, c_before, h_before = history
    time = tf.shape(gates)[0]
    i, g, f, o = tf.split(gates, 4, -1)
    i, g, f, o = tf.sigmoid(i), tf.tanh(g), tf.sigmoid(f), tf.sigmoid(o)
    tanh_c = tf.tanh(f * c_before + i * g)
    # What does not depend on later steps is worked out for all steps at once, outside the loop.
    c_from_h = o * (1 - tanh_c * tanh_c)
    gates_from_c = tf.concat([g * i * (1 - i), i * (1 - g * g), c_before * f * (1 - f)], -1)
    output_gate_from_h = tanh_c * o * (1 - o)

    def body(t, d_c, d_h, d_gates):
        on = active[t]
        d_new_h = on * (d_h + d_outputs[t])
        d_new_c = on * d_c + d_new_h * c_from_h[t]
        d_gate = tf.concat([tf.tile(d_new_c, [1, 3]) * gates_from_c[t], d_new_h * output_gate_from_h[t]], -1)
        d_c = d_new_c * f[t] + (1 - on) * d_c
        d_h = tf.matmul(d_gate, recurrent_kernel, transpose_b=True) + (1 - on) * d_h
        return t - 1, d_c, d_h, d_gates.write(t, d_gate)

    _, d_c, d_h, d_gates = tf.while_loop(
        lambda t, *_: t >= 0,
        body,
        (time - 1, tf.zeros_like(d_final_h), d_final_h, tf.TensorArray(gates.dtype, time)),
        parallel_iterations=1,
    )
    d_gates = d_gates.stack()
    units, width = recurrent_kernel.shape
    d_kernel = tf.matmul(tf.reshape(h_before, [-1, units]), tf.reshape(d_gates, [-1, width]), transpose_a=True)
    return d_gates, d_kernel, d_c, d_h
