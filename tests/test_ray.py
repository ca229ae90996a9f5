"""Engines on a real Ray cluster of this machine: ./test.sh --deploy. They take a minute to start, and Ray changes what
servers run on (uvloop), so it is not in the environment of the other tests."""

# ruff: noqa: E402 (what Ray reads at import is set before)
from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Read when Ray is imported. Its makers need not know that tests ran.
os.environ["RAY_AUTH_MODE"], os.environ["RAY_AUTH_TOKEN"] = "token", secrets.token_hex(32)
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
pytest.importorskip("ray", reason="Ray is not installed: ./test.sh --deploy")

import ray
from ray import serve
from ray.exceptions import ActorDiedError
from ray.serve.exceptions import DeploymentUnavailableError
from ray.serve.schema import ServeDeploySchema

from core import clip, limits, studio
from core.cluster import APPLICATION, Cluster, join
from core.errors import CancelledError, EngineError, LatentJamError, ModelNotFoundError
from core.performance import Performance
from core.recipe import Recipe
from tests.test_manifests import KUBERNETES, of_kind
from tests.test_page import ROOT, serving

TOKEN = os.environ["RAY_AUTH_TOKEN"]
START_SECONDS = 240
BEAT = Recipe("sample", "bundled/drums_2bar.lokl", 7, 2)


# What the page's side does with what engines do to it, without a cluster.


class Answer:
    """What an engine answers: messages, exceptions that end it, or functions that are called."""

    def __init__(self, messages: list) -> None:
        self._messages = messages
        self.cancelled = threading.Event()

    def __iter__(self) -> Iterator:
        for message in self._messages:
            if callable(message):
                message(self)
            elif isinstance(message, Exception) and not isinstance(message, LatentJamError):
                raise message
            else:
                yield message

    def cancel(self) -> None:
        self.cancelled.set()


class Engines:
    """A handle; each time it is asked, the next answer is given, the last one for ever."""

    def __init__(self, *answers: list) -> None:
        self._answers = list(answers)
        self.given: list[Answer] = []
        self.asked: list[str] = []
        self.perform = self

    def remote(self, text: str) -> Answer:
        self.asked.append(text)
        self.given.append(Answer(self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]))
        return self.given[-1]


def silence(answer: Answer) -> None:
    answer.cancelled.wait(20)


@pytest.fixture
def cluster_of(monkeypatch) -> Callable[..., tuple[Cluster, Engines]]:
    monkeypatch.setattr(limits, "ENGINE_WAIT_SECONDS", 0.001)
    monkeypatch.setattr(limits, "PROGRESS_SECONDS", 0.01)

    def make(*answers: list) -> tuple[Cluster, Engines]:
        cluster, engines = Cluster("nowhere:1"), Engines(*answers)
        cluster._handle = engines
        return cluster, engines

    return make


PLAYED = Performance(BEAT, (clip.Clip((), 2, 120.0, "played"),))


def test_messages_and_the_performance(cluster_of):
    cluster, engines = cluster_of([(0.0, "Loading"), None, (0.3, "Playing"), PLAYED])
    said: list = []
    assert cluster.perform(BEAT, lambda share, what: said.append((share, what))) == PLAYED
    assert said == [(0.0, "Loading"), (0.3, "Playing")]
    assert [Recipe.from_string(text) for text in engines.asked] == [BEAT]


def test_a_lost_engines_recipe_goes_to_another(cluster_of):
    cluster, engines = cluster_of([(0.3, "Playing"), ActorDiedError()], [None], [PLAYED])
    assert cluster.perform(BEAT) == PLAYED
    assert len(engines.asked) == 3


def test_a_recipe_that_loses_every_engine_is_given_up(cluster_of):
    cluster, engines = cluster_of([ActorDiedError()])
    with pytest.raises(EngineError, match="were lost. Try again"):
        cluster.perform(BEAT)
    assert len(engines.asked) == limits.ENGINE_TRIES


def test_a_wrong_recipe_is_not_tried_again(cluster_of):
    cluster, engines = cluster_of([ModelNotFoundError("There is no such model.")])
    with pytest.raises(ModelNotFoundError, match=r"^There is no such model\.$"):
        cluster.perform(BEAT)
    assert len(engines.asked) == 1


def test_engines_that_are_not_there_are_a_sentence(cluster_of):
    cluster, engines = cluster_of([DeploymentUnavailableError(None)])
    with pytest.raises(EngineError):
        cluster.perform(BEAT)
    assert len(engines.asked) == 1


def test_somebody_stops_while_waiting(cluster_of):
    cluster, engines = cluster_of([(0.3, "Playing"), silence, PLAYED])
    stop = threading.Event()
    with pytest.raises(CancelledError):
        cluster.perform(BEAT, lambda share, what: stop.set(), stop)
    assert engines.given[0].cancelled.is_set()


