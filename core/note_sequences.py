"""What is used here of note_seq: the NoteSequence, and its libraries of sequences and melodies.

`import note_seq` brings scikit-learn, pandas, bokeh and IPython as well: two seconds for what is never called here. So
the package itself is left for when somebody asks for more of it than these parts.
"""

from __future__ import annotations

import importlib.util
import sys


def _import_parts_alone() -> None:
    spec = importlib.util.find_spec("note_seq")
    # A place to find the parts in.
    package = sys.modules["note_seq"] = importlib.util.module_from_spec(spec)
    import note_seq.melodies_lib
    import note_seq.protobuf.music_pb2
    import note_seq.sequences_lib  # noqa: F401

    def the_rest(name: str) -> object:
        del package.__getattr__
        spec.loader.exec_module(package)
        return getattr(package, name)

    package.__getattr__ = the_rest


if "note_seq" not in sys.modules:
    _import_parts_alone()

from note_seq import melodies_lib, sequences_lib  # noqa: E402 (the parts are there now)
from note_seq.protobuf.music_pb2 import NoteSequence  # noqa: E402

__all__ = ["NoteSequence", "melodies_lib", "sequences_lib"]
