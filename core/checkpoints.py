"""Weights from a file: safetensors, a TensorFlow 1 checkpoint, a folder of them, or a `.tar` as Magenta publishes.

Whatever the source, weights are believed only after their names, shapes and values have been checked against the
configuration (`musicvae_reference` section 2.9).
"""

from __future__ import annotations

import errno
import gzip
import json
import os
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from core import limits
from core.configs import Config
from core.errors import CheckpointError
from core.network import vae
from core.sentences import Sentence

_SAFETENSORS_TYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}


@dataclass(frozen=True)
class _Source:
    """The variables of a file: their shapes by name, and how one is read. Nothing else is read into memory."""

    shown: str
    shapes: Mapping[str, tuple[int, ...]]
    read: Callable[[str], np.ndarray]


def load(path: str | Path, config: Config) -> dict[str, np.ndarray]:
    """The weights in `path` that `config` needs, float32, under Magenta's variable names.

    Float32 safetensors are mapped into memory, not copied: the arrays are read-only.

    Args:
        path: a `.safetensors` or `.tar` file, a directory (its newest checkpoint), or the prefix of a TF1 checkpoint.
        config: the configuration that the weights must fit; other variables in the file are ignored.

    Raises:
        CheckpointError: the file is missing, damaged, or made for another configuration.
    """
    path = Path(path).expanduser()
    if path.suffix == ".safetensors":
        return _checked(_safetensors(path), config)
    if path.suffix in (".tar", ".tgz") or path.name.endswith(".tar.gz"):
        try:
            with tempfile.TemporaryDirectory() as folder:
                return _checked(_tf1(_unpack(path, Path(folder)), path), config)
        except OSError as error:
            raise CheckpointError(
                "{file} could not be unpacked: {why}.", file=path.name, why=error.strerror or str(error)
            ) from None
    return _checked(_tf1(_newest_prefix(path) if path.is_dir() else path, path), config)


