"""What the owner of the machine sets by environment variables; visitors can set none of it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core import limits
from core.errors import SettingError

CHECKPOINTS_URL = "https://storage.googleapis.com/magentadata/models/music_vae/checkpoints"
# Where a Space that has paid for one finds its persistent disk.
SPACE_DISK = Path("/data")
ON = ("1", "true", "yes", "on")


@dataclass(frozen=True)
class OwnCheckpoint:
    """A checkpoint of the owner's: its name in the catalogue, its configuration and its place."""

    name: str
    config: str
    path: str


@dataclass(frozen=True)
class Settings:
    """The settings.

    cache_folder: where fetched checkpoints are kept.
    cache_bytes: how large that folder may grow; the least recently used leave.
    models_bytes: memory for loaded models.
    checkpoints_url: the address under which the published checkpoints lie, `NAME.tar` each.
    own_checkpoints: checkpoints of the owner's that join the catalogue.
    ray: address of the Ray cluster that makes the music, None for this machine.
    apart: music is made in a process beside this one.
    """

    cache_folder: Path
    cache_bytes: int = limits.CACHE_BYTES
    models_bytes: int = limits.LOADED_MODELS_BYTES
    checkpoints_url: str = CHECKPOINTS_URL
    own_checkpoints: tuple[OwnCheckpoint, ...] = ()
    ray: str | None = None
    apart: bool = False


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process, or of another environment; raises `SettingError` for one that cannot be used."""
    values = os.environ if environment is None else environment
    folder = values.get("LATENT_JAM_CACHE")
    return Settings(
        cache_folder=Path(os.path.expanduser(folder)) if folder else _usual_cache_folder(values),  # noqa: PTH111
        cache_bytes=_bytes(values, "LATENT_JAM_CACHE_BYTES", limits.CACHE_BYTES),
        models_bytes=_bytes(values, "LATENT_JAM_MODELS_BYTES", limits.LOADED_MODELS_BYTES),
        checkpoints_url=values.get("LATENT_JAM_CHECKPOINTS_URL", CHECKPOINTS_URL).rstrip("/"),
        own_checkpoints=_own_checkpoints(values.get("LATENT_JAM_CHECKPOINTS", "")),
        ray=_ray(values.get("LATENT_JAM_RAY", "").strip()),
        apart=values.get("LATENT_JAM_APART", "").strip().lower() in ON,
    )


def light_tensorflow() -> None:
    """For programs, before TensorFlow is imported: it says nothing of the processor, and does without Keras, which is
    not used here and takes nearly half the time. Whoever has set this otherwise has it so."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")


def one_thread_a_product() -> None:
    """For processes that play for many, before TensorFlow and numpy are imported: they would share every product out to
    all cores, which for clips of a few rows takes a third more of them, and others wait for the cores meanwhile."""
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _usual_cache_folder(values: Mapping[str, str]) -> Path:
    if values.get("SPACE_ID") and SPACE_DISK.is_dir() and os.access(SPACE_DISK, os.W_OK):
        return SPACE_DISK / "latent-jam"
    # Unlike Path.expanduser this has an answer where there is no home.
    return Path(os.path.expanduser("~/.cache/latent-jam"))  # noqa: PTH111


def _bytes(values: Mapping[str, str], name: str, usual: int) -> int:
    text = values.get(name, "").strip()
    if not text:
        return usual
    if not re.fullmatch(r"[0-9]{1,15}", text) or int(text) == 0:
        raise SettingError(f"{name} must be a number of bytes, such as {usual}, not “{text[:40]}”.")
    return int(text)


def _ray(address: str) -> str | None:
    if address and not re.fullmatch(r"auto|[\w.-]+:[0-9]{1,5}", address):
        raise SettingError(f"LATENT_JAM_RAY must be auto or HOST:PORT, not “{address[:80]}”.")
    return address or None


def _own_checkpoints(text: str) -> tuple[OwnCheckpoint, ...]:
    found = []
    for entry in filter(None, (part.strip() for part in text.split(";"))):
        match = re.fullmatch(r"([\w.-]+)=([\w.-]+):(.+)", entry)
        if not match:
            raise SettingError(
                f"LATENT_JAM_CHECKPOINTS must look like NAME=CONFIG:PATH;NAME=CONFIG:PATH, not “{entry[:80]}”."
            )
        found.append(OwnCheckpoint(*match.groups()))
    return tuple(found)
