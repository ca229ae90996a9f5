"""Result cards: a piano roll, a player and the MIDI file of each clip, and everything as a zip."""

from __future__ import annotations

import base64
import html
from dataclasses import dataclass

import gradio as gr
from gradio.processing_utils import save_bytes_to_cache

from core.limits import CLIPS_ON_THE_PAGE
from ui import texts


@dataclass(frozen=True)
class Card:
    """The components of one card."""

    box: gr.Column
    picture: gr.HTML
    audio: gr.Audio
    midi: gr.DownloadButton

    @property
    def components(self) -> list[gr.components.Component]:
        """In the order in which `Cards.filled` and `Cards.emptied` give their values."""
        return [self.box, self.picture, self.audio, self.midi]


class Cards:
    """As many cards as a page shows at most, hidden until they have something to show."""

    def __init__(self) -> None:
        """Must be made inside the Blocks that shall hold the cards."""
        with gr.Column(elem_classes="cards"):
            self.cards = [self._card(number) for number in range(1, CLIPS_ON_THE_PAGE[1] + 1)]
        self.zip = gr.DownloadButton(texts.ALL_AS_ZIP, visible=False, elem_id="download-zip")

    @staticmethod
    def _card(number: int) -> Card:
        label = texts.CLIP.format(number=number)
        with gr.Column(visible=False, elem_classes="card", elem_id=f"card-{number}") as box:
            picture = gr.HTML()
            audio = gr.Audio(
                label=label,
                show_label=False,
                interactive=False,
                buttons=[],
                elem_classes="player",
                waveform_options=gr.WaveformOptions(waveform_color="#9aa7b8", waveform_progress_color="#e0673c"),
            )
            midi = gr.DownloadButton(f"{label} · {texts.MIDI}", size="sm", elem_classes="midi")
        return Card(box, picture, audio, midi)

    @property
    def components(self) -> list[gr.components.Component]:
        """All components, as outputs of an event."""
        return [component for card in self.cards for component in card.components] + [self.zip]

    def filled(self, performance, theme: str) -> list:
        """Values for `components` that show a performance's clips, with pictures in `theme` ('light' or 'dark')."""
        from core import audio, export, pianoroll
        from core.clip import to_sequence

        why_silent = audio.unavailable()
        contents = export.files(performance, ("mid", "png") if why_silent else export.KINDS, theme)
        stems = [name.removesuffix(".mid") for name in contents if name.endswith(".mid")]
        values: list = []
        for number, (card, clip) in enumerate(zip(self.cards, performance.clips, strict=False), 1):
            stem = stems[number - 1]
            described = pianoroll.describe(to_sequence(clip), clip.bars, clip.qpm)
            sound = None if why_silent else self._keep(contents, f"{stem}.wav", card.audio)
            values += [
                gr.update(visible=True),
                _picture(contents[f"{stem}.png"], texts.CLIP.format(number=number), described, why_silent),
                gr.update(value=sound, visible=not why_silent),
                gr.update(value=self._keep(contents, f"{stem}.mid", card.midi)),
            ]
        for _ in self.cards[len(performance.clips) :]:
            values += [gr.update(visible=False), "", gr.update(value=None), gr.update(value=None)]
        name = f"{performance.recipe.model.split('/', 1)[-1]}_{performance.recipe.seed}.zip"
        archive = {name: export.archive(contents, performance.recipe)}
        return [*values, gr.update(value=self._keep(archive, name, self.zip), visible=True)]

    def unchanged(self) -> list:
        """Values for `components` that leave everything as it is."""
        return [gr.skip()] * len(self.components)

    @staticmethod
    def _keep(contents: dict[str, bytes], name: str, component: gr.components.Component) -> str:
        """Writes a file where Gradio serves it from and deletes it when it is old."""
        return save_bytes_to_cache(contents[name], name, component.GRADIO_CACHE)


def notice(text: str, kind: str = "quiet") -> str:
    """A line above the cards; kind 'wrong' for what the visitor should change."""
    role = "alert" if kind == "wrong" else "status"
    return f'<p class="notice {kind}" role="{role}">{html.escape(text)}</p>'


def _picture(png: bytes, title: str, described: str, why_silent: str | None) -> str:
    encoded = base64.b64encode(png).decode()
    silence = f'<p class="silent">{html.escape(why_silent)}</p>' if why_silent else ""
    return (
        f'<figure class="roll"><figcaption>{html.escape(title)}</figcaption>'
        f'<img src="data:image/png;base64,{encoded}" alt="{html.escape(described, quote=True)}"></figure>{silence}'
    )
