"""The folder of fetched checkpoints: each is downloaded once, converted once, checked at every use, and leaves when the
folder grows too large and others were used later.

Of a model NAME the folder holds `NAME.safetensors`, the weights; `NAME.json`, what is known of them; `NAME.lock`, which
whoever touches the others holds; and for a while `NAME.tar`, as it was published, and what a broken try leaves. A lock
is the system's, so it ends with the process that held it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from core import downloads, limits
from core.errors import CancelledError, CheckpointError, ModelTooLargeError
from core.sentences import Sentence

if TYPE_CHECKING:
    from core.catalog import Model

# Called with a share from 0 to 1 and a sentence.
Tell = Callable[[float, str], None]
# How the time until a model is there is shared out: most of it is the download.
_DOWNLOADED = 0.9


@dataclass(frozen=True)
class Record:
    """What was seen when a checkpoint was first read whole: sizes in bytes and SHA-256 of the published archive and of
    the converted file."""

    url: str
    config: str
    archive_bytes: int
    archive_sha256: str
    file_bytes: int
    file_sha256: str


@contextlib.contextmanager
def ready(
    model: Model,
    limit_bytes: int = limits.CACHE_BYTES,
    tell: Tell | None = None,
    cancel: threading.Event | None = None,
) -> Iterator[Path]:
    """The weights' file of a published model, fetched and converted if need be, whole and checked; nobody removes it
    while the block runs.

    Args:
        model: an entry with a `url`.
        limit_bytes: how large the folder may grow.
        tell: told how far it is.
        cancel: set by somebody who does not want it any more; what has come is kept.

    Raises:
        DownloadError: it could not be fetched, or the folder cannot be written to.
        CheckpointError: what came is damaged, hostile or of another configuration, and is removed.
        ModelTooLargeError: it is larger than the folder may grow.
        CancelledError: `cancel` was set.
    """
    tell, cancel = tell or (lambda share, what: None), cancel or threading.Event()
    place = _Place(model)
    with contextlib.ExitStack() as stack:
        try:
            place.folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(_held(filelock.FileLock(place.lock), model.id, tell, cancel))
            place.sweep()
            if not place.is_good(tell):
                _fetch(model, place, limit_bytes, tell, cancel)
            os.utime(place.weights)
        except OSError as error:
            raise downloads.disk_error(place.folder, error) from None
        yield place.weights


@dataclass(frozen=True)
class _Place:
    """The files of one model."""

    model: Model

    @property
    def folder(self) -> Path:
        return self.model.path.parent

    @property
    def weights(self) -> Path:
        return self.model.path

    @property
    def record(self) -> Path:
        return self.folder / f"{self.model.name}.json"

    @property
    def lock(self) -> Path:
        return self.folder / f"{self.model.name}.lock"

    @property
    def archive(self) -> Path:
        return self.folder / f"{self.model.name}.tar"

    @property
    def workspace(self) -> Path:
        return self.folder / f"{self.model.name}.unpacked"

    @property
    def half_made(self) -> Path:
        return self.folder / f"{self.model.name}.converted"

    def sweep(self) -> None:
        """Removes what a process that was killed while it converted has left."""
        shutil.rmtree(self.workspace, ignore_errors=True)
        self.half_made.unlink(missing_ok=True)

    def known(self) -> Record | None:
        """What was recorded, if it can be read."""
        try:
            return Record(**json.loads(self.record.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def is_good(self, tell: Tell) -> bool:
        """Whether the weights are there and are those that were recorded; damaged ones are removed.

        Raises `CheckpointError` for damaged ones.
        """
        if not self.weights.is_file():
            return False
        known = self.known()
        if known is not None and known.file_bytes == self.weights.stat().st_size:
            tell(0.0, Sentence("Checking {name}", name=self.model.id))
            if _sha256(self.weights) == known.file_sha256:
                return True
        self.weights.unlink()
        raise CheckpointError(
            "The kept weights of {name} were damaged and have been removed. Try again to fetch them anew.",
            name=self.model.id,
        )


@contextlib.contextmanager
def _held(lock: filelock.BaseFileLock, shown: str, tell: Tell, cancel: threading.Event) -> Iterator[None]:
    while True:
        try:
            lock.acquire(timeout=limits.PROGRESS_SECONDS)
            break
        except filelock.Timeout:
            tell(0.0, Sentence("Waiting for {name}, which is being fetched already", name=shown))
        if cancel.is_set():
            raise CancelledError("Waiting for {name} was stopped.", name=shown)
    try:
        yield
    finally:
        lock.release()


def _fetch(model: Model, place: _Place, limit_bytes: int, tell: Tell, cancel: threading.Event) -> None:
    if model.parameter_bytes > limit_bytes:
        raise ModelTooLargeError(
            "{name} takes {needed:.0f} MB, and the cache may hold only {most:.0f} MB. Choose a smaller model, or set "
            "LATENT_JAM_CACHE_BYTES.",
            name=model.id,
            needed=model.parameter_bytes / 1e6,
            most=limit_bytes / 1e6,
        )
    make_room(place.folder, limit_bytes - model.parameter_bytes, keep=model.name)
    if not place.archive.is_file():
        tell(0.0, Sentence("Fetching {name}", name=model.id))
        downloads.download(
            model.url,
            place.archive,
            model.id,
            lambda transfer: tell(
                _DOWNLOADED * transfer.share,
                Sentence("Fetching {name}: {how_far}", name=model.id, how_far=transfer.words),
            ),
            cancel,
            # Unpacked and converted it takes that much again, for a while.
            room_bytes=model.download_bytes + model.parameter_bytes,
        )
    tell(_DOWNLOADED, Sentence("Reading {name}", name=model.id))
    try:
        _convert(model, place)
    except CheckpointError:
        place.archive.unlink()
        raise
    place.archive.unlink()
    make_room(place.folder, limit_bytes, keep=model.name)


def _convert(model: Model, place: _Place) -> None:
    # TensorFlow comes with this import.
    from core import checkpoints

    archive_sha256, known = _sha256(place.archive), place.known()
    if known is not None and known.archive_sha256 != archive_sha256:
        raise CheckpointError(
            "{name} is not the file that was fetched before: its SHA-256 has changed. It was removed. If you know why, "
            "remove {record} and try again.",
            name=model.id,
            record=str(place.record),
        )
    try:
        checkpoints.convert(place.archive, model.config, place.half_made, place.workspace)
    except BaseException:
        place.half_made.unlink(missing_ok=True)
        raise
    record = Record(
        url=model.url,
        config=model.config.name,
        archive_bytes=place.archive.stat().st_size,
        archive_sha256=archive_sha256,
        file_bytes=place.half_made.stat().st_size,
        file_sha256=_sha256(place.half_made),
    )
    _write_whole(place.record, json.dumps(dataclasses.asdict(record), indent=1))
    # Last: weights without a record are not believed.
    place.half_made.replace(place.weights)


def _write_whole(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".new")
    with partial.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def make_room(folder: Path, limit_bytes: int, keep: str) -> None:
    """Removes converted checkpoints, least recently used first, until all there are have at most `limit_bytes`, and
    what old broken tries left. Models in use, the one named `keep` and files that are not ours stay."""
    for partial in folder.glob("*.tar.partial"):
        if time.time() - partial.stat().st_mtime > limits.PARTIAL_AGE_SECONDS:
            _remove_unless_in_use(
                folder, partial.name.removesuffix(".tar.partial"), ".tar.partial", ".tar.partial.json"
            )
    ours = [file for file in folder.glob("*.safetensors") if file.with_suffix(".json").is_file()]
    used = {file: file.stat() for file in ours}
    total = sum(stat.st_size for stat in used.values())
    for file in sorted(ours, key=lambda file: used[file].st_mtime):
        if total <= limit_bytes:
            return
        if file.stem != keep and _remove_unless_in_use(folder, file.stem, ".safetensors"):
            total -= used[file].st_size


def _remove_unless_in_use(folder: Path, name: str, *endings: str) -> bool:
    try:
        with filelock.FileLock(folder / f"{name}.lock", timeout=0):
            for ending in endings:
                (folder / (name + ending)).unlink(missing_ok=True)
            return True
    except filelock.Timeout:
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
