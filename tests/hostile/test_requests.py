"""Requests that are meant to harm: every endpoint with arguments of wrong types and sizes, paths out of the folder,
malformed bodies. Each is answered with a sentence or a status of 4xx, and nothing of the inside is shown."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Iterator

import httpx
import pytest

from core import limits
from tests.test_crowds import free_port
from ui import page, texts
from ui.serving import Serving

INSIDE = ("Traceback", "site-packages", ".py", "Error(", "root:", "Internal Server Error")
FILE = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
WRONG = ("four", 10**400, -1, [], {}, [[]], True, {"path": "/etc/passwd"}, FILE, "x" * 100_000, "../../etc/passwd")
ENDPOINTS = ("sample", "interpolate", "groove", "play", "link")


@pytest.fixture(scope="module")
def http(tmp_path_factory) -> Iterator[httpx.Client]:
    """A client of the real page, whose models are never loaded: what is wrong never gets so far."""
    folder = tmp_path_factory.mktemp("files")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder))
        built = page.build()
        built.launch(
            prevent_thread_lock=True,
            quiet=True,
            server_port=free_port(),
            max_file_size=limits.MAX_UPLOAD_BYTES,
            state_session_capacity=limits.VISITS,
            app_kwargs=Serving(built).app_kwargs(),
            **page.look(),
        )
        (folder.parent / "secret.mid").write_text("root: secret")
        yield httpx.Client(base_url=built.local_url, timeout=20)
        built.close()


def is_harmless(text: str) -> bool:
    return not any(word in text for word in INSIDE)


def answer(http: httpx.Client, name: str, data: list) -> tuple[int, str]:
    """Status and sentence."""
    body = json.dumps({"data": data})
    asked = http.post(f"/gradio_api/call/{name}", content=body, headers={"content-type": "application/json"})
    if asked.status_code != 200:
        assert is_harmless(asked.text)
        return asked.status_code, ""
    text = http.get(f"/gradio_api/call/{name}/{asked.json()['event_id']}").text
    assert "event: error" in text, text[:300]
    return 200, json.loads(text.split("data: ")[-1])["error"]


def file(path: str) -> dict:
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def good_arguments(http: httpx.Client) -> dict[str, list]:
    midi = file(http.post("/gradio_api/upload", files={"files": ("a.mid", b"no")}).json()[0])
    return {
        "sample": ["nowhere", 1, 0.5, False, 120, 1],
        "interpolate": [midi, midi, "bundled/drums_2bar.hikl", 3, 0.5, True, 120, 1],
        "groove": [midi, "bundled/groove_2bar_humanize", 1, 1, True, False, 0.5, 0, 1],
        "play": ["nonsense"],
        "link": ["nonsense"],
    }


@pytest.mark.parametrize("name", ENDPOINTS)
def test_wrong_types_in_every_place(http, name):
    good = good_arguments(http)[name]
    # As they are, what is wrong with these is their contents.
    assert answer(http, name, good)[1].endswith(".")
    for place, wrong in itertools.product(range(len(good)), WRONG):
        status, said = answer(http, name, [*good[:place], wrong, *good[place + 1 :]])
        assert 400 <= status < 500 or (said.endswith((".", "!")) and len(said) < 700), (place, str(wrong)[:40], said)
        assert is_harmless(said), said
    for wrong in ([], good[:-1], [*good, 1], [None] * 1000):
        assert "arguments" in answer(http, name, wrong)[1]


def test_what_says_what_is_wrong(http):
    good = good_arguments(http)
    assert answer(http, "sample", ["a", "four", *good["sample"][2:]])[1].startswith("“num_outputs” must be a number.")
    assert answer(http, "groove", ["x.mid", *good["groove"][1:]])[1].startswith("“drums” must be an uploaded file.")
    assert answer(http, "groove", [FILE, *good["groove"][1:]])[1] == texts.FILE_GONE.said()
    assert "is not a MIDI file" in answer(http, "groove", good["groove"])[1]


PATHS = (
    "/etc/passwd",
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%2fetc%2fpasswd",
    "/proc/self/environ",
    "core/limits.py",
    "file:///etc/passwd",
    "http://127.0.0.1/health",
    "%00",
    "a" * 5000,
)


def test_paths_stay_in_the_folder(http):
    upload = http.post("/gradio_api/upload", files={"files": ("a.mid", b"MThd")}).json()[0]
    assert http.get(f"/gradio_api/file={upload}").content == b"MThd"
    folder = upload.rsplit("/", 2)[0]
    outside = [f"{folder}/../secret.mid", f"{upload}/../../../secret.mid", f"{folder}/..%2fsecret.mid"]
    for path in (*PATHS, *outside):
        found = http.get(httpx.URL(str(http.base_url) + "/gradio_api/file=" + path))
        assert 400 <= found.status_code < 500, path
        assert "root:" not in found.text
    for door in ("static", "assets", "svelte", "gradio_api/custom_component"):
        for path in PATHS:
            assert 400 <= http.get(f"/{door}/{path}").status_code < 500, (door, path)


@pytest.mark.parametrize(
    "name", ["../../a.mid", "..\\a.mid", "/etc/a.mid", "..", ".", "a\0b.mid", "x" * 5000, "CON", "%2e%2e%2fa"]
)
def test_names_of_uploads_stay_in_the_folder(http, name):
    plain = http.post("/gradio_api/upload", files={"files": ("a.mid", b"MThd")}).json()[0]
    sent = http.post("/gradio_api/upload", files={"files": (name, b"MThd")})
    if sent.status_code == 200:
        assert sent.json()[0].rsplit("/", 1)[0] == plain.rsplit("/", 1)[0]
    else:
        assert 400 <= sent.status_code < 500 and name in ("..", "x" * 5000)


def test_too_much_is_refused(http):
    one = http.post("/gradio_api/upload", files={"files": ("a.mid", b"x" * (limits.MAX_UPLOAD_BYTES + 1))})
    assert one.status_code == 413
    part = ("files", ("a.mid", b"x" * limits.MAX_UPLOAD_BYTES))
    many = http.post("/gradio_api/upload", files=[part] * 6)
    assert (many.status_code, many.json()["detail"]) == (413, texts.TOO_MUCH_SENT.said(megabytes=4))

    def without_end() -> Iterator[bytes]:
        for _ in range(6):
            yield b" " * (1 << 20)

    unsaid = http.post("/gradio_api/queue/join", content=without_end())
    assert unsaid.status_code in (400, 413)


BODIES = (
    b"",
    b"[]",
    b"null",
    b"\xff",
    b'{"data":null}',
    b'{"data":{}}',
    b'{"data":[],"fn_index":"x"}',
    b'{"data":[],"fn_index":1e400}',
    b'{"data":[],"fn_index":-1,"session_hash":"x"}',
    b'{"data":[],"fn_index":99999,"session_hash":"x"}',
    b'{"data":[],"fn_index":3,"session_hash":{}}',
    b'{"data":' + b"[" * 100_000,
)


def test_malformed_bodies(http, caplog):
    caplog.set_level(logging.CRITICAL, "latent_jam")
    for path in ("queue/join", "call/sample", "call/v2/sample", "run/predict", "run/sample", "cancel", "upload"):
        for body in BODIES:
            sent = http.post(f"/gradio_api/{path}", content=body, headers={"content-type": "application/json"})
            assert sent.status_code < 500, (path, body[:60])
            assert is_harmless(sent.text), (path, body[:60], sent.text[:200])
    # And an upload without a name.
    sent = http.post("/gradio_api/upload", files={"files": ("", b"MThd")})
    assert 400 <= sent.status_code < 500
    assert is_harmless(sent.text)


def test_doors_that_stay_closed(http):
    for path in ("deep_link?session_hash=x", "proxy=http://127.0.0.1/", "dev/reload", "vibe-code", "component_server"):
        assert http.get(f"/gradio_api/{path}").status_code == 404
        assert http.get(f"//gradio_api/{path}").status_code == 404
    for path in ("process_recording", "component_server", "vibe-edit"):
        assert http.post(f"/gradio_api/{path}", json={}).status_code == 404
    for path in ("call/nothing", "run/nothing", "api/nothing", "call/v2/nothing"):
        assert http.post(f"/gradio_api/{path}", json={"data": []}).json()["detail"] == texts.NO_SUCH_FUNCTION.said()
    # Past the queue, where there are no limits.
    for path in ("run/sample", "api/sample"):
        assert http.post(f"/gradio_api/{path}", json={"data": []}).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "jam=%00%ff",
        "jam=" + "A" * 20_000,
        "jam[]=1&jam=2",
        "__theme=<script>alert(1)</script>",
        "%",
        "deep_link=../../x",
    ],
)
def test_query_strings(http, query):
    shown = http.get(f"/?{query}")
    assert shown.status_code == 200
    assert "<script>alert(1)" not in shown.text


def test_private_functions_with_wrong_data(http):
    """What the page's own script calls, by numbers that anybody can read: as many as there are, with nothing right."""
    functions = [each for each in http.get("/config").json()["dependencies"] if each["backend_fn"]]
    assert len(functions) > 30
    for function in functions:
        for data in ([], [None] * len(function["inputs"]), [{"a": [1]}] * len(function["inputs"])):
            if not data and not function["inputs"]:
                continue
            body = {"data": data, "fn_index": function["id"], "session_hash": f"s{function['id'] % 4}"}
            if function["queue"] is False:
                sent = http.post("/gradio_api/run/predict", json=body)
                assert is_harmless(sent.text), sent.text[:300]
                continue
            sent = http.post("/gradio_api/queue/join", json=body)
            assert sent.status_code < 500
            assert is_harmless(sent.text)
