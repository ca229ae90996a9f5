"""Piano rolls and players on the page: one piece of music as a picture, a sound and a MIDI file."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import gradio as gr

from ui import texts
from ui.kept_files import keep_file
from ui.languages import spoken

if TYPE_CHECKING:
    from core.clip import Clip

WAVEFORM = gr.WaveformOptions(waveform_color="#9aa7b8", waveform_progress_color="#e0673c")


def keep_sound(clip: Clip, stem: str, melody_program: int | None = None) -> str:
    """Makes and writes the sound of a clip for a player, melodies in a General MIDI sound."""
    from core import export

    sound = export.clip_file(clip, export.PREVIEW, melody_program=melody_program)
    return keep_file(sound, f"{stem}.{export.PREVIEW}")


def figure(png: bytes, title: str, described: str) -> str:
    """A picture as HTML."""
    return f'<figure class="roll"><figcaption>{html.escape(title)}</figcaption>{_image(png, described)}</figure>'


def played_figure(png: bytes, title: str, clip: Clip, wide: bool) -> str:
    """The picture of a clip above its player, as HTML for `assets/playhead.js`; a wide one scrolls sideways, and is as
    high as what the clip plays has rows."""
    from core import audio, pianoroll
    from core.clip import to_sequence

    begins, ends = pianoroll.grid_span(clip.bars, wide)
    described = spoken(pianoroll.describe(to_sequence(clip), clip.bars, clip.qpm))
    data = {"from": begins, "to": ends, "seconds": clip.seconds, "heard": audio.seconds_heard(clip)}
    attributes = " ".join(f'data-{name}="{value:.5f}"' for name, value in data.items())
    return (
        f'<figure class="roll{" wide" * wide} {clip.plays}"><figcaption>{html.escape(title)}'
        f'<button type="button" class="loop" aria-pressed="false">{texts.LOOP.said()}</button></figcaption>'
        f'<div class="view" {"tabindex=0" * wide}><div class="sheet" {attributes}>{_image(png, described)}'
        '<i class="playhead" hidden></i></div></div></figure>'
    )


def _image(png: bytes, described: str) -> str:
    encoded = base64.b64encode(png).decode()
    return f'<img src="data:image/png;base64,{encoded}" alt="{html.escape(described, quote=True)}">'


def silence(why_silent: str | None) -> str:
    """Why there is no player, as HTML."""
    return f'<p class="silent">{html.escape(spoken(why_silent))}</p>' if why_silent else ""


def sound_menu(elem_id: str) -> gr.Dropdown:
    """The menu of General MIDI sounds for listening to melodies, hidden until there are some."""
    return gr.Dropdown(
        texts.SOUNDS,
        value=0,
        label=texts.SOUND,
        info=texts.SOUND_INFO,
        filterable=False,
        visible=False,
        elem_id=elem_id,
    )


@dataclass(frozen=True)
class Shown:
    """What a `Roll` should show: a clip, its title and file name, and the bars of the parts it is joined of."""

    clip: Clip
    title: str
    stem: str
    part_bars: int | None = None


class Roll:
    """A long piano roll with its player and MIDI file, which styles hide until there is a picture."""

    def __init__(self, elem_id: str) -> None:
        """Must be made inside the Blocks that shall hold it."""
        with gr.Column(elem_classes="card", elem_id=elem_id):
            self.picture = gr.HTML()
            self.audio = gr.Audio(
                show_label=False, interactive=False, buttons=[], elem_classes="player", waveform_options=WAVEFORM
            )
            self.midi = gr.DownloadButton(texts.MIDI, size="sm", elem_classes="midi")

    @property
    def components(self) -> list[gr.components.Component]:
        """In the order in which `filled`, below, gives their values."""
        return [self.picture, self.audio, self.midi]


def filled(shown: Sequence[Shown], theme: str, melody_program: int | None = None) -> list:
    """Values for the components of as many rolls, made at the same time, melodies in a General MIDI sound."""
    from core import export, making
    from core.clip import to_midi

    why_silent = export.why_silent()
    with making.one_after_another(), ThreadPoolExecutor(max_workers=2) as pool:
        # Sound is made outside Python's lock, so pictures are drawn meanwhile.
        sounds = [] if why_silent else [pool.submit(keep_sound, each.clip, each.stem, melody_program) for each in shown]
        pictures = [
            pool.submit(export.clip_file, each.clip, "png", each.part_bars, theme, spread=True) for each in shown
        ]
    values: list = []
    for number, each in enumerate(shown):
        clip = each.clip
        sound = None if why_silent else sounds[number].result()
        values += [
            played_figure(pictures[number].result(), each.title, clip, wide=True) + silence(why_silent),
            sound,
            keep_file(to_midi(clip), f"{each.stem}.mid"),
        ]
    return values
