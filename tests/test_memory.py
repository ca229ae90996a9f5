"""What a process that lives long gives back."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.test_page import ROOT

# Of a hundred neighbours one stays, so the rest cannot be given back from the end.
PROGRAM = """
import psutil
from core import memory
memory.keep_little()
resident = psutil.Process().memory_info
kept = [bytes(600) for _ in range(300_000)]
kept = kept[::100]
before = resident().rss
memory.give_back()
print(before - resident().rss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="another allocator")
def test_what_nobody_uses_goes_back_to_the_system():
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, cwd=ROOT, check=True)
    assert int(ran.stdout) > 100_000_000


# A block of the size of a picture, again and again; then one that is larger than what stays.
BLOCKS = """
import resource, psutil
from core import memory
memory.keep_little()
empty_pages = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(3):
    b"x" * (4 << 20)
before = empty_pages()
for _ in range(50):
    b"x" * (4 << 20)
print(empty_pages() - before)
before = psutil.Process().memory_info().rss
large = b"x" * (24 << 20)
del large
print(psutil.Process().memory_info().rss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="another allocator")
def test_what_is_as_large_as_a_picture_stays_and_what_is_larger_goes_back():
    ran = subprocess.run([sys.executable, "-c", BLOCKS], capture_output=True, text=True, cwd=ROOT, check=True)
    empty_pages, more = map(int, ran.stdout.split())
    # Each block has a thousand.
    assert empty_pages < 5_000
    assert more < 8_000_000
