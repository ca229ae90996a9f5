"""Everything of a result as one zip, made when somebody wants it: sound and pictures of a long path take a while."""

from __future__ import annotations

from dataclasses import replace

import gradio as gr

from core.limits import REQUESTS_AT_ONCE
from ui import texts
from ui.crowd import STUDIO
from ui.kept_files import keep_file
from ui.languages import Text
from ui.performing import shown_theme

# Follows the making of the file, whose address is its input.
DOWNLOAD = """
file => {
  if (!file) return;
  const anchor = document.createElement('a');
  anchor.href = file.url;
  anchor.download = file.path.split(/[\\\\/]/).pop();
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
}
"""


class Archive:
    """A button that makes the zip of what a state holds and hands it over."""

    def __init__(self, label: Text, elem_id: str) -> None:
        """Must be made inside the Blocks that shall hold it."""
        self.button = gr.Button(label, elem_id=elem_id)
        self._file = gr.File(visible=False)

    def wire(self, performance: gr.State, theme: gr.Textbox, sound: gr.Dropdown | None = None) -> None:
        """Makes the button work on the performance in a state; melodies are heard in the menu's `sound`."""
        self.button.click(
            archived,
            [performance, theme, *([sound] if sound else [])],
            self._file,
            api_visibility="private",
            concurrency_limit=REQUESTS_AT_ONCE,
            concurrency_id=STUDIO,
            show_progress="full",
            show_progress_on=[self.button],
        ).success(None, self._file, None, js=DOWNLOAD, api_visibility="private")


def archived(performance, theme: str, melody_program: int | None = None) -> str:
    """Writes the zip of a performance in every kind of file; returns its path. Raises `gr.Error` with a sentence if
    there is no performance any more."""
    from core import export
    from core.clip import to_midi

    if performance is None:
        raise gr.Error(texts.RESULT_GONE.said(), print_exception=False)
    recipe = performance.recipe
    kinds = [kind for kind in export.KINDS if not (kind in export.SOUNDS and export.why_silent())]
    contents = export.files(performance, tuple(kinds), shown_theme(theme), melody_program)
    name = recipe.model.split("/", 1)[-1]
    if recipe.operation == "groove":
        contents[f"{name}_before.mid"] = to_midi(replace(recipe.clips[0], qpm=recipe.qpm))
    return keep_file(export.archive(contents, recipe), f"{name}_{recipe.seed}.zip")
