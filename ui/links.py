"""Share links: the button that copies one, and the address in front of it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import gradio as gr
from gradio.route_utils import API_PREFIX, get_root_url

from core.errors import SettingError
from core.recipe import LINK_PARAMETER, Recipe
from ui import texts

if TYPE_CHECKING:
    from starlette.requests import Request

TEMPLATE = f"""
<button type="button" class="copy">{texts.COPY_LINK}</button>
<input class="link" type="text" readonly hidden aria-label="{texts.LINK}">
<p role="status"></p>
"""
# The link is there before the click: a browser lets a page write to the clipboard only at once.
SCRIPT = """
const find = selector => element.querySelector(selector);
const say = text => { find('[role=status]').textContent = text; };
watch('value', () => { say(''); find('.link').hidden = true; });
element.addEventListener('click', async event => {
  if (!event.target.closest('.copy')) return;
  const { link, said } = props.value || {};
  if (!link) return say(said || '');
  const field = find('.link');
  try {
    await navigator.clipboard.writeText(link);
    field.hidden = true;
    say(COPIED);
  } catch {
    field.value = link;
    field.hidden = false;
    field.focus();
    field.select();
    say(COPY_YOURSELF);
  }
});
"""


class CopyLink:
    """The button *Copy link*, hidden until there is something to share."""

    def __init__(self, elem_id: str) -> None:
        """Must be made inside the Blocks that shall hold it."""
        script = SCRIPT.replace("COPIED", json.dumps(texts.LINK_COPIED))
        script = script.replace("COPY_YOURSELF", json.dumps(texts.COPY_YOURSELF))
        self.component = gr.HTML(
            {}, html_template=TEMPLATE, js_on_load=script, visible=False, elem_id=elem_id, elem_classes="share"
        )

    @staticmethod
    def filled(recipe: Recipe, address: str) -> dict:
        """The component's value for a result of this recipe on the page at this address."""
        try:
            value = {"link": link(recipe, address), "said": ""}
        except SettingError as error:
            value = {"link": "", "said": str(error)}
        return gr.update(value=value, visible=True)


def link(recipe: Recipe, address: str) -> str:
    """A link that plays a recipe; raises `SettingError` if it would be too long."""
    return f"{address}?{LINK_PARAMETER}={recipe.to_link_string()}"


def page_address(request: gr.Request) -> str:
    """The page's public address as the visitor sees it, ending in a slash: that of the Space, or the request's own,
    from behind whatever proxy it comes."""
    if host := os.environ.get("SPACE_HOST"):
        return f"https://{host}/"
    inner: Request = request.request
    path = urlsplit(str(inner.url)).path
    route = path[path.find(API_PREFIX) :] if API_PREFIX in path else path
    root_path = getattr(inner.app, "root_path", "") or inner.scope.get("root_path") or ""
    return get_root_url(inner, route, root_path) + "/"
