"""What the model cards state: how well a model reconstructs held-out windows, and how its samples compare with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from core.configs import Config
from core.converters import melody, trio
from core.converters.drums import CLASS_NAMES, labels_to_hits
from core.converters.windows import one_hot
from core.decoding import decoding_of, draws_of
from core.network import encoder, vae
from core.network.decoder import NO_SAMPLE, CategoricalDecoder
from core.network.hierarchical_decoder import HierarchicalDecoder
from core.network.lstm import Weights

BITS = float(np.log(2))
KICK, SNARE = CLASS_NAMES.index("kick"), CLASS_NAMES.index("snare")
BEAT = 4
GREEDY = 1e-8


@dataclass(frozen=True)
class Reconstruction:
    """Figures over a set of windows; accuracies are shares of labels that are right, of all and of each instrument."""

    teacher_forced: float
    free_running: float
    free_running_on_hits: float
    silence_baseline: float
    hits_f1: float
    cross_entropy: float
    kl: float
    teacher_forced_of: tuple[float, ...]
    free_running_of: tuple[float, ...]

    @property
    def kl_bits(self) -> float:
        """KL in bits a clip."""
        return self.kl / BITS


class Kind(NamedTuple):
    """How the labels of a kind of model are to be read: `heard` gives the encoder's input [..., input_depth] for
    labels, `struck` what begins in them, bool [..., notes or drums]."""

    heard: Callable[[np.ndarray], np.ndarray]
    struck: Callable[[np.ndarray], np.ndarray]


def melody_onsets(labels: np.ndarray) -> np.ndarray:
    """The notes that begin in melody labels [...]: bool [..., 88], one a pitch."""
    return one_hot(labels, melody.NUM_LABELS)[..., melody.FIRST_PITCH_LABEL :]


def trio_onsets(labels: np.ndarray) -> np.ndarray:
    """The notes and hits that begin in trio labels [..., 3]: bool [..., 88 + 88 + 9]."""
    lines = [melody_onsets(labels[..., part]) for part in (trio.MELODY, trio.BASS)]
    return np.concatenate([*lines, labels_to_hits(labels[..., trio.DRUMS])], -1)


def kind_of(config: Config) -> Kind:
    """How to read the labels of a configuration's models."""
    converter = config.data_converter
    onsets = {"drums": labels_to_hits, "melody": melody_onsets, "band": trio_onsets}[converter.plays]
    return Kind(converter.heard, onsets)


def teacher_forced(config: Config, weights: Weights, z: tf.Tensor, previous: tf.Tensor) -> list[tf.Tensor]:
    """Logits [batch, steps, depth] of each instrument, for z [batch, z_size] and the previous labels int [batch, steps]
    or [batch, steps, instruments]."""
    if not config.is_hierarchical:
        return [CategoricalDecoder.read(weights).teacher_forced(z, previous)]
    return HierarchicalDecoder.read(weights).teacher_forced(z, with_parts(previous), config.bars)


def with_parts(labels: tf.Tensor) -> tf.Tensor:
    """Labels [batch, steps] or [batch, steps, instruments] as the latter."""
    return labels[..., None] if labels.shape.rank == 2 else labels


def cross_entropy(logits: list[tf.Tensor], labels: tf.Tensor) -> tf.Tensor:
    """Nats a clip [batch], of labels int [batch, steps] or [batch, steps, instruments]."""
    each = tf.reshape(labels, [tf.shape(labels)[0], tf.shape(labels)[1], len(logits)])
    entropies = [
        tf.nn.sparse_softmax_cross_entropy_with_logits(each[..., k], theirs) for k, theirs in enumerate(logits)
    ]
    return tf.reduce_sum(sum(entropies), -1)


def reconstruct(
    config: Config, weights: dict[str, np.ndarray], windows: np.ndarray, batch: int = 256
) -> Reconstruction:
    """Encodes label windows [count, steps] or [count, steps, instruments] to mu and decodes: with the true past, and
    greedily with its own.

    Cross-entropy and KL are nats a clip, taken at mu (not at draws of z).
    """
    windows = windows.astype(np.int64)
    weights = {name: tf.constant(array, tf.float32) for name, array in weights.items()}
    decoding, kind = decoding_of(config)(weights), kind_of(config)

    @tf.function(reduce_retracing=True)
    def run(heard, previous, labels):
        mu, sigma = encoder.encode(weights, heard, tf.fill([tf.shape(heard)[0]], tf.shape(heard)[1]))
        logits = teacher_forced(config, weights, mu, previous)
        best = tf.stack([tf.argmax(each, -1) for each in logits], -1)
        return mu, best, cross_entropy(logits, labels), vae.kl_divergence(mu, sigma)

    forced, free, entropies, kls = [], [], [], []
    for labels in np.split(windows, range(batch, len(windows), batch)):
        heard, previous = kind.heard(labels), previous_labels(labels)
        mu, best, entropy, kl = (
            a.numpy() for a in run(tf.constant(heard, tf.float32), tf.constant(previous, tf.int32), labels)
        )
        free += decoding.decode(mu, draws_of(0, range(len(labels)), GREEDY), labels.shape[1])
        forced.append(best.reshape(labels.shape))
        entropies.append(entropy)
        kls.append(kl)
    forced, free = np.concatenate(forced), np.array(free)
    true_hits, free_hits = kind.struck(windows), kind.struck(free)
    right = free == windows
    return Reconstruction(
        teacher_forced=float((forced == windows).mean()),
        free_running=float(right.mean()),
        free_running_on_hits=float(right[windows > 0].mean()),
        silence_baseline=float((windows == 0).mean()),
        hits_f1=float(2 * (true_hits & free_hits).sum() / (true_hits.sum() + free_hits.sum())),
        cross_entropy=float(np.concatenate(entropies).mean()),
        kl=float(np.concatenate(kls).mean()),
        teacher_forced_of=_of_each(forced == windows),
        free_running_of=_of_each(right),
    )


