"""What differs between model families in training: their windows, what is fed to the network, and the loss.

The loop in `training/fit.py` is the same for all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import tensorflow as tf

from core.configs import CONFIG_MAP, Config
from core.converters import trio
from core.converters.drums import DrumsConverter
from core.converters.groove import ROW, GrooveConverter
from core.converters.melody import MelodyConverter
from core.network import encoder, vae
from core.network.decoder import NO_SAMPLE
from core.network.groove_decoder import GrooveDecoder
from core.network.hierarchical_decoder import CONDUCTOR
from core.network.lstm import Weights
from core.network.nade_decoder import NadeDecoder
from training import augment, evaluate, groove_dataset, memory, own_music, pop909, prior, sketch
from training.data import Data
from training.settings import TrainingSettings

# Steps of windows from which the prior is fitted and a `memory.delay_line` found.
EXAMPLE_STEPS = 500_000


class Family(Protocol):
    """A kind of model, as the training loop sees it."""

    def windows(self, data: Data, split: str, cache: Path) -> np.ndarray:
        """The examples [count, steps, …] of a split of the data set."""

    def feed(self, windows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """The tensors of a training step for some examples, changed on the fly."""

    def initial_weights(self, weights: dict[str, np.ndarray], windows: np.ndarray | None) -> dict[str, np.ndarray]:
        """Where a run on some windows begins, given what the phase before it, or an earlier run, ended with (nothing
        if there was none)."""

    def is_trained(self, name: str) -> bool:
        """Whether a variable is to be learnt."""

    def loss_terms(self, weights: Weights, *fed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Reconstruction loss and KL of what `feed` gave, nats a clip [batch]."""

    def score(self, weights: dict[str, np.ndarray], windows: np.ndarray) -> tuple[float, str]:
        """The number by which the best weights are kept (more is better), and text for the log."""

    def finished(self, weights: dict[str, np.ndarray], windows: np.ndarray) -> dict[str, np.ndarray]:
        """What is to be shipped of the best weights of the run's last phase, given the windows it learnt from."""


def family_of(settings: TrainingSettings) -> Family:
    """The family that a run's configuration belongs to, in the run's phase."""
    config = CONFIG_MAP[settings.config]
    if config.hparams.nade_num_hidden:
        return NadeFamily(settings)
    families = {
        DrumsConverter: DrumsFamily,
        MelodyConverter: MelodyFamily,
        trio.TrioConverter: TrioFamily,
        GrooveConverter: GrooveFamily,
    }
    family = families[type(config.data_converter)](settings)
    return {"sketch": SketchFamily, "decoder": DecoderFamily}[settings.phase](family) if settings.phase else family


class WholeModel:
    """Runs in which all of a model is learnt."""

    settings: TrainingSettings
    config: Config

    def initial_weights(self, weights: dict[str, np.ndarray], windows: np.ndarray | None) -> dict[str, np.ndarray]:
        """What there is, else random ones."""
        del windows
        if not weights:
            return vae.initial_weights(self.config, self.settings.seed)
        return {name: weights[name] for name in vae.variable_shapes(self.config)}

    def is_trained(self, name: str) -> bool:
        """All are."""
        del name
        return True

    def finished(self, weights: dict[str, np.ndarray], windows: np.ndarray) -> dict[str, np.ndarray]:
        """All of it."""
        del windows
        return weights


