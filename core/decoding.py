"""From latents and a seed to samples, in such a way that what else is in the batch can never change a clip.

Each decoder family has one class here, with the same two methods: `noise` draws the random numbers of one clip, and
`decode` turns latents and noise into samples. A batch may hold clips of several recipes.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import tensorflow as tf

from core import stopping
from core.configs import Config
from core.converters.drums import NUM_CLASSES, hits_to_labels
from core.converters.groove import HITS, OFFSETS, ROW, VELOCITIES
from core.converters.windows import STEPS_PER_BAR
from core.network.decoder import NO_SAMPLE, CategoricalDecoder
from core.network.graphs import Graph, graph
from core.network.groove_decoder import GrooveDecoder
from core.network.hierarchical_decoder import HierarchicalDecoder
from core.network.lstm import Weights
from core.network.nade_decoder import NadeDecoder
from core.seeds import Stage, Stream
from core.stopping import Stop

# Rounding moves float32 logits by a few 1e-5 when the batch size or the processor changes. A draw that was won by
# less than this is made again in float64, where rounding is far too small to matter, so both ways of rounding end in
# the same clip.
CLOSE_CALL = 1e-4
# From so many bars a model's liking for how bars end is guessed.
TYPICAL_BARS = 16

# At a temperature of 1, `trio_16bar` then plays about as many notes in about as wide a range as songs do.
EVENNESS, MOST_CHANCE = 2.0, 2.0

# How alike the deviations of drums struck at one step are, and how a drummer's clock wanders from step to step: the
# correlations that `groove_2bar_humanize` leaves unexplained on the validation split, measured by `residuals` in
# training/groove_evaluate.py.
CLOCK_SHARE = 0.25
CLOCK_MEMORY = 0.2
ACCENT_SHARE = 0.02


class Draw(NamedTuple):
    """Which random numbers a clip is drawn with: the recipe's seed, the clip's place in the recipe, the temperature."""

    seed: int
    clip: int
    temperature: float


def draws_of(seed: int, clips: range, temperature: float) -> list[Draw]:
    """Those of several clips of one recipe."""
    return [Draw(seed, clip, temperature) for clip in clips]


class CategoricalDecoding:
    """Samples are labels int [steps]."""

    dtype = tf.float32

    def __init__(self, weights: Weights) -> None:
        """`weights` float32, under Magenta's variable names."""
        self._decoder = CategoricalDecoder.read(weights)
        z_size = self._decoder.layers.state_kernel.shape[0]
        self._decode = graph(
            lambda z, noise: self._decoder.decode(z, noise)[::2],
            input_signature=[tf.TensorSpec([None, z_size]), tf.TensorSpec([None, None, self.depth])],
        )
        self._decode_exactly = graph(
            lambda z, noise: in_float64(self._decoder).decode(z, noise)[0],
            input_signature=[tf.TensorSpec([1, z_size], tf.float64), tf.TensorSpec([None, 1, self.depth], tf.float64)],
        )

    @property
    def depth(self) -> int:
        """How many labels there are."""
        return self._decoder.depth

    def noise(self, draw: Draw, steps: int, dtype: type = np.float32) -> np.ndarray:
        """Gumbel noise [steps, depth] times the temperature."""
        noise = Stream(draw.seed, Stage.DECODE, draw.clip).gumbel(steps, self.depth, dtype=dtype)
        noise *= dtype(draw.temperature)
        return noise

    def decode(
        self,
        z: np.ndarray,
        draws: Sequence[Draw],
        steps: int,
        controls: np.ndarray | None = None,
        cancel: Stop | None = None,
    ) -> list[np.ndarray]:
        """Samples for latents [clips, z_size], each with its draw. No controls are heard, and it is too quick to be
        stopped."""
        del controls, cancel
        noise = np.stack([self.noise(draw, steps) for draw in draws], 1)
        drawn, margins = (tensor.numpy() for tensor in self._decode(z, noise))
        for place in np.flatnonzero(margins < CLOSE_CALL):
            noise = self.noise(draws[place], steps, np.float64)
            drawn[place] = self._decode_exactly(z[None, place].astype(np.float64), noise[:, None]).numpy()[0]
        return list(drawn)


class NadeDecoding:
    """Samples are labels int64 [steps], one bit for each drum. So many draws are made that some would always be a close
    call: all in float64."""

    dtype = tf.float64

    def __init__(self, weights: Weights) -> None:
        """`weights` float64, under Magenta's variable names."""
        self._decoder = NadeDecoder.read(weights)
        widths = (self._decoder.layers.state_kernel.shape[0], self._decoder.depth)
        shapes = [tf.TensorSpec([None] * (1 + place) + [width], tf.float64) for place, width in enumerate(widths)]
        self._decode = graph(self._decoder.decode, input_signature=shapes)

    def noise(self, draw: Draw, steps: int) -> np.ndarray:
        """Logistic noise [steps, drums] times the temperature."""
        uniform = Stream(draw.seed, Stage.DECODE, draw.clip).uniform(steps, self._decoder.depth)
        return draw.temperature * (np.log1p(-uniform) - np.log(uniform))

    def decode(
        self,
        z: np.ndarray,
        draws: Sequence[Draw],
        steps: int,
        controls: np.ndarray | None = None,
        cancel: Stop | None = None,
    ) -> list[np.ndarray]:
        """Samples for latents [clips, z_size], each with its draw. No controls are heard, and it is too quick to be
        stopped."""
        del controls, cancel
        noise = np.stack([self.noise(draw, steps) for draw in draws], 1)
        hits = self._decode(tf.constant(z, tf.float64), tf.constant(noise))
        return list(hits_to_labels(hits.numpy()))


