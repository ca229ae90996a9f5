"""Many visitors at once: shares, sentences, stops, and what stays behind."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gradio as gr
import httpx
import pytest

from core import limits, logs, stopping
from core.errors import CancelledError, DownloadError
from core.recipe import Recipe
from tests.test_page import free_port
from ui import crowd, performing, records, texts
from ui.crowd import FairQueue, Turn
from ui.serving import Serving, sweep
from ui.visitors import address


class Work:
    """What visitors ask for in these tests: it takes until it is let go or stopped."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.running = 0
        self.stopped = 0

    def __call__(self, number: float) -> str:
        turn = crowd.turn()
        self.running += 1
        try:
            with turn.performing(Recipe("sample", "bundled/drums_2bar.lokl", 1)):
                while not self.go.wait(0.01):
                    stopping.check(turn.stop)
        except CancelledError as error:
            self.stopped += 1
            raise gr.Error(str(error), print_exception=False) from None
        finally:
            self.running -= 1
        return f"made {number:g}"


class Page:
    """A small page with the queue of the real one, served."""

    def __init__(self, places: int = 1) -> None:
        self.work = Work()
        with gr.Blocks() as self.page:
            number, said, button = gr.Number(label="number"), gr.Textbox(), gr.Button()
            work = self.work

            def make(number: float) -> str:
                return work(number)

            button.click(make, number, said, api_name="make", concurrency_id=crowd.STUDIO, concurrency_limit=places)

            async def stop_all(request: gr.Request) -> None:
                await self.page._queue.stop(request.session_hash)

            gr.Button().click(stop_all, None, None, queue=False, api_name="stop")
        self.page.queue(api_open=False)
        self.queue = FairQueue(self.page)
        self.serving = Serving(self.page)
        self.page.launch(
            prevent_thread_lock=True, quiet=True, app_kwargs=self.serving.app_kwargs(), server_port=free_port()
        )
        self.http = httpx.Client(base_url=self.page.local_url, timeout=20)

    def ask(self, session: str | None = None, number: object = 1, **headers: str) -> str:
        """Asks; returns the event's id."""
        body = {"data": [number], "fn_index": 0} | ({"session_hash": session} if session else {})
        path = "/gradio_api/queue/join" if session else "/gradio_api/call/make"
        answer = self.http.post(path, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})
        assert answer.status_code == 200, answer.text
        return answer.json()["event_id"]

    def answer(self, event: str, session: str | None = None) -> tuple[str, object]:
        """Waits for the end of an event: 'complete' or 'error', and what was said. Who reads the answers of a session
        and then leaves ends all of its requests."""
        path = f"/gradio_api/queue/data?session_hash={session or event}"
        with self.http.stream("GET", path) as stream:
            for line in stream.iter_lines():
                message = json.loads(line[6:]) if line else {}
                if message.get("msg") == "process_completed" and message["event_id"] == event:
                    output = message["output"]
                    return ("complete", output["data"][0]) if message["success"] else ("error", output["error"])
        raise AssertionError("no answer came")

    def wait(self, condition) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.fixture
def served() -> Iterator[Page]:
    page = Page()
    yield page
    page.work.go.set()
    page.page.close()


@contextmanager
def logged() -> Iterator[list[dict]]:
    """The lines that are logged meanwhile, read back."""
    lines: list[dict] = []

    class Keep(logging.Handler):
        def emit(self, entry: logging.LogRecord) -> None:
            lines.append(json.loads(logs.JSONLines().format(entry)))

    keep, log = Keep(), logging.getLogger("latent_jam")
    before = log.level
    log.addHandler(keep)
    log.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        log.removeHandler(keep)
        log.setLevel(before)


# Shares


def test_one_visit_cannot_hold_all_places(served):
    for _ in range(limits.REQUESTS_OF_VISIT):
        served.ask("anna")
    other = served.ask("ben")
    kind, said = served.answer(served.ask("anna"), "anna")
    assert (kind, said) == ("error", texts.ENOUGH_OF_VISIT.said(count=limits.REQUESTS_OF_VISIT))
    served.work.go.set()
    assert served.answer(other, "ben") == ("complete", "made 1")
    served.wait(lambda: not served.queue._present())
    assert served.answer(served.ask("anna"), "anna")[0] == "complete"