class CategoricalFamily(WholeModel):
    """Models of labels: windows [count, steps], or [count, steps, instruments] where there are several."""

    def __init__(self, settings: TrainingSettings) -> None:
        """For one run."""
        self.settings = settings
        self.config = CONFIG_MAP[settings.config]
        self.kind = evaluate.kind_of(self.config)

    def changed(self, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Labels [batch, steps, …] changed on the fly, so that there are more of them to learn from."""
        raise NotImplementedError

    def feed(self, windows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """What the encoder hears, labels, previous labels and the noise of z."""
        labels = self.changed(windows.astype(np.int64), rng)
        previous = evaluate.previous_labels(labels)
        previous[rng.random(previous.shape) < self.settings.sample_dropout] = NO_SAMPLE
        epsilon = rng.standard_normal((len(labels), self.config.hparams.z_size), np.float32)
        return self.kind.heard(labels).astype(np.float32), labels.astype(np.int32), previous.astype(np.int32), epsilon

    def loss_terms(self, weights: Weights, *fed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Cross-entropy of the labels, and KL."""
        heard, labels, previous, epsilon = fed
        mu, sigma = encoder.encode(weights, heard, tf.fill([tf.shape(labels)[0]], tf.shape(labels)[1]))
        logits = evaluate.teacher_forced(self.config, weights, mu + sigma * epsilon, previous)
        return evaluate.cross_entropy(logits, labels), vae.kl_divergence(mu, sigma)

    def score(self, weights: dict[str, np.ndarray], windows: np.ndarray) -> tuple[float, str]:
        """Accuracy for a model that reconstructs, else the evidence bound."""
        r = evaluate.reconstruct(self.config, weights, windows)
        each = "/".join(f"{accuracy:.3f}" for accuracy in r.free_running_of)
        text = (
            f"teacher-forced {r.teacher_forced:.3f} free-running {r.free_running:.3f} ({each}) "
            f"hits F1 {r.hits_f1:.3f} cross-entropy {r.cross_entropy:.2f} KL {r.kl:.1f}"
        )
        return (r.free_running if self.settings.keep_best_by == "accuracy" else -r.cross_entropy - r.kl), text


class DrumsFamily(CategoricalFamily):
    """A few bars of drums."""

    def windows(self, data: Data, split: str, cache: Path) -> np.ndarray:
        """Label windows [count, steps]."""
        converter = self.config.data_converter.all_windows()
        if data.midi:
            return own_music.label_windows(data.midi, split, converter)
        return groove_dataset.label_windows(data.groove, split, converter, cache)

    def changed(self, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """See `augment`."""
        s = self.settings
        labels = augment.mix_bars(labels, s.mix_bars, rng)
        labels = augment.drop_class(labels, s.drop_class, rng)
        labels = augment.swap_cymbals(labels, s.swap_cymbals, rng)
        return augment.thin(labels, s.thin, rng)


class NadeFamily(DrumsFamily):
    """A few bars of any of 61 drums."""

    def changed(self, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Nothing is changed: what `augment` knows of drums are the nine classes."""
        del rng
        return labels

    def feed(self, windows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """What the encoder hears, hits, previous hits and the noise of z."""
        heard = self.kind.heard(windows).astype(np.float32)
        hits = heard[..., :-1]
        previous = np.pad(hits[:, :-1], ((0, 0), (1, 0), (0, 0)))
        previous[rng.random(previous.shape[:2]) < self.settings.sample_dropout] = 0
        epsilon = rng.standard_normal((len(windows), self.config.hparams.z_size), np.float32)
        return heard, hits, previous, epsilon

    def loss_terms(self, weights: Weights, *fed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Cross-entropy of the hits, and KL."""
        heard, hits, previous, epsilon = fed
        mu, sigma = encoder.encode(weights, heard, tf.fill([tf.shape(heard)[0]], tf.shape(heard)[1]))
        decoder = NadeDecoder.read(weights)
        logits = decoder.hit_logits(decoder.projected(mu + sigma * epsilon, previous), hits)
        costs = tf.nn.sigmoid_cross_entropy_with_logits(hits, logits)
        return tf.reduce_sum(costs, [1, 2]), vae.kl_divergence(mu, sigma)

    def score(self, weights: dict[str, np.ndarray], windows: np.ndarray) -> tuple[float, str]:
        """The evidence bound, at draws that are always the same."""
        weights = {name: tf.constant(array, tf.float32) for name, array in weights.items()}
        rng = np.random.default_rng(0)
        found = [
            np.stack(self.loss_terms(weights, *map(tf.constant, self.feed(batch, rng))))
            for batch in np.split(windows, range(64, len(windows), 64))
        ]
        nats, kl = np.concatenate(found, -1).mean(-1)
        return -float(nats + kl), f"cross-entropy {nats:.2f} KL {kl:.1f}"


class MelodyFamily(CategoricalFamily):
    """Melodies of any length."""

    def windows(self, data: Data, split: str, cache: Path) -> np.ndarray:
        """Label windows [count, steps]."""
        converter = self.config.data_converter.all_windows()
        if data.midi:
            return own_music.label_windows(data.midi, split, converter)
        return pop909.melody_windows(data.pop909, split, converter, cache)

    def changed(self, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """See `augment`."""
        return augment.transpose(labels[..., None], self.settings.transpose, rng)[..., 0]


class TrioFamily(CategoricalFamily):
    """Melody, bass and drums."""

    def windows(self, data: Data, split: str, cache: Path) -> np.ndarray:
        """Label windows [count, steps, 3]."""
        converter = self.config.data_converter.all_windows()
        if data.midi:
            return own_music.label_windows(data.midi, split, converter)
        return pop909.trio_windows(data.pop909, data.groove, split, converter, cache)

    def changed(self, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Melody and bass in another key, and a drummer from another clip of the batch: see `augment`."""
        changed = labels.copy()
        lines = slice(trio.MELODY, trio.DRUMS)
        changed[..., lines] = augment.transpose(labels[..., lines], self.settings.transpose, rng)
        changed[..., trio.DRUMS] = augment.exchange(labels[..., trio.DRUMS], self.settings.exchange_drums, rng)
        return changed


class SketchFamily:
    """A categorical family's windows, learnt by a `sketch`."""

    def __init__(self, family: CategoricalFamily) -> None:
        """For the run of `family`."""
        self.settings, self.config, self.kind = family.settings, family.config, family.kind
        self.windows, self.feed = family.windows, family.feed

    def is_trained(self, name: str) -> bool:
        """All are."""
        del name
        return True

    def initial_weights(self, weights: dict[str, np.ndarray], windows: np.ndarray | None) -> dict[str, np.ndarray]:
        """Random ones: it is the first phase."""
        del weights, windows
        return sketch.initial_weights(self.config, self.settings.seed)

    def loss_terms(self, weights: Weights, *fed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Cross-entropy of the labels, and KL."""
        heard, labels, _, epsilon = fed
        mu, sigma = sketch.encode(weights, heard)
        embedded = sketch.embeddings(self.config, weights, mu + sigma * epsilon)
        return sketch.judged(self.config, weights, embedded, labels)[0], vae.kl_divergence(mu, sigma)

    def score(self, weights: dict[str, np.ndarray], windows: np.ndarray) -> tuple[float, str]:
        """Accuracy."""
        weights = {name: tf.constant(array, tf.float32) for name, array in weights.items()}
        found = []
        for labels in np.split(windows.astype(np.int32), range(256, len(windows), 256)):
            mu, sigma = sketch.encode(weights, tf.constant(self.kind.heard(labels), tf.float32))
            embedded = sketch.embeddings(self.config, weights, mu)
            found.append([*sketch.judged(self.config, weights, embedded, labels), vae.kl_divergence(mu, sigma)])
        nats, right, kl = np.concatenate(found, -1).mean(-1)
        return float(right), f"sketch {right:.3f} cross-entropy {nats:.2f} KL {kl:.1f}"

    def finished(self, weights: dict[str, np.ndarray], windows: np.ndarray) -> dict[str, np.ndarray]:
        """All of it: no run ends with this phase."""
        del windows
        return weights


class DecoderFamily:
    """A categorical family's windows, of which the decoder learns to play from a sketch's latents."""

    def __init__(self, family: CategoricalFamily) -> None:
        """For the run of `family`."""
        self.settings, self.config = family.settings, family.config
        self.windows, self.feed, self.score = family.windows, family.feed, family.score

    def initial_weights(self, weights: dict[str, np.ndarray], windows: np.ndarray | None) -> dict[str, np.ndarray]:
        """The sketch's, and the encoder and conductor that come of it, which stay; and a new decoder."""
        model = memory.lengthened(vae.initial_weights(self.config, self.settings.seed), self.settings.seed)
        if self.config.is_hierarchical:
            model = memory.shift_register(self.config, model, weights)
        if self.config.hparams.reads_bars:
            return model | sketch.encoder_of(weights) | weights
        heard = self._examples(windows)
        batches = np.split(heard, range(512, len(heard), 512))
        posteriors = zip(*(sketch.encode(weights, batch) for batch in batches), strict=True)
        mu, sigma = (np.concatenate(each) for each in posteriors)
        return memory.delay_line(model, heard, mu, sigma) | weights

    def finished(self, weights: dict[str, np.ndarray], windows: np.ndarray) -> dict[str, np.ndarray]:
        """The model alone, in coordinates of z that fit the prior."""
        model = {name: weights[name] for name in vae.variable_shapes(self.config)}
        return prior.fitted(self.config, model, self._examples(windows), self.settings.prior_spread)

    def _examples(self, windows: np.ndarray) -> np.ndarray:
        """What an encoder hears of some thousand windows, as they are trained on."""
        rng = np.random.default_rng(self.settings.seed)
        return self.feed(rng.permutation(windows)[: EXAMPLE_STEPS // windows.shape[1]], rng)[0]

    def is_trained(self, name: str) -> bool:
        """Whether a variable is to be learnt."""
        return not name.startswith((sketch.SCOPE, encoder.SCOPE, CONDUCTOR))

    def loss_terms(self, weights: Weights, *fed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Cross-entropy of the labels, and KL, which nothing learnt here changes."""
        heard, labels, previous, epsilon = fed
        mu, sigma = sketch.encode(weights, heard)
        logits = evaluate.teacher_forced(self.config, weights, mu + sigma * epsilon, previous)
        return evaluate.cross_entropy(logits, labels), vae.kl_divergence(mu, sigma)


class GrooveFamily(WholeModel):
    """Groove: windows are rows of 27 numbers and, last, the tempo."""

    def __init__(self, settings: TrainingSettings) -> None:
        """For one run."""
        self.settings = settings
        self.config = CONFIG_MAP[settings.config]
        self._evaluated = tf.function(self._costs, reduce_retracing=True)

    def windows(self, data: Data, split: str, cache: Path) -> np.ndarray:
        """Windows float32 [count, steps, 28], see `groove_dataset.groove_windows`."""
        if data.midi:
            return own_music.groove_windows(data.midi, split, self.config.bars)
        return groove_dataset.groove_windows(data.groove, split, self.config.bars, cache)

    def tensors(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Inputs [batch, steps, input + control depth], controls, and rows [batch, steps, 27] of windows."""
        rows = windows[..., :ROW]
        converter = self.config.data_converter
        controls = converter.controls(rows, windows[..., ROW:]).astype(np.float32)
        return np.concatenate([converter.heard(rows).astype(np.float32), controls], -1), controls, rows

    def feed(self, windows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Inputs, controls, rows, previous rows, the noise of z, and the dropout of each layer."""
        s, hparams = self.settings, self.config.hparams
        windows = augment.drop_drum(windows, s.drop_class, rng)
        heard = windows
        if self.config.data_converter.tapify:
            heard = augment.as_played_on_a_table(windows, s.thin, rng)
        inputs, controls, _ = self.tensors(heard)
        rows = windows[..., :ROW]
        previous = previous_rows(rows)
        previous[rng.random(previous.shape[:2]) < s.sample_dropout] = 0
        epsilon = rng.standard_normal((len(rows), hparams.z_size), np.float32)
        dropout = [
            ((rng.random((rows.shape[1], len(rows), width)) >= s.dropout) / (1 - s.dropout)).astype(np.float32)
            for width in hparams.dec_rnn_size
        ]
        return inputs, controls, rows, previous, epsilon, *dropout

    def loss_terms(self, weights: Weights, *fed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Cost of hits, velocities and offsets, and KL."""
        inputs, controls, rows, previous, epsilon, *dropout = fed
        mu, sigma = encoder.encode(weights, inputs, tf.fill([tf.shape(rows)[0]], tf.shape(rows)[1]))
        decoder = GrooveDecoder.read(weights)
        logits = decoder.teacher_forced(mu + sigma * epsilon, previous, controls, tuple(dropout))
        return sum(decoder.loss(logits, rows)), vae.kl_divergence(mu, sigma)

    def _costs(self, weights, inputs, controls, rows, previous):
        mu, sigma = encoder.encode(weights, inputs, tf.fill([tf.shape(rows)[0]], tf.shape(rows)[1]))
        decoder = GrooveDecoder.read(weights)
        costs = decoder.loss(decoder.teacher_forced(mu, previous, controls), rows)
        return *costs, vae.kl_divergence(mu, sigma)

    def score(self, weights: dict[str, np.ndarray], windows: np.ndarray) -> tuple[float, str]:
        """Minus the cost at mu, nats a clip."""
        weights = {name: tf.constant(array, tf.float32) for name, array in weights.items()}
        costs = []
        for batch in np.split(windows, range(256, len(windows), 256)):
            inputs, controls, rows = self.tensors(batch)
            costs.append(np.stack(self._evaluated(weights, inputs, controls, rows, previous_rows(rows))))
        hits, velocities, offsets, kl = np.concatenate(costs, -1).mean(-1)
        text = f"hits {hits:.2f} velocities {velocities:.2f} offsets {offsets:.2f} KL {kl:.1f}"
        return -float(hits + velocities + offsets), text


def previous_rows(rows: np.ndarray) -> np.ndarray:
    """What the decoder hears before each step under teacher forcing: [batch, steps, 27]."""
    return np.concatenate([np.zeros_like(rows[:, :1]), rows[:, :-1]], 1)
