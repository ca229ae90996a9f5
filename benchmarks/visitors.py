"""Visitors of both apps, who press the same buttons and take what comes: pictures, sounds and MIDI.

Ours is visited as the page's own scripts do: what comes with the page says which function a button calls and with
which components' values, the request waits in the queue, and each player's sound is fetched. What a visitor does not
choose is as the page has it at first, but for the tempo, which is Magenta's on both sides, and the seeds, which are new
each time.
"""

from __future__ import annotations

import base64
import json
import mimetypes
import random
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from core import examples

DRUMS, MELODY, TRIO = "drums", "melody", "trio"
QPM = 120
STEPS = 6
# Two bars each, for who has not made clips of their own.
A, B = "Straight rock", "Boom bap"
# A naive app with sixteen people waiting takes its time.
TIMEOUT_SECONDS = 600.0
MODELS = {DRUMS: "bundled/drums_2bar.lokl", MELODY: "bundled/melody_2bar", TRIO: "bundled/trio_16bar"}
# The smallest sound that is worth the name: two bars in which nothing is played, which models do make, take 592.
LEAST_SOUND_BYTES = 500

mimetypes.add_type("audio/flac", ".flac")
# Made once: it takes a tenth of a second.
CERTIFICATES = httpx.create_ssl_context()


class RequestError(Exception):
    """A request that did not bring what was asked for."""


@dataclass(frozen=True)
class Answer:
    """How many pictures and sounds came, and the bytes of the sounds."""

    pictures: int
    sounds: tuple[int, ...]

    def must_have(self, count: int) -> None:
        """Raises `RequestError` unless there are so many pictures and sounds, none of them next to empty."""
        heard = [size for size in self.sounds if size >= LEAST_SOUND_BYTES]
        if self.pictures < count or len(heard) < count:
            raise RequestError(f"{count} clips were asked for; {self.pictures} pictures and {len(heard)} sounds came")


class Visitor(Protocol):
    """What a visitor does; every method returns when all that comes of it is there, or raises `RequestError`."""

    def sample(self, kind: str, count: int) -> None:
        """Makes new clips."""

    def take_clips(self) -> None:
        """Makes the first two clips of the last sample A and B."""

    def take_examples(self) -> None:
        """Makes two of the library's clips A and B."""

    def interpolate(self) -> None:
        """Blends A into B in `STEPS` steps, joined: what `groove` takes."""

    def groove(self) -> None:
        """Humanises the path of the last `interpolate`, before and after side by side."""

    def close(self) -> None:
        """Leaves."""


def visitor(side: str, address: str, humanizer: str | None = None) -> Visitor:
    """Somebody who visits 'ours' or the 'naive' app; `humanizer` is the id of our model for `groove`, if not the page's
    own."""
    return PageVisitor(address, humanizer) if side == "ours" else NaiveVisitor(address)


