"""The load generator sees every kind of failure: a server that fails must not look like a fast one."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks import against_naive, crowd
from benchmarks.visitors import NaiveVisitor, PageAnswer, RequestError, outcome

SOUND = base64.b64encode(b"RIFF" * 1000).decode()
CLIP = {"midi": "TVRoZA==", "sound": SOUND, "picture": "iVBORw0="}
USERS, SECONDS = 3, 0.3


def as_asked(asked: dict, path: str) -> tuple[int, bytes]:
    """What a good server answers."""
    count = {"/sample": asked.get("count"), "/groove": 2}.get(path, 1)
    return 200, json.dumps({"clips": [CLIP] * count}).encode()


def without_sound(asked: dict, path: str) -> tuple[int, bytes]:
    status, body = as_asked(asked, path)
    return status, body.replace(SOUND.encode(), b"UklGRg==")


def without_pictures(asked: dict, path: str) -> tuple[int, bytes]:
    status, body = as_asked(asked, path)
    return status, body.replace(CLIP["picture"].encode(), b"")


def one_clip_short(asked: dict, path: str) -> tuple[int, bytes]:
    clips = json.loads(as_asked(asked, path)[1])["clips"]
    return 200, json.dumps({"clips": clips[1:]}).encode()


FAILING: dict[str, Callable[[dict, str], tuple[int, bytes]]] = {
    "500": lambda asked, path: (500, b"out of memory"),
    "busy": lambda asked, path: (503, b"come back later"),
    "no JSON": lambda asked, path: (200, b"<html>"),
    "silent": without_sound,
    "blank": without_pictures,
    "one short": one_clip_short,
}


@contextmanager
def answering(answer: Callable[[dict, str], tuple[int, bytes]]) -> Iterator[str]:
    """A server in the naive app's manner; an empty body hangs up without a word."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send(200, b"page")

        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send(*answer(asked, self.path))

        def send(self, status: int, body: bytes):
            if not body:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def gathered(answer: Callable[[dict, str], tuple[int, bytes]], seconds: float = SECONDS) -> crowd.Outcome:
    with answering(answer) as address:
        return crowd.Outcome(crowd.gather(lambda: NaiveVisitor(address), USERS, seconds), [], seconds)


def test_a_good_server_has_no_errors():
    came = gathered(as_asked, 2.0)
    assert not came.errors
    assert len(came.waits(crowd.ARRIVAL)) == USERS
    assert {request.kind for request in came.requests} >= {"arrival", "drums", "melody"}
    assert came.per_second == len(came.requests) / 2.0


@pytest.mark.parametrize("name", FAILING)
def test_a_server_that_always_fails_has_only_errors(name):
    came = gathered(FAILING[name])
    assert came.errors.total() == len(came.requests) > 0
    assert came.per_second == 0
    assert str(came.errors.total()) in crowd.table({"naive": crowd.Outcome(came.requests, [SIGHT], SECONDS)})


def test_hanging_up_and_nobody_there_are_errors():
    came = gathered(lambda asked, path: (200, b""))
    assert came.errors.total() == len(came.requests) > 0
    came = crowd.Outcome(crowd.gather(lambda: NaiveVisitor("http://127.0.0.1:9"), USERS, SECONDS), [], SECONDS)
    assert came.errors.total() == len(came.requests) > 0


def test_every_third_answer_wrong_is_every_third_error():
    lock, asked_for = threading.Lock(), {"good": 0, "wrong": 0}

    def answer(asked: dict, path: str) -> tuple[int, bytes]:
        with lock:
            wrong = sum(asked_for.values()) % 3 == 2
            asked_for["wrong" if wrong else "good"] += 1
        return (500, b"no") if wrong else as_asked(asked, path)

    came = gathered(answer)
    assert came.errors.total() == asked_for["wrong"] > 0
    assert len(came.waits()) == asked_for["good"]


def lines(*messages: dict) -> Iterator[str]:
    return (line for message in messages for line in (f"data: {json.dumps(message)}", ""))


def completed(success: bool, output: dict, event_id: str = "mine") -> dict:
    return {"msg": "process_completed", "event_id": event_id, "success": success, "output": output}


