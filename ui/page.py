"""The page put together, and how it is served."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import gradio as gr

from core import limits
from ui import api, crowd, models, opening, surprise, texts, tries
from ui.groove import Groove
from ui.interpolate import ALL, Interpolate
from ui.kept_files import know_kept_files
from ui.languages import i18n
from ui.notices import notice
from ui.performing import shown_theme
from ui.quick_answers import answer_quickly
from ui.quick_start import quick_building
from ui.sample import Sample
from ui.sessions import keep_little_of_visits
from ui.settings import Settings
from ui.slots import Slot

ASSETS = Path(__file__).resolve().parent.parent / "assets"
SCRIPTS = ("rolls.js", "playhead.js")
SHOWN_THEME = "() => document.body.classList.contains('dark') ? 'dark' : 'light'"


def build(settings: Settings = Settings()) -> gr.Blocks:  # noqa: B008 (it is frozen)
    """The whole page as Gradio Blocks; imports no TensorFlow."""
    know_kept_files()
    answer_quickly()
    keep_little_of_visits()
    with quick_building():
        page = _built(settings)
    # Not past the queue: there are the limits.
    page.api_open = False
    crowd.FairQueue(page)
    return page


def _built(settings: Settings) -> gr.Blocks:
    with gr.Blocks(
        title=texts.TITLE,
        analytics_enabled=settings.analytics,
        delete_cache=(limits.FILE_CHECK_SECONDS, limits.FILE_AGE_SECONDS),
    ) as page:
        theme = gr.Textbox("light", visible=False)
        gr.HTML(f'<header class="masthead"><h1>{texts.TITLE}</h1><p>{texts.TAGLINE}</p></header>')
        above = gr.Column(elem_classes="above")
        with gr.Tabs(selected="sample") as tabs:
            with gr.Tab(texts.SAMPLE_TAB, id="sample"):
                sample = Sample(theme)
            with gr.Tab(texts.INTERPOLATE_TAB, id="interpolate"):
                path = Interpolate(theme)
            with gr.Tab(texts.GROOVE_TAB, id="groove"):
                feel = Groove(theme)
        stop = gr.Button(texts.STOP, elem_id="stop", variant="stop")

        async def stop_all(request: gr.Request) -> None:
            await page._queue.stop(request.session_hash)

        stop.click(stop_all, None, None, queue=False, api_visibility="private", show_progress="hidden")
        gr.HTML(f'<footer class="colophon">{texts.COLOPHON}</footer>')
        if settings.space:
            gr.DuplicateButton(texts.DUPLICATE, elem_id="duplicate")
        slots = {"a": path.a, "b": path.b, "groove": feel.slot}
        for number, card in enumerate(sample.cards.cards):
            for place, button in zip(slots, card.uses, strict=True):
                take = partial(_clip_of_cards, number)
                _carry(button, take, [sample.cards.performance], sample.said, place, slots, tabs, theme)
        for place, button in path.uses.items():
            _carry(button, _clip_of_path, [path.performance, path.step], path.said, place, slots, tabs, theme)
        surprise.wire(sample, path, feel, theme)
        with above:
            opening.wire(tabs, sample, path, feel)
        api.build()
        page.load(None, None, theme, js=SHOWN_THEME, api_visibility="private")
    return page


def _clip_of_cards(number: int, place: str, performance) -> tuple:
    """The clip of a card and its name."""
    return performance.clips[number], texts.CLIP.said(number=number + 1)


def _clip_of_path(place: str, performance, step: str) -> tuple:
    """A step of the path, or all of it where that can be used; None where it cannot."""
    if step != ALL:
        return performance.clips[int(step) - 1], texts.STEP_NUMBER.said(number=step)
    return (performance.joined if place == "groove" else None), texts.ALL_STEPS.said()


def _carry(
    button: gr.Button, take, inputs: list, said: gr.HTML, place: str, slots: dict[str, Slot], tabs: gr.Tabs, theme
) -> None:
    """Makes a button put what `take` gives into a slot, and open the slot's tab once all that it needs is there."""
    slot = slots[place]
    other = slots[{"a": "b", "b": "a"}.get(place, place)]

    def carry(others_clip, theme: str, *values: object) -> list:
        if values[0] is None:
            return [notice(texts.RESULT_FORGOTTEN.said(), "wrong"), gr.skip(), *slot.unchanged()]
        clip, what = take(place, *values)
        if clip is None:
            return [notice(texts.ONE_STEP_FOR_SLOT.said(), "wrong"), gr.skip(), *slot.unchanged()]
        if place == "groove" and clip.plays == "melody":
            return [notice(texts.DRUMS_ONLY.said(what=what), "wrong"), gr.skip(), *slot.unchanged()]
        filled = slot.filled(clip, shown_theme(theme))
        if place == "groove":
            return [gr.skip(), gr.update(selected="groove"), *filled]
        if others_clip is None:
            line = texts.NOW_IN_SLOT.said(what=what, slot=slot.name, other=other.name)
            return [notice(line), gr.skip(), *filled]
        return [gr.skip(), gr.update(selected="interpolate"), *filled]

    button.click(
        carry,
        [other.clip, theme, *inputs],
        [said, tabs, *slot.components],
        api_visibility="private",
        show_progress="hidden",
    )


def look() -> dict:
    """What `launch` needs to make the page look, scroll and speak as designed."""
    theme = gr.themes.Base(
        primary_hue=gr.themes.colors.orange,
        neutral_hue=gr.themes.colors.slate,
        font=["Inter", "ui-sans-serif", "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "SFMono-Regular", "monospace"],
        radius_size=gr.themes.sizes.radius_lg,
    ).set(
        # Dark enough on light, and light enough on dark, to be read by everybody (WCAG AA).
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_400",
        block_info_text_color="*neutral_500",
        block_info_text_color_dark="*neutral_400",
        block_label_text_color="*neutral_600",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_hover_dark="*primary_800",
    )
    scripts = ", ".join(f"({(ASSETS / name).read_text()})" for name in SCRIPTS)
    return {
        "i18n": i18n(
            [*texts.constants(), *(choice.label for choice in models.choices()), *map(tries.empty, tries.TRIES)]
        ),
        "theme": theme,
        "css_paths": [ASSETS / "style.css"],
        "favicon_path": ASSETS / "icon.png",
        # Can be installed as an app.
        "pwa": True,
        "js": f"() => [{scripts}].forEach(run => run())",
    }
