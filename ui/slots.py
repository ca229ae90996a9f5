"""Slots: where a clip waits to be blended or humanised. Filled by another result, an upload, or the example library."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from core import examples, limits
from core.sentences import Sentence
from ui import texts
from ui.languages import spoken
from ui.notices import guarded, notice
from ui.rolls import figure

if TYPE_CHECKING:
    from core.clip import Clip
    from core.uploads import Window

STRIP = """
<div class="windows">{{#each value}}<button type="button" data-window="{{@index}}" aria-pressed="{{chosen}}">
<img src="{{picture}}" alt="{{described}}"><span>{{label}}</span></button>{{/each}}</div>
"""
STRIP_CLICKS = """
element.addEventListener('click', event => {
  const button = event.target.closest('[data-window]');
  if (button) trigger('click', { window: Number(button.dataset.window) });
});
"""


class Slot:
    """A place for one clip."""

    def __init__(
        self,
        place: str,
        theme: gr.Textbox,
        kinds: tuple[str, ...],
        bars: gr.Radio | None = None,
        beside: Slot | None = None,
    ) -> None:
        """Must be made inside the Blocks that shall hold it; `place` is 'a', 'b' or 'groove', and `kinds` are those of
        the examples to choose from. `bars` says how many bars are taken of an upload, without it all of its drums are.
        Of an upload that holds several kinds of music it takes what the slot `beside` holds."""
        self.name, self.takes_any_length, self.theme = texts.SLOT_NAMES[place], bars is None, theme
        self.clip = gr.State(None, time_to_live=limits.STATE_SECONDS)
        self.windows = gr.State((), time_to_live=limits.STATE_SECONDS)
        with gr.Column(elem_classes="slot", elem_id=f"slot-{place}"):
            self.picture = gr.HTML(f'<div class="empty small">{texts.SLOT_EMPTY[place]}</div>')
            with gr.Row():
                self.upload = gr.UploadButton(
                    texts.UPLOAD, file_types=[".mid", ".midi"], size="sm", min_width=100, elem_classes="upload"
                )
                self.example = gr.Dropdown(
                    [
                        (texts.EXAMPLE, ""),
                        *((texts.example(name), name) for kind in kinds for name in examples.names(kind)),
                    ],
                    value="",
                    show_label=False,
                    container=False,
                    filterable=False,
                    min_width=130,
                    label=texts.EXAMPLE_FOR[place],
                    elem_classes="example",
                )
            self.strip = gr.HTML([], html_template=STRIP, js_on_load=STRIP_CLICKS, elem_classes="strip", elem_id=None)
            self.said = gr.HTML(elem_classes="remark")
        self.upload.upload(
            self._uploaded,
            [self.upload, theme, beside.clip if beside else self.clip, *([bars] if bars else [])],
            self.components,
            api_visibility="private",
            show_progress="minimal",
        )
        self.example.input(self._example_chosen, [self.example, theme], self.components, api_visibility="private")
        self.strip.click(
            self._window_chosen,
            [self.windows, theme],
            self.components,
            api_visibility="private",
            show_progress="hidden",
        )

    @property
    def components(self) -> list[gr.components.Component]:
        """In the order in which `filled` gives their values."""
        return [self.clip, self.picture, self.said, self.windows, self.strip]

    def filled(self, clip: Clip, theme: str, said: str = "") -> list:
        """Values for `components` that put a clip into the slot."""
        return [clip, self._picture(clip, theme), notice(said), (), []]

    def unchanged(self, said: str | None = None) -> list:
        """Values for `components` that leave the clip, and say something."""
        return [gr.skip(), gr.skip(), gr.skip() if said is None else said, gr.skip(), gr.skip()]

    def _picture(self, clip: Clip, theme: str) -> str:
        from core import export, pianoroll
        from core.clip import to_sequence

        name = texts.example(clip.name) if clip.name else texts.UNNAMED
        title = texts.IN_SLOT.said(slot=self.name, clip=name, bars=clip.bars, qpm=clip.qpm)
        described = spoken(pianoroll.describe(to_sequence(clip), clip.bars, clip.qpm))
        return figure(export.clip_file(clip, "png", None, theme), title, described)

    def _uploaded(self, path: str, theme: str, beside: Clip | None, bars: int | None = None) -> list:
        from core import uploads

        def take() -> list:
            file = Path(path)
            with file.open("rb") as opened:
                data = opened.read(limits.MAX_UPLOAD_BYTES + 1)
            if bars is None:
                clip, said = uploads.drum_music(data, file.name)
                return self.filled(clip, theme, _sentences(said))
            upload = uploads.windows(data, file.name, bars, uploads.OF_BARS[bars])
            kinds = [window.clip.plays for window in upload.windows]
            chosen = kinds.index(beside.plays) if beside and beside.plays in kinds else 0
            return self._offered(upload.windows, chosen, theme, _sentences(upload.said))

        return guarded(take, self.unchanged)

    def _offered(self, windows: tuple[Window, ...], chosen: int, theme: str, said: str) -> list:
        """One window in the slot, and all of them to choose from if there are several."""
        values = self.filled(windows[chosen].clip, theme, said)
        if len(windows) > 1:
            said = f"{said} {texts.CHOOSE_WINDOW.said(count=len(windows))}".strip()
            strip = [_thumbnail(window, number == chosen, theme) for number, window in enumerate(windows)]
            values[2:] = [notice(said), windows, strip]
        return values

    def _window_chosen(self, windows: tuple, theme: str, event: gr.EventData) -> list:
        # Gradio reads these annotations, so all of them must exist when the app runs.
        number = event._data.get("window") if isinstance(event._data, dict) else None
        if not isinstance(number, int) or not 0 <= number < len(windows):
            return self.unchanged()
        return self._offered(windows, number, theme, "")

    def _example_chosen(self, name: str, theme: str) -> list:
        if not name:
            return self.unchanged()

        def take() -> list:
            return self.filled(examples.load(name), theme)

        return guarded(take, self.unchanged)


def _sentences(said: tuple[str, ...]) -> str:
    return spoken(Sentence.joined(*said))


def _thumbnail(window: Window, chosen: bool, theme: str) -> dict[str, str]:
    """A window as the strip's template takes it."""
    from core import pianoroll
    from core.clip import to_sequence

    clip = window.clip
    png = pianoroll.png(to_sequence(clip), clip.bars, clip.qpm, theme, dpi=THUMBNAIL_DPI)
    return {
        "picture": f"data:image/png;base64,{base64.b64encode(png).decode()}",
        "label": spoken(window.label),
        "described": spoken(pianoroll.describe(to_sequence(clip), clip.bars, clip.qpm)),
        "chosen": "true" if chosen else "false",
    }


THUMBNAIL_DPI = 72
