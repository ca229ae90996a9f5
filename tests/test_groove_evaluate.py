"""The measures of the groove models' cards, on takes small enough to count by hand."""

import dataclasses

import numpy as np
import pytest

from core import decoding
from core.catalog import CATALOG
from core.converters.drums import CLASS_NAMES, NUM_CLASSES
from core.converters.groove import CLOSED_HI_HAT, HITS, ROLAND, ROW
from training import card, groove_card, groove_evaluate
from training.data import Data
from training.families import family_of
from training.groove_evaluate import Hits, Take, hits_of, step_ms
from training.settings import MODELS
from ui import groove as groove_tab

KICK, SNARE = CLASS_NAMES.index("kick"), CLASS_NAMES.index("snare")


def hits(*rows) -> Hits:
    """From (step, drum, late, velocity) in the order of steps and drums."""
    step, drum, late, velocity = (np.array(column) for column in zip(*rows, strict=True))
    return Hits(step, drum, late.astype(float), velocity, np.zeros_like(step))


@pytest.fixture
def take() -> Take:
    """Two bars: kick, closed hi-hat a little late, snare early."""
    rows = [(step, CLOSED_HI_HAT, 8.0, 60 + step) for step in range(0, 32, 2)]
    rows += [(step, KICK, 0.0, 100) for step in (0, 8, 16, 24)] + [(step, SNARE, -12.0, 110) for step in (4, 12, 20)]
    return Take(120.0, hits(*sorted(rows)))


def test_a_take_is_measured_as_it_was_played(take):
    again = hits_of(take.played(), ROLAND)
    for field in ("step", "drum", "velocity"):
        assert np.array_equal(getattr(again, field), getattr(take.hits, field))
    # The first hit of all cannot be before zero.
    assert again.late == pytest.approx(take.hits.late, abs=1e-6)


def test_of_two_hits_at_a_step_the_louder_counts():
    sequence = Take(120.0, hits((0, KICK, 0, 40))).played()
    for start, velocity in ((0.01, 90), (0.02, 70)):
        sequence.notes.add(pitch=36, velocity=velocity, start_time=start, end_time=0.1, is_drum=True)
    found = hits_of(sequence, ROLAND)
    assert (len(found), found.velocity[0], found.late[0]) == (1, 90, pytest.approx(10))


def test_agreement_counts_by_hand(take):
    exact = groove_evaluate.agreement(take.hits, take.hits.late, take.hits.velocity)
    assert (exact.timing_error, exact.velocity_error) == (0, 0)
    assert exact.timing_divergence == exact.velocity_divergence == 0
    assert exact.timing_spread == exact.true_timing_spread > 0
    off = groove_evaluate.agreement(take.hits, take.hits.late + 5, take.hits.velocity - 7)
    assert off.timing_error == pytest.approx(5)
    assert off.velocity_error == pytest.approx(7)
    assert off.velocity_spread == pytest.approx(exact.velocity_spread)
    assert off.timing_divergence > 0


def test_baselines_know_the_training_takes_by_heart(take):
    """Where a take is its own training split, the nearest bars are its own, and no table can be better."""
    many = Hits.together([take.hits] * 20)
    found = groove_evaluate.baselines(many, many)
    assert len(found) == 6
    nearest = found["the nearest two bars of the training split"]
    assert (nearest.timing_error, nearest.velocity_error) == (0, 0)
    assert found["mean of each drum"].timing_error == pytest.approx(0)
    assert found["mean of each drum"].velocity_error > 0
    assert found["on the grid, the mean velocity"].timing_error == pytest.approx(np.abs(take.hits.late).mean())
    hats = groove_evaluate.baselines(many, many, CLOSED_HI_HAT)
    assert {agreement.hits for agreement in hats.values()} == {20 * 16}
    assert hats["on the grid, the mean velocity"].timing_error == pytest.approx(8)


def test_the_simplest_hits(take):
    many = Hits.together([take.hits] * 3)
    usual = groove_evaluate.composition(many, groove_evaluate.usual_drums(many, many))
    # The snare is on beat 4 of one bar in two only: not more often than not.
    assert usual.precision() == 1
    assert usual.recall() == pytest.approx(1 - 3 / len(many))
    assert usual.recall(KICK) == 1
    eighths = groove_evaluate.composition(many, groove_evaluate.eighths(many, CLOSED_HI_HAT))
    assert (eighths.recall(CLOSED_HI_HAT), eighths.precision(CLOSED_HI_HAT)) == (1, 1)
    assert eighths.recall(KICK) == 0


