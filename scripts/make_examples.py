"""The example clips in assets/midi, written as text: `python -m scripts.make_examples` makes the files again.

Of drums a line is a drum and a character a sixteenth note: `X` an accent, `x` a hit, `o` a soft one. A melody is a row
of notes with their lengths in sixteenths, `A4:3`, and rests, `r:4`. Bars are parted by `|`.
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
MELODY_VELOCITY = 92
SEMITONES = {"C": 0, "D": 2, "Eb": 3, "E": 4, "F": 5, "G": 7, "Ab": 8, "A": 9, "Bb": 10, "B": 11}


@dataclass(frozen=True)
class Example:
    """A clip as text. `late` says how many milliseconds after the grid the hits of a tapped rhythm fall, in order."""

    name: str
    qpm: float
    lines: Mapping[str, str]
    late: tuple[int, ...] = ()


@dataclass(frozen=True)
class Tune:
    """A melody as text."""

    name: str
    qpm: float
    notes: str


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


MELODIES = (
    Tune("Walking home", 104, "E4:4 F4:2 G4:6 A4:4 | G4:4 E4:4 C4:6 r:2"),
    Tune("Pentatonic hook", 112, "A4:3 C5:3 D5:2 E5:4 D5:2 C5:2 | A4:3 G4:3 A4:2 r:4 A4:2 C5:2"),
    Tune("Blues lick", 96, "E4:1 G4:3 A4:2 C5:4 A4:2 G4:4 | Eb4:1 E4:3 C4:4 A3:2 C4:6"),
    Tune("Minor arpeggio", 120, "A3:2 C4:2 E4:2 A4:2 E4:2 C4:2 A3:2 E4:2 | F3:2 A3:2 C4:2 F4:2 E4:2 C4:2 A3:4"),
    Tune("Slow ballad", 76, "E5:6 D5:2 C5:8 | A4:4 B4:4 C5:6 r:2"),
)


def melody_of(tune: Tune) -> Clip:
    """The music that a tune's text says. Raises ValueError if its bars are not of sixteen sixteenths."""
    bars = tune.notes.split("|")
    notes, step = [], 0
    for number, bar in enumerate(bars, 1):
        for word in bar.split():
            name, _, length = word.partition(":")
            if name != "r":
                pitch = SEMITONES[name[:-1]] + 12 * (int(name[-1]) + 1)
                end = (step + int(length)) * TICKS_PER_STEP
                notes.append(Note(step * TICKS_PER_STEP, pitch, end, MELODY_VELOCITY))
            step += int(length)
        if step != number * STEPS_PER_BAR:
            raise ValueError(f"{tune.name}: bar {number} must have {STEPS_PER_BAR} sixteenths")
    return Clip(tuple(notes), len(bars), tune.qpm, tune.name)


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
    clips = [*map(clip_of, DRUMS + TAPS), *map(melody_of, MELODIES)]
    return {file_name(clip.name): to_midi(clip) for clip in clips}


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