class PageVisitor:
    """Somebody on our page; keeps a session as a browser does."""

    def __init__(self, address: str, humanizer: str | None = None) -> None:
        """Opens the page."""
        self._http = httpx.Client(base_url=address, timeout=TIMEOUT_SECONDS, verify=CERTIFICATES)
        self._session = secrets.token_hex(6)
        self._page = PageMap.read(_good(self._http.get("/")).text)
        self._humanizer = humanizer
        self._is_carried = False

    def sample(self, kind: str, count: int) -> None:
        """Presses Generate."""
        button, model = self._page.named("generate"), self._page.named("sample-model")
        self._press(button, {model: MODELS[kind]}, count).must_have(count)

    def take_clips(self) -> None:
        """Presses Use as A on the first card, and Use as B on the second."""
        for card, place in (("card-1", "a"), ("card-2", "b")):
            self._press(self._page.of_class(f"use-{place}", card)).must_be_drawn()
        self._is_carried = False

    def take_examples(self) -> None:
        """Chooses an example in each slot."""
        for slot, name in (("slot-a", A), ("slot-b", B)):
            menu = self._page.of_class("example", slot)
            self._press(menu, {menu: name}, event="input").must_be_drawn()
        self._is_carried = False

    def interpolate(self) -> None:
        """Presses Interpolate."""
        self._press(self._page.named("interpolate")).must_have(1)
        self._is_carried = False

    def groove(self) -> None:
        """Presses Humanise under the path, unless it is there already, and Groove."""
        if not self._is_carried:
            self._press(self._page.of_class("use-groove", "path-uses")).must_be_drawn()
            self._is_carried = True
        chosen = {self._page.named("groove-model"): self._humanizer} if self._humanizer else {}
        self._press(self._page.named("groove"), chosen).must_have(2)

    def close(self) -> None:
        """Closes the page."""
        self._http.close()

    def _press(self, component: int, chosen: dict | None = None, count: int = 0, event: str = "click") -> PageAnswer:
        function = self._page.function(component, event)
        body = {
            "data": self._page.values(function, chosen or {}, count),
            "fn_index": function["id"],
            "trigger_id": component,
            "session_hash": self._session,
            "event_data": None,
        }
        event_id = _good(self._http.post("/gradio_api/queue/join", json=body)).json()["event_id"]
        with self._http.stream("GET", "/gradio_api/queue/data", params={"session_hash": self._session}) as stream:
            values = outcome(stream.iter_lines(), event_id)
        answer = PageAnswer.read(values)
        return answer.with_sounds([len(_good(self._http.get(path)).content) for path in answer.sound_paths])


def outcome(lines: Iterator[str], event_id: str) -> list:
    """The values that an event ends with, of the lines of Gradio's stream, which is read until the server closes it, as
    a browser does; raises `RequestError` where the event fails."""
    values = None
    for line in lines:
        if not line.startswith("data:"):
            continue
        message = json.loads(line.removeprefix("data:"))
        if message["msg"] == "unexpected_error":
            raise RequestError(message.get("message") or "unexpected error")
        if message.get("event_id") == event_id and message["msg"] == "process_completed":
            if not message["success"]:
                raise RequestError(str(message["output"].get("error") or "failed"))
            values = message["output"]["data"]
        if message["msg"] == "close_stream":
            break
    if values is None:
        raise RequestError("the stream ended before the answer")
    return values


@dataclass(frozen=True)
class PageAnswer(Answer):
    """What the page shows after an event, before its sounds are fetched from `sound_paths`."""

    sound_paths: tuple[str, ...] = ()

    @classmethod
    def read(cls, values: list) -> PageAnswer:
        """Of an event's values; raises `RequestError` if the page says that something is wrong."""
        texts, files = [], []
        for value in _leaves(values):
            (files if isinstance(value, dict) else texts).append(value)
        for text in texts:
            if wrong := re.search(r'class="notice wrong"[^>]*>([^<]*)', text):
                raise RequestError(wrong[1])
        pictures = sum(len(re.findall(r"<img[^>]+data:image/|<svg", text)) for text in texts)
        paths = [f"/gradio_api/file={file['path']}" for file in files if _is_sound(file["path"])]
        return cls(pictures, (), tuple(paths))

    def with_sounds(self, sizes: list[int]) -> PageAnswer:
        """The same with the bytes of its sounds."""
        return PageAnswer(self.pictures, tuple(sizes), self.sound_paths)

    def must_be_drawn(self) -> None:
        """Raises `RequestError` unless there is a picture."""
        if not self.pictures:
            raise RequestError("a clip was to be put into a slot, and no picture came")


def _leaves(value: object) -> Iterator[str | dict]:
    """The texts and the files in an event's values."""
    if isinstance(value, str) or (isinstance(value, dict) and isinstance(value.get("path"), str)):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)


def _is_sound(path: str) -> bool:
    kind = mimetypes.guess_type(path)[0] or ""
    return kind.startswith("audio/") and "midi" not in kind


