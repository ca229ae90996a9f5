"""What a share link opens: its result in the right tab, with its settings in the controls."""

from __future__ import annotations

import time
from collections.abc import Iterator

import gradio as gr

from core.errors import LatentJamError
from core.recipe import LINK_PARAMETER, Recipe
from ui import texts
from ui.groove import Groove
from ui.interpolate import Interpolate
from ui.links import page_address
from ui.notices import guarded, notice
from ui.performing import performed, shown_theme
from ui.sample import Sample

# Speaks only where there is a link to open, so that other visits cost no request. On a Space the page around the app
# hands its own parameters on.
SCRIPT = f"""
const jam = new URLSearchParams(location.search).get('{LINK_PARAMETER}');
const theme = document.body.classList.contains('dark') ? 'dark' : 'light';
if (jam !== null) trigger('submit', {{ jam, theme }});
"""
SHOW_RESULT = """
() => [...document.querySelectorAll('.card')].find(card => card.offsetParent)?.scrollIntoView({ block: 'nearest' })
"""


def wire(tabs: gr.Tabs, sample: Sample, path: Interpolate, feel: Groove) -> None:
    """Must be called where the line that says what became of a link shall stand."""
    said = gr.HTML(visible=False, elem_id="opened", min_height=48)
    door = gr.HTML(html_template="<i></i>", js_on_load=SCRIPT, elem_classes="door")
    places = {"sample": sample, "interpolate": path, "groove": feel}
    everything = [said, tabs, *(component for place in places.values() for component in place.opened_components)]

    def open_link(
        event: gr.EventData,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (this is how Gradio injects it)
    ) -> Iterator[list]:
        data = event._data if isinstance(event._data, dict) else {}
        theme, started = shown_theme(data.get("theme")), time.monotonic()

        def show() -> dict:
            recipe = Recipe.from_link(data.get("jam"))
            place = places[recipe.operation]
            if why := place.why_not(recipe):
                raise LatentJamError(f"{why} {texts.PLAY_ELSEWHERE.said()}")
            performance = performed(recipe, progress, request)
            values = place.opened(performance, theme, time.monotonic() - started, page_address(request))
            remark = notice(place.remark(recipe))
            return {
                said: gr.update(value=remark, visible=bool(remark)),
                tabs: gr.update(selected=recipe.operation),
                **dict(zip(place.opened_components, values, strict=True)),
            }

        def listed(values: dict) -> list:
            return [values.get(component, gr.skip()) for component in everything]

        yield listed({said: gr.update(value=notice(texts.OPENING.said()), visible=True)})
        yield listed(guarded(show, lambda line: {said: gr.update(value=line, visible=True)}))

    door.submit(
        open_link,
        None,
        everything,
        api_visibility="private",
        concurrency_limit=2,
        concurrency_id="studio",
        show_progress="full",
        show_progress_on=[said],
    ).success(None, None, None, js=SHOW_RESULT, api_visibility="private")
