import argparse
import dataclasses

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from core.catalog import Model
from core.converters.drums import CLASS_NAMES, labels_to_hits
from training import __main__ as commands
from training import augment, card, evaluate, families, fit, smoothness
from training.settings import MODELS

RNG = np.random.default_rng


@pytest.fixture
def settings(tiny_config, monkeypatch):
    monkeypatch.setitem(families.CONFIG_MAP, tiny_config.name, tiny_config)
    return dataclasses.replace(MODELS["drums_2bar.hikl"], config=tiny_config.name, batch_size=8, warmup_steps=1)


@pytest.fixture(scope="module")
def windows() -> np.ndarray:
    return RNG(0).choice([0, 1, 2, 4, 5, 6], (40, 32))


def test_the_loss_falls(settings, windows):
    state = fit.Fit(dataclasses.replace(settings, learning_rate=0.02, mix_bars=0, drop_class=0, thin=0, swap_cymbals=0))
    losses = [state.train(windows[:8], RNG(step))[0] for step in range(60)]
    assert losses[0] == pytest.approx(32 * np.log(512), rel=0.05)
    assert np.mean(losses[-5:]) < 0.4 * losses[0]


def test_resuming_gives_what_would_have_come(settings, windows, tmp_path):
    whole = fit.fit(settings, windows, windows[:8], 7, tmp_path / "whole", [].append, every=3)
    fit.fit(settings, windows, windows[:8], 4, tmp_path / "parts", [].append, every=3)
    parts = fit.fit(settings, windows, windows[:8], 7, tmp_path / "parts", [].append, every=3)
    assert int(parts.step) == 7
    for name, array in whole.averaged_weights().items():
        assert parts.averaged_weights()[name] == pytest.approx(array, abs=1e-6), name


def test_the_best_weights_are_kept(settings, windows, tmp_path, monkeypatch):
    scores = iter([1.0, 3.0, 2.0])
    kept = []

    def score(family, weights, validation):
        kept.append(weights)
        return next(scores), ""

    monkeypatch.setattr(families.DrumsFamily, "score", score)
    fit.fit(settings, windows, windows[:8], 6, tmp_path, [].append, every=2)
    best = fit.load_file(tmp_path / "best.safetensors")
    assert all(np.array_equal(best[name], kept[1][name]) for name in best)


def test_free_bits_and_beta(settings, windows):
    """Below the free bits the KL costs nothing, so its gradient is nil and sigma's bias does not feel it."""

    def bias_after(free_bits):
        s = dataclasses.replace(settings, free_bits=free_bits, max_beta=10.0, beta_rate=0.0, learning_rate=0.01)
        state = fit.Fit(s)
        for step in range(10):
            _, kl = state.train(windows[:8], RNG(step))
        return kl

    assert bias_after(0) < 0.5 * bias_after(1e6)


def test_augmentations_change_only_what_they_say(windows):
    labels = RNG(1).integers(0, 512, (400, 32))
    mixed = augment.mix_bars(labels, 0.5, RNG(0))
    changed = (mixed != labels).any(1)
    assert np.array_equal(mixed[:, :16], labels[:, :16])
    assert 0.4 < changed.mean() < 0.6
    assert {bar.tobytes() for bar in mixed[:, 16:]} <= {bar.tobytes() for bar in labels[:, 16:]}

    dropped = augment.drop_class(labels, 1.0, RNG(0))
    assert ((dropped & labels) == dropped).all()
    assert (labels_to_hits(dropped).any(1).sum(1) == 8).all()

    swapped = augment.swap_cymbals(labels, 1.0, RNG(0))
    hat, ride = CLASS_NAMES.index("closed hi-hat"), CLASS_NAMES.index("ride")
    before, after = labels_to_hits(labels), labels_to_hits(swapped)
    assert np.array_equal(after[..., hat], before[..., ride])
    assert np.array_equal(after[..., :hat], before[..., :hat])

    thinned = augment.thin(labels, 1.0, RNG(0))
    left = labels_to_hits(thinned).sum() / labels_to_hits(labels).sum()
    assert ((thinned & labels) == thinned).all()
    assert 0.78 < left < 0.88
    for change in (augment.mix_bars, augment.drop_class, augment.swap_cymbals, augment.thin):
        assert np.array_equal(change(labels, 0.0, RNG(0)), labels)


