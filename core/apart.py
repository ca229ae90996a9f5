"""Recipes performed in a process beside this one: the side that asks, and, from `main` on, the other.

Two processes share a machine's cores better than the threads of one: the page is quick while music is made, TensorFlow
is imported while Gradio is, and the page outlives whatever happens there. What travels are pickles: `Asked` one way,
`Told` the other.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import logging
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from core import limits, logs, memory, settings
from core.engine import MOST_ASKED
from core.errors import LatentJamError
from core.remote import LostError, Message, Messages, RemoteEngine

if TYPE_CHECKING:
    from core.recipe import Recipe

ROOT = Path(__file__).resolve().parent.parent
# Not `-m`, which would give what travels another name there.
PROGRAM = f"from {__name__} import main; main()"
# The last message of a warm-up.
WARM = "warm"

log = logging.getLogger("latent_jam")


class Asked(NamedTuple):
    """What is asked under a number: to perform a recipe, to warm up the model with an id, or, with None, to stop what
    was asked under that number."""

    number: int
    what: Recipe | str | None


class Told(NamedTuple):
    """A message for who asked under a number, and the ids of the models that are loaded by then."""

    number: int
    message: Message | str | Exception
    loaded: tuple[str, ...]

    @property
    def is_last(self) -> bool:
        """Whether no message comes after this one."""
        return self.message is not None and not isinstance(self.message, tuple)


class Apart(RemoteEngine):
    """An engine in a process of its own, which is started again when it ends."""

    def __init__(self) -> None:
        """Starts it; raises `OSError` where that is not allowed."""
        self._lock = threading.Lock()
        self._process = Process()

    def asking(self, recipe: Recipe) -> contextlib.AbstractContextManager[Messages]:
        """See `RemoteEngine.asking`."""
        return self._running().asking(recipe)

    def warm_up(self, model_id: str) -> None:
        """See `core.studio.warm_up`."""
        with contextlib.suppress(LostError), self._running().asking(model_id) as messages:
            while messages.get() is None:
                pass

    def loaded_models(self) -> tuple[str, ...]:
        """Those of when it last told anything."""
        return self._process.loaded

    def _running(self) -> Process:
        with self._lock:
            if self._process.has_ended:
                try:
                    self._process = Process()
                except OSError as error:
                    raise LostError(f"none can be started: {type(error).__name__}") from None
            return self._process


class Process:
    """A process that performs, from its start to its end."""

    def __init__(self) -> None:
        """Starts it; it can be asked at once."""
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.has_ended = False
        self.loaded: tuple[str, ...] = ()
        self._numbers = itertools.count()
        self._unanswered: dict[int, Messages] = {}
        self._lock, self._sending = threading.Lock(), threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    @contextlib.contextmanager
    def asking(self, what: Recipe | str) -> Iterator[Messages]:
        """The messages that come while the block lasts; afterwards it need not go on. Raises `LostError`."""
        messages: Messages = queue.SimpleQueue()
        with self._lock:
            if self.has_ended:
                raise LostError("it has ended")
            number = next(self._numbers)
            self._unanswered[number] = messages
        try:
            self._send(Asked(number, what))
            yield messages
        finally:
            with self._lock:
                goes_on = self._unanswered.pop(number, None)
            if goes_on:
                with contextlib.suppress(LostError):
                    self._send(Asked(number, None))

    def _send(self, asked: Asked) -> None:
        data = pickle.dumps(asked)
        try:
            with self._sending:
                self._process.stdin.write(data)
                self._process.stdin.flush()
        except OSError:
            raise LostError("it does not listen") from None

    def _listen(self) -> None:
        try:
            with contextlib.suppress(EOFError):
                while True:
                    self._take(pickle.load(self._process.stdout))
        finally:
            self._process.kill()
            status = self._process.wait()
            with self._lock:
                self.has_ended, self.loaded = True, ()
                for messages in self._unanswered.values():
                    messages.put(LostError(f"it ended with status {status}"))
                self._unanswered.clear()

    def _take(self, told: Told) -> None:
        self.loaded = told.loaded
        with self._lock:
            take = self._unanswered.pop if told.is_last else self._unanswered.get
            messages = take(told.number, None)
        if messages:
            messages.put(told.message)


class Answering:
    """The other side: answers what it is asked, each in a thread of its own."""

    def __init__(self, out: BinaryIO) -> None:
        """`out` takes what is told."""
        self._out = out
        self._lock = threading.Lock()
        self._stops: dict[int, threading.Event] = {}
        threading.Thread(target=self._beat, daemon=True).start()

    def listen(self, asking: BinaryIO) -> None:
        """Answers until nobody can ask any more."""
        with contextlib.suppress(EOFError):
            while True:
                asked: Asked = pickle.load(asking)
                if asked.what is not None:
                    stop = self._stops[asked.number] = threading.Event()
                    threading.Thread(target=self._answer, args=(asked, stop), daemon=True).start()
                elif stop := self._stops.get(asked.number):
                    stop.set()

    def _answer(self, asked: Asked, stop: threading.Event) -> None:
        from core import studio

        try:
            if isinstance(asked.what, str):
                studio.warm_up(asked.what)
                answer = WARM
            else:
                answer = studio.perform(asked.what, lambda share, what: self._tell(asked.number, (share, what)), stop)
        except LatentJamError as error:
            answer = error
        except Exception as error:
            log.exception("a recipe failed")
            # Not every exception can travel.
            answer = RuntimeError(f"{type(error).__name__}: {error}")
        del self._stops[asked.number]
        self._tell(asked.number, answer)

    def _tell(self, number: int, message: Message | str | Exception) -> None:
        from core import studio

        data = pickle.dumps(Told(number, message, studio.loaded_models()))
        # Whoever asked may have gone; then this process ends, too.
        with contextlib.suppress(OSError), self._lock:
            self._out.write(data)
            self._out.flush()

    def _beat(self) -> None:
        while True:
            time.sleep(limits.ENGINE_BEAT_SECONDS)
            for number in list(self._stops):
                self._tell(number, None)


def main() -> None:
    """Performs what it is asked on standard input until that ends."""
    # Whoever presses Ctrl-C means the page, which ends this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told = os.fdopen(os.dup(1), "wb")
    # What libraries print must not come between.
    os.dup2(2, 1)
    memory.keep_little()
    logs.write_to_standard_error()
    settings.light_tensorflow()
    gc.disable()
    from core import studio

    gc.enable()
    gc.freeze()
    studio.warm_up(MOST_ASKED[0])
    Answering(told).listen(sys.stdin.buffer)
    # Nobody waits any more for what is still being played.
    os._exit(0)
