"""Requests that wait for the same model are answered together: a batch takes little longer than one of its parts."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Request(Generic[Item, Result]):
    """Items that belong together, and the thread that waits for what comes of them."""

    def __init__(self, kind: Hashable, items: Sequence[Item]) -> None:
        self.kind, self.items = kind, list(items)
        self.results: list[Result] | None = None
        self.error: Exception | None = None
        # The requests that this one's thread shall answer, its own first, once it is its turn.
        self.batch: list[_Request[Item, Result]] | None = None
        self.woken = threading.Event()

    @property
    def is_answered(self) -> bool:
        return self.results is not None or self.error is not None


class Batching(Generic[Item, Result]):
    """Runs a function of many items for many threads. Who comes while few run starts at once; who comes later waits,
    and all who wait for the same kind of run when one ends go together. Needs no thread of its own: the first of a
    batch runs it for the others.
    """

    def __init__(self, run: Callable[[Hashable, list[Item]], list[Result]], most: int, at_once: int) -> None:
        """`run` takes a kind and its items and gives a result for each item, which must not depend on the others; it
        gets at most `most` items of several requests, and runs at most `at_once` times at once."""
        self._run, self._most, self._at_once = run, most, at_once
        self._lock = threading.Lock()
        self._waiting: deque[_Request[Item, Result]] = deque()
        self._running = 0

    def __call__(self, kind: Hashable, items: Sequence[Item]) -> list[Result]:
        """The results of these items, in their order. Raises what `run` raises for them alone."""
        mine: _Request[Item, Result] = _Request(kind, items)
        with self._lock:
            if self._running < self._at_once:
                self._running += 1
                mine.batch = [mine]
            else:
                self._waiting.append(mine)
        if mine.batch is None:
            mine.woken.wait()
        if mine.batch is not None:
            try:
                self._answer(mine.batch)
            finally:
                self._pass_on(mine.batch)
        if mine.error is not None:
            raise mine.error
        return mine.results

    def _answer(self, batch: list[_Request[Item, Result]]) -> None:
        try:
            results = self._run(batch[0].kind, [item for request in batch for item in request.items])
        except Exception as error:  # noqa: BLE001 (it is raised again where it belongs)
            if len(batch) == 1:
                batch[0].error = error
            # One of them has spoilt it, and only that one shall hear of it.
            else:
                for request in batch:
                    self._answer([request])
            return
        for request in batch:
            request.results, results = results[: len(request.items)], results[len(request.items) :]

    def _pass_on(self, batch: list[_Request[Item, Result]]) -> None:
        """Wakes those that are answered, and whoever runs the next batch."""
        with self._lock:
            for request in reversed(batch[1:]):
                if request.is_answered:
                    request.woken.set()
                # The thread that ran for them was broken off.
                else:
                    self._waiting.appendleft(request)
            if not self._waiting:
                self._running -= 1
                return
            following = self._next_batch()
            following[0].batch = following
            following[0].woken.set()

    def _next_batch(self) -> list[_Request[Item, Result]]:
        """Who has waited longest, and those after it that go together with it."""
        first = self._waiting.popleft()
        batch, room = [first], self._most - len(first.items)
        for request in list(self._waiting):
            if request.kind != first.kind:
                continue
            room -= len(request.items)
            # Nobody smaller goes before who does not fit.
            if room < 0:
                break
            self._waiting.remove(request)
            batch.append(request)
        return batch
