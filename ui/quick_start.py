"""Starting sooner: what Gradio does for programmers at their editors, and what it does again later, is left out."""

from __future__ import annotations

import contextlib
import functools
import gc
import inspect
import ssl
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from unittest import mock


@contextlib.contextmanager
def quick_imports() -> Iterator[None]:
    """Imports inside take about half their time. For the start only, while there are no other threads.

    For each of its components Gradio parses the source file and writes a stub beside it, unless the class says that it
    has no file, and fills in the documentation of each event; it brings its command line; each of its HTTP clients
    reads all certificates; and the garbage collector goes through all that is imported, again and again.
    """
    getfile = inspect.getfile

    def file_of(subject: object) -> str:
        if type(subject).__name__ == "ComponentMeta":
            raise OSError("No stub is wanted.")
        return getfile(subject)

    read_once = functools.cache(ssl.create_default_context)
    sys.modules["gradio.cli"] = ModuleType("gradio.cli")
    sys.modules["gradio.cli"].deploy = None
    try:
        gc.disable()
        with (
            mock.patch("inspect.getfile", file_of),
            mock.patch("jinja2.Template.__new__", _blank),
            mock.patch("ssl.create_default_context", read_once),
        ):
            yield
    finally:
        del sys.modules["gradio.cli"]
        gc.enable()
        # What has been imported stays for good.
        gc.freeze()


def _blank(kind: type, source: str) -> SimpleNamespace:
    """A template that is not read, and gives itself."""
    del kind
    return SimpleNamespace(render=lambda **values: source)


@contextlib.contextmanager
def quick_building() -> Iterator[None]:
    """Blocks made inside get no server of their own: Gradio makes one whenever anything changes, a fifth of a second
    each, and again when the page is launched or mounted."""
    with mock.patch("gradio.routes.App.create_app", lambda *_, **__: None):
        yield
