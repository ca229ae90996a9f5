import hashlib
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from core import checkpoints
from core.catalog import CATALOG, MODELS_FOLDER
from core.configs import CONFIG_MAP
from core.errors import CheckpointError


@pytest.fixture(scope="module")
def weights(tiny_checkpoint) -> dict[str, np.ndarray]:
    return load_file(tiny_checkpoint)


@pytest.fixture
def tf1_prefix(weights, tmp_path) -> str:
    prefix = str(tmp_path / "model.ckpt")
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        for name, array in weights.items():
            tf.compat.v1.get_variable(name, initializer=array, use_resource=True)
        tf.compat.v1.get_variable("global_step", initializer=np.int64(7), use_resource=True)
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver().save(session, prefix, write_meta_graph=False)
    return prefix


def same(a, b) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def test_every_kind_of_source(tiny_config, tiny_checkpoint, weights, tf1_prefix, tmp_path):
    archive = tmp_path / "model.tar"
    with tarfile.open(archive, "w") as tar:
        for file in sorted(tmp_path.glob("model.ckpt*")):
            tar.add(file, f"somewhere/{file.name}")
    for source in (tiny_checkpoint, tf1_prefix, archive, tmp_path):
        assert same(checkpoints.load(source, tiny_config), weights), source


def test_half_precision(tiny_config, weights, tmp_path):
    checkpoints.save(tmp_path / "half.safetensors", weights, {"config": "tiny"})
    loaded = checkpoints.load(tmp_path / "half.safetensors", tiny_config)
    for name, array in loaded.items():
        assert array.dtype == np.float32
        assert array == pytest.approx(weights[name], rel=1e-3, abs=1e-6)


def test_surplus_variables_are_ignored(tiny_config, weights, tmp_path):
    save_file(weights | {"decoder/Adam": np.zeros(3, np.float32)}, tmp_path / "more.safetensors")
    assert same(checkpoints.load(tmp_path / "more.safetensors", tiny_config), weights)


def refused(source, config, sentence):
    with pytest.raises(CheckpointError) as error:
        checkpoints.load(source, config)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_of_another_configuration(tiny_checkpoint, tiny_config, weights, tmp_path):
    refused(tiny_checkpoint, CONFIG_MAP["cat-drums_2bar_small"], "does not fit cat-drums_2bar_small")
    save_file({k: v for k, v in weights.items() if "sigma" not in k}, tmp_path / "few.safetensors")
    refused(tmp_path / "few.safetensors", tiny_config, "has no variable encoder/sigma")


def test_values_that_are_not_numbers(tiny_config, weights, tmp_path):
    broken = weights | {"encoder/mu/bias": np.full_like(weights["encoder/mu/bias"], np.nan)}
    save_file(broken, tmp_path / "nan.safetensors")
    refused(tmp_path / "nan.safetensors", tiny_config, "encoder/mu/bias holds values that are not numbers")


def test_missing(tiny_config, tmp_path):
    for name in ("no.safetensors", "no.tar", "no"):
        refused(tmp_path / name, tiny_config, "There is no")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", tiny_config, "no .index file")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_truncated_safetensors(tiny_config, tiny_checkpoint, tmp_path, share):
    data = Path(tiny_checkpoint).read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(data[: int(share * len(data))])
    refused(tmp_path / "cut.safetensors", tiny_config, "damaged")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_truncated_tf1(tiny_config, tf1_prefix, tmp_path, share):
    for file in (tmp_path / "model.ckpt.data-00000-of-00001", tmp_path / "model.ckpt.index"):
        whole = file.read_bytes()
        file.write_bytes(whole[: int(share * len(whole))])
        refused(tf1_prefix, tiny_config, "damaged")
        file.write_bytes(whole)
    assert checkpoints.load(tf1_prefix, tiny_config)


def test_an_archive_writes_nothing_outside(tiny_config, tmp_path):
    archive = tmp_path / "evil.tar"
    with tarfile.open(archive, "w") as tar:
        for name in ("../escaped.index", "/tmp/latent-jam-escaped.index"):
            member = tarfile.TarInfo(name)
            member.size = 4
            tar.addfile(member, io.BytesIO(b"evil"))
        link = tarfile.TarInfo("link.index")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    before = set(tmp_path.rglob("*"))
    refused(archive, tiny_config, "would leave the folder")
    assert set(tmp_path.rglob("*")) == before
    archive.write_bytes(b"not a tar")
    refused(archive, tiny_config, "damaged or not a tar")
    with tarfile.open(archive, "w"):
        pass
    refused(archive, tiny_config, "holds no TensorFlow checkpoint")


def test_bundled_weights_say_what_they_are_and_no_two_are_the_same():
    bundled = [model for model in CATALOG.values() if model.id.startswith("bundled/")]
    assert {model.path for model in bundled} == set(MODELS_FOLDER.glob("*.safetensors"))
    seen: dict[str, str] = {}
    for model in bundled:
        with safe_open(model.path, "numpy") as file:
            assert file.metadata()["config"] == model.config.name, model.id
        weights = checkpoints.load(model.path, model.config)
        digest = hashlib.sha256(b"".join(weights[name].tobytes() for name in sorted(weights))).hexdigest()
        assert digest not in seen, f"{model.id} has the weights of {seen[digest]}"
        seen[digest] = model.id


def test_every_bundled_model_has_its_card():
    for model in (model for model in CATALOG.values() if model.source == "bundled"):
        card = model.path.with_suffix(".md").read_text()
        assert card.startswith(f"# {model.id}\n")
        with safe_open(model.path, "numpy") as file:
            steps = file.metadata().get("step")
        said = f"{int(steps):,} steps" if steps else "The number of steps was not recorded"
        assert said in card, model.id
