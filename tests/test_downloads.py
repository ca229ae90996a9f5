"""Published checkpoints over the wire: a server that misbehaves, killed processes, hostile archives."""

import contextlib
import dataclasses
import errno
import io
import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import numpy as np
import pytest
import tensorflow as tf
from safetensors import SafetensorError
from safetensors.numpy import load_file

from core import cache, catalog, checkpoints, downloads, limits
from core.__main__ import main
from core.catalog import CATALOG, Model
from core.configs import CONFIG_MAP, Config
from core.errors import CancelledError, CheckpointError, DownloadError, LatentJamError, ModelTooLargeError
from core.network import vae
from core.recipe import Recipe
from core.studio import Studio

ROOT = Path(__file__).parent.parent


@dataclasses.dataclass
class Plan:
    """How the server answers one request."""

    status: int = 200
    body: bytes | None = None
    # The connection is closed after this share of what was asked for.
    cut: float = 1.0
    # What Content-Length says too much; None: there is none.
    lie: int | None = 0
    knows_ranges: bool = True
    # Half is sent; the rest waits for the server's `go_on`.
    pauses: bool = False


class Server(ThreadingHTTPServer):
    """Serves `files`, as the next of `plans` says, and as `usual` when they are used up."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.validators: dict[str, str] = {"ETag": '"one"'}
        self.plans: list[Plan] = []
        self.usual = Plan()
        self.requests: list[tuple[str, str | None, int]] = []
        self.go_on = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address) -> None:
        """A client that was killed is no error."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server: Server = self.server
        plan = server.plans.pop(0) if server.plans else server.usual
        wanted, body, status = self.headers.get("Range"), plan.body, plan.status
        if status == 200 and body is None and (body := server.files.get(self.path)) is None:
            status, body = 404, b"gone"
        body, headers = body or b"", dict(server.validators)
        if wanted and status == 200 and plan.knows_ranges and self.headers.get("If-Range") in (None, *headers.values()):
            start, total = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]), len(body)
            if start >= total:
                status, body = 416, b""
                headers["Content-Range"] = f"bytes */{total}"
            else:
                status, body = 206, body[start:]
                headers["Content-Range"] = f"bytes {start}-{total - 1}/{total}"
        server.requests.append((self.path, wanted, status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if plan.lie is not None:
            self.send_header("Content-Length", str(len(body) + plan.lie))
        self.send_header("Connection", "close")
        self.end_headers()
        if plan.pauses:
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            server.go_on.wait(30)
            body = body[len(body) // 2 :]
        self.wfile.write(body[: int(plan.cut * len(body))])
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    monkeypatch.setattr(limits, "DOWNLOAD_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(limits, "PROGRESS_SECONDS", 0.05)
    monkeypatch.setattr(limits, "DOWNLOAD_FRUIT_BYTES", 1)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as running:
        threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
        yield running
        running.go_on.set()
        running.shutdown()


def shrunk(config: Config) -> Config:
    """The configuration with few units, its number of layers and all names as they are."""
    hparams = config.hparams
    few = {
        "z_size": 6,
        "enc_rnn_size": (10,) * len(hparams.enc_rnn_size),
        "dec_rnn_size": (12,) * len(hparams.dec_rnn_size),
    }
    return dataclasses.replace(config, hparams=dataclasses.replace(hparams, **few))


def weights_of(config: Config, seed: int = 1) -> dict[str, np.ndarray]:
    return {name: 3 * array for name, array in vae.initial_weights(config, seed).items()}


def tf1_files(weights: dict[str, np.ndarray]) -> dict[str, bytes]:
    """The files of a TF1 checkpoint with these variables, and what training leaves besides."""
    extra = {f"{name}/Adam": np.ones_like(array) for name, array in weights.items()} | {"global_step": np.int64(7)}
    everything = weights | extra
    with tempfile.TemporaryDirectory() as folder:
        prefix = str(Path(folder) / "model.ckpt-7")
        tf.raw_ops.SaveV2(
            prefix=prefix, tensor_names=list(everything), shape_and_slices=[""] * len(everything),
            tensors=[tf.constant(array) for array in everything.values()],
        )  # fmt: skip
        return {file.name: file.read_bytes() for file in sorted(Path(folder).iterdir())}


def tar_of(files: dict[str, bytes], mode: str = "w") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(f"some_model/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return packed.getvalue()


@pytest.fixture(scope="module")
def drums() -> Config:
    return shrunk(CONFIG_MAP["cat-drums_2bar_small"])


@pytest.fixture(scope="module")
def weights(drums) -> dict[str, np.ndarray]:
    return weights_of(drums)


@pytest.fixture(scope="module")
def files(weights) -> dict[str, bytes]:
    return tf1_files(weights)


@pytest.fixture(scope="module")
def archive(files) -> bytes:
    return tar_of(files)


def entry(server: Server, folder: Path, config: Config, name: str = "cat-drums_2bar_small.hikl") -> Model:
    size = sum(array.nbytes for array in weights_of(config).values())
    return Model(
        f"magenta/{name}", config, folder / "cache" / f"{name}.safetensors", "tests", "none",
        f"{server.url}/{name}.tar", size, size,
    )  # fmt: skip


@pytest.fixture
def model(server, tmp_path, drums, archive) -> Model:
    made = entry(server, tmp_path, drums)
    server.files[f"/{made.name}.tar"] = archive
    return made


def fetch(model: Model, **how: object) -> dict[str, np.ndarray]:
    with cache.ready(model, **how) as path:
        return load_file(path)


def same(a, b) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def left(model: Model) -> set[str]:
    """What is in the cache besides locks, and nothing may be beside it."""
    folder = model.path.parent
    assert {path.name for path in folder.parent.iterdir()} <= {"cache"}
    return {path.name for path in folder.iterdir() if path.suffix != ".lock"}


def whole(model: Model) -> set[str]:
    return {f"{model.name}.safetensors", f"{model.name}.json"}


def refused(model: Model, sentence: str, error: type[LatentJamError] = LatentJamError, **how: object) -> None:
    with pytest.raises(error) as raised:
        fetch(model, **how)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not model.path.exists()


@pytest.mark.parametrize("name", [name.split("/")[1] for name in CATALOG if name.startswith("magenta/")])
def test_every_published_checkpoint(server, tmp_path, name):
    config = shrunk(CATALOG[f"magenta/{name}"].config)
    model = entry(server, tmp_path, config, name)
    server.files[f"/{name}.tar"] = tar_of(tf1_files(weights_of(config)))
    assert model.where == catalog.TO_BE_FETCHED
    assert same(fetch(model), weights_of(config))
    assert model.where == catalog.DOWNLOADED
    assert left(model) == whole(model)


def test_the_catalogue_knows_what_it_offers():
    published = [model for model in CATALOG.values() if model.source == "magenta"]
    assert len(published) == 11
    for model in published:
        assert model.parameter_bytes == 4 * sum(int(np.prod(s)) for s in vae.variable_shapes(model.config).values())
        assert model.url.endswith(f"/music_vae/checkpoints/{model.name}.tar")
        assert model.download_bytes >= model.parameter_bytes


def test_the_second_time_nothing_is_fetched_nor_read_by_tensorflow(server, model, weights, monkeypatch):
    assert same(fetch(model), weights)
    record = json.loads(model.path.with_suffix(".json").read_text())
    assert record["archive_bytes"] == len(server.files[f"/{model.name}.tar"])
    assert record["file_bytes"] == model.path.stat().st_size
    monkeypatch.setattr(checkpoints, "convert", None)
    monkeypatch.setattr(tf.train, "load_checkpoint", None)
    assert same(fetch(model), weights)
    loaded = checkpoints.load(model.path, model.config)
    assert same(loaded, weights)
    assert not any(array.flags.owndata for array in loaded.values()), "mapped, not copied"
    assert len(server.requests) == 1


def test_a_gzipped_archive(server, model, files, weights):
    server.files[f"/{model.name}.tar"] = tar_of(files, "w:gz")
    assert same(fetch(model), weights)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_cut_connection_is_resumed(server, model, weights, archive, share):
    server.plans = [Plan(cut=share)]
    assert same(fetch(model), weights)
    begin = int(share * len(archive))
    assert [request[1:] for request in server.requests] == [(None, 200), (f"bytes={begin}-", 206)]
    assert left(model) == whole(model)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_try_that_is_given_up_is_gone_on_with_the_next_time(server, model, weights, archive, share):
    server.plans = [Plan(cut=share)] + [Plan(503)] * limits.DOWNLOAD_TRIES
    refused(model, "Check the connection and try again", DownloadError)
    assert len(server.requests) == 1 + limits.DOWNLOAD_TRIES
    assert same(fetch(model), weights)
    assert server.requests[-1][1:] == (f"bytes={int(share * len(archive))}-", 206)


def test_a_server_without_ranges(server, model, weights):
    server.usual = Plan(knows_ranges=False)
    server.plans = [Plan(cut=0.5, knows_ranges=False)]
    assert same(fetch(model), weights)
    assert [status for _, _, status in server.requests] == [200, 200]


def test_a_server_that_always_breaks_off_at_the_same_place_is_given_up(server, model, weights):
    server.usual = Plan(cut=0.5, knows_ranges=False)
    refused(model, "could not be fetched from 127.0.0.1", DownloadError)
    assert len(server.requests) <= 1 + limits.DOWNLOAD_TRIES
    server.usual = Plan()
    assert same(fetch(model), weights)


@pytest.mark.parametrize("lie", [1000, None])
def test_a_wrong_or_missing_length_once(server, model, weights, lie):
    server.plans = [Plan(lie=lie)]
    assert same(fetch(model), weights)
    assert left(model) == whole(model)


def test_a_length_that_is_always_too_large(server, model, weights):
    server.usual = Plan(lie=1000)
    refused(model, "could not be fetched", DownloadError)
    assert len(server.requests) <= 3 * limits.DOWNLOAD_TRIES
    server.usual = Plan()
    assert same(fetch(model), weights)


def test_a_length_that_is_too_small(server, model, weights):
    server.plans = [Plan(lie=-20_000)]
    refused(model, "damaged", CheckpointError)
    assert left(model) == set()
    assert same(fetch(model), weights)


def test_not_found_is_not_tried_again(server, model, weights):
    server.plans = [Plan(404)]
    refused(model, "404", DownloadError)
    assert len(server.requests) == 1
    assert left(model) == set()
    assert same(fetch(model), weights)


def test_a_server_that_stumbles(server, model, weights):
    server.plans = [Plan(500), Plan(503)]
    assert same(fetch(model), weights)
    assert [status for _, _, status in server.requests] == [500, 503, 200]


PORTAL = Plan(body=b"<!DOCTYPE html><html><body>Welcome to our hotel. Room number?" + b" " * 2000 + b"</body></html>")


def test_a_captive_portal(server, model, weights):
    server.plans = [PORTAL]
    refused(model, "login page", DownloadError)
    assert len(server.requests) == 1
    assert left(model) == set()
    assert same(fetch(model), weights)


def test_a_captive_portal_half_way(server, model, weights):
    server.plans = [Plan(cut=0.5), dataclasses.replace(PORTAL, knows_ranges=False)]
    refused(model, "login page", DownloadError)
    assert same(fetch(model), weights)
    assert server.requests[-1][2] == 206, "what had come before was kept"


def test_a_way_from_a_safe_address_to_an_unsafe_one_is_not_gone(monkeypatch, tmp_path, archive):
    plain = httpx.Client

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.scheme == "https":
            return httpx.Response(302, headers={"Location": "http://portal/x.tar"})
        return httpx.Response(200, stream=httpx.ByteStream(archive))

    monkeypatch.setattr(httpx, "Client", lambda **how: plain(transport=httpx.MockTransport(answer), **how))
    with pytest.raises(DownloadError, match="login page"):
        downloads.download("https://there/x.tar", tmp_path / "x.tar", "x")
    assert not list(tmp_path.iterdir())
    downloads.download("http://there/x.tar", tmp_path / "x.tar", "x")
    assert (tmp_path / "x.tar").read_bytes() == archive


def test_a_server_that_falls_silent(server, model, weights, monkeypatch):
    monkeypatch.setattr(limits, "DOWNLOAD_SILENCE_SECONDS", 0.3)
    server.plans = [Plan(pauses=True)]
    assert same(fetch(model), weights)
    assert [status for _, _, status in server.requests] == [200, 206]


def test_nobody_there(server, model, weights, tmp_path):
    nobody = dataclasses.replace(model, url="http://127.0.0.1:9/x.tar")
    refused(nobody, "Check the connection", DownloadError)
    assert same(fetch(model), weights)


@pytest.mark.parametrize("validators", [{"ETag": '"two"'}, {"Last-Modified": "Tue, 24 Nov 2026 10:00:00 GMT"}, {}])
def test_a_file_that_changes_between_tries(server, model, drums, validators):
    first = {name: value.replace("two", "one").replace("24", "23") for name, value in validators.items()}
    server.validators = first
    server.plans = [Plan(cut=0.5)] + [Plan(503)] * limits.DOWNLOAD_TRIES
    refused(model, "try again", DownloadError)
    server.validators = validators
    other = weights_of(drums, seed=2)
    server.files[f"/{model.name}.tar"] = tar_of({"README": b"x" * 20_000} | tf1_files(other))
    assert same(fetch(model), other)


def test_a_file_that_changes_unseen_is_found_out(server, model, drums, weights):
    """Same length, nothing by which to tell: the checksums inside do."""
    server.validators = {}
    server.plans = [Plan(cut=0.5)] + [Plan(503)] * limits.DOWNLOAD_TRIES
    refused(model, "try again", DownloadError)
    other = weights_of(drums, seed=2)
    server.files[f"/{model.name}.tar"] = tar_of(tf1_files(other))
    refused(model, "damaged", CheckpointError)
    assert left(model) == set()
    assert same(fetch(model), other)


def test_another_archive_than_the_first_is_not_believed(server, model, drums, weights):
    fetch(model)
    model.path.unlink()
    server.files[f"/{model.name}.tar"] = tar_of(tf1_files(weights_of(drums, seed=2)))
    refused(model, "its SHA-256 has changed", CheckpointError)
    assert left(model) == {f"{model.name}.json"}
    server.files[f"/{model.name}.tar"] = tar_of(tf1_files(weights))
    assert same(fetch(model), weights)


@pytest.mark.parametrize("damage", ["a bit", "the end", "no record"])
def test_kept_weights_are_checked_at_every_use(server, model, weights, damage):
    fetch(model)
    data = bytearray(model.path.read_bytes())
    if damage == "a bit":
        data[-3] ^= 1
    elif damage == "the end":
        del data[-10:]
    else:
        model.path.with_suffix(".json").unlink()
    model.path.write_bytes(data)
    refused(model, "damaged and have been removed", CheckpointError)
    assert same(fetch(model), weights)


def test_progress_in_words(server, model, archive):
    said = []
    server.go_on.set()
    server.plans = [Plan(pauses=True)]
    fetch(model, tell=lambda share, what: said.append((share, what)))
    shares = [share for share, what in said if what.startswith("Fetching")]
    assert shares == sorted(shares) and shares[-1] == pytest.approx(0.9)
    assert f"{len(archive) / 1e6:.1f} of {len(archive) / 1e6:.1f} MB" in [what for _, what in said][-2]
    assert said[-1][1] == f"Reading {model.id}"
    assert str(downloads.Transfer(120_000_000, 923_000_000, 14e6, 57.4)) == "120 of 923 MB, 14 MB/s, 57 s left"
    assert str(downloads.Transfer(1_000_000, 923_000_000, 1e6, 922.0)) == "1.0 of 923 MB, 1.0 MB/s, 15 min left"
    assert str(downloads.Transfer(5_000_000, None, 0.0, None)) == "5 MB"


def test_cancelled(server, model, weights):
    server.plans = [Plan(pauses=True), Plan(cut=0.0), Plan()]
    cancel = threading.Event()
    said = []

    def tell(share: float, what: str) -> None:
        said.append(what)
        if " of " in what:
            cancel.set()
            server.go_on.set()

    refused(model, "was stopped", CancelledError, tell=tell, cancel=cancel)
    assert not model.path.exists()
    assert same(fetch(model), weights)
    assert server.requests[-1][2] == 206


def test_a_disk_that_is_too_small(server, model, weights, monkeypatch):
    usage = shutil.disk_usage("/")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=limits.DISK_RESERVE_BYTES + 1000))
        refused(model, "Make room", DownloadError)
    assert left(model) == set()
    assert same(fetch(model), weights)


class Full:
    """A file on a disk with room for some bytes more."""

    def __init__(self, file, room: int) -> None:
        self._file, self._room = file, room

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()

    def write(self, data: bytes) -> int:
        self._room -= len(data)
        if self._room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._file.write(data)


@pytest.mark.parametrize("where", [".partial", "-00001"])
def test_a_disk_that_fills_while_fetching_or_unpacking(server, model, weights, monkeypatch, where):
    plain = Path.open

    def opened(path, mode="r", *more, **others):
        file = plain(path, mode, *more, **others)
        return Full(file, 5000) if path.name.endswith(where) and mode in ("ab", "xb") else file

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", opened)
        refused(model, "is full. Make room", DownloadError)
    assert not (model.path.parent / f"{model.name}.unpacked").exists()
    assert same(fetch(model), weights)
    assert left(model) == whole(model)


def test_a_disk_that_fills_while_converting(server, model, weights, monkeypatch):
    def full(tensors, path, metadata):
        path.write_bytes(b"half")
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "save_file", full)
        refused(model, "is full. Make room", DownloadError)
    assert left(model) == {f"{model.name}.tar"}
    assert same(fetch(model), weights)
    assert len(server.requests) == 1


def test_a_folder_that_nobody_can_write_to(server, model, tmp_path):
    (tmp_path / "cache").write_bytes(b"a file in the way")
    refused(model, "Set LATENT_JAM_CACHE to a folder of yours", DownloadError)
    assert not server.requests


# Processes that are killed. The child needs no TensorFlow unless it gets as far as converting.
CHILD = """
import dataclasses, sys, time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from core import cache, limits
limits.PROGRESS_SECONDS = 0.05
url, path, name, size, moment = sys.argv[1:]
config = SimpleNamespace(name="any")

def stop():
    print("stopped", flush=True)
    time.sleep(60)

def half(tensors, target, metadata):
    save(tensors, target, metadata)
    target.write_bytes(target.read_bytes()[:3000])
    stop()

def recorded(path, text):
    path.write_text(text)
    stop()

if moment == "half":
    from core import checkpoints
    from core.configs import CONFIG_MAP
    config = CONFIG_MAP["cat-drums_2bar_small"]
    few = dataclasses.replace(config.hparams, z_size=6, enc_rnn_size=(10,), dec_rnn_size=(12, 12))
    config = dataclasses.replace(config, hparams=few)
    save, checkpoints.save_file = checkpoints.save_file, half
if moment == "recorded":
    # Where it stops is after the reading, which therefore needs no TensorFlow here.
    read = sys.modules["core.checkpoints"] = ModuleType("core.checkpoints")
    read.convert = lambda archive, config, target, workspace: target.write_bytes(b"read")
    cache._write_whole = recorded
model = SimpleNamespace(id=name, name=name, path=Path(path), url=url, config=config, parameter_bytes=int(size),
                        download_bytes=int(size))
with cache.ready(model, tell=lambda share, what: print(what, flush=True)):
    print("ready", flush=True)
"""


@contextlib.contextmanager
def child(model: Model, moment: str = "") -> Iterator[subprocess.Popen]:
    arguments = [model.url, str(model.path), model.name, str(model.parameter_bytes), moment]
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        yield process
        process.kill()


def heard(process: subprocess.Popen, word: str) -> str:
    for line in process.stdout:
        if word in line:
            return line
    raise AssertionError(f"the process ended without {word}")


def until(condition, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def in_a_thread(model: Model) -> tuple[threading.Thread, list, list]:
    said, got = [], []
    thread = threading.Thread(target=lambda: got.append(fetch(model, tell=lambda share, what: said.append(what))))
    thread.start()
    return thread, said, got


def test_killed_while_downloading(server, model, weights, archive):
    server.plans = [Plan(pauses=True)]
    partial = model.path.parent / f"{model.name}.tar.partial"
    with child(model) as process:
        until(lambda: partial.exists() and partial.stat().st_size >= len(archive) // 4)
        process.send_signal(signal.SIGKILL)
    server.go_on.set()
    assert not model.path.exists()
    assert same(fetch(model), weights)
    assert [status for _, _, status in server.requests] == [200, 206]
    assert left(model) == whole(model)


def test_killed_while_another_waits(server, model, weights):
    server.plans = [Plan(pauses=True)]
    with child(model) as process:
        heard(process, " of ")
        thread, said, got = in_a_thread(model)
        until(lambda: any("which is being fetched already" in what for what in said))
        process.send_signal(signal.SIGKILL)
        server.go_on.set()
        thread.join(20)
    assert same(got[0], weights)
    assert left(model) == whole(model)


def test_two_processes_download_once_and_a_killed_one_that_waited_harms_nobody(server, model, weights):
    server.plans = [Plan(pauses=True)]
    thread, said, got = in_a_thread(model)
    until(lambda: len(server.requests) == 1)
    with child(model) as waiting, child(model) as killed:
        heard(killed, "Waiting for")
        heard(waiting, "Waiting for")
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        server.go_on.set()
        heard(waiting, "ready")
        assert waiting.wait(20) == 0
    thread.join(20)
    assert same(got[0], weights)
    assert len(server.requests) == 1
    assert left(model) == whole(model)


@pytest.mark.parametrize("moment", ["half", "recorded"])
def test_killed_while_converting(server, model, weights, moment):
    with child(model, moment) as process:
        heard(process, "stopped")
        process.send_signal(signal.SIGKILL)
    assert f"{model.name}.converted" in left(model)
    assert not model.path.exists()
    assert same(fetch(model), weights)
    assert left(model) == whole(model)
    assert len(server.requests) == 1, "what had come whole was not fetched again"


def test_many_threads_download_once(server, model, drums):
    server.plans = [Plan(pauses=True)]
    studio = Studio({model.id: model})
    said, loaded = [], []
    threads = [
        threading.Thread(target=lambda: loaded.append(studio.load(model.id, lambda share, what: said.append(what))))
        for _ in range(limits.FETCHING_AT_ONCE)
    ]
    for thread in threads:
        thread.start()
    until(lambda: any("which is being loaded already" in what for what in said))
    server.go_on.set()
    for thread in threads:
        thread.join(20)
    assert len(loaded) == limits.FETCHING_AT_ONCE and len(set(map(id, loaded))) == 1
    assert len(server.requests) == 1


# Hostile archives.
def member(name: str, kind: bytes = tarfile.REGTYPE, data: bytes = b"", link: str = "") -> tuple:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, len(data), link
    return info, data


def hostile(*members: tuple) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def header(info: tarfile.TarInfo, **fields: tuple[int, bytes]) -> bytes:
    """A header block with some of its bytes changed, and the sum that it says made right again."""
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT)[-512:])
    for offset, data in fields.values():
        block[offset : offset + len(data)] = data
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def sparse() -> bytes:
    """A member that takes 512 bytes here and 10 GB on the disk."""
    info = tarfile.TarInfo("model.ckpt.data-00000-of-00001")
    info.type, info.size = tarfile.GNUTYPE_SPARSE, 512
    size = b"%011o\0" % (10 << 30 & 0o77777777777) if 10 << 30 < 8**11 else (1 << 95 | 10 << 30).to_bytes(12, "big")
    extent = b"%011o\0" % 0 + b"%011o\0" % 512
    return header(info, extent=(386, extent), real=(483, size)) + b"\1" * 512 + b"\0" * 1024


def claims(kind: bytes, size: int) -> bytes:
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, size
    return header(info)


class Evil:
    """Leaves a file where a pickle was trusted."""

    def __reduce__(self):
        return os.mkdir, (str(Path(tempfile.gettempdir()) / "latent-jam-pickled"),)


PICKLE = pickle.dumps(Evil())
HOSTILE = {
    "an absolute path": (hostile(member("/tmp/latent-jam-escaped.index", data=b"x")), "would leave the folder"),
    "a path upwards": (hostile(member("a/../../escaped.index", data=b"x")), "would leave the folder"),
    "a symbolic link": (hostile(member("m.index", tarfile.SYMTYPE, link="/etc/passwd")), "is a link"),
    "a hard link": (hostile(member("m.index", tarfile.LNKTYPE, link="/etc/passwd")), "is a link"),
    "a device": (hostile(member("m.index", tarfile.CHRTYPE)), "neither file nor folder"),
    "a pipe": (hostile(member("m.index", tarfile.FIFOTYPE)), "neither file nor folder"),
    "10 GB of nothing": (sparse(), "unpacks to more than 4 GiB"),
    "thousands of members": (hostile(*(member(f"{n}.txt") for n in range(5000))), "more than 100 files"),
    "two of one name": (hostile(member("a/m.index"), member("b/m.index")), "two files"),
    "a header of 7 GB": (claims(tarfile.XHDTYPE, 7 << 30) + b"\0" * 4096, "damaged or not a tar"),
    "names on names": (
        (claims(tarfile.GNUTYPE_LONGNAME, 10) + b"x" * 9 + b"\0" * 503) * 5000,
        "damaged or not a tar",
    ),
    "a pickle for an archive": (PICKLE * 100, "is no checkpoint"),
    "a pickle for a checkpoint": (
        hostile(member("m.index", data=PICKLE), member("m.data-00000-of-00001", data=PICKLE)),
        "damaged or incomplete",
    ),
    "an index alone": (hostile(member("m.txt", data=b"hello")), "holds no TensorFlow checkpoint"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_archives(server, model, weights, archive, kind):
    before = set(Path(tempfile.gettempdir()).glob("latent-jam-*")) | set(Path("/tmp").glob("latent-jam-*"))
    server.files[f"/{model.name}.tar"], sentence = HOSTILE[kind]
    refused(model, sentence)
    assert left(model) == set()
    assert set(Path(tempfile.gettempdir()).glob("latent-jam-*")) | set(Path("/tmp").glob("latent-jam-*")) == before
    server.files[f"/{model.name}.tar"] = archive
    assert same(fetch(model), weights)


def test_checkpoints_that_do_not_fit(server, model, drums, weights, files, archive):
    name = "decoder/output_projection/kernel"
    wider = np.zeros((12, 513), np.float32)
    nan = weights[name].copy()
    nan[3, 4] = np.nan
    cut = {key: data[: len(data) // 4] if ".data-" in key else data for key, data in files.items()}
    for data, sentence in (
        (tar_of(tf1_files(weights | {name: wider})), "has shape [12, 513], not [12, 512]"),
        (tar_of(tf1_files({key: array for key, array in weights.items() if key != name})), f"no variable {name}"),
        (tar_of(tf1_files(weights | {name: nan})), f"{name} holds values that are not numbers"),
        (tar_of(tf1_files(weights | {name: weights[name].astype(np.int32)})), f"no variable {name}"),
        (tar_of(cut), "damaged or incomplete"),
        (tar_of({key: data for key, data in files.items() if ".data-" not in key}), "damaged or incomplete"),
        (archive[: len(archive) // 2], "damaged"),
    ):
        server.files[f"/{model.name}.tar"] = data
        refused(model, sentence, CheckpointError)
        assert left(model) == set()
    server.files[f"/{model.name}.tar"] = archive
    assert same(fetch(model), weights)


def test_training_leftovers_are_never_read(server, model, weights, monkeypatch):
    plain, read = tf.train.load_checkpoint, []

    class Reader:
        def __init__(self, prefix: str) -> None:
            self.real = plain(prefix)

        def __getattr__(self, name: str):
            return getattr(self.real, name)

        def get_tensor(self, name: str) -> np.ndarray:
            read.append(name)
            return self.real.get_tensor(name)

    monkeypatch.setattr(tf.train, "load_checkpoint", Reader)
    assert same(fetch(model), weights)
    assert sorted(read) == sorted(weights)


# The cache's size.
def test_the_least_recently_used_leave_the_disk(server, tmp_path, drums, archive):
    models = [entry(server, tmp_path, drums, name) for name in ("a", "b", "c")]
    a, b, c = models
    for each in models:
        server.files[f"/{each.name}.tar"] = archive
    (a.path.parent).mkdir()
    not_ours = a.path.parent / "mine.safetensors"
    not_ours.write_bytes(b"x" * 100)
    limit = int(2.5 * a.parameter_bytes)
    for each in (a, b, a):
        fetch(each, limit_bytes=limit)
        time.sleep(0.02)
    fetch(c, limit_bytes=limit)
    assert [each.path.exists() for each in models] == [True, False, True]
    assert not_ours.exists()
    # A model in use stays, however long ago that began.
    with cache.ready(a, limit_bytes=limit):
        os.utime(a.path, (1, 1))
        fetch(b, limit_bytes=limit)
        assert [each.path.exists() for each in models] == [True, True, False]
    fetched = len(server.requests)
    with pytest.raises(ModelTooLargeError, match="LATENT_JAM_CACHE_BYTES"):
        fetch(c, limit_bytes=a.parameter_bytes - 1)
    assert len(server.requests) == fetched


def test_what_old_broken_downloads_left_goes(tmp_path):
    partial = tmp_path / "old.tar.partial"
    for age, stays in ((0, True), (limits.PARTIAL_AGE_SECONDS + 10, False)):
        partial.write_bytes(b"x")
        os.utime(partial, (time.time() - age,) * 2)
        cache.make_room(partial.parent, limits.CACHE_BYTES, keep="")
        assert partial.exists() is stays


# The studio.
def test_a_performance_fetches_what_it_needs(server, model):
    studio, said = Studio({model.id: model}), []
    recipe = Recipe("sample", model.id, seed=1, count=1)
    first = studio.perform(recipe, lambda share, what: said.append((share, what)))
    assert any(re.match(rf"Fetching {model.id}: [\d.]+ of [\d.]+ MB, ", what) for _, what in said)
    assert [share for share, _ in said] == sorted(share for share, _ in said)
    assert said[-1] == (0.3, "Playing")
    assert Studio({model.id: model}).perform(recipe) == first
    assert len(server.requests) == 1


def test_a_performance_can_be_cancelled_while_it_fetches(server, model):
    server.plans = [Plan(pauses=True)]
    studio, cancel = Studio({model.id: model}), threading.Event()

    def tell(share: float, what: str) -> None:
        if " of " in what:
            cancel.set()
            server.go_on.set()

    recipe = Recipe("sample", model.id, seed=1, count=1)
    with pytest.raises(CancelledError):
        studio.perform(recipe, tell, cancel)
    assert studio.perform(recipe).clips


def test_fetching_one_model_holds_up_no_other(server, model, tiny_studio):
    server.plans = [Plan(pauses=True)]
    studio = Studio({model.id: model} | tiny_studio.models)
    slow = threading.Thread(target=studio.load, args=(model.id,))
    slow.start()
    until(lambda: len(server.requests) == 1)
    assert studio.perform(Recipe("sample", "test/tiny", seed=1, count=1)).clips
    assert slow.is_alive()
    server.go_on.set()
    slow.join(20)
    assert model.path.exists()


def test_the_memory_budget(server, tmp_path, drums, archive):
    models = {f"magenta/{name}": entry(server, tmp_path, drums, name) for name in ("a", "b", "c")}
    for each in models.values():
        server.files[f"/{each.name}.tar"] = archive
    size = models["magenta/a"].parameter_bytes
    with pytest.raises(ModelTooLargeError, match="LATENT_JAM_MODELS_BYTES"):
        Studio(models, size - 1).load("magenta/a")
    assert not server.requests
    studio = Studio(models, 2 * size)
    kept = studio.load("magenta/a")
    studio.load("magenta/b")
    assert studio.load("magenta/a") is kept
    studio.load("magenta/c")
    assert studio.load("magenta/a") is kept
    assert list(studio._loaded) == ["magenta/c", "magenta/a"]


# The command line.
def test_fetch(server, model, monkeypatch, capsys):
    monkeypatch.setattr(catalog, "CATALOG", {model.id: model})
    main(["models"])
    assert re.search(rf"{model.id} +2 bars  drums .* to be fetched  none  tests", capsys.readouterr().out)
    assert main(["fetch", "--model", model.id]) == 0
    out, err = capsys.readouterr()
    assert out.split() == [str(model.path)]
    assert err.startswith(f"Fetching {model.id}")
    main(["models"])
    assert " downloaded " in capsys.readouterr().out
    assert main(["fetch", "--model", "magenta/nothing"]) == 2
    assert "There is no model" in capsys.readouterr().err


def test_progress_on_one_line(server, model, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(catalog, "CATALOG", {model.id: model})
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert main(["sample", "--model", model.id, "--num-outputs", "1", "--output-dir", str(tmp_path / "cache")]) == 0
    err = capsys.readouterr().err
    assert f"\rFetching {model.id}: " in err
    assert "\n" not in err
    assert err.endswith(" \r")
