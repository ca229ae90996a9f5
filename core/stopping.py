"""Stopping in the middle: what takes long asks between two steps whether anybody still waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.errors import CancelledError


class Stop(Protocol):
    """What somebody sets to stop what is done for them, such as a `threading.Event`."""

    def is_set(self) -> bool:
        """Whether it was set."""


@dataclass(frozen=True)
class AllOf:
    """Set when all of several are; None is never set."""

    stops: Sequence[Stop | None]

    def is_set(self) -> bool:
        """Whether nobody is left."""
        return all(stop is not None and stop.is_set() for stop in self.stops)


def check(cancel: Stop | None) -> None:
    """Raises `CancelledError` if somebody has set `cancel`."""
    if cancel is not None and cancel.is_set():
        raise CancelledError("Playing was stopped.")
