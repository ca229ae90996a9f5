"""The hierarchical models: the reference's formula weights (section 7.5), and decoding all bars at once."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from core import decoding
from core.configs import CONFIG_MAP, Config
from core.decoding import Draw, HierarchicalDecoding, PlausibleDecoding, draws_of
from core.network import encoder, vae
from core.network.decoder import NO_SAMPLE
from core.network.hierarchical_decoder import HierarchicalDecoder
from tests.test_trio_converter import band

BARS, STEPS = 16, 256
GREEDY = 1e-9
MELODY, TRIO, OUR_TRIO = "hierdec-mel_16bar", "hierdec-trio_16bar", "trio_16bar"


def tiny(name: str) -> Config:
    config = CONFIG_MAP[name]
    sizes = {"z_size": 4, "enc_rnn_size": (3, 2), "dec_rnn_size": (4, 3)}
    return dataclasses.replace(config, hparams=dataclasses.replace(config.hparams, **sizes))


def formula_weights(name: str, p: float) -> dict[str, tf.Tensor]:
    """Variable j of the sorted names, element i: 1.5 sin(0.7 i + 1.3 j + 0.01 i² + p)."""
    by_formula = {}
    for j, (variable, shape) in enumerate(sorted(vae.variable_shapes(tiny(name)).items())):
        i = np.arange(np.prod(shape))
        values = 1.5 * np.sin(0.7 * i + 1.3 * j + 0.01 * i**2 + p)
        by_formula[variable] = tf.constant(values.reshape(shape), tf.float32)
    return by_formula


def random_weights(name: str, scale: float = 1.0) -> dict[str, tf.Tensor]:
    rng = np.random.RandomState(1)
    shapes = sorted(vae.variable_shapes(tiny(name)).items())
    return {variable: tf.constant(scale * rng.randn(*shape), tf.float32) for variable, shape in shapes}


def in_runs(text: str) -> list[int]:
    """Labels written with runs, `37×19`."""
    found = []
    for word in text.split():
        label, _, times = word.partition("×")
        found += [int(label)] * int(times or 1)
    return found


def melody_of_bars() -> np.ndarray:
    labels = np.zeros(STEPS, int)
    labels[::16] = 41 + np.arange(BARS) % 5
    labels[8::16] = 1
    return labels


def test_formula_weights_encode():
    inputs = melody_of_bars()[None, :, None] == np.arange(90)
    weights = formula_weights(MELODY, 20)
    mu, sigma = encoder.encode(weights, np.array(inputs, np.float32), tf.constant([STEPS]))
    np.testing.assert_allclose(mu[0], [-2.105869, -1.359763, 0.169542, 1.605356], atol=5e-6)
    np.testing.assert_allclose(sigma[0], [2.069320, 2.126144, 1.264233, 0.402485], atol=5e-6)
    inputs = CONFIG_MAP[TRIO].data_converter.to_tensors(band()).inputs
    weights = formula_weights(TRIO, 38)
    mu, sigma = encoder.encode(weights, np.array(inputs, np.float32), tf.constant([STEPS]))
    np.testing.assert_allclose(mu[0], [-1.123805, -0.325974, 0.571896, 1.162448], atol=5e-6)
    np.testing.assert_allclose(sigma[0], [1.611698, 1.277280, 0.749640, 0.389249], atol=5e-6)


def greedy_of_the_reference(name: str, p: float) -> tuple[np.ndarray, list[tf.Tensor]]:
    """The greedy labels [steps, instruments] of z = (−1, −1/3, 1/3, 1), and the logits under teacher forcing."""
    weights = formula_weights(name, p)
    z = np.array([[-1, -1 / 3, 1 / 3, 1]], np.float32)
    (labels,) = HierarchicalDecoding(weights).decode(z, draws_of(0, range(1), GREEDY), STEPS)
    labels = labels.reshape(STEPS, -1)
    previous = np.pad(labels[None, :-1], ((0, 0), (1, 0), (0, 0)), constant_values=NO_SAMPLE)
    decoder = HierarchicalDecoder.read(weights)
    return labels, decoder.teacher_forced(tf.constant(z), tf.constant(previous, tf.int32), BARS)


def test_formula_weights_decode_a_melody():
    labels, (logits,) = greedy_of_the_reference(MELODY, 20)
    bars = labels.reshape(BARS, 16).tolist()
    assert bars[0] == in_runs("22 2 16 2 16 2 16 2×9")
    assert bars[1] == in_runs("45×2 56×14")
    assert bars[2] == bars[15] == in_runs("45×3 56×13")
    assert labels.sum() == 13050
    np.testing.assert_allclose(logits[0, 0, :4], [0.56062, 1.36578, 1.36091, 1.12883], atol=2e-5)
    np.testing.assert_allclose(logits[0, -1, -4:], [1.38693, -1.60069, 1.15283, 0.13521], atol=2e-5)
    np.testing.assert_allclose(tf.reduce_sum(logits), 558.1009, atol=5e-3)


def test_formula_weights_decode_a_trio():
    labels, logits = greedy_of_the_reference(TRIO, 38)
    melody, bass, drums = labels.reshape(BARS, 16, 3).transpose(2, 0, 1).tolist()
    assert (melody[0], melody[1], melody[15]) == (in_runs("17 28×6 23×9"), in_runs("17 28 23×14"), [23] * 16)
    assert bass[0] == bass[1] == bass[2] == in_runs("79 43 5×14")
    assert bass[15] == in_runs("61 43 5×14")
    assert drums[0] == in_runs("40 412 15×14")
    assert drums[1] == drums[2] == in_runs("40 412×4 15×11")
    assert drums[15] == in_runs("40 412×3 15×12")
    assert labels.sum(0).tolist() == [5911, 2838, 23296]
    np.testing.assert_allclose(logits[0][0, 0, :4], [-1.03296, -0.11724, 0.87190, 1.53209], atol=2e-5)
    np.testing.assert_allclose(logits[2][0, -1, -4:], [-0.47359, 1.97020, 0.39283, -1.47904], atol=2e-5)
    np.testing.assert_allclose(sum(map(tf.reduce_sum, logits)), 8984.8723, atol=5e-2)


def bar_after_bar(weights: dict[str, tf.Tensor], z: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Labels [clips, steps, instruments] as Magenta decodes them: each bar when the one before it is done."""
    decoder = HierarchicalDecoder.read(weights)
    embeddings = decoder.embeddings(tf.constant(z), BARS)
    ends, parts = np.cumsum((0, *decoder.depths)), []
    for k, core in enumerate(decoder.cores):
        last, bars = tf.fill([len(z)], NO_SAMPLE), []
        for bar in range(BARS):
            theirs = noise[:, 16 * bar : 16 * bar + 16, ends[k] : ends[k + 1]].transpose(1, 0, 2)
            labels, _, _ = core.decode(embeddings[bar], tf.constant(theirs), last)
            last = labels[:, -1]
            bars.append(labels.numpy())
        parts.append(np.concatenate(bars, 1))
    return np.stack(parts, -1)


