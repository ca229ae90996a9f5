"""The Sample tab: settings, Generate, and a card for each clip."""

from __future__ import annotations

import logging
import time

import gradio as gr

from core.errors import LatentJamError
from core.limits import CLIPS_ON_THE_PAGE, whole_number_within
from core.recipe import Recipe
from core.seeds import new_seed
from ui import texts
from ui.cards import Cards, notice

log = logging.getLogger("latent_jam")

SAMPLING_MODELS = [
    ("Drums, 2 bars: new beats", "bundled/drums_2bar.lokl"),
    ("Drums, 2 bars: the wider space used for blending", "bundled/drums_2bar.hikl"),
]


def build(theme: gr.Textbox) -> None:
    """Adds the tab's components and events to the Blocks in which it is called.

    `theme` holds 'light' or 'dark', as the visitor's browser shows the page.
    """
    with gr.Row(elem_classes="room"):
        with gr.Column(scale=2, min_width=300, elem_classes="settings"):
            model = gr.Dropdown(
                SAMPLING_MODELS, value=SAMPLING_MODELS[0][1], label=texts.MODEL, info=texts.MODEL_INFO, filterable=False
            )
            count = gr.Slider(*CLIPS_ON_THE_PAGE, value=4, step=1, label=texts.COUNT)
            temperature = gr.Slider(
                0.1, 1.5, value=0.5, step=0.05, label=texts.TEMPERATURE, info=texts.TEMPERATURE_INFO
            )
            same_z = gr.Checkbox(label=texts.SAME_Z, info=texts.SAME_Z_INFO)
            qpm = gr.Slider(40, 240, value=110, step=1, label=texts.QPM)
            with gr.Row(elem_classes="seed"):
                seed = gr.Number(value=1, precision=0, label=texts.SEED, info=texts.SEED_INFO, min_width=120, scale=4)
                dice = gr.Button(texts.DICE, min_width=48, scale=0, elem_id="dice")
            every_time = gr.Checkbox(value=True, label=texts.NEW_SEED)
            generate = gr.Button(texts.GENERATE, variant="primary", size="lg", elem_id="generate")
        with gr.Column(scale=5, min_width=320):
            said = gr.HTML(f'<div class="empty">{texts.EMPTY}</div>', elem_id="said", min_height=60)
            cards = Cards()

    def sample(
        model: str,
        count: int,
        temperature: float,
        same_z: bool,
        qpm: float,
        seed: float | None,
        every_time: bool,
        theme: str,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (this is how Gradio injects it)
    ) -> list:
        started = time.monotonic()
        try:
            chosen = new_seed() if every_time or seed is None else seed
            recipe = Recipe(
                "sample",
                model,
                chosen,
                whole_number_within(count, CLIPS_ON_THE_PAGE, "The number of clips"),
                temperature,
                bool(same_z),
                qpm,
            )
            # TensorFlow comes with this import, and only then.
            from core.studio import perform

            progress(0.0, desc=texts.WAITING)
            performance = perform(recipe, lambda share, what: progress(0.7 * share, desc=what))
            progress(0.7, desc=texts.PICTURES_AND_SOUND)
            values = cards.filled(performance, "dark" if theme == "dark" else "light")
        except LatentJamError as error:
            return [notice(str(error), "wrong"), gr.skip(), *cards.unchanged()]
        except Exception:
            log.exception("sampling failed")
            return [notice(texts.BROKEN, "wrong"), gr.skip(), *cards.unchanged()]
        made = texts.ONE_CLIP if recipe.count == 1 else texts.CLIPS.format(count=recipe.count)
        seconds = time.monotonic() - started
        return [
            notice(texts.MADE_IN_SECONDS.format(count=made, seed=recipe.seed, seconds=seconds)),
            recipe.seed,
            *values,
        ]

    dice.click(new_seed, None, seed, api_visibility="private", queue=False)
    dice.click(lambda: False, None, every_time, api_visibility="private", queue=False)
    generate.click(
        sample,
        [model, count, temperature, same_z, qpm, seed, every_time, theme],
        [said, seed, *cards.components],
        api_visibility="private",
        concurrency_limit=2,
        concurrency_id="studio",
        show_progress="full",
        show_progress_on=[said],
    )
