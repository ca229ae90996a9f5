"""Latent Jam's music: sample, blend and humanise short clips with MusicVAE and GrooVAE.

The public names. TensorFlow takes seconds to import, so each is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING

# note_seq brings pydub, which looks for ffmpeg; nothing here uses either.
warnings.filterwarnings("ignore", message="Couldn't find ffmpeg or avconv")

if TYPE_CHECKING:
    from core.configs import CONFIG_MAP
    from core.engine import perform
    from core.errors import LatentJamError, MultipleExtractedExamplesError, NoExtractedExamplesError
    from core.performance import Performance
    from core.recipe import Recipe
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
    "LatentJamError": "core.errors",
    "MultipleExtractedExamplesError": "core.errors",
    "NoExtractedExamplesError": "core.errors",
    "Performance": "core.performance",
    "Recipe": "core.recipe",
    "Studio": "core.studio",
    "TrainedModel": "core.trained_model",
    "perform": "core.engine",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'core' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOME[name]), name)
