"""Latent Jam's music: sample, blend and humanise short clips with MusicVAE and GrooVAE.

The public names. TensorFlow takes seconds to import, so what needs it is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING

from core.errors import (
    LatentJamError,
    MultipleExtractedExamplesError,
    NoExtractedExamplesError,
)
from core.recipe import Recipe

# note_seq brings pydub, which looks for ffmpeg; nothing here uses either.
warnings.filterwarnings("ignore", message="Couldn't find ffmpeg or avconv")

if TYPE_CHECKING:
    from core.configs import CONFIG_MAP
    from core.engine import perform
    from core.performance import Performance
    from core.studio import Studio
    from core.trained_model import TrainedModel

__all__ = [
    "CONFIG_MAP",
    "LatentJamError",
    "MultipleExtractedExamplesError",
    "NoExtractedExamplesError",
    "Performance",
    "Recipe",
    "Studio",
    "TrainedModel",
    "perform",
]

_HOME = {
    "CONFIG_MAP": "core.configs",
    "Performance": "core.performance",
    "Studio": "core.studio",
    "TrainedModel": "core.trained_model",
    "perform": "core.engine",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'core' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOME[name]), name)
