"""A performance as files: MIDI, sound and pictures under one naming rule, and everything as a zip with its recipe."""

from __future__ import annotations

import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from core import limits, making, pianoroll
from core.clip import Clip, to_midi
from core.errors import AudioUnavailableError
from core.kept import Kept
from core.making import SILENCE, Wanted
from core.performance import Performance
from core.recipe import Recipe
from core.sentences import Sentence

KINDS = ("mid", "wav", "mp3", "png", "svg")
# What the page's players are given. An MP3 is smaller, but of all that a crowd waited for a fifth was its encoding.
PREVIEW = "flac"
SOUNDS = ("wav", "mp3", PREVIEW)
# A fixed date, so that the same recipe gives the same zip.
ZIP_DATE = (1980, 1, 1, 0, 0, 0)

_kept = Kept(limits.KEPT_BYTES)


def clip_file(
    clip: Clip,
    kind: str,
    clip_bars: int | None = None,
    theme: str = "light",
    spread: bool = False,
    melody_program: int | None = None,
) -> bytes:
    """A clip as a file of one of the `KINDS` or a `PREVIEW`; `clip_bars` shades the parts of a joined one, `spread`
    draws a picture as wide as its bars are many, `melody_program` is the sound of a melody (only when it is played).

    Raises `AudioUnavailableError` for the `SOUNDS` where there is no synthesizer.
    """
    if kind == "mid":
        return to_midi(clip)
    # Its name is neither seen nor heard.
    wanted = Wanted(replace(clip, name=""), kind, clip_bars, theme, spread)
    if kind in SOUNDS:
        program = melody_program if clip.plays != "drums" else 0
        wanted = Wanted(wanted.clip, kind, melody_program=program or 0)
    # A WAV is large, and hardly ever wanted twice.
    return making.made(wanted) if kind == "wav" else _kept.get(wanted, lambda: making.made(wanted))


def why_silent() -> Sentence | None:
    """Why nothing can be heard, in a sentence, or None if all is well."""
    try:
        clip_file(SILENCE, PREVIEW)
    except AudioUnavailableError as error:
        return error.sentence
    return None


def files(
    performance: Performance,
    kinds: tuple[str, ...] = ("mid",),
    theme: str = "light",
    melody_program: int | None = None,
) -> dict[str, bytes]:
    """File names and contents: `NAME_00.mid`, `NAME_01.mid` … a clip each, `NAME.mid` for the joined music, and of
    what a band plays also `NAME_00_bass.mid` and so on, an instrument each.

    NAME is the model's name without its source. Raises `AudioUnavailableError` as `clip_file` does.
    """
    name = performance.recipe.model.split("/", 1)[-1]
    named = {f"{name}_{number:02d}": (clip, None) for number, clip in enumerate(performance.clips)}
    if performance.joined:
        named[name] = (performance.joined, performance.clips[0].bars)
    wanted = [
        (f"{stem}.{kind}", clip, kind, bars, theme, clip.bars > pianoroll.LONG_BARS and bars is None)
        for stem, (clip, bars) in named.items()
        for kind in kinds
    ]

    def make(name: str, *what: object) -> tuple[str, bytes]:
        return name, clip_file(*what, melody_program=melody_program)

    # Sound is made outside Python's lock, so pictures are drawn meanwhile.
    with making.one_after_another(), ThreadPoolExecutor(max_workers=2) as pool:
        contents = dict(pool.map(lambda each: make(*each), wanted))
    if "mid" in kinds:
        for stem, (clip, _) in named.items():
            contents |= instruments(clip, stem)
    return contents


def instruments(clip: Clip, stem: str) -> dict[str, bytes]:
    """The MIDI files of what each instrument of a band plays, `STEM_bass.mid` and so on; none of a single one."""
    parts = clip.parts
    return {f"{stem}_{part}.mid": to_midi(alone) for part, alone in parts.items() if len(parts) > 1}


def archive(contents: dict[str, bytes], recipe: Recipe) -> bytes:
    """A zip of files with their `recipe.json`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in [*contents.items(), ("recipe.json", recipe_json(recipe))]:
            file.writestr(zipfile.ZipInfo(name, ZIP_DATE), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def recipe_json(recipe: Recipe) -> bytes:
    """The recipe as a file: its settings to read, and the text that makes the music again."""
    readable = recipe.settings() | {"recipe": recipe.to_string()}
    return json.dumps(readable, indent=2).encode() + b"\n"