class PageMap:
    """What the page says of itself: its components, and what they call."""

    @classmethod
    def read(cls, html: str) -> PageMap:
        """Of what a browser gets."""
        config, _ = json.JSONDecoder().raw_decode(html.partition("window.gradio_config = ")[2])
        return cls(config)

    def __init__(self, config: dict) -> None:
        """`config` as Gradio's scripts get it."""
        self._components = {component["id"]: component for component in config["components"]}
        self._functions = config["dependencies"]
        self._inside: dict[int, list[int]] = {}
        self._walk(config["layout"])

    def _walk(self, node: dict) -> list[int]:
        inside = [id for child in node.get("children", ()) for id in (child["id"], *self._walk(child))]
        self._inside[node["id"]] = inside
        return inside

    def named(self, elem_id: str) -> int:
        """The component with this `elem_id`."""
        return next(id for id, each in self._components.items() if each["props"].get("elem_id") == elem_id)

    def of_class(self, name: str, elem_id: str) -> int:
        """The component of this class inside that with the `elem_id`."""
        inside = self._inside[self.named(elem_id)]
        return next(id for id in inside if name in (self._components[id]["props"].get("elem_classes") or ()))

    def function(self, component: int, event: str) -> dict:
        """What an event of a component calls."""
        return next(each for each in self._functions if [component, event] in map(list, each["targets"]))

    def values(self, function: dict, chosen: dict[int, object], count: int) -> list:
        """The values of a function's inputs: what is chosen, or what the page has at first. The server knows those of
        its states."""
        values = []
        for id in function["inputs"]:
            kind, props = self._components[id]["type"], self._components[id]["props"]
            value = None if kind == "state" else props.get("value")
            if id in chosen:
                value = chosen[id]
            elif kind == "slider" and props["maximum"] == 240:
                value = QPM
            elif kind == "slider" and props["maximum"] == 8:
                value = count
            elif kind == "number" and value is not None:
                value = random.randrange(2**32)
            values.append(value)
        return values


class NaiveVisitor:
    """Somebody who uses the naive app; keeps the clips as MIDI."""

    def __init__(self, address: str) -> None:
        """Opens the app."""
        self._http = httpx.Client(base_url=address, timeout=TIMEOUT_SECONDS, verify=CERTIFICATES)
        _good(self._http.get("/"))
        self._sampled: list[str] = []
        self._ends: tuple[str, str] | None = None
        self._path = ""

    def sample(self, kind: str, count: int) -> None:
        """Asks for clips."""
        self._sampled = self._ask("/sample", count, kind=kind, count=count)

    def take_clips(self) -> None:
        """Keeps the first two."""
        self._ends = (self._sampled[0], self._sampled[1])

    def take_examples(self) -> None:
        """Keeps two of the library's."""
        files = [Path(examples.EXAMPLES_FOLDER / examples.file_name(name)) for name in (A, B)]
        self._ends = tuple(base64.b64encode(file.read_bytes()).decode() for file in files)

    def interpolate(self) -> None:
        """Asks for the path."""
        a, b = self._ends
        (self._path,) = self._ask("/interpolate", 1, a=a, b=b, steps=STEPS)

    def groove(self) -> None:
        """Asks for before and after."""
        self._ask("/groove", 2, midi=self._path)

    def close(self) -> None:
        """Leaves."""
        self._http.close()

    def _ask(self, path: str, count: int, /, **asked: object) -> list[str]:
        """The MIDI of the clips that come."""
        clips = _good(self._http.post(path, json=asked)).json()["clips"]
        sounds = tuple(len(base64.b64decode(clip["sound"])) for clip in clips)
        Answer(sum(bool(clip["picture"]) for clip in clips), sounds).must_have(count)
        return [clip["midi"] for clip in clips]


def _good(answer: httpx.Response) -> httpx.Response:
    if answer.status_code != 200:
        raise RequestError(f"{answer.status_code} {answer.text[:200]}")
    return answer
