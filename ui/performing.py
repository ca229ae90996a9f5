"""Recipes performed for the page, with their progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr

from core import engine
from core.recipe import Recipe
from ui import crowd, texts
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


def performed(recipe: Recipe, progress: gr.Progress | None = None) -> Performance:
    """The performance of a recipe; ends where pictures and sound begin. Raises what `engine.perform` does."""
    turn = crowd.turn()

    def tell(share: float, what: str) -> None:
        turn.tell()
        # Not by its truth: it has a length, 0.
        if progress is not None:
            progress(share, desc=what)

    with turn.performing(recipe):
        tell(0.0, texts.WAITING.said())
        performance = engine.perform(recipe, lambda share, what: tell(MUSIC * share, spoken(what)), turn.stop)
    tell(MUSIC, texts.PICTURES_AND_SOUND.said())
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