def test_the_page_s_failures_are_errors():
    good = completed(True, {"data": [1]})
    assert outcome(lines({"msg": "estimation", "event_id": "mine", "rank": 3}, good), "mine") == [1]
    assert outcome(lines(completed(False, {"error": "no"}, "another's"), good), "mine") == [1]
    for messages in (
        [completed(False, {"error": "too many"})],
        [completed(False, {"error": None})],
        [{"msg": "unexpected_error", "message": "Session not found"}],
        [{"msg": "estimation", "event_id": "mine"}, {"msg": "close_stream"}],
        [],
    ):
        with pytest.raises(RequestError):
            outcome(lines(*messages), "mine")


def test_what_the_page_shows():
    figure = '<figure class="roll"><img src="data:image/png;base64,iVBORw0=" alt="x"></figure>'
    sound, midi = {"path": "/tmp/a.wav", "meta": {}}, {"path": "/tmp/a.mid", "meta": {}}
    update = {"__type__": "update", "visible": True, "value": sound}
    answer = PageAnswer.read([figure, update, {"__type__": "update", "value": midi}, None, [figure]])
    assert (answer.pictures, answer.sound_paths) == (2, ("/gradio_api/file=/tmp/a.wav",))
    answer.with_sounds([5000]).must_have(1)
    for short in (answer.with_sounds([]), answer.with_sounds([44]), PageAnswer.read([update]).with_sounds([5000])):
        with pytest.raises(RequestError):
            short.must_have(1)
    with pytest.raises(RequestError, match="Something broke"):
        PageAnswer.read([figure, '<p class="notice wrong" role="alert">Something broke</p>'])
    PageAnswer.read(['<p class="notice quiet" role="status">4 clips made</p>'])


SIGHT = crowd.Sight(0.0, 1, 0, 0)


def test_memory_after_the_first_minute_and_at_the_end():
    sights = [crowd.Sight(at, 100 if at < 60 else 400 if at < 90 else 500, 0, 0) for at in range(0, 301, 2)]
    came = crowd.Outcome([], sights, 300.0)
    assert (came.settled, came.last) == (400, 500)
    assert "| growth after the first minute | +25.0% |" in crowd.table({"ours": came})
    short = crowd.Outcome([], sights[:20], 38.0)
    assert "| growth after the first minute | – |" in crowd.table({"ours": short})


def test_quantiles():
    values = [float(n) for n in range(100, 0, -1)]
    assert [crowd.quantile(values, share) for share in (0, 0.5, 0.95, 0.99, 1)] == [1, 51, 96, 100, 100]
    assert crowd.quantile([3.0], 0.95) == 3
    assert crowd.quantile([], 0.5) != crowd.quantile([], 0.5)


def test_the_table_of_waits_has_medians():
    found = {what: {"ours": [1.0, 9.0, 2.0], "naive": [8.0, 4.0, 5.0]} for what in against_naive.BARS}
    table = against_naive.table(found)
    assert f"| {against_naive.FOUR} | 2.00 | 5.00 | 0.40 | 0.6 s, 0.4 of naive |" in table
    assert f"| {against_naive.SONG} | 2.00 | 5.00 | 0.40 | 0.4 of naive |" in table


def test_what_failed_is_tried_again_and_not_counted():
    tries = iter([RequestError("an empty bar"), None])

    def work(visitor: object) -> None:
        if error := next(tries):
            raise error

    assert against_naive.timed(work, None) < 1.0
    assert not list(tries)

    def fails(visitor: object) -> None:
        raise RequestError("always")

    with pytest.raises(RequestError, match="always"):
        against_naive.timed(fails, None)


def test_files_are_counted_while_the_server_sweeps_them_away(tmp_path):
    (tmp_path / "stays").mkdir()
    (tmp_path / "stays" / "clip.mid").write_bytes(b"MThd")
    over = threading.Event()

    def sweep_and_make():
        while not over.is_set():
            for number in range(40):
                (tmp_path / str(number)).mkdir()
            for number in range(40):
                (tmp_path / str(number)).rmdir()

    sweeping = threading.Thread(target=sweep_and_make)
    sweeping.start()
    try:
        assert {crowd._kept(tmp_path) for _ in range(300)} == {(1, 4)}
    finally:
        over.set()
        sweeping.join()
    assert crowd._kept(None) == (0, 0)
