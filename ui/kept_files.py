"""Files that the page makes for its visitors, where Gradio serves them from."""

from __future__ import annotations

import functools
import mimetypes
import os
import secrets
from collections import OrderedDict
from pathlib import Path

import gradio.utils
from gradio.processing_utils import hash_bytes
from gradio.utils import get_upload_folder

from core import limits

# Not known to Python everywhere, and a browser plays nothing that comes as text.
mimetypes.add_type("audio/flac", ".flac")
# The last files, each under the path at which it really lies.
_known: OrderedDict[str, Path] = OrderedDict()
_look = gradio.utils.is_in_or_equal


def keep_file(data: bytes, name: str) -> str:
    """Writes a file where Gradio serves it from and deletes it when it is old.

    The same bytes have the same place, and somebody may read them from there at this moment, so it is whole at once.
    """
    folder = Path(get_upload_folder()) / hash_bytes(data)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / secrets.token_hex(8)
    part.write_bytes(data)
    kept = part.replace(folder / name).resolve()
    _known[str(kept)] = kept
    while len(_known) > limits.KNOWN_FILES:
        _known.popitem(last=False)
    return str(kept)


def know_kept_files() -> None:
    """Makes Gradio believe us where a file lies that was made here. Of each file that it shows it asks four times
    whether that is in some folder, and follows all links in both paths each time."""
    gradio.utils.is_in_or_equal = is_in_or_equal


def is_in_or_equal(path: str | os.PathLike, folder: str | os.PathLike) -> bool:
    """Whether a path lies in a folder or is it, as Gradio finds it."""
    kept = _known.get(str(path))
    return _look(path, folder) if kept is None else kept.is_relative_to(_real(str(folder)))


@functools.lru_cache(maxsize=64)
def _real(folder: str) -> Path:
    return Path(folder).resolve()
