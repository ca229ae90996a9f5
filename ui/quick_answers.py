"""Answering sooner: what Gradio does for each value that it takes or gives, and nothing here needs, is left out."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import anyio
import gradio.blocks
import gradio.processing_utils
from gradio.components import Component
from starlette.responses import FileResponse

# Of a component, turned into what a function takes and from what it gives.
CONVERSIONS = ("preprocess", "postprocess")
# Of a file that is sent; most sounds have less. Each read takes a thread of its own.
READ_BYTES = 1 << 19


def answer_quickly() -> None:
    """For the page, once.

    Gradio converts the value of every component in another thread, forty for an answer with cards. Here no conversion
    does more than name a file, which takes a tenth of the way to a thread and back. For each sound it looks for ffmpeg,
    and where that is installed has it look into the file, in a process of its own.
    """
    gradio.blocks.anyio = SimpleNamespace(to_thread=SimpleNamespace(run_sync=_run))
    gradio.processing_utils.ffmpeg_installed = lambda: False
    FileResponse.chunk_size = READ_BYTES


async def _run(work: Callable, *args: object, **options: object) -> object:
    """In place of anyio's `run_sync`: conversions are done at once, all else in a thread."""
    owner = getattr(work, "__self__", None)
    if isinstance(owner, Component) and work.__name__ in CONVERSIONS:
        return work(*args)
    return await anyio.to_thread.run_sync(work, *args, **options)
