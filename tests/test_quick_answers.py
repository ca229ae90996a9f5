"""What Gradio need not do for each value."""

from __future__ import annotations

import asyncio
import inspect
import re
import threading

import gradio as gr
import gradio.blocks
import pytest
from gradio import processing_utils

from ui import page, quick_answers
from ui.kept_files import keep_file


@pytest.fixture(autouse=True)
def built() -> None:
    page.build()


def test_conversions_are_done_at_once_and_all_else_in_a_thread(monkeypatch):
    def preprocess(self: gr.Number, payload: float) -> tuple:
        return payload, threading.current_thread()

    monkeypatch.setattr(gr.Number, "preprocess", preprocess)

    async def run() -> list:
        run_sync = gradio.blocks.anyio.to_thread.run_sync
        here = await run_sync(gr.Number(render=False).preprocess, 3, limiter=None)
        return [here, await run_sync(threading.current_thread, limiter=None), await run_sync(str.upper, "a")]

    here, there, upper = asyncio.run(run())
    assert here == (3, threading.main_thread()) and there is not threading.main_thread() and upper == "A"


def test_gradio_uses_nothing_else_of_what_we_took_the_place_of():
    assert set(re.findall(r"\banyio\.([\w.]+)", inspect.getsource(gradio.blocks))) == {"to_thread.run_sync"}


def test_nobody_looks_into_a_sound_with_ffmpeg(tmp_path, monkeypatch):
    called = tmp_path / "called"
    for name in ("ffmpeg", "ffprobe"):
        (tmp_path / name).write_text(f"#!/bin/sh\ntouch {called}\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    kept = keep_file(b"fLaC", "clip.flac")
    audio = gr.Audio(render=False)
    assert audio.postprocess(kept).path == kept and not called.exists()
    monkeypatch.setattr(processing_utils, "ffmpeg_installed", lambda: True)
    audio.postprocess(kept)
    assert called.exists(), "Gradio does not look any more, so we need not keep it from that"


def test_files_go_out_in_few_pieces():
    from starlette.responses import FileResponse

    assert FileResponse.chunk_size == quick_answers.READ_BYTES
