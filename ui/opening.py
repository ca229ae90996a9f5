"""What a share link opens, an example to try, or a reload: a result in the right tab, its settings in the controls."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from functools import partial

import gradio as gr

from core.errors import LatentJamError
from core.limits import REQUESTS_AT_ONCE
from core.recipe import LINK_PARAMETER, Recipe
from ui import texts, tries
from ui.crowd import STUDIO
from ui.groove import Groove
from ui.interpolate import Interpolate
from ui.links import KEPT, page_address
from ui.notices import guarded, notice
from ui.performing import performed, shown_theme
from ui.sample import Sample
from ui.telling import Telling

# Speaks only where there is something to open, so that other visits cost no request: a link's jam, on a Space handed on
# by the page around the app; what this browser has kept, also when a link that was opened is loaded again; or a clicked
# example.
SCRIPT = (
    f"""
const KEPT = '{KEPT}', JAM = '{LINK_PARAMETER}';
"""
    + """
const jam = new URLSearchParams(location.search).get(JAM);
const open = what => {
  const theme = document.body.classList.contains('dark') ? 'dark' : 'light';
  trigger('submit', { ...what, theme });
};
const remembered = (storage, name) => {
  try { return window[storage].getItem(name); } catch { return null; }
};
if (jam !== null && jam !== remembered('sessionStorage', KEPT)) {
  try { sessionStorage.setItem(KEPT, jam); } catch { /* Then it is opened again. */ }
  open({ jam });
} else {
  let kept = {};
  try { kept = JSON.parse(remembered('localStorage', KEPT)) || {}; } catch { /* Somebody else's. */ }
  const { last, ...recipes } = kept;
  const again = [recipes[last], ...Object.keys(recipes).filter(name => name !== last).map(name => recipes[name])];
  if (again[0]) open({ kept: again });
}
document.addEventListener('click', event => {
  const button = event.target.closest?.('[data-try]');
  if (button) open({ example: button.dataset.try });
});
"""
)
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
        listed = Telling(everything).with_more
        theme, address, kept = shown_theme(data.get("theme")), page_address(request), data.get("kept")

        def show(recipe: Recipe, is_chosen: bool) -> dict:
            started, place = time.monotonic(), places[recipe.operation]
            if why := place.why_not(recipe):
                raise LatentJamError(f"{why} {texts.PLAY_ELSEWHERE.said()}")
            performance = performed(recipe, progress)
            values = place.opened(performance, theme, time.monotonic() - started, address)
            remark = notice(place.remark(recipe)) if is_chosen else ""
            return {
                said: gr.update(value=remark, visible=bool(remark)),
                tabs: gr.update(selected=recipe.operation) if is_chosen else gr.skip(),
                **dict(zip(place.opened_components, values, strict=True)),
            }

        def chosen() -> dict:
            example = data.get("example")
            return show(Recipe.from_link(data.get("jam")) if example is None else tries.recipe(example), True)

        opening = texts.OPENING if "jam" in data else texts.BRINGING_BACK if kept else texts.WAITING
        yield listed({said: gr.update(value=notice(opening.said()), visible=True)})
        if isinstance(kept, list):
            for place, recipe in enumerate(_at_hand(kept)):
                # Of what cannot be brought back nothing is said: nobody has asked for it.
                yield listed(guarded(partial(show, recipe, place == 0), lambda line: {}))
            yield listed({said: gr.update(visible=False)})
        else:
            yield listed(guarded(chosen, lambda line: {said: gr.update(value=line, visible=True)}))

    door.submit(
        open_link,
        None,
        everything,
        api_visibility="private",
        concurrency_limit=REQUESTS_AT_ONCE,
        concurrency_id=STUDIO,
        show_progress="full",
        show_progress_on=[said],
    ).success(None, None, None, js=SHOW_RESULT, api_visibility="private")


def _at_hand(kept: list) -> Iterator[Recipe]:
    """Those of a browser's recipes, one an operation at most, whose models need not be fetched."""
    from core.catalog import CATALOG

    for text in kept[: len(tries.TRIES)]:
        with contextlib.suppress(LatentJamError):
            recipe = Recipe.from_string(text)
            model = CATALOG.get(recipe.model)
            if model and (model.url is None or model.path.exists()):
                yield recipe
