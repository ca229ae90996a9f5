"""Both apps as processes of their own: ours as anybody starts it, and the naive one in Magenta's environment."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core import audio

ROOT = Path(__file__).parents[1]
NAIVE_PYTHON = ROOT / ".venv-naive" / "bin" / "python"
OURS, NAIVE = "ours", "naive"
START_SECONDS = 180
STOP_SECONDS = 20


@dataclass(frozen=True)
class Server:
    """A server that answers: its address, its process, where it keeps files, and the seconds it took to answer."""

    side: str
    address: str
    pid: int | None
    files: Path | None
    seconds_to_answer: float


@contextlib.contextmanager
def serving(side: str, folder: Path, checkpoints: Path, own_checkpoints: str = "") -> Iterator[Server]:
    """Starts an app fresh and ends it with the block. `folder` takes its log and its files, `checkpoints` are the naive
    app's, and `own_checkpoints` is our `LATENT_JAM_CHECKPOINTS`."""
    files = folder / f"{side}-files"
    files.mkdir(parents=True, exist_ok=True)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    if side == OURS:
        command = [sys.executable, "app.py"]
        environment = {"GRADIO_SERVER_PORT": str(port), "GRADIO_TEMP_DIR": str(files)}
        environment |= {"LATENT_JAM_CHECKPOINTS": own_checkpoints}
    else:
        script = Path(__file__).with_name("naive_app.py")
        command = [NAIVE_PYTHON, "-W", "ignore", script, str(port), checkpoints, audio.soundfont()]
        environment = {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "TMPDIR": str(files)}
    log = folder / f"{side}.log"
    started = time.perf_counter()
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=out, stderr=out)
        try:
            _await(address, process, log)
            yield Server(side, address, process.pid, files, time.perf_counter() - started)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _await(address: str, process: subprocess.Popen, log: Path) -> None:
    """Waits until a page is answered with 200."""
    until = time.perf_counter() + START_SECONDS
    while time.perf_counter() < until:
        if process.poll() is not None:
            raise SystemExit(f"The server ended before it answered:\n{log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(address) as answer:
                answer.read()
                return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"The server did not answer on {address} within {START_SECONDS} s.")
