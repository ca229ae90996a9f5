"""The NADE decoder: any of 61 drums at every step, drawn one after the other (`musicvae_reference` 2.7; Larochelle and
Murray, “The neural autoregressive distribution estimator”, 2011).

The LSTM's output gives the biases of a small network at every step. That network goes through the drums in their order;
each that is struck changes how likely the later ones are.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from core.network import decoder
from core.network.decoder import Layers
from core.network.lstm import Weights

SCOPE = "decoder/nade"


def variable_shapes(drums: int, hidden: int, units: tuple[int, ...], z_size: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the decoder's variables; `hidden` is the width of the small network."""
    shapes = decoder.variable_shapes(drums, units, z_size, logits=hidden + drums)
    return shapes | {f"{SCOPE}/w_enc": (drums, 1, hidden), f"{SCOPE}/w_dec_t": (drums, hidden, 1)}


class NadeDecoder(NamedTuple):
    """The LSTM's weights, and the small network's, [drums, hidden] each: what a drum that is struck adds to the hidden
    activations, and how a drum's logit is read from them."""

    layers: Layers
    encoding: tf.Tensor
    decoding: tf.Tensor

    @classmethod
    def read(cls, weights: Weights) -> NadeDecoder:
        """Reads the decoder from weights under Magenta's variable names."""
        encoding, decoding = weights[f"{SCOPE}/w_enc"], weights[f"{SCOPE}/w_dec_t"]
        return cls(Layers.read(weights, encoding.shape[0]), encoding[:, 0], decoding[..., 0])

    @property
    def depth(self) -> int:
        """How many drums there are."""
        return self.encoding.shape[0]

    def _biases(self, logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Those of the hidden units and of the drums, from the output projection [..., hidden + drums]."""
        return logits[..., : -self.depth], logits[..., -self.depth :]

    def projected(self, z: tf.Tensor, previous: tf.Tensor) -> tf.Tensor:
        """The output projection [batch, steps, hidden + drums] when the previous hits are given.

        Args:
            z: [batch, z_size].
            previous: 0 or 1 [batch, steps, drums], the hits before each step, zeros before the first.
        """
        layers = self.layers
        from_previous = tf.transpose(tf.tensordot(previous, layers.sample_rows, 1), [1, 0, 2])
        return layers.logits(tf.transpose(layers.run(from_previous + layers.project_z(z), z), [1, 0, 2]))

    def hit_logits(self, projected: tf.Tensor, hits: tf.Tensor) -> tf.Tensor:
        """The logit of each drum [batch, steps, drums], the hits [batch, steps, drums] of those before it given."""
        hidden, drums = self._biases(projected)
        added = tf.cumsum(hits[..., None] * self.encoding, -2, exclusive=True)
        return drums + tf.reduce_sum(tf.sigmoid(hidden[..., None, :] + added) * self.decoding, -1)

    def sample(self, projected: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """Hits 0 or 1 [batch, drums] from a step's output projection [batch, hidden + drums]: a drum is struck where
        its logit + noise [batch, drums] is above 0, as in `GrooveDecoder.sample`."""
        hidden, drums = self._biases(projected)
        hits = []
        for drum in range(self.depth):
            logit = drums[:, drum] + tf.linalg.matvec(tf.sigmoid(hidden), self.decoding[drum])
            hits.append(tf.cast(logit + noise[:, drum] > 0, projected.dtype))
            hidden += hits[-1][:, None] * self.encoding[drum]
        return tf.stack(hits, -1)

    def decode(self, z: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """Decodes step by step, feeding each sample back: hits 0 or 1 [batch, steps, drums].

        Args:
            z: [batch, z_size].
            noise: [steps, batch, drums], see `sample`.
        """
        layers, steps = self.layers, tf.shape(noise)[0]
        from_z = layers.project_z(z)

        def body(t, hits, all_hits, *state):
            state = layers.step(from_z + tf.matmul(hits, layers.sample_rows), state)
            hits = self.sample(layers.logits(state[-1]), noise[t])
            return t + 1, hits, all_hits.write(t, hits), *state

        _, _, hits, *_ = tf.while_loop(
            lambda t, *_: t < steps,
            body,
            (
                tf.constant(0),
                tf.zeros([tf.shape(z)[0], self.depth], z.dtype),
                tf.TensorArray(z.dtype, steps, element_shape=[None, self.depth]),
                *layers.initial_state(z),
            ),
        )
        return tf.transpose(hits.stack(), [1, 0, 2])
