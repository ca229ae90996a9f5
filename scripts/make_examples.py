"""The example clips in assets/midi, written as text: `python -m scripts.make_examples` makes the files again.

A line is a drum, a character a sixteenth note, and bars are parted by `|`: `X` an accent, `x` a hit, `o` a soft one.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.clip import TICKS_PER_QUARTER, Clip, Note, to_midi
from core.converters.drums import CLASS_NAMES, CLASS_PITCHES, DRUM_INSTRUMENT
from core.converters.windows import STEPS_PER_BAR, STEPS_PER_QUARTER
from core.examples import EXAMPLES_FOLDER, file_name

TICKS_PER_STEP = TICKS_PER_QUARTER // STEPS_PER_QUARTER
VELOCITIES = {"X": 112, "x": 92, "o": 48}


@dataclass(frozen=True)
class Example:
    """A clip as text. `late` says how many milliseconds after the grid the hits of a tapped rhythm fall, in order."""

    name: str
    qpm: float
    lines: Mapping[str, str]
    late: tuple[int, ...] = ()


DRUMS = (
    Example(
        "Straight rock",
        116,
        {
            "crash": "        X...............|................",
            "open hi-hat": "  ................|..............x.",
            "closed hi-hat": "..x.x.x.x.x.x.x.|x.x.x.x.x.x.x...",
            "snare": "        ....X.......X...|....X.......X...",
            "kick": "         x.......x.x.....|x.....x.x.x.....",
        },
    ),
    Example(
        "Four on the floor",
        124,
        {
            "open hi-hat": "  ..x...x...x...x.|..x...x...x...x.",
            "closed hi-hat": "xo.o.o.oxo.o.o.o|xo.o.o.oxo.o.o.o",
            "snare": "        ....X.......X...|....X.......X..x",
            "kick": "         X...X...X...X...|X...X...X...X...",
        },
    ),
    Example(
        "Boom bap",
        90,
        {
            "open hi-hat": "  ................|..............x.",
            "closed hi-hat": "x.x.x.x.x.x.x.x.|x.x.x.x.x.x.x...",
            "snare": "        ....X.......X..o|....X..o.o..X...",
            "kick": "         X..x...x..x.....|X..x......xx....",
        },
    ),
    Example(
        "Bossa nova",
        144,
        {
            "closed hi-hat": "x.x.x.x.x.x.x.x.|x.x.x.x.x.x.x.x.",
            "snare": "        x.....x.....x...|....x.....x.....",
            "kick": "         x.....o.x.....o.|x.....o.x.....o.",
        },
    ),
    Example(
        "Second line",
        98,
        {
            "crash": "        ................|............X...",
            "closed hi-hat": "....x.......x...|....x.......x...",
            "snare": "        X.oX.oX.o.X.X.oo|X.oX.oX.ooXoX.o.",
            "kick": "         x.....x.....x...|x..x..x.....X...",
        },
    ),
    Example(
        "Train beat",
        108,
        {
            "closed hi-hat": "..x...x...x...x.|..x...x...x...x.",
            "snare": "        ooXoooXoooXoooXo|ooXoooXooXooXoXo",
            "kick": "         x...x...x...x...|x...x...x...x...",
        },
    ),
    Example(
        "Chopped break",
        165,
        {
            "ride": "         x.x.x.x.x.x.x.x.|x.x.x.x.x.x.x.x.",
            "snare": "        ....X..o.o..X..o|.o..X....oX...X.",
            "kick": "         x.....x...x.....|x.x....x.....x..",
        },
    ),
    Example(
        "Trap hats",
        140,
        {
            "open hi-hat": "  ................|......x.........",
            "closed hi-hat": "x.x.x.x.x.xxx.x.|x.xox...x.x.xoxo",
            "snare": "        ........X.......|........X.......",
            "kick": "         X.....x....x....|X.........x..x..",
        },
    ),
    Example(
        "Tom groove",
        104,
        {
            "crash": "        X...............|................",
            "high tom": "     ................|..........xx....",
            "mid tom": "      ................|............xx..",
            "low tom": "      ..xxX.x.X.xxX.x.|X.xxX.x.X.....xx",
            "snare": "        ....X.......X...|....X...........",
            "kick": "         x.....x.x.......|x.....x.x...x...",
        },
    ),
)
TAPS = (
    Example(
        "Tap: son clave",
        104,
        {"snare": "X..x..x...x.x...|X..x..x...x.x..."},
        (6, -14, 11, 19, -8, -12, 9, 22, 13, -17),
    ),
    Example(
        "Tap: tresillo",
        92,
        {"snare": "X..x..x.X..x..x.|X..x..x.X..x..x."},
        (4, 21, 34, -7, 16, 29, 9, 25, 12, -15, 18, 38),
    ),
    Example(
        "Tap: four to the bar with a push",
        112,
        {"snare": "x...X...x...X.X.|....X...x...X..."},
        (12, 24, 7, 28, -26, 19, 5, 23),
    ),
)


def clip_of(example: Example) -> Clip:
    """The music that an example's text says. Raises ValueError if the text is no drums, or its lines differ in bars."""
    lines = {drum: line.strip().split("|") for drum, line in example.lines.items()}
    counts = {len(bars) for bars in lines.values()}
    steps = {drum: "".join(bars) for drum, bars in lines.items()}
    if len(counts) != 1 or any(len(bar) != STEPS_PER_BAR for bars in lines.values() for bar in bars):
        raise ValueError(f"{example.name}: every line must have as many bars of {STEPS_PER_BAR} characters")
    if not set("".join(steps.values())) <= {*VELOCITIES, "."}:
        raise ValueError(f"{example.name}: a character may be one of {', '.join(VELOCITIES)} and the full stop")
    hits = sorted((step, drum) for drum, line in steps.items() for step, mark in enumerate(line) if mark != ".")
    late = example.late or (0,) * len(hits)
    ticks_per_millisecond = example.qpm / 60_000 * TICKS_PER_QUARTER
    notes = []
    for (step, drum), milliseconds in zip(hits, late, strict=True):
        start = step * TICKS_PER_STEP + round(milliseconds * ticks_per_millisecond)
        velocity = VELOCITIES[steps[drum][step]]
        pitch = CLASS_PITCHES[CLASS_NAMES.index(drum)]
        notes.append(Note(start, pitch, start + TICKS_PER_STEP, velocity, True, DRUM_INSTRUMENT))
    return Clip(tuple(notes), counts.pop(), example.qpm, example.name)


def files() -> dict[str, bytes]:
    """Names and contents of the MIDI files."""
    return {file_name(example.name): to_midi(clip_of(example)) for example in DRUMS + TAPS}


def main() -> None:
    """Writes the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output-dir", type=Path, default=EXAMPLES_FOLDER)
    folder = parser.parse_args().output_dir
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files().items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
