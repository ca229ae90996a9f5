"""Engines that are elsewhere, in other processes or on other machines: what is common to all who ask such.

An engine may be lost at any moment; performing has no effects and gives the same notes everywhere, so the recipe is
then simply given to another.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from core import limits
from core.errors import CancelledError, EngineError, LatentJamError
from core.performance import Performance, Progress

if TYPE_CHECKING:
    from core.recipe import Recipe

# What an engine answers, in this order: how far it is, or None just to show that it lives, any number of times; then
# the performance, or what was wrong with the recipe.
Message = tuple[float, str] | None | Performance | LatentJamError
# Where they come in, with whatever else ended the answer.
Messages = queue.SimpleQueue[Message | Exception]

log = logging.getLogger("latent_jam")


class LostError(Exception):
    """An engine, or the way to it, was lost. That is not the recipe's fault."""


class RemoteEngine(ABC):
    """Engines to which a recipe is given, and which send messages back. Safe for many threads."""

    @abstractmethod
    def asking(self, recipe: Recipe) -> contextlib.AbstractContextManager[Messages]:
        """Gives a recipe to an engine, whose messages come in while the block lasts; afterwards it need not go on.

        Raises `EngineError` if there is none. Where the engine is lost `LostError` comes in, or is raised.
        """

    def perform(
        self, recipe: Recipe, progress: Progress | None = None, cancel: threading.Event | None = None
    ) -> Performance:
        """The performance of a recipe, begun again by another engine when one is lost, `ENGINE_TRIES` times in all.

        Raises what `Studio.perform` does, `CancelledError` soon after `cancel` is set, or `EngineError`.
        """
        tell, cancel = progress or (lambda share, what: None), cancel or threading.Event()
        for tried in range(limits.ENGINE_TRIES):
            if tried:
                tell(0.0, "An engine was lost; another begins again")
                cancel.wait(limits.ENGINE_WAIT_SECONDS * 2 ** (tried - 1))
            try:
                with self.asking(recipe) as messages:
                    return _heard(messages, tell, cancel)
            except LostError as error:
                log.warning("an engine was lost, try %d of %d: %s", tried + 1, limits.ENGINE_TRIES, error)
        raise EngineError("The machines that make the music were lost. Try again in a minute.")


def _heard(messages: Messages, tell: Progress, cancel: threading.Event) -> Performance:
    """The performance that comes in."""
    heard = time.monotonic()
    while not cancel.is_set():
        try:
            message = messages.get(timeout=limits.PROGRESS_SECONDS)
        except queue.Empty:
            if time.monotonic() - heard > limits.ENGINE_SILENCE_SECONDS:
                raise EngineError("The machines that make the music do not answer. Try again in a minute.") from None
            continue
        heard = time.monotonic()
        if isinstance(message, Performance):
            return message
        if isinstance(message, Exception):
            raise message
        if message is not None:
            tell(*message)
    raise CancelledError("The music was stopped before it was made.")
