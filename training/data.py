"""Where the data sets are."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Data(NamedTuple):
    """The Groove MIDI Dataset's zip, and POP909's. A family of models takes what it needs."""

    groove: Path | None = None
    pop909: Path | None = None
