"""The flat LSTM decoders, p(x | z): what they share, and the categorical one (`musicvae_reference` 2.5 to 2.7).

At every step the input is the previous sample ⊕ z ⊕ the step's controls. The product with z is the same at every step,
so it is worked out once; that with the controls is worked out for all steps at once.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import tensorflow as tf

from core.network import lstm
from core.network.lstm import Cell, Weights

NO_SAMPLE = -1
SCOPE = "decoder"


def cell_scope(scope: str, layer: int) -> str:
    """Where the cell of a layer is stored."""
    return f"{scope}/multi_rnn_cell/cell_{layer}/lstm_cell"


def variable_shapes(
    sample_depth: int,
    units: tuple[int, ...],
    z_size: int,
    control_depth: int = 0,
    logits: int | None = None,
    scope: str = SCOPE,
) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the decoder's variables; `units` has one width a layer, `logits` is the width of the output
    projection, `sample_depth` if not given."""
    state = 2 * sum(units)
    shapes: dict[str, tuple[int, ...]] = {
        f"{scope}/z_to_initial_state/kernel": (z_size, state),
        f"{scope}/z_to_initial_state/bias": (state,),
    }
    inputs = sample_depth + z_size + control_depth
    for layer, width in enumerate(units):
        shapes |= lstm.cell_shapes(cell_scope(scope, layer), inputs, width)
        inputs = width
    logits = sample_depth if logits is None else logits
    shapes[f"{scope}/output_projection/kernel"] = (inputs, logits)
    shapes[f"{scope}/output_projection/bias"] = (logits,)
    return shapes


State = tuple[tf.Tensor, ...]


class Layers(NamedTuple):
    """The decoder's weights, read and cut into the parts that its arithmetic uses."""

    state_kernel: tf.Tensor
    state_bias: tf.Tensor
    sample_rows: tf.Tensor
    z_rows: tf.Tensor
    control_rows: tf.Tensor
    cells: tuple[Cell, ...]
    output_kernel: tf.Tensor
    output_bias: tf.Tensor

    @classmethod
    def read(cls, weights: Weights, sample_depth: int, scope: str = SCOPE) -> Layers:
        """Reads the decoder from weights under Magenta's variable names."""
        cells = lstm.read_stack(weights, partial(cell_scope, scope))
        state_kernel = weights[f"{scope}/z_to_initial_state/kernel"]
        z_end = sample_depth + state_kernel.shape[0]
        return cls(
            state_kernel=state_kernel,
            state_bias=weights[f"{scope}/z_to_initial_state/bias"],
            sample_rows=cells[0].input_kernel[:sample_depth],
            z_rows=cells[0].input_kernel[sample_depth:z_end],
            control_rows=cells[0].input_kernel[z_end:],
            cells=cells,
            output_kernel=weights[f"{scope}/output_projection/kernel"],
            output_bias=weights[f"{scope}/output_projection/bias"],
        )

    def initial_state(self, z: tf.Tensor) -> State:
        """c and h of every layer in turn, from z [batch, z_size]."""
        return lstm.initial_state(z, self.state_kernel, self.state_bias, self.cells)

    def project_z(self, z: tf.Tensor) -> tf.Tensor:
        """z's part of the first layer's gates, the same at every step: [batch, 4H]."""
        return tf.matmul(z, self.z_rows) + self.cells[0].bias

    def project_controls(self, controls: tf.Tensor) -> tf.Tensor:
        """The controls' part of the first layer's gates: [..., control_depth] → [..., 4H]."""
        return tf.tensordot(controls, self.control_rows, 1)

    def step(self, preactivation: tf.Tensor, state: State) -> State:
        """One step of all layers, from the inputs' part of the first layer's gates [batch, 4H]."""
        new_state: list[tf.Tensor] = []
        for layer, cell in enumerate(self.cells):
            c, h = state[2 * layer : 2 * layer + 2]
            if layer:
                preactivation = tf.matmul(new_state[-1], cell.input_kernel) + cell.bias
            new_state += lstm.step(preactivation + tf.matmul(h, cell.recurrent_kernel), c)
        return tuple(new_state)

    def run(self, projected: tf.Tensor, z: tf.Tensor, dropout: tuple[tf.Tensor, ...] = ()) -> tf.Tensor:
        """h of the last layer [time, batch, H] when all inputs are known: their part of the gates [time, batch, 4H].

        `dropout` has a factor for what each layer gives on, in training.
        """
        state = self.initial_state(z)
        active = tf.ones([tf.shape(projected)[0], 1, 1], z.dtype)
        for layer, cell in enumerate(self.cells):
            if layer:
                projected = cell.project(sequence)  # noqa: F821 (set by the layer below)
            sequence, _ = lstm.run(projected, cell.recurrent_kernel, *state[2 * layer : 2 * layer + 2], active)
            if dropout:
                sequence *= dropout[layer]
        return sequence

    def logits(self, h: tf.Tensor) -> tf.Tensor:
        """The output projection: [..., H] → [..., logits]."""
        return tf.tensordot(h, self.output_kernel, 1) + self.output_bias


