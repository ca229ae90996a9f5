"""Processes beside this one: the side that asks, and, from `serve` on, the other.

Processes share a machine's cores better than the threads of one, which wait for Python's lock, and this one outlives
whatever happens there. What travels are pickles: `Asked` one way, `Told` the other.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, NamedTuple

from core import limits, logs, memory, settings
from core.errors import LatentJamError
from core.remote import LostError, Message, Messages

ROOT = Path(__file__).resolve().parent.parent
# Not `-m`, which would give what travels another name there.
PROGRAM = "from {module} import main; main()"

log = logging.getLogger("latent_jam")

# What answers: it is given what was asked, takes messages on the way, and stops when the event is set.
Answer = Callable[[object, Callable[[Message], None], threading.Event], object]


class Asked(NamedTuple):
    """What is asked under a number; with None, to stop what was asked under that number."""

    number: int
    what: object | None


class Told(NamedTuple):
    """A message for who asked under a number, and the ids of the models that are loaded by then."""

    number: int
    message: object
    loaded: tuple[str, ...] = ()

    @property
    def is_last(self) -> bool:
        """Whether no message comes after this one."""
        return self.message is not None and not isinstance(self.message, tuple)


class Beside:
    """A process beside this one, which is started again when it ends. Safe for many threads."""

    def __init__(self, module: str) -> None:
        """Starts it to run the `main` of a module; raises `OSError` where that is not allowed."""
        self._module = module
        self._lock = threading.Lock()
        self._process = Process(module)

    def asking(self, what: object) -> contextlib.AbstractContextManager[Messages]:
        """See `Process.asking`."""
        with self._lock:
            if self._process.has_ended:
                try:
                    self._process = Process(self._module)
                except OSError as error:
                    raise LostError(f"none can be started: {type(error).__name__}") from None
            return self._process.asking(what)

    @property
    def loaded(self) -> tuple[str, ...]:
        """The models that it has loaded, as of when it last told anything."""
        return self._process.loaded


class Process:
    """A process that answers, from its start to its end."""

    def __init__(self, module: str) -> None:
        """Starts it; it can be asked at once."""
        program = PROGRAM.format(module=module)
        self._process = subprocess.Popen(
            [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.has_ended = False
        self.loaded: tuple[str, ...] = ()
        self._numbers = itertools.count()
        self._unanswered: dict[int, Messages] = {}
        # Infinite until it is ready, which may take long on a busy machine.
        self._heard = math.inf
        self._lock, self._sending = threading.Lock(), threading.Lock()
        for work in (self._listen, self._watch):
            threading.Thread(target=work, daemon=True).start()

    @contextlib.contextmanager
    def asking(self, what: object) -> Iterator[Messages]:
        """The messages that come while the block lasts; afterwards it need not go on. Raises `LostError`, or that
        comes in."""
        messages: Messages = queue.SimpleQueue()
        with self._lock:
            if self.has_ended:
                raise LostError("it has ended")
            number = next(self._numbers)
            # While there is nothing to answer it says nothing.
            if not self._unanswered and self._heard != math.inf:
                self._heard = time.monotonic()
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

    def _watch(self) -> None:
        """Ends it when it should answer and does not even show that it lives."""
        while not self.has_ended:
            time.sleep(limits.ENGINE_BEAT_SECONDS)
            with self._lock:
                silent = bool(self._unanswered) and time.monotonic() - self._heard > limits.BESIDE_SILENCE_SECONDS
            if silent:
                log.warning("a process beside this one hangs, and is ended")
                self._process.kill()
                return

    def _take(self, told: Told) -> None:
        self.loaded = told.loaded
        with self._lock:
            self._heard = time.monotonic()
            take = self._unanswered.pop if told.is_last else self._unanswered.get
            messages = take(told.number, None)
        if messages:
            messages.put(told.message)


class Answering:
    """The other side: answers what it is asked, so many at once."""

    def __init__(self, out: BinaryIO, answer: Answer, loaded: Callable[[], tuple[str, ...]], at_once: int) -> None:
        """`out` takes what is told, and `loaded` gives the models that are in memory."""
        self._out, self._answer_to, self._loaded = out, answer, loaded
        # Always the same threads: of each thread that it has met TensorFlow keeps some of its settings for good.
        self._threads = ThreadPoolExecutor(at_once)
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
                    self._threads.submit(self._answer, asked, stop)
                elif stop := self._stops.get(asked.number):
                    stop.set()

    def _answer(self, asked: Asked, stop: threading.Event) -> None:
        try:
            answer = self._answer_to(asked.what, lambda message: self._tell(asked.number, message), stop)
        except LatentJamError as error:
            answer = error
        except Exception as error:
            log.exception("what was asked failed")
            # Not every exception can travel.
            answer = RuntimeError(f"{type(error).__name__}: {error}")
        del self._stops[asked.number]
        self._tell(asked.number, answer)

    def _tell(self, number: int, message: object) -> None:
        data = pickle.dumps(Told(number, message, self._loaded()))
        # Whoever asked may have gone; then this process ends, too.
        with contextlib.suppress(OSError), self._lock:
            self._out.write(data)
            self._out.flush()

    def _beat(self) -> None:
        while True:
            time.sleep(limits.ENGINE_BEAT_SECONDS)
            for number in list(self._stops):
                self._tell(number, None)


def serve(prepare: Callable[[], tuple[Answer, Callable[[], tuple[str, ...]]]], at_once: int) -> None:
    """For the `main` of a process beside another: answers what it is asked on standard input, so many at once, until
    that ends.

    `prepare` imports what is heavy, and gives what answers and the names of the models that are loaded.
    """
    # Whoever presses Ctrl-C means the page, which ends this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told = os.fdopen(os.dup(1), "wb")
    # What libraries print must not come between.
    os.dup2(2, 1)
    memory.keep_little()
    logs.write_to_standard_error()
    settings.light_tensorflow()
    settings.one_thread_a_product()
    answering = Answering(told, *prepare(), at_once)
    answering.listen(sys.stdin.buffer)
    # Nobody waits any more for what is still being made.
    os._exit(0)
