"""What it means that this project and Magenta agree, for goldens in the repository and for the oracle at work.

The drums' part is here, with what the groove's part (`groove_agreement`) shares.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from core.configs import CONFIG_MAP, Config
from core.converters.drums import NUM_CLASSES, NUM_LABELS, DrumsConverter
from core.network import encoder
from core.network.decoder import NO_SAMPLE, CategoricalDecoder
from tests.parity.golden_format import in_order, pack_flags, split_sequences, unpack_flags
from tests.parity.random_models import MODELS

Golden = Mapping[str, np.ndarray]

TOLERANCE = 1e-5
FEW = 1e-5
# Where Magenta's two best logits are closer than this, rounding may choose either, and all that follows differs.
NEAR_TIE = 1e-4


def config_of(name: str) -> Config:
    """Our configuration with the sizes of a random model."""
    published = CONFIG_MAP[MODELS[name].config]
    return dataclasses.replace(published, hparams=dataclasses.replace(published.hparams, **MODELS[name].sizes))


def rolls_of(golden: Golden) -> list[np.ndarray]:
    """The encoder's inputs, each cut to its length."""
    rolls = unpack_flags(golden["rolls"], NUM_CLASSES + 1)
    return [roll[:length] for roll, length in zip(rolls, golden["lengths"], strict=True)]


def assert_close(ours: np.ndarray, theirs: np.ndarray, tolerance: float = TOLERANCE) -> None:
    """Equal but for rounding. Among a million logits some processors round a few a little further apart."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    beyond = ~np.isclose(ours, theirs, rtol=tolerance, atol=tolerance)
    tolerance *= 1 if beyond.mean() > FEW else 2
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def assert_same_network(weights: Mapping[str, np.ndarray], golden: Golden) -> None:
    """mu, sigma, logits with Magenta's own past, and greedy decodes with ours."""
    weights = {name: tf.constant(array) for name, array in weights.items()}
    rolls = unpack_flags(golden["rolls"], NUM_CLASSES + 1).astype(np.float32)
    mu, sigma = encoder.encode(weights, tf.constant(rolls), tf.constant(golden["lengths"], tf.int32))
    assert_close(mu, golden["mu"])
    assert_close(sigma, golden["sigma"])

    decoder = CategoricalDecoder.read(weights)
    z, labels = golden["z"], golden["labels"].astype(np.int32)
    kept = len(golden["logits"])
    previous = np.pad(labels[:kept, :-1], ((0, 0), (1, 0)), constant_values=NO_SAMPLE)
    assert_close(decoder.teacher_forced(tf.constant(z[:kept]), tf.constant(previous)), golden["logits"])

    ours, logits, margin = decoder.decode(tf.constant(z), tf.zeros([labels.shape[1], len(z), NUM_LABELS]))
    assert_same_greedy(ours.numpy(), golden)
    same = (ours.numpy() == labels).all(1)
    assert_close(logits.numpy()[:kept][same[:kept]], golden["logits"][same[:kept]])
    np.testing.assert_allclose(margin.numpy()[same], golden["gaps"].min(1)[same], atol=2 * TOLERANCE)


def assert_same_greedy(ours: np.ndarray, golden: Golden) -> None:
    """Labels [n, steps] equal Magenta's, or first differ at a near-tie."""
    labels = golden["labels"]
    assert ours.shape == labels.shape
    assert_differ_only_from_near_ties(ours != labels, golden["gaps"])


def assert_differ_only_from_near_ties(differ: np.ndarray, gaps: np.ndarray) -> None:
    """Clips whose samples differ, bool [n, steps], do so from a step on where the gap [n, steps] was a near-tie."""
    assert np.mean(gaps.min(1) > NEAR_TIE) > 0.9, "too many near-ties to say anything"
    assert_same_up_to_near_ties(differ, gaps)


def assert_same_up_to_near_ties(differ: np.ndarray, gaps: np.ndarray) -> None:
    """The same without saying how many near-ties there may be."""
    for clip in np.flatnonzero(differ.any(1)):
        step = np.argmax(differ[clip])
        assert gaps[clip, step] < NEAR_TIE, f"latent {clip} differs from step {step} on"


def assert_same_converter(groove: Golden) -> None:
    """Every window of every excerpt, with its encoder input, and every window back as notes."""
    converter = DrumsConverter().all_windows()
    theirs = defaultdict(list)
    for owner, labels, roll in zip(groove["owners"], groove["labels"], groove["rolls"], strict=False):
        theirs[int(owner)].append((labels.tolist(), roll.tolist()))
    for number, source in enumerate(split_sequences(groove["sources"])):
        tensors = converter.to_tensors(source)
        assert all((output.sum(-1) == 1).all() for output in tensors.outputs)
        ours = zip(tensors.outputs, tensors.inputs, strict=True)
        ours = sorted((output.argmax(-1).tolist(), pack_flags(roll).tolist()) for output, roll in ours)
        assert ours == theirs[number], f"excerpt {number}"
    one_hot = np.eye(NUM_LABELS)[groove["labels"]]
    for ours, magentas in zip(converter.from_tensors(one_hot), split_sequences(groove["back"]), strict=True):
        assert in_order(ours) == magentas
