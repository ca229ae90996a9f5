"""The groove LSTM decoder: hits, velocities and offsets of nine drums at every step (`musicvae_reference` 2.6, 2.7;
Gillick et al. 2019).

The published models project to 27 numbers and give the conditional means of velocity and offset, so they are narrower
than a drummer. Our own project to a distribution over bins for each velocity and each offset, and play a quantile of
it: the median is the safest guess, and quantiles drawn at random have a drummer's spread. The sample that is fed back
has 27 numbers in both cases.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from core.converters.drums import NUM_CLASSES
from core.converters.groove import ROW
from core.network.decoder import Layers
from core.network.lstm import Weights

SQRT_HALF = float(np.sqrt(0.5))


def logits_depth(feel_bins: int) -> int:
    """Width of the output projection, for a number of bins (0: the published models)."""
    return NUM_CLASSES * (1 + 2 * feel_bins) if feel_bins else ROW


def velocity_bin(velocity: tf.Tensor, bins: int) -> tf.Tensor:
    """The bin of a velocity 0 … 1 (of 127); bins share the 128 MIDI velocities evenly."""
    return tf.clip_by_value(tf.cast((velocity * 127 + 0.5) / 128 * bins, tf.int32), 0, bins - 1)


def offset_bin(offset: tf.Tensor, bins: int) -> tf.Tensor:
    """The bin of an offset −1 … 1."""
    return tf.clip_by_value(tf.cast((offset + 1) / 2 * bins, tf.int32), 0, bins - 1)


class GrooveDecoder(NamedTuple):
    """The decoder's weights; `feel_bins` is 0 for the published models."""

    layers: Layers
    feel_bins: int

    @classmethod
    def read(cls, weights: Weights) -> GrooveDecoder:
        """Reads the decoder from weights under Magenta's variable names."""
        depth = weights["decoder/output_projection/bias"].shape[0]
        return cls(Layers.read(weights, ROW), 0 if depth == ROW else (depth // NUM_CLASSES - 1) // 2)

    def _feel_logits(self, logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Velocity's and offset's part of the logits [..., logits]; with bins each is [..., 9, bins]."""
        velocity, offset = tf.split(logits[..., NUM_CLASSES:], 2, -1)
        if self.feel_bins:
            shape = tf.concat([tf.shape(velocity)[:-1], [NUM_CLASSES, self.feel_bins]], 0)
            velocity, offset = tf.reshape(velocity, shape), tf.reshape(offset, shape)
        return velocity, offset

    def teacher_forced(
        self, z: tf.Tensor, previous: tf.Tensor, controls: tf.Tensor, dropout: tuple[tf.Tensor, ...] = ()
    ) -> tf.Tensor:
        """Logits [batch, steps, logits] when the previous samples are given.

        Args:
            z: [batch, z_size].
            previous: [batch, steps, 27], the row before each step, zeros before the first.
            controls: [batch, steps, control_depth].
            dropout: a factor for what each layer gives on.
        """
        layers = self.layers
        projected = tf.tensordot(previous, layers.sample_rows, 1) + layers.project_controls(controls)
        projected = tf.transpose(projected, [1, 0, 2]) + layers.project_z(z)
        return layers.logits(tf.transpose(layers.run(projected, z, dropout), [1, 0, 2]))

    def loss(self, logits: tf.Tensor, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """What rows [batch, steps, 27] cost under logits: hits, velocities and offsets [batch] each.

        With bins these are nats a clip, the last two at hits only (a drum that is not struck has no velocity to learn).
        Without, the last two are squared errors of all drums, as the published models were trained (Gillick et al.
        2019, section 4).
        """
        hits, velocities, offsets = tf.split(rows, 3, -1)
        velocity_logits, offset_logits = self._feel_logits(logits)
        cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits
        hit_cost = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(hits, logits[..., :NUM_CLASSES]), [1, 2])
        if not self.feel_bins:
            return (
                hit_cost,
                tf.reduce_sum((velocities - tf.sigmoid(velocity_logits)) ** 2, [1, 2]),
                tf.reduce_sum((offsets - tf.tanh(offset_logits)) ** 2, [1, 2]),
            )
        return (
            hit_cost,
            tf.reduce_sum(hits * cross_entropy(velocity_bin(velocities, self.feel_bins), velocity_logits), [1, 2]),
            tf.reduce_sum(hits * cross_entropy(offset_bin(offsets, self.feel_bins), offset_logits), [1, 2]),
        )

    def sample(self, logits: tf.Tensor, noise: tf.Tensor, struck: tf.Tensor | None = None) -> tf.Tensor:
        """A row [batch, 27] from a step's logits.

        Args:
            logits: [batch, logits].
            noise: [batch, 27]. A drum is hit where logit + noise > 0: with standard logistic noise times the
                temperature this is a draw from sigmoid(logit / temperature), with zeros the greedy choice. For a model
                with bins the other numbers say which quantiles are played, in standard deviations of a normal
                distribution: with zeros the median, with standard normal noise a draw; the published models have but
                one velocity and one offset to play.
            struck: bool [batch], where some drum must be hit: the nearest to it, if none is.
        """
        hit_noise, velocity_noise, offset_noise = tf.split(noise, 3, -1)
        margins = logits[:, :NUM_CLASSES] + hit_noise
        hit = margins > 0
        if struck is not None:
            hit |= struck[:, None] & (margins == tf.reduce_max(margins, -1, keepdims=True))
        hits = tf.cast(hit, logits.dtype)
        velocity, offset = self._feel_logits(logits)
        if not self.feel_bins:
            return tf.concat([hits, tf.sigmoid(velocity), tf.tanh(offset)], -1)
        velocity = (128 * quantile(velocity, velocity_noise) - 0.5) / 127
        offset = 2 * quantile(offset, offset_noise) - 1
        return tf.concat([hits, velocity, offset], -1)

    def deviations(self, logits: tf.Tensor, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The noise with which `sample` would play the velocities and offsets [..., 9 each] of rows [..., 27], for a
        model with bins; without meaning where there is no hit."""
        _, velocities, offsets = tf.split(rows, 3, -1)
        velocity, offset = self._feel_logits(logits)
        return deviation(velocity, (velocities * 127 + 0.5) / 128), deviation(offset, (offsets + 1) / 2)

    def decode(
        self,
        z: tf.Tensor,
        noise: tf.Tensor,
        controls: tf.Tensor,
        given: tf.Tensor,
        is_given: tf.Tensor,
        struck: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Decodes step by step, feeding each sample back: rows [batch, steps, 27].

        Args:
            z: [batch, z_size].
            noise: [steps, batch, 27], see `sample`.
            controls: [batch, steps, control_depth].
            given: [batch, steps, 27], numbers that are known.
            is_given: bool [batch, steps, 27], where they are; they are fed back instead of what was sampled.
            struck: bool [batch, steps], where some drum must be hit, if that is known.
        """
        steps = tf.shape(noise)[0]
        layers = self.layers
        from_z = layers.project_z(z)
        from_controls = tf.transpose(layers.project_controls(controls), [1, 0, 2])
        given, is_given = tf.transpose(given, [1, 0, 2]), tf.transpose(is_given, [1, 0, 2])

        def body(t, sample, rows, *state):
            state = layers.step(from_z + from_controls[t] + tf.matmul(sample, layers.sample_rows), state)
            must = None if struck is None else struck[:, t]
            sample = tf.where(is_given[t], given[t], self.sample(layers.logits(state[-1]), noise[t], must))
            if self.feel_bins:
                # As in training, where a drum that is not struck has neither velocity nor offset.
                sample *= tf.tile(sample[:, :NUM_CLASSES], [1, 3])
            return t + 1, sample, rows.write(t, sample), *state

        _, _, rows, *_ = tf.while_loop(
            lambda t, *_: t < steps,
            body,
            (
                tf.constant(0),
                tf.zeros([tf.shape(z)[0], ROW], z.dtype),
                tf.TensorArray(z.dtype, steps, element_shape=[None, ROW]),
                *layers.initial_state(z),
            ),
        )
        return tf.transpose(rows.stack(), [1, 0, 2])


def quantile(logits: tf.Tensor, deviation: tf.Tensor) -> tf.Tensor:
    """Where in 0 … 1 a distribution over equal bins [..., bins] has the quantile Φ(deviation) [...]; inside a bin it
    is uniform."""
    share = 0.5 * tf.math.erfc(-deviation * SQRT_HALF)[..., None]
    probability = tf.nn.softmax(logits)
    above = tf.cumsum(probability, -1)
    filled = tf.clip_by_value(tf.math.divide_no_nan(share - (above - probability), probability), 0, 1)
    return tf.reduce_sum(filled, -1) / logits.shape[-1]


def deviation(logits: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
    """The inverse of `quantile`, for places 0 … 1 [...]; no further out than ±4."""
    bins = logits.shape[-1]
    probability = tf.nn.softmax(logits)
    filled = tf.clip_by_value(place[..., None] * bins - tf.range(bins, dtype=place.dtype), 0, 1)
    share = tf.clip_by_value(tf.reduce_sum(probability * filled, -1), 1e-7, 1 - 1e-7)
    return tf.clip_by_value(tf.math.ndtri(share), -4, 4)
