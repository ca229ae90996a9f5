import dataclasses

import numpy as np
import pytest

import core
from core import catalog
from core.clip import join, to_midi, to_sequence
from core.errors import MultipleExtractedExamplesError, NoExtractedExamplesError, SettingError
from core.network.graphs import Graph
from core.recipe import Recipe
from core.seeds import Stage, Stream
from core.trained_model import TrainedModel, slerp


def notes(sequence) -> list[tuple]:
    return sorted((note.start_time, note.pitch) for note in sequence.notes)


def test_public_names():
    assert core.TrainedModel is TrainedModel
    assert core.CONFIG_MAP["cat-drums_2bar_small"].hparams.max_seq_len == 32


def test_same_recipe_alone_and_in_a_batch_gives_the_same_midi(tiny_studio):
    eight = tiny_studio.perform(Recipe("sample", "test/tiny", seed=5, count=8, temperature=1.0))
    again = tiny_studio.perform(Recipe("sample", "test/tiny", seed=5, count=8, temperature=1.0))
    alone = tiny_studio.perform(Recipe("sample", "test/tiny", seed=5, count=1, temperature=1.0))
    assert [to_midi(clip) for clip in eight.clips] == [to_midi(clip) for clip in again.clips]
    assert to_midi(alone.clips[0]) == to_midi(eight.clips[0])
    assert len({to_midi(clip) for clip in eight.clips}) == 8


def test_batch_size_makes_no_difference(tiny_config, tiny_checkpoint):
    z = np.random.default_rng(0).standard_normal((50, 8))
    one, fifty = (TrainedModel(tiny_config, size, tiny_checkpoint) for size in (1, 50))
    assert np.array_equal(one.decode_to_tensors(z, 32, 1.0, seed=9), fifty.decode_to_tensors(z, 32, 1.0, seed=9))


def test_a_close_call_is_decided_in_float64(tiny_config, tiny_checkpoint, monkeypatch):
    model = TrainedModel(tiny_config, 8, tiny_checkpoint)
    z = np.random.default_rng(1).standard_normal((8, 8))
    usual = model.decode_to_tensors(z, 32, 1.0, seed=4)
    monkeypatch.setattr("core.decoding.CLOSE_CALL", np.inf)
    decided = []
    exactly = model._decoding._decode_exactly
    monkeypatch.setattr(model._decoding, "_decode_exactly", lambda z, noise: decided.append(z) or exactly(z, noise))
    assert np.array_equal(model.decode_to_tensors(z, 32, 1.0, seed=4), usual)
    assert len(decided) == 8
    assert all(z.dtype == np.float64 for z in decided)


def test_a_knob_leaves_other_draws_alone(tiny_model):
    assert np.array_equal(tiny_model.sample_latents(3, 1)[:2], tiny_model.sample_latents(2, 1))
    short, long = tiny_model.sample(2, 16, seed=8), tiny_model.sample(2, 64, seed=8)
    assert [n for n in notes(long[0]) if n[0] < 2] == notes(short[0])


def test_same_z(tiny_model):
    z = tiny_model.sample_latents(4, 3, same_z=True)
    assert (z == z[0]).all()
    assert notes(tiny_model.sample(4, 32, 1e-8, same_z=True, seed=3)[0]) == notes(
        tiny_model.sample(4, 32, 1e-8, same_z=True, seed=3)[3]
    )


def test_sampling_follows_the_softmax(tiny_model):
    """The first step's draws from one latent have the frequencies of softmax(logits / temperature)."""
    z = np.repeat(np.random.default_rng(2).standard_normal((1, 8)), 4000, 0).astype(np.float32)
    logits = tiny_model._decoding._decoder.decode(z[:1], np.zeros((1, 1, 512), np.float32))[1].numpy()[0, 0] / 0.7
    expected = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    drawn = np.concatenate([clip.argmax(-1) for clip in tiny_model.decode_to_tensors(z, 1, 0.7, seed=1)])
    seen = np.bincount(drawn, minlength=512) / len(drawn)
    assert np.abs(seen - expected).max() < 0.035
    assert np.abs(seen - expected).sum() < 0.3


def test_streams_are_what_they_claim():
    stream = Stream(1, Stage.DECODE, 0)
    uniform, normal, gumbel = stream.uniform(200_000), stream.normal(200_000), stream.gumbel(200_000)
    assert abs(uniform.mean() - 0.5) < 0.003
    assert abs(uniform.var() - 1 / 12) < 0.001
    assert abs(normal.mean()) < 0.01
    assert abs(normal.var() - 1) < 0.02
    assert abs(gumbel.mean() - np.euler_gamma) < 0.01
    assert abs(gumbel.var() - np.pi**2 / 6) < 0.03
    assert gumbel.dtype == np.float32
    exact = Stream(1, Stage.DECODE, 7).gumbel(1001, dtype=np.float64)
    assert np.abs(exact - Stream(1, Stage.DECODE, 7).gumbel(1001)).max() < 1e-5
    different = [
        Stream(*key).uniform(1)[0] for key in ((1, Stage.DECODE, 1), (1, Stage.LATENT, 0), (2, Stage.DECODE, 0))
    ]
    assert len({Stream(1, Stage.DECODE, 0).uniform(1)[0], *different}) == 4