def test_one_address_cannot_hold_all_places(served):
    home = {"x_forwarded_for": "93.184.216.34"}
    for _ in range(limits.REQUESTS_OF_ADDRESS):
        served.ask(**home)
    assert served.answer(served.ask(**home)) == (
        "error",
        texts.ENOUGH_OF_ADDRESS.said(count=limits.REQUESTS_OF_ADDRESS),
    )
    elsewhere = served.ask(x_forwarded_for="8.8.4.4")
    unknown = served.ask()
    assert len(served.queue) == limits.REQUESTS_OF_ADDRESS - 1 + 2
    served.work.go.set()
    assert served.answer(elsewhere)[0] == served.answer(unknown)[0] == "complete"


def test_a_full_queue_says_what_to_do(served):
    served.queue.max_size = 3
    served.ask()
    served.wait(lambda: served.work.running)
    for _ in range(3):
        served.ask()
    kind, said = served.answer(served.ask())
    assert (kind, said) == ("error", texts.QUEUE_FULL.said(count=3))
    assert "turned away" in served.http.get("/metrics").text


def test_who_waits_reads_how_many_are_ahead(served):
    served.ask()
    served.wait(lambda: served.work.running)
    for _ in range(2):
        served.ask()
    served.ask("anna")
    seen = []
    with served.http.stream("GET", "/gradio_api/queue/data?session_hash=anna") as stream:
        for line in stream.iter_lines():
            if line:
                seen.append(json.loads(line.removeprefix("data: ")))
            said = [unit["desc"] for each in seen for unit in each.get("progress_data") or ()]
            if said:
                served.work.go.set()
    assert said[0] == texts.AHEAD.said(count=2) == "2 people are ahead of you."
    assert seen[-2]["msg"] == "process_completed" and seen[-2]["success"]


def test_what_is_said_of_the_place_in_the_queue():
    assert crowd.ahead(0, None) == "You are next."
    assert crowd.ahead(1, 3.7) == "One person is ahead of you. About 4 seconds."
    assert crowd.ahead(12, 0.2) == "12 people are ahead of you. About 2 seconds."


@pytest.mark.parametrize(
    "peer, forwarded, expected",
    [
        ("93.184.216.34", [], "93.184.216.34"),
        # Whoever comes without a proxy can say what they like.
        ("93.184.216.34", ["1.1.1.1"], "93.184.216.34"),
        ("10.20.3.4", ["8.8.8.8"], "8.8.8.8"),
        ("10.20.3.4", ["6.6.6.6, 8.8.8.8, 10.0.0.7"], "8.8.8.8"),
        ("10.20.3.4", ["6.6.6.6", "8.8.8.8"], "8.8.8.8"),
        ("10.20.3.4", ["6.6.6.6, nonsense"], None),
        ("10.20.3.4", ["192.168.1.1"], None),
        ("127.0.0.1", [], None),
        (None, [], None),
        ("::1", ["2a00:1450:4001:82b::200e"], "2a00:1450:4001:82b::"),
        ("::1", ["[2a00:1450:4001:82b:1:2:3:4]"], "2a00:1450:4001:82b::"),
    ],
)
def test_addresses(peer, forwarded, expected):
    assert address(peer, forwarded) == expected


# Stops


def stop(served: Page, session: str) -> None:
    answer = served.http.post("/gradio_api/run/stop", json={"data": [], "session_hash": session})
    assert answer.status_code == 200, answer.text


def test_stop_ends_what_runs_and_what_waits(served):
    running = served.ask("anna")
    served.wait(lambda: served.work.running)
    other, waiting = served.ask("ben"), served.ask("anna", 2)
    stop(served, "anna")
    # The answer to what waits is there although nobody has worked for it.
    messages = []
    with served.http.stream("GET", "/gradio_api/queue/data?session_hash=anna") as stream:
        messages = [json.loads(line[6:]) for line in stream.iter_lines() if line]
    ends = {each["event_id"]: each["output"]["error"] for each in messages if each["msg"] == "process_completed"}
    assert ends == {waiting: texts.STOPPED.said(), running: "Playing was stopped."}
    served.wait(lambda: served.work.running == 1)
    served.work.go.set()
    assert served.answer(other, "ben")[0] == "complete"