@pytest.mark.parametrize("name", [MELODY, TRIO, OUR_TRIO])
@pytest.mark.parametrize("temperature", [GREEDY, 0.5, 1.5])
def test_all_bars_at_once_is_bar_after_bar(name, temperature):
    weights = random_weights(name, 2.0)
    z = np.random.RandomState(2).randn(3, 4).astype(np.float32)
    model = decoding.decoding_of(CONFIG_MAP[name])(weights)
    noise = np.stack([model.noise(draw, STEPS) for draw in draws_of(7, range(4, 7), temperature)])
    expected = bar_after_bar(weights, z, noise)
    ours = np.array(model.decode(z, draws_of(7, range(4, 7), temperature), STEPS))
    assert (ours.reshape(expected.shape) == expected).all()
    # The labels on which the next bars depend are of many kinds, or this would prove little.
    assert temperature == GREEDY or len(np.unique(expected[:, 15::16])) > 8


@pytest.mark.parametrize("name", [TRIO, OUR_TRIO])
def test_a_clip_does_not_depend_on_its_batch(monkeypatch, name):
    weights, decoding_class = random_weights(name, 2.0), decoding.decoding_of(CONFIG_MAP[name])
    z = np.random.RandomState(3).randn(4, 4).astype(np.float32)
    together = decoding_class(weights).decode(z, draws_of(1, range(4), 1.0), STEPS)
    alone = decoding_class(weights).decode(z[2:3], draws_of(1, range(2, 3), 1.0), STEPS)
    assert (together[2] == alone[0]).all()
    monkeypatch.setattr(decoding, "CLOSE_CALL", float("inf"))
    exactly = decoding_class(weights).decode(z[2:3], draws_of(1, range(2, 3), 1.0), STEPS)
    assert (exactly[0] == alone[0]).all()


def test_our_trio_never_plays_what_is_unlikely():
    weights = random_weights(OUR_TRIO, 2.0)
    plausible, all_of_it = PlausibleDecoding(weights), HierarchicalDecoding(weights)
    cut, whole = plausible.noise(Draw(1, 0, 1.0), STEPS), all_of_it.noise(Draw(1, 0, 2.0), STEPS)
    assert (cut <= whole).all() and cut.max() == 2.0 and (cut < whole).mean() > 0.2
    assert decoding.decoding_of(CONFIG_MAP[TRIO]) is HierarchicalDecoding
    # Logits of which one lies far above the others are all that counts, by as much as the noise says.
    drums = slice(-512, None)
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (STEPS, 512))
    likeliest = logits.max(-1)
    drawn = [np.take_along_axis(logits, (logits + n[:, drums]).argmax(-1)[:, None], 1)[:, 0] for n in (cut, whole)]
    assert np.quantile(likeliest - drawn[0], 0.9) < 2 < np.quantile(likeliest - drawn[1], 0.75)


def test_bar_encoder_ignores_what_lies_beyond_the_length():
    weights = random_weights(OUR_TRIO)
    clean = np.random.RandomState(0).randn(3, STEPS, tiny(OUR_TRIO).data_converter.input_depth).astype(np.float32)
    noisy, lengths = clean.copy(), np.array([STEPS, 85, 64], np.int32)
    for row, length in zip(noisy, lengths, strict=True):
        row[length:] = 1e3
    for a, b in zip(encoder.encode(weights, clean, lengths), encoder.encode(weights, noisy, lengths), strict=True):
        np.testing.assert_array_equal(a, b)
    nearer = encoder.encode(weights, clean, lengths - 1)[0]
    assert (np.abs(nearer - encoder.encode(weights, clean, lengths)[0]).max(1) > 1e-4).all()
