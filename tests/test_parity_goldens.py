"""Our network, converter and model class against what Magenta computed (tests/goldens), without Magenta."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest

from core import checkpoints
from core.network import vae
from core.trained_model import TrainedModel
from tests.parity import agreement, groove_agreement, line_agreement, nade_agreement
from tests.parity.random_models import (
    DRUM_MODELS,
    GROOVE_MODELS,
    GROOVES,
    LINE_MODELS,
    MODELS,
    NADE_MODELS,
    random_weights,
)

GOLDENS = Path(__file__).parent / "goldens"
STORED = [name for name, model in MODELS.items() if model.sizes]


def golden(name: str) -> dict[str, np.ndarray]:
    return dict(np.load(GOLDENS / f"{name}.npz"))


def weights_of(name: str) -> dict[str, np.ndarray]:
    return random_weights(vae.variable_shapes(agreement.config_of(name)), MODELS[name])


@pytest.mark.parametrize("name", DRUM_MODELS)
def test_network(name):
    agreement.assert_same_network(weights_of(name), golden(name))


@pytest.mark.parametrize("name", GROOVE_MODELS)
def test_groove_network(name):
    groove_agreement.assert_same_groove_network(name, weights_of(name), golden(name))


@pytest.mark.parametrize("name", LINE_MODELS)
def test_line_network(name):
    line_agreement.assert_same_line_network(name, weights_of(name), golden(name))


@pytest.mark.parametrize("name", NADE_MODELS)
def test_nade_network(name):
    nade_agreement.assert_same_nade_network(name, weights_of(name), golden(name))


@pytest.mark.parametrize("name", STORED)
def test_variables_are_those_of_magentas_graph(name):
    stored = checkpoints.load(GOLDENS / name / "model.ckpt", agreement.config_of(name))
    drawn = weights_of(name)
    assert stored.keys() == drawn.keys()
    assert all((stored[variable] == drawn[variable]).all() for variable in drawn)


def test_drums_converter():
    groove = golden("groove")
    assert len(groove["owners"]) >= 200
    agreement.assert_same_converter(groove)


def test_full_drums_converter():
    full = golden("full_drums")
    assert len(full["owners"]) >= 200
    nade_agreement.assert_same_full_converter(full, golden("groove")["sources"])


def test_groove_goldens_hold_enough():
    groove_agreement.assert_enough(golden("groovae"))


@pytest.mark.parametrize("config", GROOVES)
def test_groove_converter(config):
    groove_agreement.assert_same_groove_converter(config, golden("groovae"))


@pytest.mark.parametrize("config", GROOVES)
def test_grooves_back_as_notes(config):
    groove_agreement.assert_same_notes(config, golden("groovae"))


def test_line_goldens_hold_enough():
    lines = golden("lines")
    assert all(len(lines[f"{name}_labels"]) >= 20 for name in line_agreement.CONFIGS)
    assert len(lines[f"{line_agreement.MELODY_SMALL}_labels"]) >= 200


@pytest.mark.parametrize("config", line_agreement.CONFIGS)
def test_line_converter(config):
    line_agreement.assert_same_line_converter(config, golden("lines"))


def as_prefix(folder: Path, _: Path) -> Path:
    return folder / "model.ckpt"


def as_directory(folder: Path, _: Path) -> Path:
    return folder


def as_tar(folder: Path, tmp_path: Path) -> Path:
    with tarfile.open(tmp_path / "published.tar", "w") as archive:
        for file in folder.iterdir():
            archive.add(file, f"published/{file.name}")
    return tmp_path / "published.tar"


@pytest.mark.parametrize("form", [as_prefix, as_directory, as_tar])
@pytest.mark.parametrize("name", [name for name in STORED if name in DRUM_MODELS])
def test_trained_model(name, form, tmp_path):
    expected = golden(name)
    model = TrainedModel(agreement.config_of(name), 8, form(GOLDENS / name, tmp_path))
    _, mu, sigma = model.encode_tensors(agreement.rolls_of(expected), expected["lengths"])
    agreement.assert_close(mu, expected["mu"])
    agreement.assert_close(sigma, expected["sigma"])
    tensors = np.array(model.decode_to_tensors(expected["z"], 32, temperature=1e-8))
    assert tensors.dtype == np.float32
    assert (np.sort(tensors, -1) == np.eye(512)[511]).all(), "not one-hot"
    agreement.assert_same_greedy(tensors.argmax(-1), expected)


@pytest.mark.parametrize("name", [name for name in STORED if name in GROOVE_MODELS])
def test_trained_groove_model(name):
    model = TrainedModel(agreement.config_of(name), 8, GOLDENS / name)
    groove_agreement.assert_same_trained_model(name, model, golden(name))


@pytest.mark.parametrize("name", LINE_MODELS)
def test_trained_line_model(name):
    model = TrainedModel(agreement.config_of(name), 8, GOLDENS / name)
    line_agreement.assert_same_trained_model(name, model, golden(name))


@pytest.mark.parametrize("name", NADE_MODELS)
def test_trained_nade_model(name):
    model = TrainedModel(agreement.config_of(name), 8, GOLDENS / name)
    nade_agreement.assert_same_trained_model(name, model, golden(name))
