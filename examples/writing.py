"""What the examples share: their options, and where their music goes."""

from __future__ import annotations

import argparse
from pathlib import Path

from core import Performance
from core.export import files


def options(what: str, argv: list[str] | None) -> argparse.Namespace:
    """Reads `--published`, `--seed` and `--output-dir`; `what` says what the example makes."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--published", action="store_true", help="play Magenta's checkpoints, downloaded on first use")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output-dir", type=Path, default=Path("output"))
    return parser.parse_args(argv)


def write(performance: Performance, folder: Path) -> None:
    """Writes a MIDI file for each clip and for the whole, and prints their names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files(performance).items():
        (folder / name).write_bytes(data)
        print(folder / name)
