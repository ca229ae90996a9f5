"""Files that were made lately and may be wanted again: a clip is drawn and heard on a card, in a slot, before it is
grooved and in a zip, and examples by everybody."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable


class Kept:
    """The bytes that were made last under their keys, within a budget. Safe for many threads."""

    def __init__(self, most_bytes: int) -> None:
        """`most_bytes` bounds what is kept; what was not asked for longest leaves."""
        self._most_bytes = most_bytes
        self._contents: OrderedDict[Hashable, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """What is kept under a key, or what `make` makes, which must always be the same for the same key."""
        with self._lock:
            if key in self._contents:
                self._contents.move_to_end(key)
                return self._contents[key]
        made = make()
        with self._lock:
            if key not in self._contents and len(made) <= self._most_bytes:
                self._contents[key] = made
                self._bytes += len(made)
            while self._bytes > self._most_bytes:
                _, oldest = self._contents.popitem(last=False)
                self._bytes -= len(oldest)
        return made
