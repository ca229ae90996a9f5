"""How much memory a process that lives long keeps for later."""

from __future__ import annotations

import contextlib
import ctypes
import gc

# The allocator of glibc: how many arenas threads spread over, and from which size on memory is given back at once when
# it is free. It would have eight arenas a core and give back nothing below 32 MB once that was used.
M_ARENA_MAX, ARENAS = -8, 2
M_MMAP_THRESHOLD, GIVEN_BACK_BYTES = -3, 1 << 20


def keep_little() -> None:
    """For programs that serve: threads share memory, and what was large goes back to the system. Does nothing where
    there is another allocator."""
    with contextlib.suppress(AttributeError, OSError):
        allocator = ctypes.CDLL(None)
        allocator.mallopt(M_ARENA_MAX, ARENAS)
        allocator.mallopt(M_MMAP_THRESHOLD, GIVEN_BACK_BYTES)


def give_back() -> None:
    """For the same, now and then: what nobody uses goes back to the system, also from between what is used.

    Each picture leaves a hundred kilobytes that hold one another, which Python would collect much later.
    """
    gc.collect()
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