def _of_each(right: np.ndarray) -> tuple[float, ...]:
    """The share that is right of each instrument."""
    return tuple(right.reshape(*right.shape[:2], -1).mean((0, 1)).tolist())


def previous_labels(labels: np.ndarray) -> np.ndarray:
    """What the decoder hears before each step under teacher forcing: int [batch, steps, …]."""
    return np.concatenate([np.full_like(labels[:, :1], NO_SAMPLE), labels[:, :-1]], 1)


@dataclass(frozen=True)
class ClipStatistics:
    """What a set of two-bar drum clips is like."""

    hits_a_bar: float
    kick_on_one: float
    back_beat: float
    near_empty: float
    distinct_in_1000: float


def describe(windows: np.ndarray) -> ClipStatistics:
    """Statistics of label windows [count, steps].

    Kick on one: a kick on the first step of the first bar. Back-beat: a snare on beats 2 and 4 of at least one bar.
    Near-empty: fewer than four hits in the clip. Distinct: different clips, scaled to a thousand.
    """
    hits = labels_to_hits(windows)
    bars = hits.reshape(len(windows), -1, 4 * BEAT, len(CLASS_NAMES))
    return ClipStatistics(
        hits_a_bar=float(bars.sum((2, 3)).mean()),
        kick_on_one=float(hits[:, 0, KICK].mean()),
        back_beat=float((bars[:, :, BEAT, SNARE] & bars[:, :, 3 * BEAT, SNARE]).any(1).mean()),
        near_empty=float((hits.sum((1, 2)) < 4).mean()),
        distinct_in_1000=1000 * len({w.tobytes() for w in windows}) / len(windows),
    )


STRONG_BEATS = (0, 8)
# Pitch classes of the major scale, whose notes are also those of a minor one.
SCALE = (0, 2, 4, 5, 7, 9, 11)
# Unison, thirds, fifth and sixths: what a bass and a melody may sound without wanting to move on.
CONSONANCES = (0, 3, 4, 7, 8, 9)


@dataclass(frozen=True)
class LineStatistics:
    """What a set of clips with melodies is like; averages over clips, except where all notes or bars are counted.

    density: notes a bar, of each line.
    compass: semitones from the lowest to the highest note, of each line.
    in_key: share of all notes that are in the major or minor key that fits their clip best.
    repeated_bars: share of the bars after the first that equal an earlier one of their clip, all parts together.
    consonance: where bass and melody sound together on beats 1 and 3, the share of unisons, thirds, fifths and sixths;
        None without a bass.
    distinct_in_1000: different clips, scaled to a thousand.
    """

    density: tuple[float, ...]
    compass: tuple[float, ...]
    in_key: float
    repeated_bars: float
    consonance: float | None
    distinct_in_1000: float


def describe_lines(windows: np.ndarray) -> LineStatistics:
    """Statistics of label windows [count, steps], or of trios [count, steps, 3]."""
    parts = windows.reshape(*windows.shape[:2], -1).astype(np.int64)
    lines = parts[..., : trio.DRUMS]
    begins = lines >= melody.FIRST_PITCH_LABEL
    pitches = lines - melody.LABEL_OF_PITCH
    bars = windows.shape[1] // (4 * BEAT)
    highest = np.where(begins, pitches, -1).max(1)
    lowest = np.where(begins, pitches, 999).min(1)
    in_bars = parts.reshape(len(parts), bars, -1)
    equal = (in_bars[:, :, None] == in_bars[:, None]).all(-1)
    repeated = (equal & np.tri(bars, k=-1, dtype=bool)).any(-1)[:, 1:]
    return LineStatistics(
        density=tuple((begins.sum(1) / bars).mean(0).tolist()),
        compass=tuple(np.where(highest >= 0, highest - lowest, 0).mean(0).tolist()),
        in_key=_in_key(pitches, begins),
        repeated_bars=float(repeated.mean()),
        consonance=_consonance(lines) if parts.shape[-1] > trio.DRUMS else None,
        distinct_in_1000=1000 * len({w.tobytes() for w in windows}) / len(windows),
    )


def _in_key(pitches: np.ndarray, begins: np.ndarray) -> float:
    """Of notes [clips, steps, lines]."""
    classes = np.stack([((pitches % 12 == k) & begins).sum((1, 2)) for k in range(12)], -1)
    of_keys = [classes[:, [(key + degree) % 12 for degree in SCALE]].sum(1) for key in range(12)]
    return float(np.max(of_keys, 0).sum() / max(classes.sum(), 1))


def _consonance(lines: np.ndarray) -> float:
    """Of labels [clips, steps, 2]: melody, bass."""
    sounding = np.zeros(lines[:, 0].shape, np.int64)
    consonant, both = 0, 0
    for step in range(lines.shape[1]):
        label = lines[:, step]
        sounding = np.where(label == melody.NO_EVENT, sounding, np.where(label == melody.NOTE_OFF, 0, label))
        if step % (4 * BEAT) in STRONG_BEATS:
            together = (sounding > 0).all(-1)
            interval = (sounding[:, trio.MELODY] - sounding[:, trio.BASS]) % 12
            both += together.sum()
            consonant += (together & np.isin(interval, CONSONANCES)).sum()
    return float(consonant / max(both, 1))
