"""Share links: the button that copies one, and the address in front of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import gradio as gr
from gradio.route_utils import API_PREFIX, get_root_url

from core.errors import SettingError
from core.recipe import LINK_PARAMETER, Recipe
from ui import texts
from ui.languages import spoken

if TYPE_CHECKING:
    from starlette.requests import Request

# Under this name a browser keeps the recipe of each operation's last result, and which was the last of them.
KEPT = "latent-jam"
# Said by the page's script, so that they come with the link.
WORDS = {
    "copy": texts.COPY_LINK,
    "link": texts.LINK,
    "copied": texts.LINK_COPIED,
    "copy_yourself": texts.COPY_YOURSELF,
}
TEMPLATE = """
<button type="button" class="copy">{{value.words.copy}}</button>
<input class="link" type="text" readonly hidden aria-label="{{value.words.link}}">
<p role="status"></p>
"""
# The link is there before the click: a browser lets a page write to the clipboard only at once. What was made is kept
# in the visitor's browser, so that it is there again after a reload.
SCRIPT = (
    f"""
const KEPT = '{KEPT}';
"""
    + """
const keep = () => {
  const { recipe, operation } = props.value || {};
  if (!recipe) return;
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT)) || {};
    localStorage.setItem(KEPT, JSON.stringify({ ...kept, [operation]: recipe, last: operation }));
  } catch { /* This browser keeps nothing, or no more. */ }
};
keep();
const find = selector => element.querySelector(selector);
const say = text => { find('[role=status]').textContent = text; };
watch('value', () => { say(''); find('.link').hidden = true; keep(); });
element.addEventListener('click', async event => {
  if (!event.target.closest('.copy')) return;
  const { link, said, words } = props.value || {};
  if (!link) return say(said || '');
  const field = find('.link');
  try {
    await navigator.clipboard.writeText(link);
    field.hidden = true;
    say(words.copied);
  } catch {
    field.value = link;
    field.hidden = false;
    field.focus();
    field.select();
    say(words.copy_yourself);
  }
});
"""
)


class CopyLink:
    """The button *Copy link*."""

    def __init__(self, elem_id: str) -> None:
        """Must be made inside the Blocks that shall hold it."""
        self.component = gr.HTML({}, html_template=TEMPLATE, js_on_load=SCRIPT, elem_id=elem_id, elem_classes="share")

    @staticmethod
    def filled(recipe: Recipe, address: str) -> dict:
        """The component's value for a result of this recipe on the page at this address."""
        words = {name: text.said() for name, text in WORDS.items()}
        value = {"said": "", "words": words, "recipe": recipe.to_string(), "operation": recipe.operation}
        try:
            value["link"] = link(recipe, address)
        except SettingError as error:
            value |= {"link": "", "said": spoken(error.sentence)}
        return value


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
