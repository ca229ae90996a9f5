"""Recipes performed by engine replicas on a Ray cluster: the side that asks. `deploy/engine.py` is the other.

A recipe travels as its string, what comes back are the plain values of `remote.Message`.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import queue
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

# Whoever may speak to a cluster can run programs on it, so it asks for a token unless the owner says otherwise.
os.environ.setdefault("RAY_AUTH_MODE", "token")

import ray
from ray import exceptions, serve
from ray.serve.exceptions import RayServeException

from core import limits
from core.errors import EngineError, LatentJamError
from core.performance import Performance
from core.recipe import Recipe
from core.remote import LostError, Message, Messages, RemoteEngine

if TYPE_CHECKING:
    from ray.serve.handle import DeploymentHandle

# The name of the Serve application.
APPLICATION = "latent-jam"
# What an answer ends with when a replica, its machine or the way to it was lost.
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


class Cluster(RemoteEngine):
    """The engine replicas of the cluster at an address."""

    def __init__(self, address: str) -> None:
        """`address` as Ray takes it: 'auto' for the cluster that this machine belongs to, or 'HOST:PORT'."""
        self._address = address
        self._handle: DeploymentHandle | None = None
        self._missed = -math.inf
        self._lock = threading.Lock()

    def warm_up(self, model_id: str) -> None:
        """Finds the cluster; its replicas load their models before they take any recipe."""
        with contextlib.suppress(LatentJamError):
            self._engine()

    def loaded_models(self) -> tuple[str, ...]:
        """None: each replica has its own."""
        return ()

    @contextlib.contextmanager
    def asking(self, recipe: Recipe) -> Iterator[Messages]:
        """See `RemoteEngine.asking`; the replica is one that has least to do."""
        messages: Messages = queue.SimpleQueue()
        try:
            answer = self._engine().perform.remote(recipe.to_string())
        except RayServeException as error:
            raise _cannot_be_had(error) from None
        # A handle's answers cannot be waited for with a time limit.
        threading.Thread(target=_forward, args=(answer, recipe, messages), daemon=True).start()
        try:
            yield messages
        finally:
            # Of an answer that is whole nothing is left to cancel.
            answer.cancel()

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


def _forward(answer: Iterable[Message], recipe: Recipe, messages: Messages) -> None:
    """Puts the messages of an answer into a queue, and last what ended it."""
    try:
        for message in answer:
            messages.put(replace(message, recipe=recipe) if isinstance(message, Performance) else message)
        messages.put(LostError("the answer ended early"))
    except LOST as error:
        messages.put(LostError(type(error).__name__))
    except RayServeException as error:
        messages.put(_cannot_be_had(error))
    except Exception as error:  # noqa: BLE001 (whoever waits raises it)
        messages.put(error)


def _cannot_be_had(error: RayServeException) -> EngineError:
    log.warning("the engines cannot be had: %s", error)
    return EngineError("The machines that make the music were lost. Try again in a minute.")
