"""What the model cards state: how well a model reconstructs held-out windows, and how its samples compare with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from core.converters import melody
from core.converters.drums import CLASS_NAMES, labels_to_hits, labels_to_roll
from core.network import encoder, vae
from core.network.decoder import NO_SAMPLE, CategoricalDecoder

BITS = float(np.log(2))
KICK, SNARE = CLASS_NAMES.index("kick"), CLASS_NAMES.index("snare")
BEAT = 4


@dataclass(frozen=True)
class Reconstruction:
    """Figures over a set of windows; accuracies are shares of steps whose label is right."""

    teacher_forced: float
    free_running: float
    free_running_on_hits: float
    silence_baseline: float
    hits_f1: float
    cross_entropy: float
    kl: float

    @property
    def kl_bits(self) -> float:
        """KL in bits a clip."""
        return self.kl / BITS


def melody_input(labels: np.ndarray) -> np.ndarray:
    """What the encoder hears of melody labels [...]: one-hot bool [..., 90]."""
    return np.asarray(labels)[..., None] == np.arange(melody.NUM_LABELS)


def melody_onsets(labels: np.ndarray) -> np.ndarray:
    """The notes that begin in melody labels [...]: bool [..., 88], one a pitch."""
    return melody_input(labels)[..., melody.FIRST_PITCH_LABEL :]


def reconstruct(
    weights: dict[str, np.ndarray],
    windows: np.ndarray,
    heard: Callable[[np.ndarray], np.ndarray] = labels_to_roll,
    struck: Callable[[np.ndarray], np.ndarray] = labels_to_hits,
    batch: int = 256,
) -> Reconstruction:
    """Encodes label windows [count, steps] to mu and decodes: with the true past, and greedily with its own.

    `heard` gives the encoder's input for labels, `struck` what begins in them; those for drums, if not given.

    Cross-entropy and KL are nats a clip, taken at mu (not at draws of z).
    """
    windows = windows.astype(np.int64)
    weights = {name: tf.constant(array, tf.float32) for name, array in weights.items()}
    decoder = CategoricalDecoder.read(weights)

    @tf.function(reduce_retracing=True)
    def run(roll, previous, noise):
        mu, sigma = encoder.encode(weights, roll, tf.fill([tf.shape(roll)[0]], tf.shape(roll)[1]))
        return decoder.teacher_forced(mu, previous), decoder.decode(mu, noise)[0], vae.kl_divergence(mu, sigma)

    forced, free, entropies, kls = [], [], [], []
    for labels in np.split(windows, range(batch, len(windows), batch)):
        noise = tf.zeros([labels.shape[1], len(labels), decoder.depth])
        logits, sampled, kl = run(
            tf.constant(heard(labels), tf.float32), tf.constant(previous_labels(labels), tf.int32), noise
        )
        entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        forced.append(logits.numpy().argmax(-1))
        free.append(sampled.numpy())
        entropies.append(entropy.numpy().sum(-1))
        kls.append(kl.numpy())
    forced, free = np.concatenate(forced), np.concatenate(free)
    true_hits, free_hits = struck(windows), struck(free)
    right = free == windows
    return Reconstruction(
        teacher_forced=float((forced == windows).mean()),
        free_running=float(right.mean()),
        free_running_on_hits=float(right[windows > 0].mean()),
        silence_baseline=float((windows == 0).mean()),
        hits_f1=float(2 * (true_hits & free_hits).sum() / (true_hits.sum() + free_hits.sum())),
        cross_entropy=float(np.concatenate(entropies).mean()),
        kl=float(np.concatenate(kls).mean()),
    )


def previous_labels(labels: np.ndarray) -> np.ndarray:
    """What the decoder hears before each step under teacher forcing: int [batch, steps]."""
    return np.concatenate([np.full((len(labels), 1), NO_SAMPLE), labels[:, :-1]], 1)


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
