"""Where the data sets are."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Data(NamedTuple):
    """The Groove MIDI Dataset's zip, and POP909's, of which a family of models takes what it needs; or a folder of MIDI
    files, which takes the place of both."""

    groove: Path | None = None
    pop909: Path | None = None
    midi: Path | None = None
