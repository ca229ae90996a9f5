"""Result cards: a piano roll, a player, the MIDI file of each clip and what to do with it, and everything as a zip."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from core.limits import CLIPS_ON_THE_PAGE
from ui import texts
from ui.rolls import WAVEFORM, figure, keep_file, silence


@dataclass(frozen=True)
class Card:
    """The components of one card; `uses` are the buttons that carry its clip to another tab."""

    box: gr.Column
    picture: gr.HTML
    audio: gr.Audio
    midi: gr.DownloadButton
    uses: tuple[gr.Button, ...]

    @property
    def components(self) -> list[gr.components.Component]:
        """In the order in which `Cards.filled` gives their values."""
        return [self.box, self.picture, self.audio, self.midi]


class Cards:
    """As many cards as a page shows at most, hidden until they have something to show."""

    def __init__(self) -> None:
        """Must be made inside the Blocks that shall hold the cards."""
        with gr.Column(elem_classes="cards"):
            self.cards = [self._card(number) for number in range(1, CLIPS_ON_THE_PAGE[1] + 1)]
        self.zip = gr.DownloadButton(texts.ALL_AS_ZIP, visible=False, elem_id="download-zip")
        self.clips = gr.State(())

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
                waveform_options=WAVEFORM,
            )
            with gr.Row(elem_classes="uses"):
                midi = gr.DownloadButton(f"{label} · {texts.MIDI}", size="sm", elem_classes="midi", min_width=90)
                uses = tuple(
                    gr.Button(text, size="sm", min_width=60, elem_classes=f"use-{place}")
                    for place, text in texts.USES.items()
                )
        return Card(box, picture, audio, midi, uses)

    @property
    def components(self) -> list[gr.components.Component]:
        """All components, as outputs of an event."""
        return [component for card in self.cards for component in card.components] + [self.zip, self.clips]

    def filled(self, performance, theme: str, melody_program: int | None = None) -> list:
        """Values for `components` that show a performance's clips, with pictures in `theme` ('light' or 'dark') and
        melodies in a General MIDI sound."""
        from core import audio, export, pianoroll
        from core.clip import to_sequence

        why_silent = audio.unavailable()
        contents = export.files(performance, ("mid", "png") if why_silent else export.KINDS, theme, melody_program)
        stems = [name.removesuffix(".mid") for name in contents if name.endswith(".mid")]
        values: list = []
        for number, clip in enumerate(performance.clips, 1):
            stem = stems[number - 1]
            described = pianoroll.describe(to_sequence(clip), clip.bars, clip.qpm)
            sound = None if why_silent else keep_file(contents[f"{stem}.wav"], f"{stem}.wav")
            picture = figure(contents[f"{stem}.png"], texts.CLIP.format(number=number), described)
            values += [
                gr.update(visible=True),
                picture + silence(why_silent),
                gr.update(value=sound, visible=not why_silent),
                gr.update(value=keep_file(contents[f"{stem}.mid"], f"{stem}.mid")),
            ]
        for _ in self.cards[len(performance.clips) :]:
            values += [gr.update(visible=False), "", gr.update(value=None), gr.update(value=None)]
        name = f"{performance.recipe.model.split('/', 1)[-1]}_{performance.recipe.seed}.zip"
        archive = keep_file(export.archive(contents, performance.recipe), name)
        return [*values, gr.update(value=archive, visible=True), performance.clips]

    @property
    def players(self) -> list[gr.components.Component]:
        """The players of all cards, in the order in which `resounded` gives their values."""
        return [card.audio for card in self.cards]

    def resounded(self, clips: tuple, melody_program: int) -> list:
        """Values for `players` that play the melodies among the clips in another sound."""
        from core import audio

        if audio.unavailable():
            return [gr.skip()] * len(self.cards)
        values = [
            gr.update(value=keep_file(audio.wav(clip, melody_program), f"clip_{number:02d}.wav"))
            if clip.plays != "drums"
            else gr.skip()
            for number, clip in enumerate(clips)
        ]
        return values + [gr.skip()] * (len(self.cards) - len(values))

    def unchanged(self) -> list:
        """Values for `components` that leave everything as it is."""
        return [gr.skip()] * len(self.components)
