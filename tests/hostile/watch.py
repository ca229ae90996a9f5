"""What an upload goes through, and what it costs: time, memory, and how it ends."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from core import uploads
from core.errors import LatentJamError

# The bars of issue 7 for one file: seconds and bytes. A file that is still not done at the deadline, in seconds
# of processor as the others run too, is given up.
SECONDS, BYTES, DEADLINE = 2.0, 500 << 20, 30


class Cost(NamedTuple):
    """The worst of the ways in: seconds of processor and by the clock, and the bytes by which memory grew. The texts
    that were made of the file, and what was raised that is no sentence."""

    processor: float
    clock: float
    grown: int
    said: tuple[str, ...]
    error: BaseException | None = None

    @property
    def complaint(self) -> str:
        """What is wrong with it, or ''."""
        if self.error:
            return f"{type(self.error).__name__}: {self.error}"
        if self.processor > SECONDS:
            return f"{self.processor:.1f} s"
        return f"{self.grown >> 20} MB" if self.grown > BYTES else ""


class Hung(BaseException):
    """The deadline has passed; no `except Exception` can hold it back."""


def _grooved(data: bytes, name: str) -> tuple[str, ...]:
    clip, said = uploads.drum_music(data, name)
    return clip.name, *said


def _cut(data: bytes, name: str, bars: int) -> tuple[str, ...]:
    found = uploads.windows(data, name, bars, uploads.OF_BARS[bars])
    return *found.said, *(window.label for window in found.windows), *(window.clip.name for window in found.windows)


# What the page, the interface and the command line do with a file; each gives all texts that it makes of it.
WAYS: tuple[Callable[[bytes, str], tuple[str, ...]], ...] = (
    _grooved,
    lambda data, name: _cut(data, name, 2),
    lambda data, name: _cut(data, name, 16),
)


def cost(data: bytes, name: str = "upload.mid") -> Cost:
    """What a file costs, from the main thread of a process on Linux."""
    worst = Cost(0, 0, 0, ())
    for way in WAYS:
        before = _highest_memory(reset=True)
        processor, clock, said, error = time.process_time(), time.perf_counter(), (), None
        try:
            with _deadline():
                said = way(data, name)
        except LatentJamError as sentence:
            said = (str(sentence),)
        except (Exception, Hung) as raised:  # noqa: BLE001 (which one, is the question)
            error = raised
        processor, clock = time.process_time() - processor, time.perf_counter() - clock
        grown = max(worst.grown, _highest_memory() - before)
        worst = Cost(
            max(worst.processor, processor), max(worst.clock, clock), grown, (*worst.said, *said), worst.error or error
        )
    return worst


def _highest_memory(reset: bool = False) -> int:
    """The most that was resident since the last reset, in bytes."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) << 10


@contextlib.contextmanager
def _deadline() -> Iterator[None]:
    def end(number: int, frame: FrameType | None) -> None:
        raise Hung(f"not done after {DEADLINE} s")

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, DEADLINE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
