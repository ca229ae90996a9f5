"""The Groove tab: drums played like a drummer, drums from taps, and an added hi-hat; before and after."""

from __future__ import annotations

import time
from dataclasses import replace

import gradio as gr

from core.limits import AMOUNT
from core.recipe import Recipe
from core.seeds import new_seed
from ui import rolls, taps, texts
from ui.notices import guarded, notice
from ui.performing import performed, shown_theme
from ui.slots import Slot

HUMANIZE, TAP, HI_HAT = "bundled/groove_2bar_humanize", "bundled/groove_2bar_tap", "bundled/groove_2bar_add_closed_hh"
MODES = [(texts.HUMANISE, HUMANIZE), (texts.TAP_TO_DRUMS, TAP), (texts.ADD_HI_HAT, HI_HAT)]
TEMPERATURE = 0.5
TEMPO_ID = "groove-tempo"


class Groove:
    """The tab's components."""

    def __init__(self, theme: gr.Textbox) -> None:
        """Must be made inside the tab that shall hold it."""
        with gr.Row(elem_classes="room"):
            with gr.Column(scale=2, min_width=300, elem_classes="settings"):
                self.slot = Slot(texts.INPUT, "slot-groove", theme, ("drums", "taps"))
                self.mode = gr.Radio(MODES, value=HUMANIZE, label=texts.MODE, elem_id="groove-mode")
                with gr.Accordion(texts.TAP_PAD, open=False, elem_id="tap-box") as self.pad_box:
                    self.pad = taps.build(TEMPO_ID)
                amount = gr.Slider(*AMOUNT, value=1, step=0.05, label=texts.AMOUNT, info=texts.AMOUNT_INFO)
                dynamics = gr.Slider(*AMOUNT, value=1, step=0.05, label=texts.DYNAMICS, info=texts.DYNAMICS_INFO)
                keep_notes = gr.Checkbox(value=True, label=texts.KEEP_NOTES, info=texts.KEEP_NOTES_INFO)
                keep_dynamics = gr.Checkbox(label=texts.KEEP_DYNAMICS, info=texts.KEEP_DYNAMICS_INFO)
                temperature = gr.Slider(
                    0.05, 1.5, value=TEMPERATURE, step=0.05, label=texts.TEMPERATURE, info=texts.FEEL_TEMPERATURE_INFO
                )
                self.qpm = gr.Slider(40, 240, value=110, step=1, label=texts.QPM, elem_id=TEMPO_ID)
                seed = gr.Number(value=1, precision=0, label=texts.SEED, info=texts.SEED_INFO)
                self.button = gr.Button(texts.GROOVE, variant="primary", size="lg", elem_id="groove")
            with gr.Column(scale=5, min_width=320):
                self.said = gr.HTML(f'<div class="empty">{texts.GROOVE_EMPTY}</div>', elem_id="groove-said")
                self.before, self.after = rolls.Roll("before"), rolls.Roll("after")
                self.zip = gr.DownloadButton(texts.GROOVE_AS_ZIP, visible=False, elem_id="groove-zip")
        self.slot.clip.change(
            lambda clip: clip.qpm if clip else gr.skip(), self.slot.clip, self.qpm, api_visibility="private"
        )
        self.mode.change(
            lambda mode: [gr.update(interactive=mode != TAP), gr.update(open=mode == TAP)],
            self.mode,
            [keep_notes, self.pad_box],
            api_visibility="private",
        )
        self.pad.submit(
            self._tapped, theme, [*self.slot.components, self.mode], api_visibility="private", show_progress="hidden"
        )
        self.button.click(
            self._groove,
            [
                self.slot.clip, self.mode, amount, dynamics, keep_notes, keep_dynamics, temperature, self.qpm, seed,
                theme,
            ],
            self.components,
            api_visibility="private",
            concurrency_limit=2,
            concurrency_id="studio",
            show_progress="full",
            show_progress_on=[self.said],
        )  # fmt: skip

    @property
    def components(self) -> list[gr.components.Component]:
        """In the order in which `filled` gives their values."""
        return [self.said, *self.before.components, *self.after.components, self.zip]

    def filled(self, performance, theme: str, seconds: float) -> list:
        """Values for `components` that show the input and what came of it, above each other."""
        from core import export
        from core.clip import to_midi

        recipe = performance.recipe
        before, after = replace(recipe.clips[0], qpm=recipe.qpm), performance.clips[0]
        stem = recipe.model.split("/", 1)[-1]
        shown = [rolls.Shown(before, texts.BEFORE, f"{stem}_before"), rolls.Shown(after, texts.AFTER, stem)]
        values = rolls.filled(shown, theme)
        contents = {f"{stem}_before.mid": to_midi(before), f"{stem}.mid": to_midi(after)}
        name = f"{stem}_{recipe.seed}.zip"
        return [
            notice(texts.GROOVE_MADE.format(bars=after.bars, seed=recipe.seed, seconds=seconds)),
            *values,
            gr.update(value=rolls.keep_file(export.archive(contents, recipe), name), visible=True),
        ]

    def _tapped(self, theme: str, event: gr.EventData) -> list:
        from core.taps import clip_of_taps

        data = event._data if isinstance(event._data, dict) else {}
        times = data.get("taps")
        times = [float(t) for t in times if isinstance(t, int | float)] if isinstance(times, list) else []
        return guarded(
            lambda: [*self.slot.filled(clip_of_taps(times, data.get("qpm")), theme), TAP],
            lambda said: [*self.slot.unchanged(said), gr.skip()],
        )

    def _groove(
        self,
        clip,
        model: str,
        amount: float,
        dynamics: float,
        keep_notes: bool,
        keep_dynamics: bool,
        temperature: float,
        qpm: float,
        seed: float | None,
        theme: str,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (this is how Gradio injects it)
    ) -> list:
        started = time.monotonic()
        unchanged = [gr.skip()] * (len(self.components) - 1)

        def make() -> list:
            if clip is None:
                return [notice(texts.GROOVE_MISSING, "wrong"), *unchanged]
            recipe = Recipe(
                "groove",
                model,
                new_seed() if seed is None else seed,
                temperature=temperature,
                qpm=qpm,
                clips=(clip,),
                amount=amount,
                dynamics=dynamics,
                keep_notes=bool(keep_notes) and model != TAP,
                keep_dynamics=bool(keep_dynamics),
            )
            performance = performed(recipe, progress)
            return self.filled(performance, shown_theme(theme), time.monotonic() - started)

        return guarded(make, lambda said: [said, *unchanged])
