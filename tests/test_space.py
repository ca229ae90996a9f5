"""What a Space and a container do with the source tree, in light form."""

from __future__ import annotations

import contextlib
import http.server
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from dockerfile_parse import DockerfileParser

from tests.test_page import PATIENCE, ROOT, free_port, serving
from ui.settings import Settings, read

NOBODY = "65534"
SERVED = ("app.py", "core", "ui", "assets", "README.md", "requirements.txt", "packages.txt")


def as_nobody(*command: str) -> list[str]:
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]


@pytest.fixture
def space() -> Iterator[Path]:
    """A read-only copy of what is served, and a home for nobody, as `source` and `home` of a folder."""
    if os.name != "posix" or os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("only root can become another user, with setpriv")
    if subprocess.run(as_nobody(sys.executable, "-c", "import gradio"), capture_output=True, cwd="/").returncode:
        pytest.skip("this Python cannot be used by another user: it is in a folder of root's")
    # Pytest's own temporary folders are closed to others.
    folder = Path(tempfile.mkdtemp(prefix="latent-jam-space-"))
    try:
        folder.chmod(0o755)
        source, home = folder / "source", folder / "home"
        source.mkdir()
        for name in SERVED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, source / name)
        subprocess.run(["chmod", "-R", "a-w,a+rX", source], check=True)
        home.mkdir()
        os.chown(home, int(NOBODY), int(NOBODY))
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_it_runs_as_nobody_from_a_read_only_folder_with_an_empty_home(space):
    from gradio_client import Client

    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(space / "home"),
        "TMPDIR": str(space / "home"),
        "GRADIO_SERVER_PORT": str(port),
        "SYSTEM": "spaces",
        "SPACE_ID": "anna/latent-jam",
        "SPACE_HOST": "anna-latent-jam.hf.space",
    }
    log = (space / "app.log").open("w")
    app = subprocess.Popen(
        as_nobody(sys.executable, "app.py"), cwd=space / "source", env=environment, stdout=log, stderr=log
    )
    try:
        page = ""
        for _ in range(PATIENCE // 100):
            assert app.poll() is None, (space / "app.log").read_text()
            with contextlib.suppress(OSError):
                page = urllib.request.urlopen(address).read().decode()
                break
            time.sleep(0.1)
        assert "Duplicate this Space" in page
        client = Client(address, verbose=False, download_files=space / "home" / "got")
        files, recipe = client.predict(num_outputs=1, seed=5, api_name="/sample")
        assert Path(files[0]).read_bytes().startswith(b"MThd")
        link = client.predict(recipe=recipe, api_name="/link")
        assert link == f"https://anna-latent-jam.hf.space/?jam={recipe}"
    finally:
        app.terminate()
        app.wait(20)
        log.close()
    # Gradio itself complains of a closed loop when it starts on what it takes for a Space.
    assert f'File "{space / "source"}' not in (space / "app.log").read_text()


class DeviceAPI(http.server.BaseHTTPRequestHandler):
    """What a ZeroGPU Space's machine answers; remembers what it was asked."""

    asked: list[str] = []

    def do_POST(self) -> None:
        self.asked.append(self.path.split("?")[0])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


def test_a_zerogpu_space_is_content_and_its_gpu_left_alone(tmp_path):
    pytest.importorskip("spaces")
    DeviceAPI.asked.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), DeviceAPI) as device:
        threading.Thread(target=device.serve_forever, daemon=True).start()
        api = f"http://127.0.0.1:{device.server_port}"
        zero = {"SPACES_ZERO_GPU": "true", "SPACES_ZERO_DEVICE_API_URL": api, "SPACES_GRADIO_AUTO_WRAP": "true"}
        with serving(ROOT, tmp_path, **zero) as address:
            from gradio_client import Client

            files, _ = Client(address, verbose=False, download_files=tmp_path).predict(
                num_outputs=1, seed=5, api_name="/sample"
            )
            assert Path(files).exists() if isinstance(files, str) else len(files) == 1
        device.shutdown()
    assert DeviceAPI.asked == ["/startup-report"], "the Space was not reported ready, or its GPU was asked for"


def test_the_button_to_duplicate_is_for_spaces_only():
    from ui import page

    for settings, there in ((Settings(), False), (Settings(space="anna/latent-jam"), True)):
        components = page.build(settings).config["components"]
        assert any(each["props"].get("elem_id") == "duplicate" for each in components) == there


def test_what_watches_visitors_is_off_unless_the_owner_says_so():
    assert read({}) == Settings(run_history=False, monitoring=False, analytics=False, mcp_server=True, space=None)
    turned = {
        "LATENT_JAM_RUN_HISTORY": "1",
        "LATENT_JAM_MONITORING": "true",
        "GRADIO_ANALYTICS_ENABLED": "True",
        "LATENT_JAM_MCP": "off",
        "LATENT_JAM_METRICS": "off",
    }
    assert read(turned | {"SPACE_ID": "a/b"}) == Settings(True, True, True, False, False, "a/b")


def test_the_spaces_card():
    _, front, _ = (ROOT / "README.md").read_text().split("---\n", 2)
    card = yaml.safe_load(front)
    requirements = (ROOT / "requirements.txt").read_text()
    assert f"gradio=={card['sdk_version']}\n" in requirements
    assert card["sdk"] == "gradio"
    # ZeroGPU Spaces have these two.
    assert card["python_version"] in ("3.10.13", "3.12.12")
    assert (ROOT / card["app_file"]).is_file()
    assert card["license"] == "apache-2.0"
    assert 0 < len(card["short_description"]) <= 60
    assert card["title"] and card["emoji"] and card["tags"] and card["thumbnail"]
    colours = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert {card["colorFrom"], card["colorTo"]} <= colours
    assert (ROOT / "packages.txt").read_text().split() == ["fluidsynth", "fluid-soundfont-gm"]


def test_the_container(tmp_path):
    parser = DockerfileParser(str(ROOT / "Dockerfile"), cache_content=True)
    said = [(each["instruction"], each["value"]) for each in parser.structure]
    by_name: dict[str, list[str]] = {}
    for name, value in said:
        by_name.setdefault(name, []).append(value)
    assert parser.baseimage == "python:3.12-slim"
    assert any("fluidsynth" in value and "rm -rf /var/lib/apt/lists" in value for value in by_name["RUN"])
    assert by_name["USER"] == ["jam"]
    assert any(re.search(r"useradd .*\bjam$", value) for value in by_name["RUN"])
    names = [name for name, _ in said]
    assert names.index("USER") > max(index for index, name in enumerate(names) if name in ("RUN", "COPY"))
    assert names.index("USER") < names.index("CMD")
    assert "http://127.0.0.1:7860/" in by_name["HEALTHCHECK"][0]
    assert by_name["EXPOSE"] == ["7860"]
    assert "GRADIO_SERVER_NAME=0.0.0.0" in by_name["ENV"][0]
    assert by_name["CMD"] == ['["python", "app.py"]']
    # What is copied is there, not ignored, and enough to run.
    ignored = (ROOT / ".dockerignore").read_text().split()
    copied = [source for value in by_name["COPY"] for source in value.split()[:-1]]
    assert all((ROOT / source).exists() and source not in ignored for source in copied)
    assert {"app.py", "core", "ui", "assets", "requirements.txt"} <= set(copied)