def test_stop_in_the_first_moment_is_not_lost():
    """Between a request's turn and its work, and before its turn."""
    turn = Turn()
    turn.begin()
    turn.stop.set()
    crowd._turn.set(turn)
    try:
        with pytest.raises(CancelledError, match="was stopped"):
            performing.performed(Recipe("sample", "bundled/drums_2bar.lokl", 1))
    finally:
        crowd._turn.set(Turn())
    assert turn.record.outcome == records.STOPPED


def test_a_visitor_who_leaves_frees_the_place(served):
    first, second = served.ask("anna"), served.ask("ben")
    served.wait(lambda: served.work.running)
    with pytest.raises(httpx.ReadTimeout):
        served.http.get("/gradio_api/queue/data?session_hash=anna", timeout=0.3)
    served.wait(lambda: served.work.stopped == 1)
    assert first != second
    served.wait(lambda: served.work.running == 1)
    served.work.go.set()
    assert served.answer(second, "ben")[0] == "complete"


def leaves(served, session: str, came: float) -> None:
    """What Gradio does when the stream of a visit is closed that was opened at a time."""

    async def gone() -> None:
        crowd.came.set(came)
        del served.queue.pending_messages_per_session[session]
        await served.queue.clean_events(session_hash=session)

    asyncio.run(gone())


def test_who_asks_anew_while_the_last_stream_is_closed_gets_an_answer(served):
    opened = time.monotonic()
    served.work.go.set()
    assert served.answer(served.ask("anna"), "anna")[0] == "complete"
    served.work.go.clear()
    # One that waits and one that runs; asked for together, so that both are answered by one stream.
    events = [served.ask("anna"), served.ask("anna", 2)]
    served.wait(lambda: served.work.running)
    leaves(served, "anna", opened)
    assert not served.work.stopped
    served.work.go.set()
    with served.http.stream("GET", "/gradio_api/queue/data?session_hash=anna") as stream:
        messages = [json.loads(line[6:]) for line in stream.iter_lines() if line]
    assert {each["event_id"] for each in messages if each["msg"] == "process_completed" and each["success"]} == {
        *events
    }


def test_who_closes_the_stream_of_what_is_under_way_has_left(served):
    events = [served.ask("anna")]
    served.wait(lambda: served.work.running)
    opened = time.monotonic()
    # Asked for after the stream was opened, which brings its answer too.
    events.append(served.ask("anna", 2))
    leaves(served, "anna", opened)
    served.wait(lambda: served.work.stopped == 1)
    assert not len(served.queue)
    left = [served.queue.turns[event] for event in events if event in served.queue.turns]
    assert all(turn.stop.is_set() for turn in left)


def test_what_takes_too_long_is_stopped(served, monkeypatch):
    monkeypatch.setattr(limits, "SILENT_SECONDS", 0.2)
    with logged() as lines:
        kind, said = served.answer(served.ask())
        served.wait(lambda: lines)
    assert (kind, said) == ("error", texts.TOO_LONG.said(seconds=0.2))
    assert lines[0]["outcome"] == "too long"
    assert served.work.stopped == 1


def test_decoding_stops_in_the_middle(tiny_studio, tiny_model):
    """Batches of eight: somebody stops after the first."""
    stopped, batches = threading.Event(), []
    decode = tiny_model._decoding.decode

    def counted(*arguments):
        batches.append(len(arguments[0]))
        stopped.set()
        return decode(*arguments)

    tiny_model._decoding.decode = counted
    try:
        with pytest.raises(CancelledError):
            tiny_model.sample(16, 32, seed=1, cancel=stopped)
    finally:
        del tiny_model._decoding.decode
    assert batches == [8]
    with pytest.raises(CancelledError):
        tiny_studio.perform(Recipe("sample", "test/tiny", 1), cancel=stopped)
    assert tiny_studio.perform(Recipe("sample", "test/tiny", 1), cancel=threading.Event()).clips


