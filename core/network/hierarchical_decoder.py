"""The hierarchical decoder (MusicVAE section 3.2; `musicvae_reference` section 2.8): a conductor turns z into one
embedding a bar, and flat decoders turn each embedding into the bar's labels, one decoder for each instrument.

A bar depends on the one before it only through that one's last label, which is its first input: all else comes from its
embedding.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from core.network import decoder, lstm
from core.network.decoder import CategoricalDecoder
from core.network.lstm import Cell, Weights

CONDUCTOR = "decoder/hierarchical_level_0"
CORE = "core_decoder"


def cell_scope(layer: int) -> str:
    """Where the conductor's cell of a layer is stored."""
    return f"{CONDUCTOR}/cell_{layer}/lstm_cell"


def _core_scopes(count: int) -> list[str]:
    """Where the decoders of so many instruments are stored."""
    return [f"{CORE}/decoder"] if count == 1 else [f"{CORE}/core_decoder_{k}/decoder" for k in range(count)]


def variable_shapes(
    depths: tuple[int, ...], units: tuple[int, ...], z_size: int, core_units: tuple[int, ...]
) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the decoder's variables: `units` are the widths of the conductor's layers, `core_units` those
    of each instrument's decoder, `depths` are how many labels each instrument has."""
    state = 2 * sum(units)
    shapes: dict[str, tuple[int, ...]] = {
        f"{CONDUCTOR}/initial_state/kernel": (z_size, state),
        f"{CONDUCTOR}/initial_state/bias": (state,),
    }
    inputs = 1
    for layer, width in enumerate(units):
        shapes |= lstm.cell_shapes(cell_scope(layer), inputs, width)
        inputs = width
    for depth, scope in zip(depths, _core_scopes(len(depths)), strict=True):
        shapes |= decoder.variable_shapes(depth, core_units, inputs, scope=scope)
    return shapes


class HierarchicalDecoder(NamedTuple):
    """The conductor's weights, and a decoder for each instrument."""

    state_kernel: tf.Tensor
    state_bias: tf.Tensor
    cells: tuple[Cell, ...]
    cores: tuple[CategoricalDecoder, ...]

    @classmethod
    def read(cls, weights: Weights) -> HierarchicalDecoder:
        """Reads the decoder from weights under Magenta's variable names."""
        count = 1
        if f"{_core_scopes(1)[0]}/output_projection/bias" not in weights:
            while f"{CORE}/core_decoder_{count}/decoder/output_projection/bias" in weights:
                count += 1
        return cls(
            state_kernel=weights[f"{CONDUCTOR}/initial_state/kernel"],
            state_bias=weights[f"{CONDUCTOR}/initial_state/bias"],
            cells=lstm.read_stack(weights, cell_scope),
            cores=tuple(CategoricalDecoder.read(weights, scope) for scope in _core_scopes(count)),
        )

    @property
    def depths(self) -> tuple[int, ...]:
        """How many labels each instrument has."""
        return tuple(core.depth for core in self.cores)

    def embeddings(self, z: tf.Tensor, bars: int | tf.Tensor) -> tf.Tensor:
        """The embeddings of the bars [bars, batch, E], for z [batch, z_size]."""
        state = lstm.initial_state(z, self.state_kernel, self.state_bias, self.cells)
        active = tf.ones([bars, 1, 1], z.dtype)
        for layer, cell in enumerate(self.cells):
            if layer:
                projected = cell.project(sequence)  # noqa: F821 (set by the layer below)
            else:
                # The conductor's own input is always a single zero.
                projected = tf.broadcast_to(cell.bias, [bars, tf.shape(z)[0], cell.bias.shape[0]])
            sequence, _ = lstm.run(projected, cell.recurrent_kernel, *state[2 * layer : 2 * layer + 2], active)
        return sequence

    def teacher_forced(self, z: tf.Tensor, previous: tf.Tensor, bars: int) -> list[tf.Tensor]:
        """Logits [batch, steps, depth] of each instrument when the previous labels are given.

        Args:
            z: [batch, z_size].
            previous: int [batch, steps, instruments], the labels before each step, `NO_SAMPLE` for none.
            bars: how many bars the steps are.
        """
        batch, steps = tf.shape(previous)[0], tf.shape(previous)[1]
        embeddings = tf.transpose(self.embeddings(z, bars), [1, 0, 2])
        embeddings = tf.reshape(embeddings, [batch * bars, embeddings.shape[-1]])
        by_bar = tf.reshape(previous, [batch * bars, steps // bars, len(self.cores)])
        return [
            tf.reshape(core.teacher_forced(embeddings, by_bar[..., k]), [batch, steps, core.depth])
            for k, core in enumerate(self.cores)
        ]
