"""Who performs recipes: this process, another one beside it (`LATENT_JAM_APART`, which the app sets), or the engine
replicas of a Ray cluster (`LATENT_JAM_RAY`).

The page, the endpoints, links and Python's `core.perform` all ask here, so they need not know.
"""

from __future__ import annotations

import functools
import importlib.util
import logging
import sys
import threading
from typing import TYPE_CHECKING, Protocol

from core import settings
from core.errors import SettingError
from core.performance import Performance, Progress

if TYPE_CHECKING:
    from core.recipe import Recipe

# The models that are asked for most, the first of all first: what a process that plays loads before anybody asks.
MOST_ASKED = (
    "bundled/drums_2bar.lokl",
    "bundled/drums_2bar.hikl",
    "bundled/groove_2bar_humanize",
    "bundled/melody_2bar",
)


log = logging.getLogger("latent_jam")


class Engine(Protocol):
    """Performs recipes for many threads at once."""

    def perform(self, recipe: Recipe, progress: Progress | None, cancel: threading.Event | None) -> Performance:
        """See the function `perform`."""

    def warm_up(self, model_id: str) -> None:
        """See the function `warm_up`."""

    def loaded_models(self) -> tuple[str, ...]:
        """See the function `loaded_models`."""


class ThisProcess:
    """The engine of a program that ends with its music. TensorFlow is imported with the first recipe."""

    def perform(
        self, recipe: Recipe, progress: Progress | None = None, cancel: threading.Event | None = None
    ) -> Performance:
        """See `core.studio.perform`."""
        from core import studio

        return studio.perform(recipe, progress, cancel)

    def warm_up(self, model_id: str) -> None:
        """See `core.studio.warm_up`."""
        from core import studio

        studio.warm_up(model_id)

    def loaded_models(self) -> tuple[str, ...]:
        """See `core.studio.loaded_models`."""
        studio = sys.modules.get("core.studio")
        return studio.loaded_models() if studio else ()


@functools.cache
def chosen() -> Engine:
    """The engine that the owner has chosen: this process also where none can be started beside it. Raises
    `SettingError` if Ray cannot be had here."""
    owners = settings.from_environment()
    if owners.ray is None:
        if not owners.apart:
            return ThisProcess()
        from core.apart import Apart

        try:
            return Apart()
        except OSError as error:
            log.warning("no process can be started beside this one: %s", type(error).__name__)
            return ThisProcess()
    if importlib.util.find_spec("ray") is None:
        raise SettingError(
            "LATENT_JAM_RAY is set, but Ray is not installed. Install deploy/requirements.txt, or unset it."
        )
    from core.cluster import Cluster

    return Cluster(owners.ray)


def perform(recipe: Recipe, progress: Progress | None = None, cancel: threading.Event | None = None) -> Performance:
    """Makes the music of a recipe: the same notes whichever engine plays, and whichever of its replicas.

    Raises what `Studio.perform` does, from elsewhere also `EngineError`, and `CancelledError` soon after `cancel` is
    set.
    """
    return chosen().perform(recipe, progress, cancel)


def warm_up(model_id: str) -> None:
    """Sees to it that a model's first clip need not wait for it. Says nothing if that cannot be done."""
    chosen().warm_up(model_id)


def loaded_models() -> tuple[str, ...]:
    """The ids of the models that the engine has in memory, as far as that is known here."""
    return chosen().loaded_models()
