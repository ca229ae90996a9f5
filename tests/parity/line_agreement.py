"""What it means that this project and Magenta agree about melodies and trios; see `agreement`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from core.configs import CONFIG_MAP, Config
from core.converters.trio import TrioConverter
from core.decoding import decoding_of, draws_of
from core.network import encoder
from core.network.decoder import NO_SAMPLE
from core.trained_model import TrainedModel
from tests.parity.agreement import (
    NEAR_TIE,
    TOLERANCE,
    Golden,
    assert_close,
    assert_same_up_to_near_ties,
    config_of,
)
from tests.parity.golden_format import in_order, split_sequences
from tests.parity.random_models import LONG_MELODY, MELODY_SMALL, MODELS, TRIO
from training import evaluate

CONFIGS = (MELODY_SMALL, LONG_MELODY, TRIO)
GREEDY = 1e-9
STEPS_OF_TWO_BARS = 32


def tensors_of(config: Config, labels: np.ndarray) -> list[np.ndarray]:
    """Arrays as of the converter, for labels [n, steps, instruments]."""
    if len(config.data_converter.output_depths) > 1:
        return list(TrioConverter().played(labels))
    return list(labels[..., :1] == np.arange(config.data_converter.output_depth))


def assert_same_line_network(name: str, weights: Mapping[str, np.ndarray], golden: Golden) -> None:
    """mu, sigma, logits with Magenta's own past, and greedy decodes with ours."""
    config = config_of(name)
    weights = {variable: tf.constant(array) for variable, array in weights.items()}
    windows = np.array(tensors_of(config, golden["windows"]), np.float32)
    mu, sigma = encoder.encode(weights, tf.constant(windows), tf.constant(golden["lengths"], tf.int32))
    assert_close(mu, golden["mu"])
    assert_close(sigma, golden["sigma"])

    z, labels = golden["z"], golden["labels"].astype(np.int32)
    kept, steps = golden["logits"].shape[:2]
    previous = np.pad(labels[:kept, :-1], ((0, 0), (1, 0), (0, 0)), constant_values=NO_SAMPLE)
    previous = tf.constant(previous if config.is_hierarchical else previous[..., 0])
    logits = tf.concat(evaluate.teacher_forced(config, weights, tf.constant(z[:kept]), previous), -1)
    assert_close(logits[:, :steps], golden["logits"])

    ours = decoding_of(config)(weights).decode(z, draws_of(0, range(len(z)), GREEDY), labels.shape[1])
    assert_same_lines(np.array(ours), golden)


def assert_same_lines(ours: np.ndarray, golden: Golden) -> None:
    """Labels [n, steps, …] equal Magenta's, or first differ at a near-tie; each instrument by itself."""
    labels = golden["labels"]
    ours = ours.reshape(labels.shape)
    for k in range(labels.shape[-1]):
        gaps = golden["gaps"][..., k]
        ties = gaps < NEAR_TIE
        # Among 256 steps a near-tie is not rare; most steps must come before the first one all the same.
        settled = np.where(ties.any(1), ties.argmax(1), ties.shape[1])
        assert settled.mean() > 0.7 * ties.shape[1], "too many near-ties to say anything"
        assert_same_up_to_near_ties((ours != labels)[..., k], gaps)


def assert_same_trained_model(name: str, model: TrainedModel, golden: Golden) -> None:
    """The same by the model class's methods."""
    config = config_of(name)
    windows = tensors_of(config, golden["windows"])
    cut = [window[:length] for window, length in zip(windows, golden["lengths"], strict=True)]
    _, mu, sigma = model.encode_tensors(cut, golden["lengths"])
    # Full-size encoders of sixteen bars add up thousands of products, 256 times over.
    adds_up = not MODELS[name].sizes and config.hparams.max_seq_len > STEPS_OF_TWO_BARS
    tolerance = 2 * TOLERANCE if adds_up else TOLERANCE
    assert_close(mu, golden["mu"], tolerance)
    assert_close(sigma, golden["sigma"], tolerance)
    tensors = np.array(model.decode_to_tensors(golden["z"], config.hparams.max_seq_len, GREEDY))
    ends = np.cumsum(config.data_converter.output_depths)[:-1]
    labels = np.stack([part.argmax(-1) for part in np.split(tensors, ends, -1)], -1)
    assert_same_lines(labels, golden)


def assert_same_line_converter(name: str, golden: Golden) -> None:
    """Every window of every piece of a song, and every window, and random labels, back as notes."""
    config = CONFIG_MAP[name]
    converter = config.data_converter.all_windows()
    theirs = defaultdict(list)
    for owner, labels in zip(golden[f"{name}_owners"], golden[f"{name}_labels"], strict=True):
        theirs[int(owner)].append(labels.tolist())
    for number, source in enumerate(split_sequences(golden["sources"])):
        ours = [labels.reshape(len(labels), -1).tolist() for labels in converter.to_labels(source)]
        assert (ours if name == TRIO else sorted(ours)) == theirs[number], f"piece {number}"
    windows = np.concatenate([golden[f"{name}_labels"], golden[f"{name}_random"]])
    back = converter.from_tensors(tensors_of(config, windows))
    for ours, magentas in zip(back, split_sequences(golden[f"{name}_back"]), strict=True):
        assert in_order(ours) == magentas