def test_an_engine_that_says_nothing_is_given_up(cluster_of, monkeypatch):
    monkeypatch.setattr(limits, "ENGINE_SILENCE_SECONDS", 0.1)
    cluster, engines = cluster_of([silence, PLAYED])
    with pytest.raises(EngineError, match="do not answer"):
        cluster.perform(BEAT)
    assert engines.given[0].cancelled.is_set()


def test_a_fault_of_ours_is_not_hidden(cluster_of):
    cluster, engines = cluster_of([ZeroDivisionError("ours")])
    with pytest.raises(ZeroDivisionError):
        cluster.perform(BEAT)
    assert len(engines.asked) == 1


def test_a_cluster_that_is_not_there_is_looked_for_once_by_many(monkeypatch):
    looked: list[str] = []

    def init(address: str, **settings: object) -> None:
        looked.append(address)
        time.sleep(0.2)
        raise ConnectionError("nobody there")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", init)
    cluster, said = Cluster("nowhere:1"), []

    def ask() -> None:
        try:
            cluster.perform(BEAT)
        except EngineError as error:
            said.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert looked == ["nowhere:1"]
    assert len(said) == 8 and "cannot be reached" in said[0]


def test_the_rayservices_configuration_is_one():
    import yaml

    service = of_kind("RayService", KUBERNETES / "ray" / "engine.yaml")
    read = ServeDeploySchema(**yaml.safe_load(service["spec"]["serveConfigV2"]))
    assert read.applications[0].deployments[0].autoscaling_config["min_replicas"] >= 2


# The cluster.


