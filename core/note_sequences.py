"""What is used here of note_seq: the NoteSequence, and its libraries of sequences and melodies.

`import note_seq` brings scikit-learn, pandas, bokeh and IPython as well: two seconds for what is never called here. So
each part is imported when it is asked for, and all of the package only when somebody asks for something else.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType


def _package_in_parts() -> ModuleType:
    """note_seq before it has imported anything."""
    spec = importlib.util.find_spec("note_seq")
    package = importlib.util.module_from_spec(spec)

    def part_or_all(name: str) -> object:
        if not name.startswith("_") and importlib.util.find_spec(f"note_seq.{name}"):
            return importlib.import_module(f"note_seq.{name}")
        del package.__getattr__
        spec.loader.exec_module(package)
        return getattr(package, name)

    package.__getattr__ = part_or_all
    return package


if "note_seq" not in sys.modules:
    sys.modules["note_seq"] = _package_in_parts()

from note_seq.protobuf.music_pb2 import NoteSequence  # noqa: E402 (in parts)

__all__ = ["NoteSequence"]


def __getattr__(name: str) -> ModuleType:
    if name not in ("melodies_lib", "sequences_lib"):
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return importlib.import_module(f"note_seq.{name}")
