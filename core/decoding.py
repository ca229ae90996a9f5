"""From latents and a seed to samples, in such a way that what else is in the batch can never change a clip.

Each decoder family has one class here, all with the same two methods: `noise` draws the random numbers of one clip,
`decode` turns latents and noise into samples.
"""

from __future__ import annotations

import functools

import numpy as np
import tensorflow as tf

from core.converters.drums import NUM_CLASSES
from core.converters.groove import HITS, OFFSETS, ROW, VELOCITIES
from core.network.decoder import CategoricalDecoder
from core.network.groove_decoder import GrooveDecoder
from core.network.lstm import Weights
from core.seeds import Stage, Stream

# Rounding moves float32 logits by a few 1e-5 when the batch size or the processor changes. A draw that was won by
# less than this is made again in float64, where rounding is far too small to matter, so both ways of rounding end in
# the same clip.
CLOSE_CALL = 1e-4

# How alike the deviations of drums struck at one step are, and how a drummer's clock wanders from step to step: the
# correlations that `groove_2bar_humanize` leaves unexplained on the validation split, measured by `residuals` in
# training/groove_evaluate.py.
CLOCK_SHARE = 0.25
CLOCK_MEMORY = 0.2
ACCENT_SHARE = 0.02


class CategoricalDecoding:
    """Samples are labels int [steps]."""

    dtype = tf.float32

    def __init__(self, weights: Weights) -> None:
        """`weights` float32, under Magenta's variable names."""
        self._weights = weights
        self._decoder = CategoricalDecoder.read(weights)
        shapes = [tf.TensorSpec([None, weights["encoder/mu/bias"].shape[0]]), tf.TensorSpec([None, None, self.depth])]
        self._decode = tf.function(lambda z, noise: self._decoder.decode(z, noise)[::2], input_signature=shapes)

    @property
    def depth(self) -> int:
        """How many labels there are."""
        return self._decoder.depth

    def noise(self, seed: int, clip: int, steps: int, temperature: float, dtype: type = np.float32) -> np.ndarray:
        """Gumbel noise [steps, depth] times the temperature."""
        noise = Stream(seed, Stage.DECODE, clip).gumbel(steps, self.depth, dtype=dtype)
        noise *= dtype(temperature)
        return noise

    def decode(
        self, z: np.ndarray, seed: int, clips: range, steps: int, temperature: float, controls: np.ndarray
    ) -> list[np.ndarray]:
        """Samples for latents [clips, z_size]; `clips` are their places in the recipe. No controls are heard."""
        del controls
        noise = np.stack([self.noise(seed, clip, steps, temperature) for clip in clips], 1)
        drawn, margins = (tensor.numpy() for tensor in self._decode(z, noise))
        for place in np.flatnonzero(margins < CLOSE_CALL):
            noise = self.noise(seed, clips[place], steps, temperature, np.float64)
            drawn[place] = self._decode_exactly(z[None, place].astype(np.float64), noise[:, None])[0].numpy()[0]
        return list(drawn)

    @functools.cached_property
    def _decode_exactly(self) -> tf.types.experimental.PolymorphicFunction:
        """`CategoricalDecoder.decode` in float64."""
        exact = {
            name: tf.cast(array, tf.float64) for name, array in self._weights.items() if name.startswith("decoder")
        }
        return tf.function(CategoricalDecoder.read(exact).decode, reduce_retracing=True)


class GrooveDecoding:
    """Samples are rows [steps, 27]. They are continuous, so every one would be a close call: all in float64."""

    dtype = tf.float64

    def __init__(self, weights: Weights) -> None:
        """`weights` float64, under Magenta's variable names."""
        self._decoder = GrooveDecoder.read(weights)
        self._decode = tf.function(self._decoder.decode, reduce_retracing=True)

    def noise(self, seed: int, clip: int, steps: int, temperature: float) -> np.ndarray:
        """Noise [steps, 27] for `GrooveDecoder.sample`, times the temperature. Drums struck together stray together,
        and one step's clock remembers the last."""
        stream = Stream(seed, Stage.DECODE, clip)
        # Step by step, so that how a song begins does not depend on how long it is.
        drawn = [(stream.uniform(NUM_CLASSES), stream.normal(2 * NUM_CLASSES + 2)) for _ in range(steps)]
        uniform = np.array([each for each, _ in drawn]).reshape(steps, NUM_CLASSES)
        normal = np.array([each for _, each in drawn]).reshape(steps, 2 * NUM_CLASSES + 2)
        alone = np.split(normal[:, :-2], 2, -1)
        accent, clock = normal[:, -2], normal[:, -1].copy()
        for step in range(1, steps):
            clock[step] = CLOCK_MEMORY * clock[step - 1] + np.sqrt(1 - CLOCK_MEMORY**2) * clock[step]
        noise = np.empty((steps, ROW))
        noise[:, HITS] = np.log1p(-uniform) - np.log(uniform)
        for part, share, common, own in (
            (VELOCITIES, ACCENT_SHARE, accent, alone[0]),
            (OFFSETS, CLOCK_SHARE, clock, alone[1]),
        ):
            noise[:, part] = np.sqrt(share) * common[:, None] + np.sqrt(1 - share) * own
        return noise * temperature

    def decode(
        self, z: np.ndarray, seed: int, clips: range, steps: int, temperature: float, controls: np.ndarray
    ) -> list[np.ndarray]:
        """Samples for latents [clips, z_size] and controls [clips, steps, control_depth]; `clips` are their places in
        the recipe."""
        noise = np.stack([self.noise(seed, clip, steps, temperature) for clip in clips])
        nothing = np.zeros((len(z), steps, ROW))
        return list(self.fill_in(z, noise, controls, nothing, nothing > 0))

    def fill_in(
        self,
        z: np.ndarray,
        noise: np.ndarray,
        controls: np.ndarray,
        given: np.ndarray,
        is_given: np.ndarray,
        struck: np.ndarray | None = None,
    ) -> np.ndarray:
        """Samples [clips, steps, 27] where some numbers are given; noise [clips, steps, 27], the rest as for
        `GrooveDecoder.decode`."""
        noise = np.ascontiguousarray(noise.transpose(1, 0, 2))
        arrays = (tf.constant(array, tf.float64) for array in (z, noise, controls, given))
        struck = None if struck is None else tf.constant(struck)
        return self._decode(*arrays, tf.constant(is_given), struck).numpy()


Decoding = CategoricalDecoding | GrooveDecoding
