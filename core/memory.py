"""How much memory a process that lives long keeps for later."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import threading
import time

from core import limits

# The allocator of glibc: how many arenas threads spread over, and from which size on memory is given back at once when
# it is free, single blocks and what is left of an arena. It would have eight arenas a core and give back nothing below
# 32 MB once that was used. But every page that comes back has to be made empty: below this size, which pictures and
# long sounds have, that would take a tenth of a crowd's time.
M_ARENA_MAX, ARENAS = -8, 2
M_MMAP_THRESHOLD, M_TRIM_THRESHOLD = -3, -1
GIVEN_BACK_BYTES = 8 << 20


def keep_little() -> None:
    """For programs that serve: threads share memory, what was large goes back to the system at once, and what else is
    free now and then. Leaves another allocator alone."""
    with contextlib.suppress(AttributeError, OSError):
        allocator = ctypes.CDLL(None)
        allocator.mallopt(M_ARENA_MAX, ARENAS)
        allocator.mallopt(M_MMAP_THRESHOLD, GIVEN_BACK_BYTES)
        allocator.mallopt(M_TRIM_THRESHOLD, GIVEN_BACK_BYTES)
    threading.Thread(target=_give_back_for_ever, daemon=True).start()


def settle() -> None:
    """For the same, once all is there that stays for good: Python never looks through that again for what may go, which
    takes a tenth of a second each time."""
    gc.collect()
    gc.freeze()


def _give_back_for_ever() -> None:
    while True:
        time.sleep(limits.GIVE_BACK_SECONDS)
        give_back()


def give_back() -> None:
    """What nobody uses goes back to the system, also from between what is used.

    Each picture leaves a hundred kilobytes that hold one another, which Python would collect much later.
    """
    gc.collect()
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
