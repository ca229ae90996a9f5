"""Stopping in the middle: what takes long asks between two steps whether anybody still waits for it."""

from __future__ import annotations

import threading

from core.errors import CancelledError


def check(cancel: threading.Event | None) -> None:
    """Raises `CancelledError` if somebody has set `cancel`."""
    if cancel is not None and cancel.is_set():
        raise CancelledError("Playing was stopped.")