class HierarchicalDecoding:
    """Samples are labels int [steps], or [steps, instruments] where there are several.

    A bar needs nothing of the one before it but its last label. So all bars are decoded at once, each from a guess of
    that label and with the random numbers that are its own in any case; then those of which the guess was wrong are
    decoded again, from what the bar before them now ends in, until every bar began as it had to. What comes out is what
    decoding bar after bar would give, in a few times sixteen steps instead of 256 (reference section 2.8).
    """

    dtype = tf.float32

    def __init__(self, weights: Weights) -> None:
        """`weights` float32, under Magenta's variable names."""
        decoder = HierarchicalDecoder.read(weights)
        self.depths = decoder.depths
        self._z_size = decoder.state_kernel.shape[0]
        conductor = decoder._replace(cores=())

        def of_bars(dtype: tf.DType) -> list[tf.TensorSpec]:
            return [tf.TensorSpec([None, self._z_size], dtype), tf.TensorSpec([], tf.int32)]

        def of_core(core: CategoricalDecoder, dtype: tf.DType) -> list[tf.TensorSpec]:
            width = core.layers.state_kernel.shape[0]
            shapes = [tf.TensorSpec([None, width], dtype), tf.TensorSpec([None, None, core.depth], dtype)]
            return [*shapes, tf.TensorSpec([None], tf.int32)]

        def exactly(core: CategoricalDecoder) -> Graph:
            return graph(
                lambda embeddings, noise, first: in_float64(core).decode(embeddings, noise, first)[0],
                input_signature=of_core(core, tf.float64),
            )

        self._embeddings = graph(conductor.embeddings, input_signature=of_bars(tf.float32))
        self._embed_exactly = graph(
            lambda z, bars: in_float64(conductor).embeddings(z, bars), input_signature=of_bars(tf.float64)
        )
        self._cores = [graph(core.decode, input_signature=of_core(core, tf.float32)) for core in decoder.cores]
        self._decode_exactly = [exactly(core) for core in decoder.cores]

    def noise(self, draw: Draw, steps: int, dtype: type = np.float32) -> np.ndarray:
        """Gumbel noise [steps, sum of the depths] times the temperature."""
        noise = Stream(draw.seed, Stage.DECODE, draw.clip).gumbel(steps, sum(self.depths), dtype=dtype)
        noise *= dtype(draw.temperature)
        return noise

    def decode(
        self,
        z: np.ndarray,
        draws: Sequence[Draw],
        steps: int,
        controls: np.ndarray | None = None,
        cancel: Stop | None = None,
    ) -> list[np.ndarray]:
        """Samples for latents [clips, z_size], each with its draw. No controls are heard. Raises `CancelledError` once
        `cancel` is set."""
        del controls
        bars = steps // STEPS_PER_BAR
        embeddings = self._embeddings(z, tf.constant(bars)).numpy()
        noise = np.stack([self.noise(draw, steps) for draw in draws])
        noise = noise.reshape(len(draws), bars, STEPS_PER_BAR, -1)
        labels = np.empty((bars, len(draws), STEPS_PER_BAR, len(self.depths)), np.int32)
        ends = np.cumsum((0, *self.depths))
        for k, core in enumerate(self._cores):
            of_core = slice(ends[k], ends[k + 1])
            # The last random numbers of a bar are known, and what the model likes to end a bar with.
            guessed = (noise[:, :, -1, of_core] + self._last_logits[k]).argmax(-1).astype(np.int32)
            first = first_labels(guessed.T)
            wrong = np.full(first.shape, True)
            while wrong.any():
                stopping.check(cancel)
                bar, clip = np.nonzero(wrong)
                theirs = np.ascontiguousarray(noise[clip, bar, :, of_core].transpose(1, 0, 2))
                drawn, _, margins = (a.numpy() for a in core(embeddings[bar, clip], theirs, first[bar, clip]))
                for place in np.flatnonzero(margins < CLOSE_CALL):
                    b, c = bar[place], clip[place]
                    exact = self.noise(draws[c], steps, np.float64)
                    exact = exact.reshape(bars, STEPS_PER_BAR, 1, -1)[b, ..., of_core]
                    embedding = self._embed_exactly(z[[c]].astype(np.float64), tf.constant(b + 1, tf.int32))[b]
                    drawn[place] = self._decode_exactly[k](embedding, exact, first[b, [c]]).numpy()[0]
                labels[bar, clip, :, k] = drawn
                needed = first_labels(labels[..., -1, k])
                wrong, first = needed != first, needed
        by_clip = labels.transpose(1, 0, 2, 3).reshape(len(draws), steps, -1)
        return list(by_clip if len(self.depths) > 1 else by_clip[..., 0])

    @functools.cached_property
    def _last_logits(self) -> list[np.ndarray]:
        """Logits [depth] of each instrument at a bar's last step, the mean over the bars of the most typical latent."""
        typical = tf.zeros([1, self._z_size])
        embeddings = self._embeddings(typical, tf.constant(TYPICAL_BARS))[:, 0]
        nothing = tf.fill([TYPICAL_BARS], NO_SAMPLE)
        return [
            core(embeddings, tf.zeros([STEPS_PER_BAR, TYPICAL_BARS, depth]), nothing)[1].numpy()[:, -1].mean(0)
            for core, depth in zip(self._cores, self.depths, strict=True)
        ]


