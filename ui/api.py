"""Endpoints for programs and tools for assistants: `/sample`, `/interpolate`, `/groove`, `/play` and `/link`.

They take the same path as the page. Files come and go as MIDI; a wrong setting is an error with the page's sentence.
Gradio shows the docstrings to strangers: the first lines describe an endpoint, those under Args its arguments, and a
function's name is the tool's.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import gradio as gr

from core import limits
from core.errors import LatentJamError
from core.limits import REQUESTS_AT_ONCE
from core.recipe import Recipe
from core.seeds import new_seed
from ui import links, performing
from ui.crowd import STUDIO
from ui.kept_files import keep_file
from ui.languages import spoken

NEW = -1


def build() -> None:
    """Adds the endpoints to the Blocks in which it is called; nothing of them is seen on the page."""
    midi = {"file_types": [".mid", ".midi"]}
    with gr.Row(visible=False):
        files, file = gr.File(label="MIDI files", file_count="multiple"), gr.File(label="MIDI file")
        recipe, link = gr.Textbox(label="recipe"), gr.Textbox(label="link")
        jam = gr.Textbox(label="link or recipe")
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
    # Gradio's own examples would be "Hello!!" and 3.
    for component in (model, blending, feel, count, steps, temperature, same_z, qpm, own_qpm, own_ends, amount):
        component.example_inputs = partial(_same, component.value)
    for component in (dynamics, keep_notes, keep_dynamics):
        component.example_inputs = partial(_same, component.value)
    for component, name in ((a, "a.mid"), (b, "b.mid"), (drums, "beat.mid")):
        component.example_inputs = partial(_file_named, name)
    beat = Recipe("sample", "bundled/drums_2bar.lokl", 7).to_string()
    for component, example in ((recipe, beat), (jam, beat), (seed, 7)):
        component.example_inputs = partial(_same, example)
    for name, function, inputs, outputs in (
        ("sample", make_clips, [model, count, temperature, same_z, qpm, seed], [files, recipe]),
        (
            "interpolate",
            blend_two_clips,
            [a, b, blending, steps, temperature, own_ends, qpm, seed],
            [file, files, recipe],
        ),
        (
            "groove",
            play_like_a_drummer,
            [drums, feel, amount, dynamics, keep_notes, keep_dynamics, temperature, own_qpm, seed],
            [file, recipe],
        ),
        ("play", play_recipe, [jam], [files, recipe, link]),
        ("link", share_link, [recipe], [link]),
    ):
        trigger.click(
            function,
            inputs,
            outputs,
            api_name=name,
            concurrency_limit=REQUESTS_AT_ONCE,
            concurrency_id=STUDIO,
            show_progress="hidden",
        )


def _same(example: object) -> object:
    return example


def _file_named(name: str) -> dict:
    """What the API page shows as an example of a file argument."""
    return {"path": name, "meta": {"_type": "gradio.FileData"}, "orig_name": name, "url": name}


def make_clips(
    model: str, num_outputs: float, temperature: float, same_z: bool, qpm: float, seed: float
) -> tuple[list[str], str]:
    """Makes new beats, melodies or a small band as MIDI files. Use this to make a beat from nothing. To let somebody
    hear the result in the browser, pass the returned recipe to the tool share_link.

    Args:
        model: what to make. bundled/drums_2bar.lokl: drum beats of 2 bars. bundled/melody_2bar: melodies of 2 bars. bundled/melody_16bar: melodies of 16 bars. bundled/trio_16bar: melody, bass and drums, 16 bars.
        num_outputs: how many clips, 1 to 16.
        temperature: 0.01 to 2. Low plays it safe, high takes risks. 0.5 suits drums and melodies of 2 bars, 0.2 those of 16, 1 the trio.
        same_z: true for variations of one idea, false for different ideas.
        qpm: tempo in quarter notes a minute, 30 to 300.
        seed: the same seed and settings give the same music; -1 for a new one.

    Returns:
        the MIDI files, one a clip
        the recipe, a text that makes the same music again
    """  # noqa: E501 (Gradio reads one line an argument)
    recipe = _recipe("sample", model, seed, count=num_outputs, temperature=temperature, same_z=same_z, qpm=qpm)
    performance = _perform(recipe)
    return _kept(performance.clips, recipe), performance.recipe.to_string()


def blend_two_clips(
    midi_a: str,
    midi_b: str,
    model: str,
    num_outputs: float,
    temperature: float,
    own_ends: bool,
    qpm: float,
    seed: float,
) -> tuple[str, list[str], str]:
    """Blends one clip into another: a path of short clips from A to B, joined into one piece. Both are MIDI files of
    the same kind. Of a file that holds more than the model's bars, the first part that fits is taken.

    Args:
        midi_a: the MIDI file to begin with.
        midi_b: the MIDI file to end with.
        model: bundled/drums_2bar.hikl for two beats, bundled/melody_2bar or bundled/melody_16bar for two melodies, bundled/trio_16bar for two bands.
        num_outputs: how many clips the path has, A and B included, 2 to 32.
        temperature: 0.01 to 2. Low takes the likeliest clip at each point, high strays from it.
        own_ends: true to begin and end with A and B as they are, false for what the model makes of them.
        qpm: tempo of the result in quarter notes a minute, 30 to 300.
        seed: the same seed and settings give the same music; -1 for a new one.

    Returns:
        the joined MIDI file
        the MIDI files of the steps
        the recipe, a text that makes the same music again
    """  # noqa: E501 (Gradio reads one line an argument)
    from core import catalog, uploads

    try:
        entry = catalog.find(model, catalog.CATALOG)
        clips = tuple(
            uploads.windows(*_read(path), entry.bars, (entry.plays,)).windows[0].clip for path in (midi_a, midi_b)
        )
    except LatentJamError as error:
        raise gr.Error(spoken(error.sentence), print_exception=False) from None
    recipe = _recipe(
        "interpolate", model, seed, count=num_outputs, temperature=temperature, own_ends=own_ends, qpm=qpm, clips=clips
    )
    performance = _perform(recipe)
    return _kept([performance.joined], recipe)[0], _kept(performance.clips, recipe), recipe.to_string()


def play_like_a_drummer(
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
    """Humanises a drum pattern: gives it a drummer's timing and dynamics, or makes drums of a tapped rhythm.

    Args:
        midi: a MIDI file with drums, up to 64 bars.
        model: bundled/groove_2bar_humanize to humanise, bundled/groove_2bar_tap to make drums of a rhythm, bundled/groove_2bar_add_closed_hh to add a hi-hat.
        amount: how far to move the notes. 0 leaves them, 1 plays as the drummer, up to 1.3 exaggerates.
        dynamics: the same for how hard each drum is struck.
        keep_notes: true to keep every note and add none, false for the model's own hits.
        keep_dynamics: true to build on the velocities that are there.
        temperature: 0.01 to 2. Low plays the safest feel, high a freer one.
        qpm: tempo in quarter notes a minute, 30 to 300; 0 for the file's own.
        seed: the same seed and settings give the same music; -1 for a new one.

    Returns:
        the MIDI file
        the recipe, a text that makes the same music again
    """  # noqa: E501 (Gradio reads one line an argument)
    from core import uploads

    try:
        clip, _ = uploads.drum_music(*_read(midi))
    except LatentJamError as error:
        raise gr.Error(spoken(error.sentence), print_exception=False) from None
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


def play_recipe(jam: str, request: gr.Request) -> tuple[list[str], str, str]:
    """Makes the music of a share link or a recipe again, note for note, as MIDI files: to take along, or to change
    it with the other tools.

    Args:
        jam: a link that the page's button “Copy link” gave, or a recipe that another tool returned.

    Returns:
        the MIDI files, one a clip, of a path the joined one last
        the recipe
        a link that plays it in the browser
    """
    try:
        recipe = Recipe.from_link(jam)
        link = links.link(recipe, links.page_address(request))
    except LatentJamError as error:
        raise gr.Error(spoken(error.sentence), print_exception=False) from None
    performance = _perform(recipe)
    whole = [performance.joined] if performance.joined else []
    return _kept([*performance.clips, *whole], recipe), recipe.to_string(), link


def share_link(recipe: str, request: gr.Request) -> str:
    """Gives a link that opens the page with this music, to be heard, seen as a piano roll, changed and downloaded. Give
    it to the person you make music for.

    Args:
        recipe: what another tool returned as the recipe.

    Returns:
        the link
    """
    try:
        return links.link(Recipe.from_link(recipe), links.page_address(request))
    except LatentJamError as error:
        raise gr.Error(spoken(error.sentence), print_exception=False) from None


def _recipe(operation: str, model: str, seed: float, **settings: object) -> Recipe:
    try:
        return Recipe(operation, model, new_seed() if seed == NEW else seed, **settings)
    except LatentJamError as error:
        raise gr.Error(spoken(error.sentence), print_exception=False) from None


def _perform(recipe: Recipe):
    try:
        return performing.performed(recipe)
    except LatentJamError as error:
        raise gr.Error(spoken(error.sentence), print_exception=False) from None


def _read(path: str | None) -> tuple[bytes, str]:
    if not path:
        raise gr.Error("A MIDI file is missing.", print_exception=False)
    with Path(path).open("rb") as file:
        return file.read(limits.MAX_UPLOAD_BYTES + 1), Path(path).name


def _kept(clips, recipe: Recipe) -> list[str]:
    from core.clip import to_midi

    stem = recipe.model.split("/", 1)[-1]
    return [keep_file(to_midi(clip), f"{stem}_{number:02d}.mid") for number, clip in enumerate(clips)]
