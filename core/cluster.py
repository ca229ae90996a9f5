"""Recipes performed by engine replicas on a Ray cluster: the side that asks. `deploy/engine.py` is the other.

A recipe travels as its string, what comes back are the plain values of `Message`. A replica may die at any moment;
performing has no effects and gives the same notes everywhere, so the recipe is then simply given to another.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import queue
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

# Whoever may speak to a cluster can run programs on it, so it asks for a token unless the owner says otherwise.
os.environ.setdefault("RAY_AUTH_MODE", "token")

import ray
from ray import exceptions, serve
from ray.serve.exceptions import RayServeException

from core import limits
from core.errors import CancelledError, EngineError, LatentJamError
from core.performance import Performance, Progress
from core.recipe import Recipe

if TYPE_CHECKING:
    from ray.serve.handle import DeploymentHandle

# The name of the Serve application.
APPLICATION = "latent-jam"
# What an engine answers, in this order: how far it is, or None just to show that it lives, any number of times; then
# the performance, or what was wrong with the recipe.
Message = tuple[float, str] | None | Performance | LatentJamError
# What an answer ends with when a replica, its machine or the way to it was lost. None of it is the recipe's fault.
LOST = (
    exceptions.RayActorError,
    exceptions.NodeDiedError,
    exceptions.WorkerCrashedError,
    exceptions.ObjectLostError,
    exceptions.RaySystemError,
    exceptions.RpcError,
)

log = logging.getLogger("latent_jam")


def join(address: str) -> None:
    """Connects this process to the cluster at an address, if it is connected to none; raises what `ray.init` does."""
    if not ray.is_initialized():
        ray.init(address, log_to_driver=False, logging_level=logging.WARNING)


class Cluster:
    """The engine replicas of the cluster at an address. Safe for many threads."""

    def __init__(self, address: str) -> None:
        """`address` as Ray takes it: 'auto' for the cluster that this machine belongs to, or 'HOST:PORT'."""
        self._address = address
        self._handle: DeploymentHandle | None = None
        self._missed = -math.inf
        self._lock = threading.Lock()

    def perform(
        self, recipe: Recipe, progress: Progress | None = None, cancel: threading.Event | None = None
    ) -> Performance:
        """The performance of a recipe, begun again by another replica when one is lost, `ENGINE_TRIES` times in all.

        Raises what `Studio.perform` does, `CancelledError` soon after `cancel` is set, or `EngineError`.
        """
        tell, cancel = progress or (lambda share, what: None), cancel or threading.Event()
        text = recipe.to_string()
        for tried in range(limits.ENGINE_TRIES):
            if tried:
                tell(0.0, "An engine was lost; another begins again")
                cancel.wait(limits.ENGINE_WAIT_SECONDS * 2 ** (tried - 1))
            try:
                return replace(self._asked(text, tell, cancel), recipe=recipe)
            except LOST as error:
                log.warning(
                    "an engine was lost, try %d of %d: %s", tried + 1, limits.ENGINE_TRIES, type(error).__name__
                )
            except RayServeException as error:
                log.warning("the engines cannot be had: %s", error)
                break
        raise EngineError("The machines that make the music were lost. Try again in a minute.")

    def warm_up(self, model_id: str) -> None:
        """Finds the cluster; its replicas load their models before they take any recipe."""
        with contextlib.suppress(LatentJamError):
            self._engine()

    def _engine(self) -> DeploymentHandle:
        """The replicas to ask; raises `EngineError` if there is no cluster or no engine on it."""
        with self._lock:
            # Looking for a cluster that is not there takes a while, and others wait for the lock.
            if self._handle is None and time.monotonic() - self._missed > limits.ENGINE_LOOK_SECONDS:
                try:
                    join(self._address)
                    self._handle = serve.get_app_handle(APPLICATION).options(stream=True)
                except (RayServeException, exceptions.RayError, OSError, RuntimeError, ValueError) as error:
                    log.warning("no engine at %s: %s", self._address, error)
                    self._missed = time.monotonic()
            if self._handle is None:
                raise EngineError("The machines that make the music cannot be reached. Try again in a minute.")
            return self._handle

    def _asked(self, text: str, tell: Progress, cancel: threading.Event) -> Performance:
        """What one replica makes of a recipe's string."""
        answer = self._engine().perform.remote(text)
        messages: queue.SimpleQueue[Message | Exception] = queue.SimpleQueue()
        # A handle's answers cannot be waited for with a time limit.
        threading.Thread(target=_forward, args=(answer, messages), daemon=True).start()
        heard = time.monotonic()
        try:
            while not cancel.is_set():
                try:
                    message = messages.get(timeout=limits.PROGRESS_SECONDS)
                except queue.Empty:
                    if time.monotonic() - heard > limits.ENGINE_SILENCE_SECONDS:
                        raise EngineError(
                            "The machines that make the music do not answer. Try again in a minute."
                        ) from None
                    continue
                heard = time.monotonic()
                if isinstance(message, Performance):
                    return message
                if isinstance(message, Exception):
                    raise message
                if message is not None:
                    tell(*message)
            raise CancelledError("The music was stopped before it was made.")
        finally:
            # Of an answer that is whole nothing is left to cancel.
            answer.cancel()


def _forward(answer: Iterable[Message], messages: queue.SimpleQueue[Message | Exception]) -> None:
    """Puts the messages of an answer into a queue, and last what ended it."""
    try:
        for message in answer:
            messages.put(message)
        messages.put(exceptions.ActorUnavailableError("the answer ended early", None))
    except Exception as error:  # noqa: BLE001 (whoever waits raises it)
        messages.put(error)
