"""The Interpolate tab: two slots, and the path between their clips."""

from __future__ import annotations

import time

import gradio as gr

from core.limits import INTERPOLATION_STEPS, REQUESTS_AT_ONCE, STATE_SECONDS
from core.recipe import Recipe
from core.seeds import new_seed
from ui import models, rolls, texts, tries
from ui.archives import Archive
from ui.crowd import STUDIO
from ui.links import CopyLink, page_address
from ui.notices import guarded, notice
from ui.performing import TEMPERATURES, performed, reaching, shown_theme, usual_temperature
from ui.slots import Slot

KINDS = ("drums", "melodies")
ALL = "all"
# The model's value on the menu where A and B decide.
BY_CLIPS = ""


class Interpolate:
    """The tab's components; `performance` holds the last result of this visit."""

    def __init__(self, theme: gr.Textbox) -> None:
        """Must be made inside the tab that shall hold it."""
        self.theme = theme
        with gr.Row(elem_classes="room"):
            with gr.Column(scale=2, min_width=300, elem_classes="settings"):
                bars = gr.Radio(texts.LENGTHS, value=2, label=texts.LENGTH, elem_id="path-length")
                self.a = Slot("a", theme, KINDS, bars)
                self.b = Slot("b", theme, KINDS, bars, beside=self.a)
                self.model = gr.Dropdown(
                    [(texts.THE_ONE_IN_THE_BOX, BY_CLIPS), *models.published_menu("interpolate")],
                    value=BY_CLIPS,
                    label=texts.MODEL,
                    info=texts.BLENDER_INFO,
                    filterable=False,
                    elem_id="path-model",
                )
                steps = gr.Slider(*INTERPOLATION_STEPS, value=6, step=1, label=texts.STEPS, info=texts.STEPS_INFO)
                self.temperature = temperature = gr.Slider(
                    0.1,
                    1.5,
                    value=TEMPERATURES["drums"],
                    step=0.05,
                    label=texts.TEMPERATURE,
                    info=texts.PATH_TEMPERATURE_INFO,
                )
                own_ends = gr.Checkbox(value=True, label=texts.OWN_ENDS, info=texts.OWN_ENDS_INFO)
                self.qpm = qpm = gr.Slider(40, 240, value=110, step=1, label=texts.QPM)
                sound = rolls.sound_menu("path-sound")
                seed = gr.Number(value=1, precision=0, label=texts.SEED, info=texts.SEED_INFO)
                self.button = gr.Button(texts.INTERPOLATE, variant="primary", size="lg", elem_id="interpolate")
            with gr.Column(scale=5, min_width=320):
                self.said = gr.HTML(
                    f'<div class="empty">{tries.empty("interpolate")}</div>', elem_id="interpolate-said"
                )
                self.path = rolls.Roll("path")
                with gr.Row(elem_classes="uses wide", elem_id="path-uses"):
                    self.step = gr.Dropdown(
                        [(texts.ALL_STEPS, ALL)], value=ALL, label=texts.STEP, filterable=False, min_width=150
                    )
                    self.uses = {
                        place: gr.Button(text, size="sm", min_width=60, elem_classes=f"use-{place}")
                        for place, text in texts.USES.items()
                    }
                with gr.Row(elem_classes="takings"):
                    self.link = CopyLink("path-link")
                    self.zip = Archive(texts.ALL_AS_ZIP, "path-zip")
        self.performance, self.from_link = (gr.State(None, time_to_live=STATE_SECONDS) for _ in range(2))
        # What a link sets, in the order of `_settings`.
        self.controls = [bars, self.model, steps, temperature, own_ends, qpm, sound, seed, self.from_link]
        self.zip.wire(self.performance, theme, sound)
        self.a.clip.change(tempo_of, [self.a.clip, self.from_link], qpm, api_visibility="private")
        for slot in (self.a, self.b):
            slot.clip.change(
                self._clip_came,
                [slot.clip, temperature, self.from_link],
                [sound, temperature],
                api_visibility="private",
                show_progress="hidden",
            )
        sound.change(self._resounded, [self.performance, sound], self.path.audio, api_visibility="private")
        self.button.click(
            self._interpolate,
            [self.a.clip, self.b.clip, self.model, steps, temperature, own_ends, qpm, sound, seed, theme],
            self.components,
            api_visibility="private",
            concurrency_limit=REQUESTS_AT_ONCE,
            concurrency_id=STUDIO,
            show_progress="full",
            show_progress_on=[self.said],
        )

    @property
    def components(self) -> list[gr.components.Component]:
        """In the order in which `filled` gives their values."""
        return [
            self.said,
            *self.path.components,
            self.step,
            self.link.component,
            self.performance,
        ]

    @staticmethod
    def _clip_came(clip, temperature: float, from_link: Recipe | None) -> list:
        if clip is None:
            return [gr.skip(), gr.skip()]
        came_with_settings = from_link is not None and clip in from_link.clips
        sound = gr.update(visible=clip.plays != "drums")
        return [sound, gr.skip() if came_with_settings else usual_temperature(clip.plays, clip.bars, temperature)]

    @staticmethod
    def _resounded(performance, sound: int):
        from core import export

        if performance is None or performance.joined.plays == "drums" or export.why_silent():
            return gr.skip()
        return rolls.keep_sound(performance.joined, "path", sound)

    def filled(self, performance, theme: str, seconds: float, address: str, sound: int | None = None) -> list:
        """Values for `components` that show a path, with a link to the page at `address`."""
        recipe, joined = performance.recipe, performance.joined
        stem = f"{recipe.model.split('/', 1)[-1]}_path"
        title = texts.PATH_TITLE.said(steps=recipe.count, bars=joined.bars)
        values = rolls.filled([rolls.Shown(joined, title, stem, performance.clips[0].bars)], theme, sound)
        choices = [(texts.ALL_STEPS.said(), ALL)]
        choices += [(texts.STEP_NUMBER.said(number=n), str(n)) for n in range(1, recipe.count + 1)]
        return [
            notice(texts.PATH_MADE.said(steps=recipe.count, seed=recipe.seed, seconds=seconds)),
            *values,
            gr.update(choices=choices, value=ALL),
            self.link.filled(recipe, address),
            performance,
        ]

    def _interpolate(
        self,
        a,
        b,
        model: str,
        steps: int,
        temperature: float,
        own_ends: bool,
        qpm: float,
        sound: int,
        seed: float | None,
        theme: str,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (this is how Gradio injects it)
    ) -> list:
        started = time.monotonic()
        unchanged = [gr.skip()] * (len(self.components) - 1)

        def make() -> list:
            missing = [name for name, clip in (("A", a), ("B", b)) if clip is None]
            if missing:
                return [notice(texts.SLOT_MISSING.said(slots=texts.AND.said().join(missing)), "wrong"), *unchanged]
            a_kind, b_kind = texts.KINDS[a.plays], texts.KINDS[b.plays]
            if (a.plays, a.bars) != (b.plays, b.bars):
                line = texts.TWO_KINDS.said(a=a_kind, b=b_kind, a_bars=a.bars, b_bars=b.bars)
                return [notice(line, "wrong"), *unchanged]
            fitting = models.blending(a.plays, a.bars)
            if not fitting:
                known = {choice.bars for choice in models.offered("interpolate") if choice.plays == a.plays}
                line = texts.NO_MODEL.said(
                    what=a_kind, bars=a.bars, known=texts.OR.said().join(map(str, sorted(known)))
                )
                return [notice(line, "wrong"), *unchanged]
            chosen = models.choice_of(model) or fitting[0]
            if chosen not in fitting:
                line = texts.WRONG_MODEL.said(
                    name=chosen.id.split("/", 1)[-1],
                    its_kind=texts.KINDS[chosen.plays],
                    its_bars=chosen.bars,
                    kind=a_kind,
                    bars=a.bars,
                )
                return [notice(line, "wrong"), *unchanged]
            recipe = Recipe(
                "interpolate",
                chosen.id,
                new_seed() if seed is None else seed,
                steps,
                temperature,
                qpm=qpm,
                clips=(a, b),
                own_ends=bool(own_ends),
            )
            performance = performed(recipe, progress)
            seconds = time.monotonic() - started
            return self.filled(performance, shown_theme(theme), seconds, page_address(request), sound)

        return guarded(make, lambda said: [said, *unchanged])

    @property
    def opened_components(self) -> list[gr.components.Component]:
        """In the order in which `opened` gives their values."""
        return [*self.components, *self.controls, *self.a.components, *self.b.components]

    def opened(self, performance, theme: str, seconds: float, address: str) -> list:
        """Values for `opened_components` that show a link's result with its settings and clips."""
        recipe = performance.recipe
        slots = [slot.filled(clip, theme) for slot, clip in zip((self.a, self.b), recipe.clips, strict=True)]
        shown = self.filled(performance, theme, seconds, address)
        return [*shown, *self._settings(recipe), *slots[0], *slots[1]]

    def _settings(self, recipe: Recipe) -> list:
        bars = recipe.clips[0].bars
        return [
            bars if bars in dict(texts.LENGTHS).values() else gr.skip(),
            _menu_value(recipe),
            recipe.count,
            reaching(self.temperature, recipe.temperature),
            recipe.own_ends,
            reaching(self.qpm, recipe.qpm),
            gr.update(value=0, visible=recipe.clips[0].plays != "drums"),
            recipe.seed,
            recipe,
        ]

    @staticmethod
    def why_not(recipe: Recipe) -> str:
        """Why the page cannot show a link's result, if it cannot."""
        return ""

    @staticmethod
    def remark(recipe: Recipe) -> str:
        """What to know before changing a link's settings."""
        a, b = recipe.clips
        fitting = models.blending(a.plays, a.bars) if (a.plays, a.bars) == (b.plays, b.bars) else []
        if not fitting or recipe.model in [choice.id for choice in fitting]:
            return ""
        return texts.OTHER_MODEL.said(model=recipe.model, ours=fitting[0].id)


def _menu_value(recipe: Recipe) -> str:
    choice = models.choice_of(recipe.model)
    return BY_CLIPS if choice is None or choice in models.BUNDLED else choice.id


def tempo_of(clip, from_link: Recipe | None):
    """The tempo that comes with a clip; that of the link, which is set already, with the clips of a link."""
    return gr.skip() if clip is None or (from_link is not None and clip in from_link.clips) else clip.qpm
