"""Weights from a file: safetensors, a TensorFlow 1 checkpoint, a folder of them, or a `.tar` as Magenta publishes.

Whatever the source, weights are believed only after their names, shapes and values have been checked against the
configuration (`musicvae_reference` section 2.9).
"""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from core import limits
from core.configs import Config
from core.errors import CheckpointError
from core.network import vae


def load(path: str | Path, config: Config) -> dict[str, np.ndarray]:
    """The weights in `path` that `config` needs, float32, under Magenta's variable names.

    Args:
        path: a `.safetensors` or `.tar` file, a directory (its newest checkpoint), or the prefix of a TF1 checkpoint.
        config: the configuration that the weights must fit; other variables in the file are ignored.

    Raises:
        CheckpointError: the file is missing, damaged, or made for another configuration.
    """
    path = Path(path).expanduser()
    if path.suffix == ".safetensors":
        found = _read_safetensors(path)
    elif path.suffix in (".tar", ".tgz") or path.name.endswith(".tar.gz"):
        with tempfile.TemporaryDirectory() as folder:
            found = _read_tf1(_unpack(path, Path(folder)), path)
    elif path.is_dir():
        found = _read_tf1(_newest_prefix(path), path)
    else:
        found = _read_tf1(path, path)
    return _checked(found, path, config)


def save(path: Path, weights: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """Writes weights as half-precision safetensors, the form in which the bundled models are shipped."""
    save_file({name: array.astype(np.float16) for name, array in weights.items()}, path, metadata)


def _read_safetensors(path: Path) -> dict[str, np.ndarray]:
    try:
        with safe_open(path, "numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except FileNotFoundError:
        raise CheckpointError(f"There is no weights file {path}. Check the path.") from None
    except (SafetensorError, OSError, ValueError):
        raise CheckpointError(f"{path.name} is damaged or not a safetensors file. Fetch or export it again.") from None


def _read_tf1(prefix: Path, shown: Path) -> dict[str, np.ndarray]:
    import tensorflow as tf

    if not prefix.with_name(prefix.name + ".index").exists():
        raise CheckpointError(
            f"There is no checkpoint {shown}. Give a .safetensors or .tar file, a checkpoint's prefix (without .index) "
            "or its folder."
        )
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        return {
            name: reader.get_tensor(name)
            for name, dtype in reader.get_variable_to_dtype_map().items()
            if dtype in (tf.float32, tf.float16)
        }
    except (tf.errors.OpError, ValueError, RuntimeError, LookupError):
        raise CheckpointError(f"{shown.name} is damaged or incomplete. Fetch it again.") from None


def _newest_prefix(folder: Path) -> Path:
    indices = sorted(folder.glob("*.index"), key=lambda file: file.stat().st_mtime)
    if not indices:
        raise CheckpointError(f"The folder {folder} holds no TensorFlow checkpoint (no .index file).")
    return indices[-1].with_suffix("")


def _unpack(path: Path, folder: Path) -> Path:
    """Copies a checkpoint out of an archive that nobody trusts: regular files only, under their bare names."""
    prefix, room = None, limits.MAX_CHECKPOINT_BYTES
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                name = Path(member.name).name
                if not member.isfile() or not (name.endswith(".index") or ".data-" in name):
                    continue
                room -= member.size
                if room < 0:
                    raise CheckpointError(f"{path.name} unpacks to more than {limits.MAX_CHECKPOINT_BYTES >> 30} GiB.")
                with archive.extractfile(member) as source, (folder / name).open("wb") as target:
                    shutil.copyfileobj(source, target)
                if name.endswith(".index") and prefix is None:
                    prefix = (folder / name).with_suffix("")
    except FileNotFoundError:
        raise CheckpointError(f"There is no weights file {path}. Check the path.") from None
    except (tarfile.TarError, EOFError, OSError):
        raise CheckpointError(f"{path.name} is damaged or not a tar archive. Fetch it again.") from None
    if prefix is None:
        raise CheckpointError(f"{path.name} holds no TensorFlow checkpoint (no .index file).")
    return prefix


def _checked(found: dict[str, np.ndarray], path: Path, config: Config) -> dict[str, np.ndarray]:
    weights = {}
    for name, shape in vae.variable_shapes(config).items():
        if name not in found:
            raise CheckpointError(f"{path.name} does not fit {config.name}: it has no variable {name}.")
        if found[name].shape != shape:
            raise CheckpointError(
                f"{path.name} does not fit {config.name}: "
                f"{name} has shape {list(found[name].shape)}, not {list(shape)}."
            )
        weights[name] = found[name].astype(np.float32)
        if not np.isfinite(weights[name]).all():
            raise CheckpointError(f"{path.name} is damaged: {name} holds values that are not numbers.")
    return weights
