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