def test_encode_one_window(tiny_model, rock_beat, half_time_beat):
    sequences = [to_sequence(rock_beat), to_sequence(half_time_beat)]
    z, mu, sigma = tiny_model.encode(sequences, seed=1)
    z_again, mu_again, _ = tiny_model.encode(sequences, seed=2)
    assert z.shape == mu.shape == sigma.shape == (2, 8)
    assert np.array_equal(mu, mu_again)
    assert not np.allclose(z, z_again)
    assert np.abs((z - mu) / sigma).max() < 5


def test_encode_errors_help(tiny_model, rock_beat):
    bar = dataclasses.replace(rock_beat, notes=tuple(n for n in rock_beat.notes if n.start < 1920))
    with pytest.raises(NoExtractedExamplesError, match="2 bars of drums"):
        tiny_model.encode([to_sequence(bar)])
    long = core.clip.join([rock_beat, dataclasses.replace(bar, bars=2)])
    with pytest.raises(MultipleExtractedExamplesError, match="choose one part"):
        tiny_model.encode([to_sequence(rock_beat), to_sequence(long)])
    with pytest.raises(ValueError, match="nothing to encode"):
        tiny_model.encode([])


@pytest.mark.parametrize("arguments", [{"length": None}, {"length": 0}, {"temperature": 0}, {"temperature": -1}])
def test_wrong_arguments(tiny_model, arguments):
    with pytest.raises(SettingError):
        tiny_model.sample(**({"n": 1, "length": 32} | arguments))


def test_slerp():
    a, b = np.array([1.0, 0, 0, 0]), np.array([0, 2.0, 0, 0])
    expected = [(1, 0), (0.92388, 0.76537), (0.70711, 1.41421), (0.38268, 1.84776), (0, 2)]
    for t, point in zip(np.linspace(0, 1, 5), expected, strict=True):
        assert slerp(a, b, t)[:2] == pytest.approx(point, abs=1e-5)
    same = np.random.default_rng(0).standard_normal(256).astype(np.float32)
    for end in (same, np.zeros_like(same)):
        assert np.isfinite(slerp(same, end, 0.3)).all()
    assert slerp(same, same, 0.3) == pytest.approx(same, abs=1e-5)


def test_interpolate(tiny_studio, tiny_model, rock_beat, half_time_beat):
    recipe = Recipe("interpolate", "test/tiny", seed=2, count=5, temperature=0.01, clips=(rock_beat, half_time_beat))
    recipe = dataclasses.replace(recipe, own_ends=False)
    performance = tiny_studio.perform(recipe)
    assert len(performance.clips) == 5
    assert performance.joined.bars == 10
    _, mu, _ = tiny_model.encode([to_sequence(rock_beat), to_sequence(half_time_beat)])
    ends = tiny_model.decode(mu, 32, 0.01, seed=2)
    assert notes(to_sequence(performance.clips[0])) == notes(ends[0])
    with_own = tiny_studio.perform(dataclasses.replace(recipe, own_ends=True))
    assert (with_own.clips[0].notes, with_own.clips[-1].notes) == (rock_beat.notes, half_time_beat.notes)
    assert with_own.clips[1:-1] == performance.clips[1:-1]
    equal = tiny_studio.perform(dataclasses.replace(recipe, clips=(rock_beat, rock_beat), temperature=0.01))
    assert len(equal.clips) == 5


def graphs_of(model: TrainedModel) -> list[Graph]:
    """The graphs that a model has, of its decoding, too."""
    found = [*vars(model).values(), *vars(model._decoding).values()]
    found += [each for several in found if isinstance(several, list) for each in several]
    return [each for each in found if isinstance(each, Graph)]


@pytest.mark.parametrize(
    "model_id",
    ["bundled/drums_2bar.lokl", "bundled/trio_16bar", "bundled/groove_2bar_humanize", "bundled/groove_2bar_tap"],
)
def test_each_graph_is_made_once_whatever_comes(model_id, monkeypatch, rock_beat):
    """One that is made when something comes that is new to it holds up whoever waits, and stays in memory."""
    entry = catalog.CATALOG[model_id]
    model = TrainedModel(entry.config, 8, entry.path)
    monkeypatch.setattr("core.decoding.CLOSE_CALL", 0.01)
    for number in (1, 2, 5):
        if entry.config.is_groove:
            model.groove(to_sequence(join([rock_beat] * number, "beats")), keep_notes="tap" not in model_id)
        else:
            ends = model.sample(2, 32, seed=number)
            model.sample(number, 16 * number, seed=number)
            if not entry.config.is_hierarchical:
                model.interpolate(*ends, number, 32, seed=number)
    counts = [graph.experimental_get_tracing_count() for graph in graphs_of(model)]
    assert len(counts) >= 2 and max(counts) == 1
