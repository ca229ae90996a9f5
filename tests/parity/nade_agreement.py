"""What it means that this project's NADE drums and Magenta's agree; see `agreement`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from core.configs import CONFIG_MAP
from core.network import encoder
from core.network.nade_decoder import NadeDecoder
from core.trained_model import TrainedModel
from tests.parity.agreement import Golden, assert_close
from tests.parity.golden_format import in_order, pack_flags, split_sequences, unpack_flags
from tests.parity.random_models import MODELS, NADE, NUM_FULL_DRUMS, random_uniforms

# A draw that is won by less than this may fall either way. Closer than for labels: there are two thousand draws a clip.
NEAR_TIE = 2e-5


def rolls_of(golden: Golden) -> np.ndarray:
    """The encoder's inputs [n, steps, 62]."""
    return unpack_flags(golden["rolls"], NUM_FULL_DRUMS + 1)


def assert_same_nade_network(name: str, weights: Mapping[str, np.ndarray], golden: Golden) -> None:
    """mu, sigma, the output projection with Magenta's own past, greedy decodes, and decodes by the same uniform
    numbers."""
    weights = {variable: tf.constant(array) for variable, array in weights.items()}
    heard = tf.constant(rolls_of(golden), tf.float32)
    mu, sigma = encoder.encode(weights, heard, tf.constant(golden["lengths"], tf.int32))
    assert_close(mu, golden["mu"])
    assert_close(sigma, golden["sigma"])

    decoder, kept = NadeDecoder.read(weights), len(golden["projected"])
    hits = unpack_flags(golden["hits"], NUM_FULL_DRUMS)
    projected = decoder.projected(tf.constant(golden["z"][:kept]), tf.constant(previous_hits(hits[:kept])))
    assert_close(projected, golden["projected"])

    exact = NadeDecoder.read({variable: tf.cast(array, tf.float64) for variable, array in weights.items()})
    for kind in ("", "sampled_"):
        z, noise = drawn(name, golden, kind)
        ours = exact.decode(tf.constant(z, tf.float64), tf.constant(noise)).numpy()
        assert set(np.unique(ours)) == {0, 1}
        assert_same_hits(ours > 0, exact, golden, kind, z, noise)


def assert_same_trained_model(name: str, model: TrainedModel, golden: Golden) -> None:
    """`encode_tensors` and greedy `decode_to_tensors`."""
    lengths = golden["lengths"]
    _, mu, sigma = model.encode_tensors([r[:n] for r, n in zip(rolls_of(golden), lengths, strict=True)], lengths)
    assert_close(mu, golden["mu"])
    assert_close(sigma, golden["sigma"])
    z, noise = drawn(name, golden, "")
    rolls = np.array(model.decode_to_tensors(z, len(noise), temperature=1e-8))
    assert rolls.dtype == np.float32
    assert_same_hits(rolls > 0, NadeDecoder.read(model.weights), golden, "", z, noise)


def drawn(name: str, golden: Golden, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """What the decodes of a kind, "" for greedy ones or "sampled_", are made of: latents [n, z_size] and noise [steps,
    n, 61]."""
    count, steps = golden[f"{kind}hits"].shape
    uniforms = random_uniforms(MODELS[name], steps, len(golden["z"])).astype(float)[:, :count]
    return golden["z"][:count], (np.log1p(-uniforms) - np.log(uniforms)) * bool(kind)


def previous_hits(hits: np.ndarray) -> np.ndarray:
    """What the decoder hears before each step of hits [n, steps, 61]."""
    return np.pad(hits[:, :-1], ((0, 0), (1, 0), (0, 0))).astype(np.float32)


def assert_same_hits(
    ours: np.ndarray, exact: NadeDecoder, golden: Golden, kind: str, z: np.ndarray, noise: np.ndarray
) -> None:
    """Hits [n, steps, 61] equal Magenta's, or first differ at a drum whose draw was a near-tie."""
    theirs = unpack_flags(golden[f"{kind}hits"], NUM_FULL_DRUMS)
    assert ours.shape == theirs.shape
    given = tf.constant(theirs, tf.float64)
    previous = tf.constant(previous_hits(theirs), tf.float64)
    logits = exact.hit_logits(exact.projected(tf.constant(z, tf.float64), previous), given)
    margins = np.abs(logits.numpy() + noise.transpose(1, 0, 2))
    clips = margins.reshape(len(z), -1)
    assert (clips.min(1) > NEAR_TIE).mean() > 0.8, "too many near-ties to say anything"
    assert 0.01 < theirs.mean() < 0.99, "too few draws that matter"
    differ = (ours != theirs).reshape(len(z), -1)
    for clip in np.flatnonzero(differ.any(1)):
        first = differ[clip].argmax()
        assert clips[clip, first] < NEAR_TIE, f"latent {clip} differs from draw {first} on"


def assert_same_full_converter(golden: Golden, sources: np.ndarray) -> None:
    """Every window of every excerpt, what the encoder hears of it, and every window back as notes."""
    converter = CONFIG_MAP[NADE].data_converter.all_windows()
    theirs = defaultdict(list)
    for owner, hits in zip(golden["owners"], golden["hits"], strict=False):
        theirs[int(owner)].append(hits.tolist())
    for number, source in enumerate(split_sequences(sources)):
        tensors = converter.to_tensors(source)
        ours = sorted(pack_flags(output, np.int64).tolist() for output in tensors.outputs)
        assert ours == theirs[number], f"excerpt {number}"
        for heard, played in zip(tensors.inputs, tensors.outputs, strict=True):
            assert (heard == np.concatenate([played, ~played.any(-1, keepdims=True)], -1)).all()
    rolls = unpack_flags(golden["hits"], NUM_FULL_DRUMS).astype(np.float32)
    for ours, magentas in zip(converter.from_tensors(rolls), split_sequences(golden["back"]), strict=True):
        assert in_order(ours) == magentas