def save(path: Path, weights: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """Writes weights as half-precision safetensors, the form in which the bundled models are shipped."""
    save_file({name: array.astype(np.float16) for name, array in weights.items()}, path, metadata)


def convert(archive: Path, config: Config, target: Path, workspace: Path) -> None:
    """Writes the weights of a `.tar` that nobody trusts as float32 safetensors, complete and on the disk on return.

    Args:
        archive: the `.tar`.
        config: the configuration that the weights must fit.
        target: the file to write.
        workspace: a folder to unpack to; it is made, and gone on return.

    Raises:
        CheckpointError: as for `load`.
        OSError: the disk is full, or one of the places cannot be written to.
    """
    try:
        workspace.mkdir()
        weights = _checked(_tf1(_unpack(archive, workspace), archive), config)
        save_file(weights, target, {"config": config.name})
        with target.open("rb+") as file:
            os.fsync(file.fileno())
        # The library lets nobody else read it, but an image may be made by one user and run by another.
        target.chmod(0o644)
    except SafetensorError as error:
        # The library wraps what the disk said.
        said = re.search(r"os error (\d+)", str(error))
        raise OSError(int(said[1]) if said else errno.EIO, str(error)) from None
    finally:
        shutil.rmtree(workspace, ignore_errors=True)


def _safetensors(path: Path) -> _Source:
    try:
        # The library checks that the header is sound: no array overlaps another or leaves the file.
        with safe_open(path, "numpy") as file:
            names = set(file.keys())
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
        mapped = np.asarray(np.memmap(path, np.uint8, "r", 8 + length))
    except FileNotFoundError:
        raise CheckpointError("There is no weights file {path}. Check the path.", path=str(path)) from None
    except (SafetensorError, OSError, ValueError):
        raise CheckpointError(
            "{file} is damaged or not a safetensors file. Fetch or export it again.", file=path.name
        ) from None
    found = {name: header[name] for name in names if header[name]["dtype"] in _SAFETENSORS_TYPES}

    def read(name: str) -> np.ndarray:
        begin, end = found[name]["data_offsets"]
        return mapped[begin:end].view(_SAFETENSORS_TYPES[found[name]["dtype"]]).reshape(found[name]["shape"])

    return _Source(path.name, {name: tuple(entry["shape"]) for name, entry in found.items()}, read)


def _tf1(prefix: Path, shown: Path) -> _Source:
    import tensorflow as tf

    damaged = CheckpointError("{file} is damaged or incomplete. Fetch it again.", file=shown.name)
    errors = (tf.errors.OpError, ValueError, RuntimeError, LookupError, MemoryError)
    if not prefix.with_name(prefix.name + ".index").exists():
        raise CheckpointError(
            "There is no checkpoint {path}. Give a .safetensors or .tar file, a checkpoint's prefix (without .index) "
            "or its folder.",
            path=str(shown),
        )
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        types = reader.get_variable_to_dtype_map()
        shapes = {
            name: tuple(shape)
            for name, shape in reader.get_variable_to_shape_map().items()
            if types[name] in (tf.float32, tf.float16)
        }
    except errors:
        raise damaged from None

    def read(name: str) -> np.ndarray:
        try:
            return reader.get_tensor(name)
        except errors:
            raise damaged from None

    return _Source(shown.name, shapes, read)


def _newest_prefix(folder: Path) -> Path:
    indices = sorted(folder.glob("*.index"), key=lambda file: file.stat().st_mtime)
    if not indices:
        raise CheckpointError(
            "The folder {folder} holds no TensorFlow checkpoint (no .index file).", folder=str(folder)
        )
    return indices[-1].with_suffix("")


class _Guarded:
    """A file for `tarfile` that gives no more at once than an honest archive asks for: a header may claim to be
    gigabytes long, and would be read into memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, count: int) -> bytes:
        """Up to `count` bytes."""
        if not 0 <= count <= limits.ARCHIVE_READ_BYTES:
            raise tarfile.ReadError("a header too long")
        return self._file.read(count)


def _unpack(path: Path, folder: Path) -> Path:
    """Copies a checkpoint out of an archive that nobody trusts: regular files only, under their bare names.

    Raises CheckpointError for an archive with anything in it that no checkpoint has, OSError if `folder` is full.
    """
    members = {}
    try:
        with path.open("rb") as raw:
            is_packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            plain = gzip.GzipFile(fileobj=raw) if is_packed else raw
            with tarfile.open(fileobj=_Guarded(plain), mode="r:") as archive:
                room = limits.MAX_CHECKPOINT_BYTES
                for number, member in enumerate(archive, 1):
                    # Of a sparse member this is the size that it would have on the disk.
                    room -= max(0, member.size)
                    _check_member(member, number, room, path)
                    name = PurePosixPath(member.name).name
                    if not member.isfile() or not (name.endswith(".index") or ".data-" in name):
                        continue
                    if name in members:
                        raise CheckpointError(
                            "{file} is refused: it holds two files {name}.", file=path.name, name=name[:60]
                        )
                    members[name] = member
                    _copy(archive, member, folder / name)
    except FileNotFoundError:
        raise CheckpointError("There is no weights file {path}. Check the path.", path=str(path)) from None
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError, RecursionError, OverflowError):
        raise CheckpointError("{file} is damaged or not a tar archive. Fetch it again.", file=path.name) from None
    for name in members:
        if name.endswith(".index"):
            return (folder / name).with_suffix("")
    raise CheckpointError("{file} holds no TensorFlow checkpoint (no .index file).", file=path.name)


def _copy(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    with archive.extractfile(member) as source, target.open("xb") as file:
        shutil.copyfileobj(source, file, limits.ARCHIVE_READ_BYTES)
        if file.tell() != member.size:
            raise tarfile.ReadError("a member cut short")


def _check_member(member: tarfile.TarInfo, number: int, room: int, path: Path) -> None:
    place, shown, why = PurePosixPath(member.name), repr(member.name[:60]), None
    if number > limits.MAX_CHECKPOINT_MEMBERS:
        why = Sentence("it holds more than {most} files", most=limits.MAX_CHECKPOINT_MEMBERS)
    elif place.is_absolute() or ".." in place.parts or "\0" in member.name:
        why = Sentence("its file {name} would leave the folder", name=shown)
    elif member.issym() or member.islnk():
        why = Sentence("{name} in it is a link", name=shown)
    elif not member.isfile() and not member.isdir():
        why = Sentence("{name} in it is neither file nor folder", name=shown)
    elif room < 0:
        why = Sentence("it unpacks to more than {most} GiB", most=limits.MAX_CHECKPOINT_BYTES >> 30)
    if why:
        raise CheckpointError("{file} is no honest checkpoint and is refused: {why}.", file=path.name, why=why)


def _checked(source: _Source, config: Config) -> dict[str, np.ndarray]:
    shapes = vae.variable_shapes(config)
    for name, shape in shapes.items():
        if name not in source.shapes:
            raise CheckpointError(
                "{file} does not fit {config}: it has no variable {name}.",
                file=source.shown,
                config=config.name,
                name=name,
            )
        if source.shapes[name] != shape:
            raise CheckpointError(
                "{file} does not fit {config}: {name} has shape {shape}, not {needed}.",
                file=source.shown,
                config=config.name,
                name=name,
                shape=list(source.shapes[name]),
                needed=list(shape),
            )
    weights = {}
    for name in shapes:
        weights[name] = source.read(name).astype(np.float32, copy=False)
        if not np.isfinite(weights[name]).all():
            raise CheckpointError(
                "{file} is damaged: {name} holds values that are not numbers.", file=source.shown, name=name
            )
    return weights
