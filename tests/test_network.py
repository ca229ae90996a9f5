"""The network by itself: the reference's formula weights (section 7.5), and properties that hold for any weights."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from core.configs import CONFIG_MAP, HParams
from core.converters.drums import labels_to_roll
from core.network import encoder, lstm, vae
from core.network.decoder import NO_SAMPLE, CategoricalDecoder

DEPTH = 512
TINY = dataclasses.replace(
    CONFIG_MAP["cat-drums_2bar_small"],
    hparams=HParams(z_size=4, enc_rnn_size=(3,), dec_rnn_size=(4, 3), max_seq_len=32),
)


@pytest.fixture(scope="module")
def weights() -> dict[str, tf.Tensor]:
    """Variable j of the sorted names, element i: 1.5 sin(0.7 i + 1.3 j + 0.01 i² + 24)."""
    by_formula = {}
    for j, (name, shape) in enumerate(sorted(vae.variable_shapes(TINY).items())):
        i = np.arange(np.prod(shape))
        values = 1.5 * np.sin(0.7 * i + 1.3 * j + 0.01 * i**2 + 24)
        by_formula[name] = tf.constant(values.reshape(shape), tf.float32)
    return by_formula


@pytest.fixture(scope="module")
def decoder(weights) -> CategoricalDecoder:
    return CategoricalDecoder.read(weights)


def greedy(steps: int, batch: int = 1) -> tf.Tensor:
    return tf.zeros([steps, batch, DEPTH])


def random_inputs(*shape: int) -> tf.Tensor:
    return tf.constant(np.random.RandomState(0).randn(*shape), tf.float32)


def test_formula_weights_encode(weights):
    labels = np.zeros((1, 32), int)
    labels[0, [0, 4, 8, 16, 31]] = [1, 2, 5, 128, 8]
    mu, sigma = encoder.encode(weights, tf.constant(labels_to_roll(labels), tf.float32), tf.constant([32]))
    np.testing.assert_allclose(mu[0], [1.225902, 0.385073, -0.578563, -1.201082], atol=5e-6)
    np.testing.assert_allclose(sigma[0], [0.206408, 0.304546, 0.626126, 1.144109], atol=5e-6)


def test_formula_weights_decode(decoder):
    z = tf.constant([[-1, -1 / 3, 1 / 3, 1]], tf.float32)
    labels, logits, margin = decoder.decode(z, greedy(32))
    assert labels[0].numpy().tolist() == [396, 165, 443, 219, *[197] * 3, 43, *[205] * 24]
    np.testing.assert_allclose(logits[0, 0, :4], [-0.54029, -1.38307, -1.53042, -0.72854], atol=2e-5)
    np.testing.assert_allclose(logits[0, -1, -4:], [-1.29331, -0.16795, 1.89480, 0.68894], atol=2e-5)
    np.testing.assert_allclose(tf.reduce_sum(logits), -396.6668, atol=5e-3)
    best = np.sort(logits[0].numpy(), -1)
    np.testing.assert_allclose(margin[0], (best[:, -1] - best[:, -2]).min(), atol=1e-6)
    assert margin[0] > 1e-3


def test_teacher_forcing_with_its_own_samples_gives_the_logits_of_the_decode(decoder):
    z = random_inputs(3, 4)
    labels, logits, _ = decoder.decode(z, 2 * random_inputs(32, 3, DEPTH))
    previous = tf.concat([tf.fill([3, 1], NO_SAMPLE), labels[:, :-1]], 1)
    np.testing.assert_allclose(decoder.teacher_forced(z, previous), logits, atol=1e-5)


def test_samples_are_the_argmax_of_logits_and_noise(decoder):
    noise = 2 * random_inputs(32, 3, DEPTH)
    labels, logits, margin = decoder.decode(random_inputs(3, 4), noise)
    scores = logits.numpy() + noise.numpy().transpose(1, 0, 2)
    assert (labels.numpy() == scores.argmax(-1)).all()
    best = np.sort(scores, -1)
    np.testing.assert_allclose(margin, (best[..., -1] - best[..., -2]).min(1), atol=1e-6)


def test_a_longer_decode_begins_like_a_shorter_one(decoder):
    z = random_inputs(2, 4)
    short, _, _ = decoder.decode(z, greedy(32, 2))
    long, _, _ = decoder.decode(z, greedy(64, 2))
    assert long.shape == (2, 64)
    assert (long[:, :32].numpy() == short.numpy()).all()


def test_encoder_ignores_what_lies_beyond_the_length(weights):
    clean, lengths = np.array(random_inputs(3, 32, 10)), np.array([32, 7, 1], np.int32)
    noisy = clean.copy()
    for row, length in zip(noisy, lengths, strict=True):
        row[length:] = 1e3
    noisy = np.pad(noisy, ((0, 0), (0, 5), (0, 0)), constant_values=-1e3)
    for a, b in zip(encoder.encode(weights, clean, lengths), encoder.encode(weights, noisy, lengths), strict=True):
        assert (a.numpy() == b.numpy()).all()


def test_encoder_sees_everything_before_the_length(weights):
    changed = np.array(random_inputs(1, 32, 10))
    mu, _ = encoder.encode(weights, changed, np.array([7], np.int32))
    changed[0, 6] += 1
    assert np.abs(mu - encoder.encode(weights, changed, np.array([7], np.int32))[0]).max() > 1e-3


def test_nothing_encodes_to_the_biases(weights):
    mu, sigma = encoder.encode(weights, random_inputs(2, 32, 10), tf.constant([0, 32]))
    np.testing.assert_array_equal(mu[0], weights["encoder/mu/bias"])
    np.testing.assert_allclose(sigma[0], np.log1p(np.exp(weights["encoder/sigma/bias"])), rtol=1e-6)


def test_gradient_of_the_layer_is_that_of_tensorflow():
    time, batch, units = 6, 3, 4
    rng = np.random.RandomState(1)
    projected = tf.constant(rng.randn(time, batch, 4 * units))
    kernel = tf.constant(rng.randn(units, 4 * units))
    c, h, d_final = (tf.constant(rng.randn(batch, units)) for _ in range(3))
    d_outputs = tf.constant(rng.randn(time, batch, units))
    active = tf.constant([[[1.0], [t < 4], [t not in (0, 3)]] for t in range(time)], tf.float64)

    def unrolled(projected, kernel, c, h):
        outputs = []
        for t in range(time):
            new_c, new_h = lstm.step(projected[t] + h @ kernel, c)
            c, h = (tf.where(active[t] > 0, new, old) for new, old in ((new_c, c), (new_h, h)))
            outputs.append(active[t] * h)
        return tf.stack(outputs), h

    def gradients(layer):
        with tf.GradientTape() as tape:
            tape.watch([projected, kernel, c, h])
            outputs, final = layer(projected, kernel, c, h)
            loss = tf.reduce_sum(outputs * d_outputs) + tf.reduce_sum(final * d_final)
        return outputs, final, *tape.gradient(loss, [projected, kernel, c, h])

    ours = gradients(lambda *arguments: lstm.run(*arguments, active))
    for a, b in zip(ours, gradients(unrolled), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
