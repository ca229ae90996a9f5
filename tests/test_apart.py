"""An engine in a process of its own: the same music, and what happens when it is stopped, killed or wrong."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import types
import urllib.request
from collections.abc import Iterator

import psutil
import pytest

from core import engine, limits, studio
from core.apart import WARM, Apart
from core.beside import Answering, Asked, Process, Told
from core.errors import CancelledError, EngineError, LatentJamError, ModelNotFoundError
from core.recipe import Recipe
from core.remote import LostError
from tests.test_downloads import until
from tests.test_page import ROOT, serving

BEAT = Recipe("sample", "bundled/drums_2bar.lokl", 7, 2)
# Takes long enough to be stopped or lost in the middle.
LONG = Recipe("sample", "bundled/trio_16bar", 7, 16)


@pytest.fixture(scope="module")
def apart() -> Iterator[Apart]:
    engine = Apart()
    yield engine
    engine._beside._process._process.kill()


def kill_when_it_plays(engine: Apart) -> tuple[list[str], threading.Event]:
    """What it says, and an event that is set when it was killed for the first time it said that it plays."""
    said, killed = [], threading.Event()

    def tell(share: float, what: str) -> None:
        said.append(str(what))
        if what == "Playing" and not killed.is_set():
            killed.set()
            os.kill(engine._beside._process._process.pid, signal.SIGKILL)

    return said, tell


def test_it_makes_the_same_music(apart, rock_beat, half_time_beat):
    for recipe in (
        BEAT,
        Recipe("interpolate", "bundled/drums_2bar.hikl", 3, 4, qpm=97.3, clips=(rock_beat, half_time_beat)),
    ):
        said = []
        assert apart.perform(recipe, lambda share, what, said=said: said.append((share, what))) == studio.perform(
            recipe
        )
        assert [what for _, what in said][-1] == "Playing"
    assert set(apart.loaded_models()) == {"bundled/drums_2bar.lokl", "bundled/drums_2bar.hikl"}


def test_it_is_warmed_up(apart):
    apart.warm_up("bundled/melody_2bar")
    assert "bundled/melody_2bar" in apart.loaded_models()
    apart.warm_up("bundled/nothing")


def test_many_ask_at_once(apart):
    recipes = [Recipe("sample", BEAT.model, seed, 1) for seed in range(12)]
    made = {}
    threads = [threading.Thread(target=lambda r=r: made.update({r.seed: apart.perform(r)})) for r in recipes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == {recipe.seed: studio.perform(recipe) for recipe in recipes}


def test_what_is_wrong_with_a_recipe_comes_back(apart):
    with pytest.raises(ModelNotFoundError, match="There is no model “bundled/nothing”"):
        apart.perform(Recipe("sample", "bundled/nothing", 1, 1))
    with pytest.raises(LatentJamError, match="always plays 16 bars"):
        apart.perform(Recipe("sample", "bundled/trio_16bar", 1, 1, bars=4))


def test_a_fault_of_ours_is_not_hidden(apart):
    with pytest.raises(RuntimeError, match="AttributeError"):
        apart.perform(7)  # type: ignore[arg-type]


def test_somebody_stops(apart):
    stop = threading.Event()
    with pytest.raises(CancelledError):
        apart.perform(LONG, lambda share, what: what == "Playing" and stop.set(), stop)
    # It is told so, and has time for others soon.
    began = time.monotonic()
    apart.perform(BEAT)
    assert time.monotonic() - began < 10
    assert not apart._beside._process._unanswered


def test_a_killed_process_is_replaced_and_the_recipe_begun_again(apart):
    first = apart._beside._process
    said, tell = kill_when_it_plays(apart)
    assert apart.perform(LONG, tell) == studio.perform(LONG)
    assert "An engine was lost; another begins again" in said
    assert first.has_ended and apart._beside._process is not first


def test_a_process_that_hangs_is_replaced(monkeypatch):
    monkeypatch.setattr(limits, "BESIDE_SILENCE_SECONDS", 5.0)
    engine = Apart()
    expected = engine.perform(BEAT)
    first = engine._beside._process
    # It may be silent for as long as there is nothing to answer.
    time.sleep(6)
    os.kill(first._process.pid, signal.SIGSTOP)
    assert engine.perform(BEAT) == expected
    assert first.has_ended and engine._beside._process is not first
    engine._beside._process._process.kill()


def test_a_process_that_never_starts_is_a_sentence(monkeypatch):
    monkeypatch.setattr("core.beside.PROGRAM", "raise SystemExit(3)")
    monkeypatch.setattr(limits, "ENGINE_WAIT_SECONDS", 0.01)
    with pytest.raises(EngineError, match="Try again in a minute"):
        Apart().perform(BEAT)


def test_where_no_process_can_be_started_the_page_plays_itself(monkeypatch, caplog):
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: (_ for _ in ()).throw(PermissionError("no")))
    monkeypatch.setenv("LATENT_JAM_APART", "on")
    engine.chosen.cache_clear()
    try:
        assert isinstance(engine.chosen(), engine.ThisProcess)
    finally:
        engine.chosen.cache_clear()
    assert "PermissionError" in caplog.text


def test_a_process_that_cannot_be_started_again_is_a_sentence(monkeypatch):
    monkeypatch.setattr("core.beside.PROGRAM", "raise SystemExit(3)")
    monkeypatch.setattr(limits, "ENGINE_WAIT_SECONDS", 0.01)
    left = Apart()
    left._beside._process._process.wait(20)
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: (_ for _ in ()).throw(PermissionError("no")))
    with pytest.raises(EngineError, match="Try again in a minute"):
        left.perform(BEAT)
    left.warm_up(BEAT.model)


def test_who_asks_a_process_that_has_ended_is_told(monkeypatch):
    monkeypatch.setattr("core.beside.PROGRAM", "raise SystemExit(3)")
    process = Process("core.apart")
    with pytest.raises(LostError, match="ended|listen"), process.asking(BEAT) as messages:
        raise messages.get(timeout=20)
    process._process.wait(20)


def test_what_libraries_print_does_not_come_between():
    program = (
        "import sys, types, core; from core import apart; studio = core.studio = types.ModuleType('core.studio');"
        "sys.modules['core.studio'] = studio; studio.loaded_models = tuple;"
        "studio.warm_up = lambda name: print('noise about', name); apart.main()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, **pipes) as process:
        pickle.dump(Asked(5, "a model"), process.stdin)
        process.stdin.flush()
        assert pickle.load(process.stdout) == Told(5, WARM, ())
        rest, said = process.communicate(timeout=20)
    assert not rest
    assert b"noise about a model" in said


def running(page: psutil.Process, module: str) -> list[psutil.Process]:
    """The processes beside a page that run a module."""
    found = []
    for process in page.children():
        # One that was killed may still be there.
        with contextlib.suppress(psutil.Error):
            found += [process] * any(module in word for word in process.cmdline())
    return found


def test_the_page_goes_on_when_its_engine_is_killed_and_takes_it_along_when_it_ends(tmp_path):
    with serving(ROOT, tmp_path) as address:
        page = next(
            process
            for process in psutil.Process().children(recursive=True)
            if process.cmdline()[-1:] == ["app.py"] and process.environ().get("HOME") == str(tmp_path)
        )
        (engine,) = running(page, "core.apart")
        engine.kill()
        health = json.load(urllib.request.urlopen(f"{address}/health"))
        assert health["status"] == "up"
        until = time.monotonic() + 60
        while not running(page, "core.apart") or BEAT.model not in health["models"]:
            assert time.monotonic() < until, health
            time.sleep(0.2)
            health = json.load(urllib.request.urlopen(f"{address}/health"))
        while not running(page, "core.making"):
            assert time.monotonic() < until
            time.sleep(0.2)
        beside = page.children()
        page.kill()
        gone, left = psutil.wait_procs(beside, timeout=20)
        assert len(gone) == 2 and not left


def test_answers_come_from_the_same_threads_again_and_again():
    """Of each thread that asks it for something TensorFlow keeps a kilobyte for good."""
    asking, asked = (os.fdopen(end, mode) for end, mode in zip(os.pipe(), ("rb", "wb"), strict=True))
    threads, told = set(), []
    here = Answering(
        types.SimpleNamespace(write=told.append, flush=lambda: None),
        lambda what, tell, stop: threads.add(threading.get_ident()) or what,
        tuple,
        at_once=2,
    )
    listening = threading.Thread(target=here.listen, args=(asking,))
    listening.start()
    for number in range(40):
        pickle.dump(Asked(number, "a model"), asked)
        asked.flush()
        until(lambda number=number: len(told) > number)
    asked.close()
    listening.join(20)
    assert {pickle.loads(data) for data in told} == {Told(number, "a model") for number in range(40)}
    assert len(threads) <= 2
