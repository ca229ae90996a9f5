"""Surprise me: two new samples, the path between them, and the path played like a drummer, in one click."""

from __future__ import annotations

import time
from collections.abc import Iterator

import gradio as gr

from core.limits import REQUESTS_AT_ONCE
from core.recipe import Recipe
from core.seeds import new_seed
from ui import groove, interpolate, models, rolls, texts
from ui.crowd import STUDIO
from ui.links import page_address
from ui.notices import guarded, notice
from ui.performing import performed, shown_theme
from ui.sample import NEW_BEATS, Sample
from ui.telling import Telling

STEPS = 6
TRIES = 8


def wire(sample: Sample, path: interpolate.Interpolate, feel: groove.Groove, theme: gr.Textbox) -> None:
    """Makes the button of the Sample tab fill all three tabs, and show every stage where it was pressed."""
    slots = [*path.a.components, *path.b.components, *feel.slot.components]
    stages = [*sample.path.components, *sample.played.components]
    everything = [sample.said, *sample.cards.components, *slots, *path.components, *feel.components, *stages]

    def surprise(
        qpm: float,
        theme: str,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (this is how Gradio injects it)
    ) -> Iterator[list]:
        theme, address = shown_theme(theme), page_address(request)
        telling = Telling(everything)
        for stage in _stages(sample, path, feel, qpm, theme, address, progress):
            made = guarded(stage, lambda said: {sample.said: said})
            yield telling.with_more(made)
            if len(made) == 1:
                return

    sample.surprise.click(
        surprise,
        [sample.qpm, theme],
        everything,
        api_visibility="private",
        concurrency_limit=REQUESTS_AT_ONCE,
        concurrency_id=STUDIO,
        show_progress="full",
        show_progress_on=[sample.said],
    )


def _stages(sample: Sample, path, feel, qpm: float, theme: str, address: str, progress: gr.Progress) -> Iterator:
    """Functions that each perform a stage and return values by component."""
    seed = new_seed()
    made: dict = {}

    def begin() -> dict:
        from core.uploads import is_one_phrase

        started = time.monotonic()
        progress(0.05, desc=texts.SURPRISE_SAMPLING.said())
        for attempt in range(TRIES):
            recipe = Recipe("sample", NEW_BEATS, (seed + attempt) % 2**32, 2, qpm=qpm)
            made["sampled"] = performed(recipe)
            # Now and then a sample has an empty bar, which cannot be encoded again.
            if all(is_one_phrase(clip) for clip in made["sampled"].clips):
                break
        cards = sample.cards.filled(made["sampled"], theme, address)
        values = dict(zip(sample.cards.components, cards, strict=True))
        for slot, clip in zip((path.a, path.b), made["sampled"].clips, strict=True):
            values |= dict(zip(slot.components, slot.filled(clip, theme), strict=True))
        made["started"] = started
        values[sample.path.picture] = values[sample.played.picture] = ""
        return values

    def blend() -> dict:
        progress(0.35, desc=texts.SURPRISE_BLENDING.said())
        started = time.monotonic()
        beats, model = made["sampled"].clips, models.blending("drums", 2)[0].id
        recipe = Recipe("interpolate", model, seed, STEPS, qpm=qpm, clips=beats)
        made["path"] = performed(recipe)
        shown = path.filled(made["path"], theme, time.monotonic() - started, address)
        values = dict(zip(path.components, shown, strict=True))
        return values | _copied(values, path.path, sample.path)

    def play() -> dict:
        progress(0.7, desc=texts.SURPRISE_PLAYING.said())
        started = time.monotonic()
        joined = made["path"].joined
        recipe = Recipe("groove", groove.DRUMMER, seed, temperature=groove.TEMPERATURE, qpm=qpm, clips=(joined,))
        performance = performed(recipe)
        shown = feel.filled(performance, theme, time.monotonic() - started, address)
        values = dict(zip(feel.components, shown, strict=True))
        values |= dict(zip(feel.slot.components, feel.slot.filled(joined, theme), strict=True))
        values |= _copied(values, feel.after, sample.played)
        seconds = time.monotonic() - made["started"]
        said = texts.SURPRISE_MADE.said(seed=made["sampled"].recipe.seed, bars=joined.bars, seconds=seconds)
        values[sample.said] = notice(said)
        return values

    yield from (begin, blend, play)


def _copied(values: dict, source: rolls.Roll, target: rolls.Roll) -> dict:
    """The values of one roll's components for another's."""
    pairs = zip(source.components, target.components, strict=True)
    return {mine: values[theirs] for theirs, mine in pairs}