def ours(name: str) -> list[int]:
    """The processes of the cluster below whose title or command has this in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            title = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if name in title and f"RAY_AUTH_TOKEN={TOKEN}".encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
    return found


def engines() -> list[int]:
    return ours("ServeReplica:latent-jam:Engine")


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """The address of a cluster of three CPUs with two engines."""
    log = tmp_path_factory.mktemp("engines") / "log"
    with log.open("w") as file:
        command = [sys.executable, "-m", "deploy.engine", "--replicas", "2", "2", "--cpus", "3"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file)
        try:
            started = time.monotonic()
            while not (said := re.search(r"LATENT_JAM_RAY=(\S+)", log.read_text())):
                assert process.poll() is None and time.monotonic() - started < START_SECONDS, log.read_text()
                time.sleep(0.2)
            print(f"two engines after {time.monotonic() - started:.0f} s")
            yield said[1]
        finally:
            ray.shutdown()
            process.terminate()
            process.wait(60)
            for left in ours("ray"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(left, signal.SIGKILL)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def page(address, home) -> Iterator[str]:
    """A page that asks those engines."""
    with serving(ROOT, home, LATENT_JAM_RAY=address) as page:
        yield page


def client_of(page: str, folder: Path):
    from gradio_client import Client

    return Client(page, verbose=False, download_files=folder)


def midi(performance: Performance) -> list[bytes]:
    whole = [performance.joined] if performance.joined else []
    return [clip.to_midi(each) for each in (*performance.clips, *whole)]


def played(client, recipe: Recipe) -> list[bytes]:
    files, *_ = client.predict(jam=recipe.to_string(), api_name="/play")
    return [Path(file).read_bytes() for file in files]


def test_the_page_plays_what_one_machine_plays(page, tmp_path, rock_beat, half_time_beat):
    client = client_of(page, tmp_path)
    for recipe in (
        BEAT,
        Recipe("interpolate", "bundled/drums_2bar.hikl", 3, 4, clips=(rock_beat, half_time_beat)),
        Recipe("groove", "bundled/groove_2bar_humanize", 5, clips=(rock_beat,)),
    ):
        assert played(client, recipe) == midi(studio.perform(recipe))
    with pytest.raises(Exception, match="There is no model “bundled/nope”. Choose one of"):
        client.predict(model="bundled/nope", api_name="/sample")
    (app,) = ours("app.py")
    assert "tensorflow" not in Path(f"/proc/{app}/maps").read_text()


def test_progress_and_stop(address):
    cluster = Cluster(address)
    said: list[tuple[float, str]] = []
    recipe = Recipe("sample", "bundled/melody_2bar", 3, 1)
    assert cluster.perform(recipe, lambda share, what: said.append((share, what))) == studio.perform(recipe)
    assert [share for share, _ in said] == sorted(share for share, _ in said)
    assert said[-1][1] == "Playing"
    stop, started = threading.Event(), time.monotonic()
    with pytest.raises(CancelledError):
        cluster.perform(
            dataclasses.replace(recipe, model="bundled/trio_16bar", count=16), lambda share, what: stop.set(), stop
        )
    assert time.monotonic() - started < 5


def test_a_killed_engine_fails_nobody(page, address, home, tmp_path):
    join(address)
    # Long ones, so that engines are at work most of the time.
    recipes = [Recipe("sample", "bundled/melody_16bar", seed, 2, temperature=0.2) for seed in range(6)]
    expected = {recipe.seed: midi(studio.perform(recipe)) for recipe in recipes}
    clients = [client_of(page, tmp_path) for _ in range(6)]
    over, wrong, seconds = threading.Event(), [], []

    def visit(number: int) -> None:
        turn = number
        while not over.is_set():
            recipe, began = recipes[turn % len(recipes)], time.monotonic()
            turn += 1
            try:
                if played(clients[number], recipe) != expected[recipe.seed]:
                    wrong.append(f"other notes for seed {recipe.seed}")
            except Exception as error:  # noqa: BLE001 (it is what the test looks for)
                wrong.append(repr(error))
            seconds.append(time.monotonic() - began)

    def lost() -> int:
        return (home / "app.log").read_text().count("an engine was lost")

    visits = [threading.Thread(target=visit, args=(number,)) for number in range(len(clients))]
    for each in visits:
        each.start()
    try:
        deadline = time.monotonic() + 200
        # One that had nothing to do when it died proves nothing, so it may take another.
        while not lost() and time.monotonic() < deadline:
            before = wait_for_two_engines(deadline)
            time.sleep(3)
            victim, served, killed = busiest(before), len(seconds), time.monotonic()
            os.kill(victim, signal.SIGKILL)
            while len(seconds) < served + 12 and time.monotonic() < deadline:
                time.sleep(0.1)
            print(f"{len(seconds) - served} requests in {time.monotonic() - killed:.1f} s after the kill")
            assert victim not in engines()
        replaced = wait_for_two_engines(time.monotonic() + START_SECONDS)
        assert set(replaced) != set(before)
    finally:
        over.set()
        for each in visits:
            each.join()
    print(f"{len(seconds)} requests, the slowest {max(seconds):.1f} s; {lost()} begun again")
    assert wrong == []
    assert lost() >= 1, "no engine was at work when it was killed"


def busiest(processes: list[int]) -> int:
    """The process that computes most while it is looked at."""

    def ticks(process: int) -> int:
        return sum(map(int, Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))

    before = {process: ticks(process) for process in processes}
    time.sleep(0.2)
    return max(processes, key=lambda process: ticks(process) - before[process])


def wait_for_two_engines(deadline: float) -> list[int]:
    # One that still loads its models computes, too, but for nobody.
    while len(there := engines()) < 2 or serve.status().applications[APPLICATION].status != "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return there


def test_bulk_work(address, tmp_path):
    recipes = [Recipe("sample", f"bundled/{model}", 4, 2) for model in ("drums_2bar.lokl", "melody_2bar")]
    lines = [*(recipe.to_string() for recipe in recipes), "nonsense", f"https://a.example/?jam={BEAT.to_string()}"]
    (tmp_path / "recipes.txt").write_text("\n".join(lines))
    out = tmp_path / "out"

    def run(*arguments: object) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "deploy.bulk", *map(str, arguments), "--address", address]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    ran = run("perform", tmp_path / "recipes.txt", "--output-dir", out)
    assert ran.returncode == 1, ran.stderr
    assert (out / "failed.txt").read_text().startswith("000003: This link")
    for number, recipe in ((1, recipes[0]), (2, recipes[1]), (4, BEAT)):
        files = sorted((out / f"{number:06d}").iterdir())
        assert [file.read_bytes() for file in files] == midi(studio.perform(recipe))
    written = {path: path.stat().st_mtime_ns for path in out.rglob("*.mid")}
    assert run("perform", tmp_path / "recipes.txt", "--output-dir", out).returncode == 1
    assert written == {path: path.stat().st_mtime_ns for path in out.rglob("*.mid")}, "made again"


def test_windows_of_a_folder(address, tmp_path):
    import csv

    import numpy as np

    from core.configs import CONFIG_MAP

    music = tmp_path / "music"
    (music / "deep").mkdir(parents=True)
    examples = sorted((ROOT / "assets" / "midi").glob("*.mid"))[:6]
    for example in examples:
        (music / "deep" / example.name).write_bytes(example.read_bytes())
    (music / "broken.mid").write_bytes(b"MThd nothing")
    command = [sys.executable, "-m", "deploy.bulk", "windows", music, "--config", "cat-drums_2bar_small"]
    ran = subprocess.run(
        [*map(str, command), "--output-dir", str(tmp_path / "out"), "--address", address],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 1, ran.stderr
    assert (tmp_path / "out" / "failed.txt").read_text().startswith("broken.mid: “broken.mid” is not a MIDI file")
    converter = CONFIG_MAP["cat-drums_2bar_small"].data_converter.all_windows()
    each = {f"deep/{file.name}": converter.to_labels(clip.read_midi(file.read_bytes())) for file in examples}
    with (tmp_path / "out" / "windows.csv").open() as table:
        assert {row["file"]: int(row["windows"]) for row in csv.DictReader(table)} == {
            k: len(v) for k, v in each.items()
        }
    expected = np.array([window for name in sorted(each) for window in each[name]])
    np.testing.assert_array_equal(np.load(tmp_path / "out" / "windows.npy"), expected)
