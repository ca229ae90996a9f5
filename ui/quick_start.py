"""Starting sooner: what importing Gradio does for programmers at their editors is left out."""

from __future__ import annotations

import contextlib
import gc
import inspect
from collections.abc import Iterator


@contextlib.contextmanager
def quick_imports() -> Iterator[None]:
    """Imports inside take about half their time. For the start only, while there are no other threads.

    For each of its components Gradio parses the source file and writes a stub beside it, unless the class says that it
    has no file; and the garbage collector goes through all that is imported, again and again.
    """
    getfile = inspect.getfile

    def file_of(subject: object) -> str:
        if type(subject).__name__ == "ComponentMeta":
            raise OSError("No stub is wanted.")
        return getfile(subject)

    inspect.getfile = file_of
    gc.disable()
    try:
        yield
    finally:
        inspect.getfile = getfile
        gc.enable()
        # What has been imported stays for good.
        gc.freeze()
