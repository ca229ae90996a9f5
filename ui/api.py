"""Endpoints for programs: `/sample`, `/interpolate` and `/groove`, with typed and named arguments.

They take the same path as the page. Files come and go as MIDI; a wrong setting is an error with the page's sentence.
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from core import limits
from core.errors import LatentJamError
from core.recipe import Recipe
from core.seeds import new_seed
from ui import rolls

NEW = -1


def build() -> None:
    """Adds the endpoints to the Blocks in which it is called; nothing of them is seen on the page."""
    midi = {"file_types": [".mid", ".midi"]}
    with gr.Row(visible=False):
        files, file, recipe = gr.File(label="MIDI files", file_count="multiple"), gr.File(label="MIDI"), gr.Textbox()
        model = gr.Textbox("bundled/drums_2bar.lokl", label="model")
        blending = gr.Textbox("bundled/drums_2bar.hikl", label="model")
        feel = gr.Textbox("bundled/groove_2bar_humanize", label="model")
        count = gr.Number(4, label="num_outputs")
        steps = gr.Number(6, label="num_outputs")
        temperature = gr.Number(0.5, label="temperature")
        same_z = gr.Checkbox(label="same_z")
        qpm = gr.Number(120, label="qpm")
        own_qpm = gr.Number(0, label="qpm, 0 for the file's own")
        seed = gr.Number(NEW, precision=0, label=f"seed, {NEW} for a new one")
        a, b, drums = gr.File(label="A", **midi), gr.File(label="B", **midi), gr.File(label="drums", **midi)
        own_ends = gr.Checkbox(True, label="own_ends")
        amount, dynamics = gr.Number(1, label="amount"), gr.Number(1, label="dynamics")
        keep_notes, keep_dynamics = gr.Checkbox(True, label="keep_notes"), gr.Checkbox(label="keep_dynamics")
        trigger = gr.Button()
    for name, function, inputs, outputs in (
        ("sample", sample, [model, count, temperature, same_z, qpm, seed], [files, recipe]),
        ("interpolate", interpolate, [a, b, blending, steps, temperature, own_ends, qpm, seed], [file, files, recipe]),
        (
            "groove",
            groove,
            [drums, feel, amount, dynamics, keep_notes, keep_dynamics, temperature, own_qpm, seed],
            [file, recipe],
        ),
    ):
        trigger.click(
            function,
            inputs,
            outputs,
            api_name=name,
            concurrency_limit=2,
            concurrency_id="studio",
            show_progress="hidden",
        )


def sample(
    model: str, num_outputs: float, temperature: float, same_z: bool, qpm: float, seed: float
) -> tuple[list[str], str]:
    """New clips: their MIDI files, and the recipe that makes them again."""
    recipe = _recipe("sample", model, seed, count=num_outputs, temperature=temperature, same_z=same_z, qpm=qpm)
    performance = _perform(recipe)
    return _kept(performance.clips, recipe), performance.recipe.to_string()


def interpolate(
    midi_a: str,
    midi_b: str,
    model: str,
    num_outputs: float,
    temperature: float,
    own_ends: bool,
    qpm: float,
    seed: float,
) -> tuple[str, list[str], str]:
    """A path from A to B: the joined MIDI file, one of each step, and the recipe. Of a file that holds more than the
    model's bars, the first part that fits is taken."""
    from core import catalog, uploads

    try:
        entry = catalog.find(model, catalog.CATALOG)
        clips = tuple(
            uploads.windows(*_read(path), entry.bars, (entry.plays,)).windows[0].clip for path in (midi_a, midi_b)
        )
    except LatentJamError as error:
        raise gr.Error(str(error)) from None
    recipe = _recipe(
        "interpolate", model, seed, count=num_outputs, temperature=temperature, own_ends=own_ends, qpm=qpm, clips=clips
    )
    performance = _perform(recipe)
    return _kept([performance.joined], recipe)[0], _kept(performance.clips, recipe), recipe.to_string()


def groove(
    midi: str,
    model: str,
    amount: float,
    dynamics: float,
    keep_notes: bool,
    keep_dynamics: bool,
    temperature: float,
    qpm: float,
    seed: float,
) -> tuple[str, str]:
    """Drums of any length, played like a drummer: the MIDI file, and the recipe."""
    from core import uploads

    try:
        clip, _ = uploads.drum_music(*_read(midi))
    except LatentJamError as error:
        raise gr.Error(str(error)) from None
    recipe = _recipe(
        "groove",
        model,
        seed,
        temperature=temperature,
        qpm=qpm or clip.qpm,
        clips=(clip,),
        amount=amount,
        dynamics=dynamics,
        keep_notes=keep_notes,
        keep_dynamics=keep_dynamics,
    )
    return _kept(_perform(recipe).clips, recipe)[0], recipe.to_string()


def _recipe(operation: str, model: str, seed: float, **settings: object) -> Recipe:
    try:
        return Recipe(operation, model, new_seed() if seed == NEW else seed, **settings)
    except LatentJamError as error:
        raise gr.Error(str(error)) from None


def _perform(recipe: Recipe):
    from core.studio import perform

    try:
        return perform(recipe)
    except LatentJamError as error:
        raise gr.Error(str(error)) from None


def _read(path: str | None) -> tuple[bytes, str]:
    if not path:
        raise gr.Error("A MIDI file is missing.")
    with Path(path).open("rb") as file:
        return file.read(limits.MAX_UPLOAD_BYTES + 1), Path(path).name


def _kept(clips, recipe: Recipe) -> list[str]:
    from core.clip import to_midi

    stem = recipe.model.split("/", 1)[-1]
    return [rolls.keep_file(to_midi(clip), f"{stem}_{number:02d}.mid") for number, clip in enumerate(clips)]
