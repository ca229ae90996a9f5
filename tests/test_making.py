"""Pictures and sounds made in a process beside this one."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import threading
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
from tests.test_downloads import until
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
    begun, may_end = [], {60.0 + number: threading.Event() for number in range(5)}
    performances = [
        Performance(Recipe("sample", "m", number), (replace(rock_beat, qpm=60.0 + number),) * 3) for number in range(5)
    ]

    def when_it_may(clip, kind, *_, **__):
        begun.append(clip.qpm)
        may_end[clip.qpm].wait(20)
        return b""

    def has_come(number: int) -> None:
        asking = threading.Thread(target=export.files, args=(performances[number], ("png",)))
        asking.start()
        # The first two begin, and the others wait in the order in which they came.
        waiting = number + 1 - limits.PERFORMANCES_MADE_AT_ONCE
        begins = performances[number].clips[0].qpm
        until(lambda: len(making._places._cond._waiters) == waiting if waiting > 0 else begins in begun)

    monkeypatch.setattr(export, "clip_file", when_it_may)
    for number in range(5):
        has_come(number)
    for number in range(5):
        assert set(begun) == {60.0 + each for each in range(min(number + limits.PERFORMANCES_MADE_AT_ONCE, 5))}
        may_end[60.0 + number].set()
        until(lambda number=number: 60.0 + number + limits.PERFORMANCES_MADE_AT_ONCE in begun or number > 2)
    until(lambda: len(begun) == 15)