def test_fetching_leaves_places_for_playing(tmp_path, tiny_config, monkeypatch):
    from dataclasses import replace

    from core import cache
    from core.catalog import Model
    from core.studio import Studio

    @contextmanager
    def slow(model, limit_bytes, tell, cancel):
        while not cancel.wait(0.01):
            pass
        raise CancelledError("Fetching was stopped.")
        yield

    monkeypatch.setattr(cache, "ready", slow)
    absent = Model("magenta/a", tiny_config, tmp_path / "a.safetensors", "tests", "none", url="http://nowhere")
    studio = Studio({each.id: each for each in (absent, replace(absent, id="magenta/b"))})
    stopped = threading.Event()
    threads = []
    for model in ("magenta/a", "magenta/a"):
        threads.append(
            threading.Thread(target=lambda m=model: pytest.raises(CancelledError, studio.load, m, None, stopped))
        )
        threads[-1].start()
    deadline = time.monotonic() + 10
    while studio._fetching._value and time.monotonic() < deadline:
        time.sleep(0.01)
    with pytest.raises(DownloadError, match="Try again in a few minutes"):
        studio.load("magenta/b", None, stopped)
    stopped.set()
    for thread in threads:
        thread.join(10)
    assert studio._fetching._value == limits.FETCHING_AT_ONCE


# What stays behind


def test_nothing_stays_of_requests_that_are_over(served):
    served.work.go.set()
    for number in range(5):
        served.ask(number=number)
    served.answer(served.ask(number=9))
    served.wait(lambda: not served.queue._present())
    # Answers wait for whoever asked, but not for ever; states of visits that were one request leave at once.
    assert len(served.queue.pending_messages_per_session) >= 5
    assert not served.page.app.state_holder.session_data
    served.queue.forget_answers(age=60)
    assert len(served.queue.pending_messages_per_session) >= 5
    served.queue.forget_answers(age=0)
    for left in ("pending_messages_per_session", "pending_event_ids_session", "event_ids_to_events", "turns", "_over"):
        assert not getattr(served.queue, left), left


def test_few_of_gradios_own_figures_are_kept_and_nobody_misses_them(served):
    assert served.queue.ANALYTICS_MAX_EVENTS == limits.QUEUE_SIZE
    served.queue.ANALYTICS_MAX_EVENTS = 2
    served.work.go.set()
    for number in range(5):
        assert f"made {number}" in str(served.answer(served.ask(number=number)))
    assert len(served.queue.event_analytics) == 2


def test_old_files_and_too_many_are_swept(tmp_path):
    for number in range(6):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "clip.mid").write_bytes(b"x" * 100)
        time.sleep(0.02)
    keep = str(tmp_path / "0" / "clip.mid")
    sweep(tmp_path, age=60, most_bytes=1000)
    assert len(list(tmp_path.rglob("*.mid"))) == 6
    sweep(tmp_path, age=60, most_bytes=300, kept=[keep])
    assert sorted(path.parent.name for path in tmp_path.rglob("*.mid")) == ["0", "3", "4", "5"]
    sweep(tmp_path, age=0.01, most_bytes=300, kept=[keep])
    assert [str(path) for path in tmp_path.rglob("*.mid")] == [keep]
    time.sleep(0.05)
    sweep(tmp_path, age=0.01, most_bytes=300, kept=[keep])
    assert [path.name for path in tmp_path.iterdir()] == ["0"]


