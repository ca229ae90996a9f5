"""Pictures and sounds made in a process beside this one."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from core import beside, export, limits, making
from core.errors import AudioUnavailableError, EngineError
from core.kept import Kept
from core.making import Wanted, made, make
from core.performance import Performance
from core.recipe import Recipe
from ui.kept_files import keep_file


def is_same_picture(one: bytes, other: bytes) -> bool:
    """Whether two PNG files show the same. The packer of pixels, whose memory begins with whatever was there, once in a
    while finds another way to write them."""
    images = [Image.open(io.BytesIO(file)) for file in (one, other)]
    return np.array_equal(*map(np.asarray, images)) and images[0].text == images[1].text


@pytest.fixture
def apart(monkeypatch) -> Iterator[None]:
    """As the owner has it who has set `LATENT_JAM_APART`, with nothing kept."""
    monkeypatch.setenv("LATENT_JAM_APART", "on")
    monkeypatch.setattr(export, "_kept", Kept(0))
    monkeypatch.setattr(limits, "ENGINE_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(making, "_beside", None)
    yield
    if making._beside is not None:
        making._beside._process._process.kill()


def test_another_process_makes_the_same_files(apart, rock_beat):
    unnamed = replace(rock_beat, name="")
    making.move_out()
    assert making._beside is not None
    drawn = {
        kind: (export.clip_file(rock_beat, kind, theme="dark"), Wanted(unnamed, kind, theme="dark"))
        for kind in ("png", "svg")
    }
    assert drawn["svg"][0] == make(drawn["svg"][1])
    assert is_same_picture(drawn["png"][0], make(drawn["png"][1]))
    assert not is_same_picture(drawn["png"][0], make(Wanted(unnamed, "png")))
    files = export.clip_file(rock_beat, "flac"), make(Wanted(unnamed, "flac"))
    there, here = (soundfile.read(io.BytesIO(file))[0] for file in files)
    assert here.shape == there.shape and abs(here - there).max() < 0.02


def test_a_killed_process_is_replaced(apart, rock_beat):
    wanted = Wanted(rock_beat, "png")
    making.move_out()
    first = making._beside._process
    os.kill(first._process.pid, signal.SIGKILL)
    assert is_same_picture(made(wanted), make(wanted))
    assert making._beside._process is not first


def test_a_process_that_never_starts_is_a_sentence(apart, rock_beat, monkeypatch):
    monkeypatch.setattr(beside, "PROGRAM", "raise SystemExit(3)")
    making.move_out()
    with pytest.raises(EngineError, match="Try again in a minute"):
        made(Wanted(rock_beat, "png"))


def test_where_no_process_can_be_started_files_are_made_here(apart, rock_beat, monkeypatch, caplog):
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: (_ for _ in ()).throw(PermissionError("no")))
    making.move_out()
    assert is_same_picture(made(Wanted(rock_beat, "png")), make(Wanted(rock_beat, "png")))
    assert "PermissionError" in caplog.text


def test_what_is_wrong_there_is_said_here(apart, rock_beat, monkeypatch):
    monkeypatch.setenv("SOUNDFONT", "/nowhere.sf2")
    making.move_out()
    with pytest.raises(AudioUnavailableError, match="there is no such file"):
        made(Wanted(rock_beat, "wav"))
    assert "nowhere.sf2" in export.why_silent()
    with pytest.raises(RuntimeError, match="theme must be one of"):
        made(Wanted(rock_beat, "png", theme="loud"))


def test_nobody_moves_out_unless_the_owner_has_that(apart, rock_beat, monkeypatch):
    monkeypatch.setenv("LATENT_JAM_APART", "off")
    making.move_out()
    assert making._beside is None
    assert is_same_picture(made(Wanted(rock_beat, "png")), make(Wanted(rock_beat, "png")))


def test_a_file_that_is_written_again_is_whole_for_who_reads_it(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    data = bytes(range(256)) * 4_000
    path, over = Path(keep_file(data, "clip.mp3")), threading.Event()

    def write() -> None:
        while not over.is_set():
            keep_file(data, "clip.mp3")

    writing = threading.Thread(target=write)
    writing.start()
    try:
        assert {len(path.read_bytes()) for _ in range(300)} == {len(data)}
    finally:
        over.set()
        writing.join()
    assert [other.name for other in path.parent.iterdir()] == ["clip.mp3"]


def test_who_came_first_has_all_files_first(monkeypatch, rock_beat):
    making_now: list[int] = []
    most, order, lock = [], [], threading.Lock()
    performances = [
        Performance(Recipe("sample", "m", seed), (replace(rock_beat, qpm=60.0 + seed),) * 3) for seed in range(5)
    ]

    def slowly(clip, kind, *_, **__):
        with lock:
            making_now.append(clip.qpm)
            most.append(len(set(making_now)))
        time.sleep(0.02)
        with lock:
            making_now.remove(clip.qpm)
            order.append(clip.qpm)
        return b""

    monkeypatch.setattr(export, "clip_file", slowly)
    asking = [threading.Thread(target=export.files, args=(each, ("png",))) for each in performances]
    for thread in asking:
        thread.start()
        time.sleep(0.005)
    for thread in asking:
        thread.join()
    assert max(most) == limits.PERFORMANCES_MADE_AT_ONCE
    finished = {qpm: len(order) - order[::-1].index(qpm) for qpm in order}
    assert len(order) == 15 and max(finished[60.0], finished[61.0]) < finished[62.0] < finished[64.0]