def test_describe():
    silence = np.zeros((1, 32), np.int64)
    rock = silence.copy()
    rock[0, [0, 8, 16, 24]] = 1
    rock[0, [4, 12, 20, 28]] = 2
    described = evaluate.describe(np.concatenate([rock, rock, silence, silence]))
    assert described == evaluate.ClipStatistics(
        hits_a_bar=2.0, kick_on_one=0.5, back_beat=0.5, near_empty=0.5, distinct_in_1000=500.0
    )


def test_reconstruct_counts_rightly(tiny_model, windows):
    r = evaluate.reconstruct(tiny_model.config, tiny_model.weights, windows, batch=16)
    again = evaluate.reconstruct(tiny_model.config, tiny_model.weights, windows, batch=7)
    assert r.silence_baseline == pytest.approx((windows == 0).mean())
    assert r.free_running == pytest.approx(again.free_running, abs=1e-3)
    assert 0 <= r.free_running < 0.2
    assert r.kl > 0


def test_publishing_records_where_the_weights_come_from(tiny_config, tiny_model, tmp_path, monkeypatch):
    """Steps and score are in the weights' file and on the card, so that they are not lost with the run."""
    settings = MODELS["drums_2bar.hikl"]
    run = tmp_path / "runs" / "drums_2bar.hikl"
    run.mkdir(parents=True)
    weights = {name: array.numpy() for name, array in tiny_model.weights.items()}
    save_file(weights, run / "finished.safetensors", {"step": "12500", "score": "0.8125"})
    model = Model("bundled/drums_2bar.hikl", tiny_config, tmp_path / "drums_2bar.hikl.safetensors", "tests", "none")
    monkeypatch.setattr(commands, "_bundled", lambda name: model)
    monkeypatch.setattr(card.drums_card, "quality_table", lambda *args: "as good as random")
    commands.publish(argparse.Namespace(model="drums_2bar.hikl", runs=tmp_path / "runs", data=None, pop909=None))
    with safe_open(model.path, "numpy") as file:
        metadata = file.metadata()
    assert metadata["config"] == settings.config
    assert (metadata["step"], metadata["score"]) == ("12500", "0.8125")
    written = model.path.with_suffix(".md").read_text()
    assert "12,500 steps" in written
    assert "free-running accuracy (0.8125; more is better)" in written
    assert "as good as random" in written


def test_smoothness_counts_by_hand():
    """Hits 0 … 3 of a kick: a straight way, one with a detour, one that stands still for a step."""
    bars = np.eye(4, dtype=np.int64)
    straight = np.cumsum(np.concatenate([np.zeros((1, 4), np.int64), bars]), 0)[:4]
    detour = straight[[0, 2, 1, 3]]
    still = straight[[0, 0, 3, 3]]
    found = smoothness.smoothness(straight[None])
    assert (found.steady, found.rising) == (1, 1)
    assert found.from_start == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert found.from_end == pytest.approx([1, 2 / 3, 1 / 3, 0])
    found = smoothness.smoothness(detour[None])
    assert (found.steady, found.rising) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    found = smoothness.smoothness(still[None])
    assert (found.steady, found.rising) == (1, pytest.approx(1 / 3))


def test_blends_go_from_reconstruction_to_reconstruction(tiny_model, windows):
    found = smoothness.blends(tiny_model, windows, pairs=6, steps=4)
    assert found.pairs == 6
    assert found.equal_ends == 12
    for way in (found.model, found.mixed):
        assert (way.from_start[0], way.from_start[-1]) == (0, 1)
        assert (way.from_end[0], way.from_end[-1]) == (1, 0)
