"""Recipes performed for the page, with their progress."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import gradio as gr

from core import engine
from core.recipe import Recipe
from ui import texts
from ui.languages import spoken

if TYPE_CHECKING:
    from core.performance import Performance

# The page's temperature to begin with, by what a model plays and its bars. Trios leave out too many notes below theirs,
# long melodies wander too far above.
TEMPERATURES = {"drums": 0.5, "melody": 0.5, "band": 1.0}
LONG_MELODY_TEMPERATURE = 0.2
LONG_BARS = 4
# How much of the wait the music takes; pictures and sound take the rest.
MUSIC = 0.7


class Stops:
    """Lets a visitor stop waiting for a model that is fetched. Knows of nobody but those who wait at this moment."""

    def __init__(self) -> None:
        """Of one server."""
        self._of_session: dict[str, threading.Event] = {}

    @contextlib.contextmanager
    def waiting(self, request: gr.Request) -> Iterator[threading.Event]:
        """An event that is set when the visitor stops."""
        event = threading.Event()
        self._of_session[request.session_hash] = event
        try:
            yield event
        finally:
            if self._of_session.get(request.session_hash) is event:
                del self._of_session[request.session_hash]

    def stop(self, request: gr.Request) -> None:
        """The visitor has pressed Stop."""
        if event := self._of_session.get(request.session_hash):
            event.set()


stops = Stops()


def stop_waiting(request: gr.Request) -> None:
    """The visitor has pressed Stop. (Of a bound method Gradio would copy the object.)"""
    stops.stop(request)


def performed(recipe: Recipe, progress: gr.Progress, request: gr.Request) -> Performance:
    """The performance of a recipe; ends where pictures and sound begin. Raises what `engine.perform` does."""
    with stops.waiting(request) as stop:
        progress(0.0, desc=texts.WAITING.said())
        performance = engine.perform(recipe, lambda share, what: progress(MUSIC * share, desc=spoken(what)), stop)
    progress(MUSIC, desc=texts.PICTURES_AND_SOUND.said())
    return performance


def reaching(slider: gr.Slider, value: float) -> dict:
    """A slider's update that shows a value, beyond its usual range if need be: a link may hold any."""
    return gr.update(value=value, minimum=min(slider.minimum, value), maximum=max(slider.maximum, value))


def usual_temperature(plays: str, bars: int, now: float) -> float:
    """The temperature to begin with for drums, melodies or bands of so many bars; a visitor's own choice stays."""
    if now not in (*TEMPERATURES.values(), LONG_MELODY_TEMPERATURE):
        return now
    return LONG_MELODY_TEMPERATURE if plays == "melody" and bars > LONG_BARS else TEMPERATURES[plays]


def shown_theme(theme: object) -> str:
    """'light' or 'dark', whatever a browser says."""
    return "dark" if theme == "dark" else "light"
