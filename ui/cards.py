"""Result cards: a piano roll, a player, the MIDI file of each clip and what to do with it, and everything as a zip. A
band's instruments can be heard and taken one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import gradio as gr

from core.limits import CLIPS_ON_THE_PAGE, STATE_SECONDS
from ui import texts
from ui.archives import Archive
from ui.kept_files import keep_file
from ui.links import CopyLink
from ui.rolls import WAVEFORM, keep_sound, played_figure, silence

if TYPE_CHECKING:
    from core.clip import Clip

# A longer clip is drawn as wide as its bars need, in a box that scrolls.
LONG_BARS = 4
MIX = "mix"


@dataclass(frozen=True)
class Card:
    """The components of one card; `part` chooses the instrument of a band to hear, `uses` are the buttons that carry
    its clip to another tab."""

    picture: gr.HTML
    part: gr.Radio
    audio: gr.Audio
    midi: gr.DownloadButton
    uses: tuple[gr.Button, ...]

    @property
    def components(self) -> list[gr.components.Component]:
        """In the order in which `Cards.filled` gives their values."""
        return [self.picture, self.part, self.audio, self.midi]


class Cards:
    """As many cards as a page shows at most; styles hide those that have no picture.

    Nothing of this is hidden, or skipped, by Gradio: for that it makes a component anew, which took longer than all it
    does besides for an answer.
    """

    def __init__(self) -> None:
        """Must be made inside the Blocks that shall hold the cards."""
        with gr.Column(elem_classes="cards"):
            self.cards = [self._card(number) for number in range(1, CLIPS_ON_THE_PAGE[1] + 1)]
        with gr.Row(elem_classes="takings"):
            self.link = CopyLink("sample-link")
            self.zip = Archive(texts.ALL_AS_ZIP, "download-zip")
        self.performance = gr.State(None, time_to_live=STATE_SECONDS)

    @staticmethod
    def _card(number: int) -> Card:
        label = texts.CLIPS_NUMBERED[number - 1]
        with gr.Column(elem_classes="card", elem_id=f"card-{number}"):
            picture = gr.HTML()
            part = gr.Radio(
                [(texts.PARTS[name], name) for name in (MIX, "melody", "bass", "drums")],
                value=MIX,
                label=texts.PART_OF[number - 1],
                show_label=False,
                container=False,
                elem_classes="parts",
            )
            audio = gr.Audio(
                label=label,
                show_label=False,
                interactive=False,
                buttons=["download"],
                elem_classes="player",
                waveform_options=WAVEFORM,
            )
            with gr.Row(elem_classes="uses"):
                midi = gr.DownloadButton(f"{label} · {texts.MIDI}", size="sm", elem_classes="midi", min_width=90)
                uses = tuple(
                    gr.Button(text, size="sm", min_width=60, elem_classes=f"use-{place}")
                    for place, text in texts.USES.items()
                )
        return Card(picture, part, audio, midi, uses)

    @property
    def components(self) -> list[gr.components.Component]:
        """All components, as outputs of an event."""
        return [component for card in self.cards for component in card.components] + [
            self.link.component,
            self.performance,
        ]

    def filled(self, performance, theme: str, address: str, melody_program: int | None = None) -> list:
        """Values for `components` that show a performance's clips, with pictures in `theme` ('light' or 'dark'), a
        link to the page at `address` and melodies in a General MIDI sound."""
        from core import export

        why_silent = export.why_silent()
        kinds = ("mid", "png") if why_silent else ("mid", export.PREVIEW, "png")
        contents = export.files(performance, kinds, theme, melody_program)
        stems = [name.removesuffix(".mid") for name in contents if name.endswith(".mid")]
        values: list = []
        for number, clip in enumerate(performance.clips, 1):
            stem = stems[number - 1]
            sound = None if why_silent else keep_file(contents[f"{stem}.{export.PREVIEW}"], f"{stem}.{export.PREVIEW}")
            title = texts.CLIP.said(number=number)
            picture = played_figure(contents[f"{stem}.png"], title, clip, clip.bars > LONG_BARS)
            values += [
                picture + silence(why_silent),
                MIX,
                sound,
                keep_file(contents[f"{stem}.mid"], f"{stem}.mid"),
            ]
        values += ["", MIX, None, None] * (len(self.cards) - len(performance.clips))
        return [*values, self.link.filled(performance.recipe, address), performance]

    def play_in(self, sound: gr.Dropdown, theme: gr.Textbox) -> None:
        """Makes the players follow the menu of melodies' sounds, each card the choice of an instrument, and the zip
        both the menu and the theme."""
        parts, players = [card.part for card in self.cards], [card.audio for card in self.cards]
        self.zip.wire(self.performance, theme, sound)
        sound.change(self._resounded, [self.performance, sound, *parts], players, api_visibility="private")
        for number, card in enumerate(self.cards):
            card.part.input(
                partial(self._part_chosen, number),
                [self.performance, sound, card.part],
                [card.audio, card.midi],
                api_visibility="private",
                show_progress="minimal",
            )

    def _resounded(self, performance, melody_program: int, *parts: str) -> list:
        """Values for the players that play the melodies among the clips in another sound."""
        clips = performance.clips if performance else ()
        values = [
            _sound(_heard(clip, part), f"clip_{number:02d}", melody_program) if clip.plays != "drums" else gr.skip()
            for number, (clip, part) in enumerate(zip(clips, parts, strict=False))
        ]
        return values + [gr.skip()] * (len(self.cards) - len(values))

    def _part_chosen(self, number: int, performance, melody_program: int, part: str) -> list:
        """Values for a card's player and MIDI file that give one instrument alone, or all of them."""
        from core.clip import to_midi

        clips = performance.clips if performance else ()
        if number >= len(clips):
            return [gr.skip(), gr.skip()]
        heard = _heard(clips[number], part)
        stem = f"clip_{number:02d}" + f"_{part}" * (part != MIX)
        return [_sound(heard, stem, melody_program), keep_file(to_midi(heard), f"{stem}.mid")]

    def unchanged(self) -> list:
        """Values for `components` that leave everything as it is."""
        return [gr.skip()] * len(self.components)


def _heard(clip: Clip, part: str) -> Clip:
    """One instrument of a band, or all of it."""
    return clip if part == MIX else clip.parts.get(part, replace(clip, notes=()))


def _sound(clip: Clip, stem: str, melody_program: int) -> str | dict:
    """A player's value."""
    from core import export

    if export.why_silent():
        return gr.skip()
    return keep_sound(clip, stem, melody_program)
