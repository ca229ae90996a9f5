"""Fixtures: a tiny model with random weights, so that most tests need no real one."""

from __future__ import annotations

import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest
from safetensors.numpy import save_file

from core.catalog import Model
from core.clip import Clip, Note
from core.configs import CONFIG_MAP, Config
from core.network import vae
from core.studio import Studio
from core.trained_model import TrainedModel

STEP = 120


@pytest.fixture(scope="session")
def tiny_config() -> Config:
    """The drums configuration with small layers of different widths."""
    config = CONFIG_MAP["cat-drums_2bar_small"]
    hparams = dataclasses.replace(config.hparams, z_size=8, enc_rnn_size=(12,), dec_rnn_size=(16, 14))
    return dataclasses.replace(config, name="tiny-drums", hparams=hparams)


@pytest.fixture(scope="session")
def tiny_checkpoint(tiny_config, tmp_path_factory) -> str:
    weights = {name: 4 * array for name, array in vae.initial_weights(tiny_config, seed=3).items()}
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_file(weights, path)
    return str(path)


@pytest.fixture(scope="session")
def tiny_model(tiny_config, tiny_checkpoint) -> TrainedModel:
    return TrainedModel(tiny_config, 8, tiny_checkpoint)


@pytest.fixture(scope="session")
def tiny_studio(tiny_config, tiny_checkpoint) -> Studio:
    return Studio({"test/tiny": Model("test/tiny", tiny_config, tiny_checkpoint, "tests", "none")})


@pytest.fixture(scope="session")
def rock_beat() -> Clip:
    """Two bars: kick on 1 and 3, snare on 2 and 4, eighth notes on the closed hi-hat, a crash to begin with."""
    hits = [(step, 42) for step in range(0, 32, 2)] + [(0, 49), (0, 36), (8, 36), (16, 36), (24, 36)]
    hits += [(4, 38), (12, 38), (20, 38), (28, 38)]
    notes = tuple(Note(step * STEP, pitch, (step + 1) * STEP, 80, True, 9) for step, pitch in hits)
    return Clip(notes, 2, 120.0, "rock")


@pytest.fixture(scope="session")
def half_time_beat() -> Clip:
    """Two bars: kick on 1, snare on 3, ride on the quarters."""
    hits = [(step, 51) for step in range(0, 32, 4)] + [(0, 36), (8, 38), (16, 36), (22, 36), (24, 38)]
    notes = tuple(Note(step * STEP, pitch, (step + 1) * STEP, 80, True, 9) for step, pitch in hits)
    return Clip(notes, 2, 120.0, "half time")


TINY_GROOVES = ("groovae_2bar_humanize", "groove_2bar_humanize", "groove_2bar_tap", "groove_2bar_add_closed_hh")


@pytest.fixture(scope="session")
def tiny_grooves(tmp_path_factory) -> dict[str, TrainedModel]:
    """Groove models with small layers and random weights, as in Magenta (means) and our own (distributions)."""
    models = {}
    for name in TINY_GROOVES:
        config = CONFIG_MAP[name]
        bins = 4 * (config.hparams.feel_bins > 0)
        hparams = dataclasses.replace(
            config.hparams, z_size=6, enc_rnn_size=(10,), dec_rnn_size=(14, 12), feel_bins=bins
        )
        config = dataclasses.replace(config, hparams=hparams)
        path = tmp_path_factory.mktemp("weights") / f"{name}.safetensors"
        save_file({key: 3 * array for key, array in vae.initial_weights(config, seed=5).items()}, path)
        models[name] = TrainedModel(config, 8, path)
    return models