def test_a_sweep_remembers_no_names(tmp_path):
    many = 2_000
    for number in range(many):
        (tmp_path / f"{number:0100}").write_bytes(b"x")
    tracemalloc.start()
    try:
        sweep(tmp_path, age=60, most_bytes=many // 2)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(list(tmp_path.iterdir())) == many // 2
    assert most < many * 100


def test_uploads_are_deleted_when_they_are_old(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    monkeypatch.setattr(limits, "SWEEP_SECONDS", 0.2)
    monkeypatch.setattr(limits, "FILE_AGE_SECONDS", 1.0)
    page = Page()
    try:
        path = Path(page.http.post("/gradio_api/upload", files={"files": ("../../a.mid", b"MThd")}).json()[0])
        assert path.is_relative_to(tmp_path / "gradio") and path.read_bytes() == b"MThd"
        page.wait(lambda: not path.exists())
        page.wait(lambda: not path.parent.exists())
        page.wait(lambda: not page.page.upload_file_set)
    finally:
        page.page.close()


def test_a_visits_music_is_forgotten_after_a_while_and_the_page_says_so():
    from ui import page

    built = page.build()
    states = [block for block in built.blocks.values() if isinstance(block, gr.State)]
    assert len(states) >= 8
    assert all(state.time_to_live == limits.STATE_SECONDS for state in states)


# Health, figures, log


def test_health(served, monkeypatch):
    answer = served.http.get("/health")
    assert answer.status_code == 200
    assert {"status": "up", "version": "0.1.0", "waiting": 0}.items() <= answer.json().items()
    assert isinstance(answer.json()["models"], list)
    served.ask()
    served.wait(lambda: served.work.running)
    served.ask()
    served.wait(lambda: served.http.get("/health").json()["waiting"] == 1)
    monkeypatch.setattr(limits, "HANGING_SECONDS", 0.0)
    answer = served.http.get("/health")
    assert (answer.status_code, answer.json()["reason"]) == (503, "A request does not end.")
    monkeypatch.setattr(limits, "HANGING_SECONDS", 900.0)
    monkeypatch.setattr(limits, "DISK_RESERVE_BYTES", 1 << 60)
    assert served.http.get("/health").json()["reason"] == "The disk is full."


def test_figures(served):
    from prometheus_client.parser import text_string_to_metric_families

    served.work.go.set()
    served.answer(served.ask())
    text = ""

    def counted() -> bool:
        nonlocal text
        text = served.http.get("/metrics").text
        return 'latent_jam_requests_total{operation="sample",outcome="made"} 1.0' in text

    served.wait(counted)
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert {"latent_jam_waiting", "latent_jam_running", "latent_jam_request_seconds"} <= set(families)
    if sys.platform == "linux":
        assert families["process_resident_memory_bytes"].samples[0].value > 10_000_000


def test_figures_can_be_switched_off():
    with gr.Blocks() as page:
        gr.Textbox()
    page.queue()
    FairQueue(page)
    assert [route.path for route in Serving(page, metrics=False).app_kwargs()["routes"]] == ["/health"]


def test_a_line_a_request(served):
    served.work.go.set()
    with logged() as lines:
        served.answer(served.ask("anna", 4242, x_forwarded_for="93.184.216.34"), "anna")
        served.wait(lambda: lines)
    (line,) = lines
    assert line["event"] == "request"
    assert {"operation": "sample", "model": "bundled/drums_2bar.lokl", "clips": 4, "outcome": "made"}.items() <= (
        line.items()
    )
    assert set(line) == {"time", "level", "event", "operation", "model", "clips", "waited", "seconds", "outcome"}
    assert 0 <= line["waited"] < 20 and 0 <= line["seconds"] < 20


def test_an_error_is_logged_without_what_it_says():
    with logged() as lines:
        try:
            raise ValueError("Annas Lied.mid: 1, 2, 3")
        except ValueError:
            logging.getLogger("latent_jam").exception("a request failed")
    (line,) = lines
    assert line["exception"] == "ValueError"
    assert any("test_crowds.py" in place for place in line["at"])
    assert "Annas" not in json.dumps(line)


def test_an_unknown_model_leaves_no_name():
    turn = Turn()
    with turn.performing(Recipe("sample", "somebody/secret", 1)):
        pass
    assert turn.record.model == "unknown"


def test_the_version_is_the_projects():
    from core.version import VERSION

    assert f'version = "{VERSION}"' in (Path(__file__).parents[1] / "pyproject.toml").read_text()


def test_progress_is_told_to_whoever_waits(monkeypatch, tiny_studio):
    """Gradio's `Progress` is false in itself."""
    from core import studio

    monkeypatch.setattr(studio, "_studio", tiny_studio)
    told = []

    class Progress(gr.Progress):
        def __call__(self, share, desc=None, **rest):
            told.append((share, desc))

    performing.performed(Recipe("sample", "test/tiny", 1), Progress())
    assert told[0] == (0.0, texts.WAITING.said())
    assert told[-1] == (performing.MUSIC, texts.PICTURES_AND_SOUND.said())
