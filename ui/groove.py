"""The Groove tab: drums played like a drummer, drums from taps, and an added hi-hat; before and after."""

from __future__ import annotations

import time
from dataclasses import replace

import gradio as gr

from core.limits import AMOUNT, REQUESTS_AT_ONCE, STATE_SECONDS
from core.recipe import Recipe
from core.seeds import new_seed
from ui import models, rolls, taps, texts, tries
from ui.archives import Archive
from ui.crowd import STUDIO
from ui.interpolate import tempo_of
from ui.links import CopyLink, page_address
from ui.notices import guarded, notice
from ui.performing import performed, reaching, shown_theme
from ui.slots import Slot

HUMANISE, TAP, HI_HAT = "humanise", "tap", "hi-hat"
MODES = [(texts.HUMANISE, HUMANISE), (texts.TAP_TO_DRUMS, TAP), (texts.ADD_HI_HAT, HI_HAT)]
DRUMMER = "bundled/groove_2bar_humanize"
TEMPERATURE = 0.5
TEMPO_ID = "groove-tempo"


class Groove:
    """The tab's components."""

    def __init__(self, theme: gr.Textbox) -> None:
        """Must be made inside the tab that shall hold it."""
        with gr.Row(elem_classes="room"):
            with gr.Column(scale=2, min_width=300, elem_classes="settings"):
                self.slot = Slot("groove", theme, ("drums", "taps"))
                self.mode = gr.Radio(MODES, value=HUMANISE, label=texts.MODE, elem_id="groove-mode")
                self.model = gr.Dropdown(
                    models.menu(HUMANISE),
                    value=DRUMMER,
                    label=texts.DRUMMER,
                    info=texts.DRUMMER_INFO,
                    filterable=False,
                    elem_id="groove-model",
                )
                with gr.Accordion(texts.TAP_PAD, open=False, elem_id="tap-box") as self.pad_box:
                    self.pad = taps.build(TEMPO_ID)
                amount = gr.Slider(*AMOUNT, value=1, step=0.05, label=texts.AMOUNT, info=texts.AMOUNT_INFO)
                dynamics = gr.Slider(*AMOUNT, value=1, step=0.05, label=texts.DYNAMICS, info=texts.DYNAMICS_INFO)
                keep_notes = gr.Checkbox(value=True, label=texts.KEEP_NOTES, info=texts.KEEP_NOTES_INFO)
                keep_dynamics = gr.Checkbox(label=texts.KEEP_DYNAMICS, info=texts.KEEP_DYNAMICS_INFO)
                self.temperature = temperature = gr.Slider(
                    0.05, 1.5, value=TEMPERATURE, step=0.05, label=texts.TEMPERATURE, info=texts.FEEL_TEMPERATURE_INFO
                )
                self.qpm = gr.Slider(40, 240, value=110, step=1, label=texts.QPM, elem_id=TEMPO_ID)
                seed = gr.Number(value=1, precision=0, label=texts.SEED, info=texts.SEED_INFO)
                self.button = gr.Button(texts.GROOVE, variant="primary", size="lg", elem_id="groove")
            with gr.Column(scale=5, min_width=320):
                self.said = gr.HTML(f'<div class="empty">{tries.empty("groove")}</div>', elem_id="groove-said")
                self.before, self.after = rolls.Roll("before"), rolls.Roll("after")
                with gr.Row(elem_classes="takings"):
                    self.link = CopyLink("groove-link")
                    self.zip = Archive(texts.ALL_AS_ZIP, "groove-zip")
        self.performance, self.from_link = (gr.State(None, time_to_live=STATE_SECONDS) for _ in range(2))
        # What a link sets, in the order of `_settings`.
        self.controls = [
            self.mode, self.pad_box, self.model, amount, dynamics, keep_notes, keep_dynamics, temperature, self.qpm,
            seed, self.from_link,
        ]  # fmt: skip
        self.zip.wire(self.performance, theme)
        self.slot.clip.change(tempo_of, [self.slot.clip, self.from_link], self.qpm, api_visibility="private")
        # Only a visitor's own choice: taps and links bring what goes with their mode.
        of_mode = [keep_notes, self.pad_box, self.model]
        self.mode.input(_of_mode, self.mode, of_mode, api_visibility="private", show_progress="hidden")
        self.pad.submit(
            self._tapped,
            theme,
            [*self.slot.components, self.mode, *of_mode],
            api_visibility="private",
            show_progress="hidden",
        )
        self.button.click(
            self._groove,
            [
                self.slot.clip, self.model, amount, dynamics, keep_notes, keep_dynamics, temperature, self.qpm, seed,
                theme,
            ],
            self.components,
            api_visibility="private",
            concurrency_limit=REQUESTS_AT_ONCE,
            concurrency_id=STUDIO,
            show_progress="full",
            show_progress_on=[self.said],
        )  # fmt: skip

    @property
    def components(self) -> list[gr.components.Component]:
        """In the order in which `filled` gives their values."""
        return [
            self.said,
            *self.before.components,
            *self.after.components,
            self.link.component,
            self.performance,
        ]

    def filled(self, performance, theme: str, seconds: float, address: str) -> list:
        """Values for `components` that show the input and what came of it, above each other, with a link to the page
        at `address`."""
        recipe = performance.recipe
        before, after = replace(recipe.clips[0], qpm=recipe.qpm), performance.clips[0]
        stem = recipe.model.split("/", 1)[-1]
        shown = [
            rolls.Shown(before, texts.BEFORE.said(), f"{stem}_before"),
            rolls.Shown(after, texts.AFTER.said(), stem),
        ]
        values = rolls.filled(shown, theme)
        return [
            notice(texts.GROOVE_MADE.said(bars=after.bars, seed=recipe.seed, seconds=seconds)),
            *values,
            self.link.filled(recipe, address),
            performance,
        ]

    def _tapped(self, theme: str, event: gr.EventData) -> list:
        from core.taps import clip_of_taps

        data = event._data if isinstance(event._data, dict) else {}
        times = data.get("taps")
        times = [float(t) for t in times if isinstance(t, int | float)] if isinstance(times, list) else []
        return guarded(
            lambda: [*self.slot.filled(clip_of_taps(times, data.get("qpm")), theme), TAP, *_of_mode(TAP)],
            lambda said: [*self.slot.unchanged(said), *[gr.skip()] * 4],
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
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (this is how Gradio injects it)
    ) -> list:
        started = time.monotonic()
        unchanged = [gr.skip()] * (len(self.components) - 1)

        def make() -> list:
            if clip is None:
                return [notice(texts.GROOVE_MISSING.said(), "wrong"), *unchanged]
            recipe = Recipe(
                "groove",
                model,
                new_seed() if seed is None else seed,
                temperature=temperature,
                qpm=qpm,
                clips=(clip,),
                amount=amount,
                dynamics=dynamics,
                keep_notes=bool(keep_notes) and _mode_of(model) != TAP,
                keep_dynamics=bool(keep_dynamics),
            )
            performance = performed(recipe, progress)
            seconds = time.monotonic() - started
            return self.filled(performance, shown_theme(theme), seconds, page_address(request))

        return guarded(make, lambda said: [said, *unchanged])

    @property
    def opened_components(self) -> list[gr.components.Component]:
        """In the order in which `opened` gives their values."""
        return [*self.components, *self.controls, *self.slot.components]

    def opened(self, performance, theme: str, seconds: float, address: str) -> list:
        """Values for `opened_components` that show a link's result with its settings and clip."""
        recipe = performance.recipe
        shown = self.filled(performance, theme, seconds, address)
        return [*shown, *self._settings(recipe), *self.slot.filled(recipe.clips[0], theme)]

    def _settings(self, recipe: Recipe) -> list:
        mode = _mode_of(recipe.model)
        keep_notes, pad_box, model = _of_mode(mode)
        # Taps become new notes whatever the box says.
        if mode != TAP:
            keep_notes["value"] = recipe.keep_notes
        return [
            mode,
            pad_box,
            model | {"value": recipe.model},
            recipe.amount,
            recipe.dynamics,
            keep_notes,
            recipe.keep_dynamics,
            reaching(self.temperature, recipe.temperature),
            reaching(self.qpm, recipe.qpm),
            recipe.seed,
            recipe,
        ]

    @staticmethod
    def why_not(recipe: Recipe) -> str:
        """Why the page cannot show a link's result, if it cannot."""
        return "" if _mode_of(recipe.model) else texts.NOT_IN_THE_MENU.said(model=recipe.model[:60])

    @staticmethod
    def remark(recipe: Recipe) -> str:
        """What to know before changing a link's settings."""
        return ""


def _of_mode(mode: str) -> list[dict]:
    """Updates of the box that keeps the notes, the tap pad and the menu of models."""
    menu = models.menu(mode)
    return [
        gr.update(interactive=mode != TAP),
        gr.update(open=mode == TAP),
        gr.update(choices=menu, value=menu[0][1]),
    ]


def _mode_of(model: str) -> str | None:
    """What a model does on this tab, None if the page does not offer it here."""
    choice = models.choice_of(model)
    return next((mode for _, mode in MODES if choice and mode in choice.does), None)
