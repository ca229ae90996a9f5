"""Training in phases: a sketch, a decoder that learns from it, an encoder that remembers from the start."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from core.configs import CONFIG_MAP
from core.network import encoder, vae
from core.network.hierarchical_decoder import HierarchicalDecoder
from training import evaluate, families, fit, memory, prior, sketch
from training.settings import TrainingSettings

RNG = np.random.default_rng
SETTINGS = TrainingSettings(
    config="", free_bits=40, max_beta=0.05, beta_rate=0, batch_size=16, learning_rate=0.01, warmup_steps=5,
    average_decay=0.5, keep_best_by="accuracy",
)  # fmt: skip
SIZES = {
    "cat-drums_2bar_small": {"enc_rnn_size": (40,), "dec_rnn_size": (24, 20)},
    "cat-mel_2bar_small": {"enc_rnn_size": (64,), "dec_rnn_size": (24, 20)},
    "trio_16bar": {"enc_rnn_size": (24, 12), "dec_rnn_size": (64, 64)},
}


@pytest.fixture(params=SIZES)
def settings(request, monkeypatch) -> TrainingSettings:
    """Of a small model of each kind."""
    config = CONFIG_MAP[request.param]
    hparams = dataclasses.replace(config.hparams, z_size=12, **SIZES[request.param])
    config = dataclasses.replace(config, name="tiny", hparams=hparams)
    monkeypatch.setitem(families.CONFIG_MAP, "tiny", config)
    monkeypatch.setattr(sketch, "BAR_WIDTH", 32)
    monkeypatch.setattr(sketch, "BAR_ENCODER", (32, 16))
    return dataclasses.replace(SETTINGS, config="tiny")


def windows_for(settings: TrainingSettings) -> np.ndarray:
    """Four different clips, many times over."""
    config, rng = CONFIG_MAP[settings.config], RNG(0)
    shape = (4, 16 * config.bars)
    drums, lines = rng.choice([0, 0, 1, 4, 5], shape), rng.choice([0, 0, 0, 1, 40, 42, 44], (2, *shape))
    clips = {"drums": drums, "melody": lines[0], "band": np.stack([*lines, drums], -1)}[config.data_converter.plays]
    return np.concatenate([clips] * 16)


def test_a_model_is_trained_phase_by_phase(settings, tmp_path):
    windows = windows_for(settings)
    of_sketch = dataclasses.replace(settings, phase="sketch")
    state = fit.fit(of_sketch, windows, windows[:4], 200, tmp_path / "sketch", [].append, every=200)
    sketched = state.averaged_weights()
    right, _ = state.family.score(sketched, windows[:4])
    begun, _ = state.family.score(sketch.initial_weights(CONFIG_MAP["tiny"], 2), windows[:4])
    assert begun < 0.3
    assert right > 0.9

    of_decoder = dataclasses.replace(settings, phase="decoder")
    state = fit.fit(of_decoder, windows, windows[:4], 60, tmp_path / "decoder", [].append, every=60, weights=sketched)
    taught = state.averaged_weights()
    begun = state.family.initial_weights(sketched, windows)
    for name, array in taught.items():
        assert np.array_equal(array, begun[name]) != state.family.is_trained(name), name
    fresh = fit.Fit(of_decoder, sketched, windows)
    assert state.train(windows[:16], RNG(0))[0] < 0.7 * fresh.train(windows[:16], RNG(0))[0]

    whole = fit.Fit(settings, taught, windows)
    assert set(whole.weights) == set(vae.variable_shapes(CONFIG_MAP["tiny"]))
    before = state.family.score(taught, windows[:4])[0]
    assert whole.family.score(whole.averaged_weights(), windows[:4])[0] == pytest.approx(before)


def test_a_sketch_gives_its_encoder_to_a_model_that_reads_bars(settings):
    config = CONFIG_MAP[settings.config]
    weights = sketch.initial_weights(config, 1)
    labels = windows_for(settings)[:3]
    heard = tf.constant(evaluate.kind_of(config).heard(labels), tf.float32)
    mu, sigma = sketch.encode(weights, heard)
    assert mu.shape == (3, 12) and (sigma.numpy() > 0).all()
    if config.hparams.reads_bars:
        shapes = vae.variable_shapes(config)
        for name, array in sketch.encoder_of(weights).items():
            assert array.shape == shapes[name]


def test_a_delay_line_remembers_every_step():
    """Each step decides one of the latents: nothing may be forgotten, and the first and last as little as others."""
    shapes = encoder.variable_shapes(5, (48,), 16)
    rng = RNG(0)
    labels = rng.integers(0, 5, (600, 16))
    heard = np.eye(5, dtype=np.float32)[labels]
    mu, sigma = labels - 2.0, 0.5 + 0.1 * labels
    weights = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    made = memory.delay_line(weights | {"decoder/other": np.ones(3, np.float32)}, heard, mu, sigma)
    assert {name: array.shape for name, array in made.items()} == shapes | {"decoder/other": (3,)}
    unheard = rng.integers(0, 5, (200, 16))
    found, spread = encoder.encode(
        {name: tf.constant(array) for name, array in made.items()},
        tf.constant(np.eye(5, dtype=np.float32)[unheard]),
        tf.fill([200], 16),
    )
    assert np.abs(found - (unheard - 2.0)).mean(0).max() < 0.1
    assert np.abs(spread - (0.5 + 0.1 * unheard)).mean(0).max() < 0.05


def test_units_with_a_long_memory_forget_at_many_paces():
    shapes = encoder.variable_shapes(5, (400,), 3)
    made = memory.lengthened({name: np.zeros(shape, np.float32) for name, shape in shapes.items()}, 1)
    bias = made[f"{encoder.cell_scope(0, 'fw')}/bias"]
    kept = 1 / (1 + np.exp(-(bias[800:1200] + 1)))
    assert 0.4 < kept.min() < 0.7
    assert 0.96 < kept.max() < 0.97
    assert bias[:400] == pytest.approx(-(bias[800:1200] + 1))
    assert not bias[400:800].any() and not bias[1200:].any()


def test_a_shift_register_gives_the_sketch_s_embeddings():
    config = CONFIG_MAP["trio_16bar"]
    config = dataclasses.replace(config, hparams=dataclasses.replace(config.hparams, z_size=12, dec_rnn_size=(50, 50)))
    sketched = {name: 1.5 * array for name, array in sketch.initial_weights(config, 1).items()}
    made = memory.shift_register(config, vae.initial_weights(config, 2), sketched)
    assert {name: array.shape for name, array in made.items()} == vae.variable_shapes(config)
    z = RNG(0).standard_normal((5, 12)).astype(np.float32)
    of_sketch, of_model = (
        {name: tf.constant(array, tf.float32) for name, array in weights.items()} for weights in (sketched, made)
    )
    wanted = sketch.embeddings(config, of_sketch, z)
    given = HierarchicalDecoder.read(of_model).embeddings(z, 16)
    assert wanted.numpy().std() > 0.2
    np.testing.assert_allclose(np.transpose(given, (1, 0, 2)), wanted, atol=0.1)


def test_coordinates_that_fit_the_prior_change_no_music(settings):
    config = CONFIG_MAP[settings.config]
    rng = RNG(0)
    weights = {
        name: array + 0.05 * rng.standard_normal(array.shape).astype(np.float32)
        for name, array in vae.initial_weights(config, 1).items()
    }
    heard = rng.random((400, 16 * config.bars, config.data_converter.input_depth)) < 0.1
    heard = heard.astype(np.float32)
    lengths = tf.fill([len(heard)], heard.shape[1])
    changed = prior.fitted(config, weights, heard)
    of_old, of_new = ({name: tf.constant(array) for name, array in each.items()} for each in (weights, changed))
    (old_mu, old_sigma), (mu, sigma) = (encoder.encode(each, heard, lengths) for each in (of_old, of_new))
    lines = (3,) if config.data_converter.plays == "band" else ()
    previous = tf.constant(rng.integers(0, 50, (20, heard.shape[1], *lines)), tf.int32)
    for wanted, given in zip(
        evaluate.teacher_forced(config, of_old, old_mu[:20], previous),
        evaluate.teacher_forced(config, of_new, mu[:20], previous),
        strict=True,
    ):
        assert np.std(wanted) > 0.01
        np.testing.assert_allclose(given, wanted, atol=2e-3)
    middle = np.mean(old_mu, 0)
    turned = np.linalg.lstsq(old_mu - middle, mu, rcond=None)[0]
    spread = np.cov(np.transpose(old_mu)) + np.diag(np.mean(np.square(old_sigma), 0))
    np.testing.assert_allclose(turned.T @ spread @ turned, np.eye(12), atol=0.02)
    assert np.abs(np.mean(mu, 0)).max() < 1e-3
    exact = turned.T @ np.diag(np.square(old_sigma[0])) @ turned
    assert (np.square(sigma[0]) < 1.1 * np.diag(exact)).all()
