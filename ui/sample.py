"""The Sample tab: settings, Generate, and a card for each clip."""

from __future__ import annotations

import time

import gradio as gr

from core.limits import CLIPS_ON_THE_PAGE, REQUESTS_AT_ONCE, whole_number_within
from core.recipe import Recipe
from core.seeds import new_seed
from ui import models, rolls, texts, tries
from ui.cards import Cards
from ui.crowd import STUDIO
from ui.links import page_address
from ui.notices import guarded, notice
from ui.performing import TEMPERATURES, performed, reaching, shown_theme, usual_temperature

NEW_BEATS = "bundled/drums_2bar.lokl"


class Sample:
    """The tab's components."""

    def __init__(self, theme: gr.Textbox) -> None:
        """Must be made inside the tab that shall hold it; `theme` holds 'light' or 'dark', as the visitor's browser
        shows the page."""
        with gr.Row(elem_classes="room"):
            with gr.Column(scale=2, min_width=300, elem_classes="settings"):
                model = gr.Dropdown(
                    models.menu("sample"),
                    value=NEW_BEATS,
                    label=texts.MODEL,
                    info=texts.MODEL_INFO,
                    filterable=False,
                    elem_id="sample-model",
                )
                count = gr.Slider(*CLIPS_ON_THE_PAGE, value=4, step=1, label=texts.COUNT)
                self.temperature = temperature = gr.Slider(
                    0.1,
                    1.5,
                    value=TEMPERATURES["drums"],
                    step=0.05,
                    label=texts.TEMPERATURE,
                    info=texts.TEMPERATURE_INFO,
                )
                # The page leaves the length to the model; a link need not.
                bars = gr.Number(None, precision=0, label=texts.BARS, info=texts.BARS_INFO, visible=False)
                same_z = gr.Checkbox(label=texts.SAME_Z, info=texts.SAME_Z_INFO)
                self.qpm = gr.Slider(40, 240, value=110, step=1, label=texts.QPM)
                sound = rolls.sound_menu("sample-sound")
                with gr.Row(elem_classes="seed"):
                    seed = gr.Number(
                        value=1, precision=0, label=texts.SEED, info=texts.SEED_INFO, min_width=120, scale=4
                    )
                    dice = gr.Button(texts.DICE, min_width=48, scale=0, elem_id="dice")
                every_time = gr.Checkbox(value=True, label=texts.NEW_SEED)
                generate = gr.Button(texts.GENERATE, variant="primary", size="lg", elem_id="generate")
                self.surprise = gr.Button(texts.SURPRISE, size="lg", elem_id="surprise")
            with gr.Column(scale=5, min_width=320):
                self.said = gr.HTML(f'<div class="empty">{tries.empty("sample")}</div>', elem_id="said", min_height=60)
                self.cards = Cards()
                # What “Surprise me” made of the samples.
                self.path, self.played = rolls.Roll("surprise-path"), rolls.Roll("surprise-played")
        # What a link sets, in the order of `_settings`.
        self.controls = [model, count, temperature, same_z, self.qpm, bars, sound, seed, every_time]
        # Only a visitor's own choice: a link brings its temperature with it.
        model.input(
            self._model_chosen,
            [model, temperature],
            [sound, temperature],
            api_visibility="private",
            show_progress="hidden",
        )
        self.cards.play_in(sound, theme)
        dice.click(new_seed, None, seed, api_visibility="private", queue=False)
        dice.click(lambda: False, None, every_time, api_visibility="private", queue=False)
        generate.click(
            self._sample,
            [model, count, temperature, same_z, self.qpm, sound, seed, every_time, theme, bars],
            [self.said, seed, self.path.picture, self.played.picture, *self.cards.components],
            api_visibility="private",
            concurrency_limit=REQUESTS_AT_ONCE,
            concurrency_id=STUDIO,
            show_progress="full",
            show_progress_on=[self.said],
        )

    @staticmethod
    def _model_chosen(model: str, temperature: float) -> list:
        choice = models.choice_of(model)
        return [
            gr.update(visible=choice.plays != "drums"),
            usual_temperature(choice.plays, choice.bars, temperature),
        ]

    def _sample(
        self,
        model: str,
        count: int,
        temperature: float,
        same_z: bool,
        qpm: float,
        sound: int,
        seed: float | None,
        every_time: bool,
        theme: str,
        bars: float | None,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (this is how Gradio injects it)
    ) -> list:
        started = time.monotonic()

        def make() -> list:
            recipe = Recipe(
                "sample",
                model,
                new_seed() if every_time or seed is None else seed,
                whole_number_within(count, CLIPS_ON_THE_PAGE, "The number of clips"),
                temperature,
                bool(same_z),
                qpm,
                bars or None,
            )
            performance = performed(recipe, progress)
            values = self.cards.filled(performance, shown_theme(theme), page_address(request), sound)
            return [_made(recipe, time.monotonic() - started), recipe.seed, "", "", *values]

        return guarded(make, lambda said: [said, gr.skip(), gr.skip(), gr.skip(), *self.cards.unchanged()])

    @property
    def opened_components(self) -> list[gr.components.Component]:
        """In the order in which `opened` gives their values."""
        return [self.said, self.path.picture, self.played.picture, *self.controls, *self.cards.components]

    def opened(self, performance, theme: str, seconds: float, address: str) -> list:
        """Values for `opened_components` that show a link's result with its settings."""
        recipe = performance.recipe
        cards = self.cards.filled(performance, theme, address)
        return [_made(recipe, seconds), "", "", *self._settings(recipe), *cards]

    def _settings(self, recipe: Recipe) -> list:
        return [
            recipe.model,
            recipe.count,
            reaching(self.temperature, recipe.temperature),
            recipe.same_z,
            reaching(self.qpm, recipe.qpm),
            gr.update(value=recipe.bars, visible=recipe.bars is not None),
            gr.update(value=0, visible=models.choice_of(recipe.model).plays != "drums"),
            recipe.seed,
            False,
        ]

    @staticmethod
    def why_not(recipe: Recipe) -> str:
        """Why the page cannot show a link's result, if it cannot."""
        choice = models.choice_of(recipe.model)
        if choice is None or "sample" not in choice.does:
            return texts.NOT_IN_THE_MENU.said(model=recipe.model[:60])
        if recipe.count > CLIPS_ON_THE_PAGE[1]:
            return texts.TOO_MANY_FOR_THE_PAGE.said(count=recipe.count, most=CLIPS_ON_THE_PAGE[1])
        return ""

    @staticmethod
    def remark(recipe: Recipe) -> str:
        """What to know before changing a link's settings."""
        return ""


def _made(recipe: Recipe, seconds: float) -> str:
    made = texts.ONE_CLIP if recipe.count == 1 else texts.CLIPS.filled(count=recipe.count)
    return notice(texts.MADE_IN_SECONDS.said(count=made, seed=recipe.seed, seconds=seconds))
