"""Two pages behind a real nginx with the configuration in deploy/."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import limits
from core.clip import to_midi
from core.recipe import Recipe
from tests.test_page import ROOT, free_port, serving

if shutil.which("nginx") is None:
    pytest.skip("nginx is not installed: apt install nginx-light", allow_module_level=True)

LENT = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Front:
    """nginx before some pages, as far as it differs from deploy/nginx.conf by where it runs."""

    def __init__(self, folder: Path, pages: list[str]) -> None:
        self.address = f"http://127.0.0.1:{free_port()}"
        self.log = folder / "access.log"
        said = (ROOT / "deploy" / "nginx.conf").read_text()
        for number, page in enumerate(pages, 1):
            said = said.replace(f"server page-{number}:7860", f"server {page.removeprefix('http://')}")
        said = said.replace("listen 80;", f"listen {self.address.removeprefix('http://')};")
        said = said.replace("/dev/stdout", str(self.log)).replace("$upstream_addr'", "$upstream_addr $cookie_jam_seat'")
        lent = "".join(f"    {name}_temp_path {folder / name};\n" for name in LENT)
        self.configuration = folder / "nginx.conf"
        # Started by root it would give its workers to somebody who cannot look into these folders.
        user = "user root;\n" if os.geteuid() == 0 else ""
        self.configuration.write_text(
            f"{user}daemon off;\npid {folder / 'pid'};\nerror_log {folder / 'error.log'};\n"
            + said.replace("http {\n", f"http {{\n{lent}")
        )
        self.command = ["nginx", "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(self.configuration)]

    def pages_of_seats(self) -> dict[str, set[str]]:
        """By which pages the requests with each cookie were answered."""
        pages: dict[str, set[str]] = {}
        for line in self.log.read_text().splitlines():
            page, seat = line.split()[-2:]
            if seat != "-":
                pages.setdefault(seat, set()).add(page)
        return pages


@pytest.fixture(scope="module")
def front(tmp_path_factory) -> Iterator[Front]:
    first, second = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    with serving(ROOT, first) as one, serving(ROOT, second) as two:
        front = Front(tmp_path_factory.mktemp("nginx"), [one, two])
        nginx = subprocess.Popen(front.command)
        try:
            for _ in range(100):
                assert nginx.poll() is None
                try:
                    urllib.request.urlopen(front.address)
                    break
                except OSError:
                    time.sleep(0.1)
            yield front
        finally:
            nginx.terminate()
            nginx.wait(20)


def test_its_syntax(tmp_path):
    front = Front(tmp_path, ["http://127.0.0.1:1", "http://127.0.0.1:2"])
    ran = subprocess.run([*front.command, "-t"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    front.configuration.write_text(front.configuration.read_text().replace("hash $seat", "hash $nowhere"))
    assert subprocess.run([*front.command, "-t"], capture_output=True).returncode != 0


def test_visitors_keep_their_page(front, tmp_path):
    from gradio_client import Client

    clients = [Client(front.address, verbose=False, download_files=tmp_path) for _ in range(3)]
    made = []
    for client in [*clients, *clients]:
        files, recipe = client.predict(num_outputs=2, seed=5, api_name="/sample")
        made.append([Path(file).read_bytes() for file in files])
    assert all(each == made[0] for each in made)
    # As likely to come to one page all as a coin is to fall on the same side twenty times.
    for _ in range(20):
        cookie = {"Cookie": f"jam_seat={secrets.token_hex(16)}"}
        urllib.request.urlopen(urllib.request.Request(f"{front.address}/config", headers=cookie))
    seats = front.pages_of_seats()
    assert len(seats) >= len(clients) + 20
    assert all(len(pages) == 1 for pages in seats.values()), seats
    assert len(set().union(*seats.values())) == 2, "everybody came to one page"
    link = client.predict(recipe=recipe, api_name="/link")
    assert link == f"{front.address}/?jam={recipe}"


def test_programs_without_cookies_are_known_by_their_address(front):
    beat = Recipe("sample", "bundled/drums_2bar.lokl", 7).to_string()
    for _ in range(5):
        call = urllib.request.Request(
            f"{front.address}/gradio_api/call/link",
            json.dumps({"data": [beat]}).encode(),
            {"Content-Type": "application/json"},
        )
        event = json.load(urllib.request.urlopen(call))["event_id"]
        answer = urllib.request.urlopen(f"{front.address}/gradio_api/call/link/{event}").read().decode()
        assert "event: complete" in answer and beat in answer


def test_long_links_and_large_files(front, rock_beat):
    page = urllib.request.urlopen(f"{front.address}/?jam={'A' * limits.MAX_LINK_CHARACTERS}")
    assert page.status == 200
    # The link is music, and nobody's business.
    assert "AAAA" not in front.log.read_text()

    def upload(data: bytes) -> int:
        head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.mid"\r\n\r\n'
        request = urllib.request.Request(
            f"{front.address}/gradio_api/upload",
            head + data + b"\r\n--x--\r\n",
            {"Content-Type": "multipart/form-data; boundary=x"},
        )
        try:
            return urllib.request.urlopen(request).status
        except urllib.error.HTTPError as error:
            answered = error.read().decode(errors="replace")
            assert error.code == 413 and ("nginx" in answered) == (len(data) > 2 << 20), answered
            return error.code

    assert upload(to_midi(rock_beat)) == 200
    assert upload(bytes(limits.MAX_UPLOAD_BYTES - 2048)) == 200
    assert upload(bytes(limits.MAX_UPLOAD_BYTES + 2048)) == 413
    assert upload(bytes(3 << 20)) == 413


def test_one_cookie_that_scripts_cannot_read(front):
    cookies = urllib.request.urlopen(front.address).headers.get_all("Set-Cookie")
    (seat,) = (cookie for cookie in cookies if cookie.startswith("jam_seat="))
    assert re.fullmatch(r"jam_seat=[0-9a-f]{32}; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax", seat)
    again = urllib.request.Request(front.address, headers={"Cookie": seat.split(";")[0]})
    assert "jam_seat" not in str(urllib.request.urlopen(again).headers)
