"""Everything again with the real Magenta beside us; needs .venv-oracle (tests/parity/make_oracle.sh), else skips.

With the environment variable GROOVE_ZIP the excerpts are cut from the data set again, too.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from core.network import vae
from core.trained_model import TrainedModel
from tests.parity import agreement
from tests.parity.random_models import MODELS, random_weights

ROOT = Path(__file__).parents[2]
GOLDENS = ROOT / "tests" / "goldens"
PYTHON = ROOT / ".venv-oracle" / "bin" / "python"

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="no .venv-oracle: run tests/parity/make_oracle.sh")


@pytest.fixture(scope="module")
def remade(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("oracle")
    done = subprocess.run(
        [PYTHON, "-W", "ignore", ROOT / "tests" / "parity" / "oracle.py", folder],
        env=os.environ | {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("name", MODELS)
def test_network(name, remade):
    weights = random_weights(vae.variable_shapes(agreement.config_of(name)), MODELS[name])
    agreement.assert_same_network(weights, np.load(remade / f"{name}.npz"))


@pytest.mark.parametrize("name", MODELS)
def test_trained_model(name, remade):
    expected = np.load(remade / f"{name}.npz")
    model = TrainedModel(agreement.config_of(name), 8, remade / name / "model.ckpt")
    _, mu, sigma = model.encode_tensors(agreement.rolls_of(expected), expected["lengths"])
    agreement.assert_close(mu, expected["mu"])
    agreement.assert_close(sigma, expected["sigma"])
    labels = np.array(model.decode_to_tensors(expected["z"], 32, temperature=1e-8)).argmax(-1)
    agreement.assert_same_greedy(labels, expected)


def test_drums_converter(remade):
    agreement.assert_same_converter(np.load(remade / "groove.npz"))


@pytest.mark.parametrize("name", MODELS)
def test_goldens_are_what_magenta_computes(name, remade):
    committed, now = np.load(GOLDENS / f"{name}.npz"), np.load(remade / f"{name}.npz")
    assert set(committed) == set(now)
    for array in set(now) - {"labels", "gaps", "logits"}:
        agreement.assert_close(committed[array], now[array])
    agreement.assert_same_greedy(committed["labels"], now)
    same = (committed["labels"] == now["labels"]).all(1)
    agreement.assert_close(committed["gaps"][same], now["gaps"][same])
    same = same[: len(committed["logits"])]
    agreement.assert_close(committed["logits"][same], now["logits"][: len(same)][same])


def test_groove_goldens_are_what_magenta_computes(remade):
    committed, now = np.load(GOLDENS / "groove.npz"), np.load(remade / "groove.npz")
    assert set(committed) == set(now)
    assert all((committed[array] == now[array]).all() for array in now)