class CategoricalDecoder(NamedTuple):
    """One label a step, of as many as the projection is wide. The previous sample is one-hot, so its product with the
    kernel is a row of the kernel."""

    layers: Layers

    @classmethod
    def read(cls, weights: Weights, scope: str = SCOPE) -> CategoricalDecoder:
        """Reads the decoder from weights under Magenta's variable names."""
        return cls(Layers.read(weights, weights[f"{scope}/output_projection/bias"].shape[0], scope))

    @property
    def depth(self) -> int:
        """How many labels there are."""
        return self.layers.output_bias.shape[0]

    def project_sample(self, labels: tf.Tensor) -> tf.Tensor:
        """The previous sample's part of the first layer's gates: int [...] → [..., 4H]; zeros for `NO_SAMPLE`."""
        rows = tf.gather(self.layers.sample_rows, tf.maximum(labels, 0))
        return tf.where((labels != NO_SAMPLE)[..., None], rows, tf.zeros([], rows.dtype))

    def teacher_forced(self, z: tf.Tensor, previous: tf.Tensor) -> tf.Tensor:
        """Logits [batch, steps, depth] when the previous samples are given.

        Args:
            z: [batch, z_size].
            previous: int [batch, steps], the label before each step, `NO_SAMPLE` for none.
        """
        projected = tf.transpose(self.project_sample(previous), [1, 0, 2]) + self.layers.project_z(z)
        return self.layers.logits(tf.transpose(self.layers.run(projected, z), [1, 0, 2]))

    def decode(
        self, z: tf.Tensor, noise: tf.Tensor, first: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Decodes step by step, feeding each sample back.

        The sample at a step is the argmax of logits + noise: with standard Gumbel noise times the temperature this is a
        draw from softmax(logits / temperature), with zeros it is the greedy choice.

        Args:
            z: [batch, z_size].
            noise: [steps, batch, depth].
            first: int32 [batch], the label before the first step, none if not given.

        Returns:
            labels int32 [batch, steps], logits [batch, steps, depth], and for each item the smallest margin
            [batch] by which a sample won; where it is of the size of rounding errors, another batch size could have
            chosen otherwise.
        """
        steps = tf.shape(noise)[0]
        batch = tf.shape(z)[0]
        layers = self.layers
        from_z = layers.project_z(z)
        from_first = tf.zeros_like(from_z) if first is None else self.project_sample(first)

        def body(t, from_sample, margin, labels, logits, *state):
            state = layers.step(from_z + from_sample, state)
            step_logits = layers.logits(state[-1])
            scores = step_logits + noise[t]
            label = tf.argmax(scores, -1, tf.int32)
            without_best = scores + tf.one_hot(label, self.depth, float("-inf"), 0.0, dtype=scores.dtype)
            return (
                t + 1,
                tf.gather(layers.sample_rows, label),
                tf.minimum(margin, tf.reduce_max(scores, -1) - tf.reduce_max(without_best, -1)),
                labels.write(t, label),
                logits.write(t, step_logits),
                *state,
            )

        # Steps may overlap, so that none waits for the margin and the bookkeeping of the one before: with
        # parallel_iterations=1 this takes a third longer.
        _, _, margin, labels, logits, *_ = tf.while_loop(
            lambda t, *_: t < steps,
            body,
            (
                tf.constant(0),
                from_first,
                tf.fill([batch], tf.constant(float("inf"), z.dtype)),
                tf.TensorArray(tf.int32, steps),
                tf.TensorArray(z.dtype, steps),
                *layers.initial_state(z),
            ),
        )
        return tf.transpose(labels.stack()), tf.transpose(logits.stack(), [1, 0, 2]), margin