def test_models_are_measured_at_what_they_are_made_for(take, tiny_grooves):
    takes = [take, dataclasses.replace(take, qpm=90.0)]
    kept = groove_evaluate.keeping_notes(tiny_grooves["groove_2bar_humanize"], takes, groove_evaluate.MEDIAN)
    assert kept.hits == 2 * len(take.hits)
    assert kept.timing_error > 0
    tapped = groove_evaluate.composing(tiny_grooves["groove_2bar_tap"], takes, 1.0)
    assert 0 < tapped.recall() < 1
    assert 0 < tapped.precision() < 1
    assert tapped.feel().hits == len(tapped.both)
    hats = groove_evaluate.composing(tiny_grooves["groove_2bar_add_closed_hh"], takes, 1.0, keep_notes=True)
    assert hats.recall(KICK) == hats.recall(SNARE) == 1, "other drums than the added one were touched"
    assert 0 < hats.recall(CLOSED_HI_HAT) < 1


def test_taps_say_when_and_not_what(take):
    taps = take.taps()
    assert len(taps.notes) == len(np.unique(take.hits.step))
    assert len({note.pitch for note in taps.notes}) == 1
    assert len({note.velocity for note in taps.notes}) == 1
    # On beat 4 hi-hat and snare are struck: the tap has the louder one's timing.
    tap = next(note for note in taps.notes if round(note.start_time * 1000 / step_ms(120)) == 4)
    assert 1000 * tap.start_time == pytest.approx(4 * step_ms(120) - 12, abs=0.01)


@pytest.mark.parametrize("name", ["groove_2bar_humanize", "groove_2bar_tap", "groove_2bar_add_closed_hh"])
def test_a_groove_card(take, tiny_grooves, monkeypatch, name):
    monkeypatch.setattr(groove_evaluate, "takes", lambda archive, split: [take] * 2)
    monkeypatch.setattr(groove_card, "TrainedModel", lambda *args, **kwargs: tiny_grooves[name])
    model = CATALOG[f"bundled/{name}"]
    table = card.family_of(model).quality_table(model, MODELS[name], Data())
    assert all(f"| **{setting}** |" in table for setting in groove_card.NAMES.values())
    assert "| recall | precision |" in table
    assert table.count("| the nearest two bars of the training split |") == 1
    written = card.card(model, MODELS[name], table)
    assert "{" not in written
    assert table in written
    assert groove_card.PAGE == groove_tab.TEMPERATURE, "the card's “page's default” is not the page's"


def test_kept_notes_must_be_kept(take, tiny_grooves):
    with pytest.raises(ValueError, match="were to be kept"):
        groove_evaluate._feel_of_kept(take, take.played(np.arange(3)))


def test_residuals_find_the_noise_again(tiny_grooves):
    """Of music that a model played, its residuals have the correlations that its noise was drawn with."""
    model, family = tiny_grooves["groove_2bar_humanize"], family_of(MODELS["groove_2bar_humanize"])
    count, steps = 300, 32
    windows = np.zeros((count, steps, ROW + 1), np.float32)
    windows[..., HITS] = np.random.default_rng(0).random((count, steps, NUM_CLASSES)) < 0.4
    windows[..., ROW] = 120
    inputs, controls, rows = family.tensors(windows)
    _, mu, _ = model.encode_tensors(list(inputs[..., :ROW]), [steps] * count, list(controls))
    noise = np.array([model._decoding.noise(decoding.Draw(3, clip, 1.0), steps) for clip in range(count)])
    hits_given = np.broadcast_to(np.arange(ROW) < HITS.stop, rows.shape)
    windows[..., :ROW] = model._decoding.fill_in(mu, noise, controls, rows, hits_given)
    weights = {name: array.numpy().astype(np.float32) for name, array in model.weights.items()}
    found = groove_evaluate.residuals(weights, family, windows)
    assert found.clock == pytest.approx(decoding.CLOCK_SHARE, abs=0.04)
    assert found.accent == pytest.approx(decoding.ACCENT_SHARE, abs=0.04)
    assert found.memory == pytest.approx(decoding.CLOCK_MEMORY, abs=0.1)
    assert found.velocity_spread == pytest.approx(1, abs=0.05)
    assert found.timing_spread == pytest.approx(1, abs=0.05)