class PlausibleDecoding(HierarchicalDecoding):
    """Draws rather evenly among the labels that are likely, and never one that is much less likely than the likeliest:
    chance adds at most so much to a logit.

    A small decoder of a whole band is unsure, and gives a little to very many notes. Drawn from as it stands, one in
    a few bars lies far outside what its line plays; drawn more coolly, its lines thin out. (The tail is what nucleus
    sampling cuts, too: Holtzman et al., “The curious case of neural text degeneration”, ICLR 2020.)
    """

    def noise(self, draw: Draw, steps: int, dtype: type = np.float32) -> np.ndarray:
        """Gumbel noise [steps, sum of the depths] times the temperature and `EVENNESS`, cut off at `MOST_CHANCE`."""
        noise = super().noise(draw._replace(temperature=EVENNESS * draw.temperature), steps, dtype)
        return np.minimum(noise, dtype(MOST_CHANCE), out=noise)


class GrooveDecoding:
    """Samples are rows [steps, 27]. They are continuous, so every one would be a close call: all in float64."""

    dtype = tf.float64

    def __init__(self, weights: Weights) -> None:
        """`weights` float64, under Magenta's variable names."""
        self._decoder = GrooveDecoder.read(weights)
        layers = self._decoder.layers
        rows = tf.TensorSpec([None, None, ROW], tf.float64)
        self._decode = graph(
            self._decoder.decode,
            input_signature=[
                tf.TensorSpec([None, layers.state_kernel.shape[0]], tf.float64),
                rows,
                tf.TensorSpec([None, None, layers.control_rows.shape[0]], tf.float64),
                rows,
                tf.TensorSpec([None, None, ROW], tf.bool),
                tf.TensorSpec([None, None], tf.bool),
            ],
        )

    def noise(self, draw: Draw, steps: int) -> np.ndarray:
        """Noise [steps, 27] for `GrooveDecoder.sample`, times the temperature. Drums struck together stray together,
        and one step's clock remembers the last."""
        stream = Stream(draw.seed, Stage.DECODE, draw.clip)
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
        return noise * draw.temperature

    def decode(
        self,
        z: np.ndarray,
        draws: Sequence[Draw],
        steps: int,
        controls: np.ndarray | None = None,
        cancel: Stop | None = None,
    ) -> list[np.ndarray]:
        """Samples for latents [clips, z_size], each with its draw, and controls [clips, steps, control_depth]. It is
        too quick to be stopped."""
        del cancel
        noise = np.stack([self.noise(draw, steps) for draw in draws])
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
        struck = np.zeros(given.shape[:2], bool) if struck is None else struck
        return self._decode(*arrays, tf.constant(is_given), tf.constant(struck)).numpy()


Decoder = TypeVar("Decoder", CategoricalDecoder, HierarchicalDecoder)
Decoding = CategoricalDecoding | NadeDecoding | HierarchicalDecoding | GrooveDecoding


def in_float64(decoder: Decoder) -> Decoder:
    """The same decoder in float64, made each time it is needed: kept, it would take twice as much memory as the model,
    a gigabyte of those in full size."""
    return tf.nest.map_structure(lambda array: tf.cast(array, tf.float64), decoder)


def first_labels(last: np.ndarray) -> np.ndarray:
    """The label before each bar's first step [bars, clips], for those of the bars' last steps [bars, clips]."""
    return np.concatenate([np.full_like(last[:1], NO_SAMPLE), last[:-1]])


def decoding_of(config: Config) -> type[Decoding]:
    """The class that decodes models of a configuration."""
    if config.is_groove:
        return GrooveDecoding
    if config.hparams.nade_num_hidden:
        return NadeDecoding
    if config.hparams.draws_plausibly:
        return PlausibleDecoding
    return HierarchicalDecoding if config.is_hierarchical else CategoricalDecoding
