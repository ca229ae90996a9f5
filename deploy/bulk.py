"""Much at once, on all CPUs of a Ray cluster, over the functions that the page uses.

    python -m deploy.bulk perform RECIPES.txt --output-dir DIR       # a link or recipe a line → MIDI files
    python -m deploy.bulk windows --config NAME MUSIC --output-dir DIR   # MIDI files → windows to train with

`perform` makes a folder of each line, DIR/000001 for the first; what is there already is not made again, so a run that
was broken off is simply started again. `windows` reads a folder or a zip of MIDI files and writes windows.npy [count,
steps, …] and windows.csv, which says how many each file gave. What could not be used stands, with a sentence why, in
DIR/failed.txt, and the exit status is then 1.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import ray
from ray.exceptions import RayError, RayTaskError

from core.configs import CONFIG_MAP
from core.errors import ClipError, LatentJamError
from core.recipe import LINK_PARAMETER, Recipe
from deploy import machines

MIDI = (".mid", ".midi")
KINDS = ("mid", "wav", "mp3", "png", "svg")
# What a task is given: enough to be worth the way, not so much that a lost machine takes much with it.
RECIPES_A_TASK = 16
FILES_A_TASK = 32
# How often a task is begun again when its process or machine is lost.
TRIES_AGAIN = 3
# Tasks that wait or run for each CPU; what they need and give is in memory.
TASKS_A_CPU = 2

Failures = dict[str, str]


@ray.remote(max_retries=TRIES_AGAIN)
def play(recipes: list[tuple[str, str]], kinds: tuple[str, ...]) -> list[tuple[str, dict[str, bytes] | str]]:
    """Of each name and recipe's string the name and its files, or a sentence on what was wrong."""
    from core import export, studio

    def made(text: str) -> dict[str, bytes] | str:
        try:
            return export.files(studio.perform(Recipe.from_string(text)), kinds)
        except LatentJamError as error:
            return str(error)

    return [(name, made(text)) for name, text in recipes]


@ray.remote(max_retries=TRIES_AGAIN)
def cut(files: list[tuple[str, bytes]], config: str) -> list[tuple[str, np.ndarray | str]]:
    """Of each MIDI file the name and its windows [count, steps, …] for a configuration, or a sentence."""
    from core.clip import read_midi
    from core.converters.windows import LabelConverter

    converter = CONFIG_MAP[config].data_converter

    def windows(name: str, data: bytes) -> np.ndarray | str:
        try:
            music = read_midi(data, name)
        except ClipError as error:
            return str(error)
        if isinstance(converter, LabelConverter):
            return np.array(converter.all_windows().to_labels(music), np.int16)
        return np.array(converter.to_tensors(music).outputs, np.float32)

    return [(name, windows(name, data)) for name, data in files]


def answers(begin: Callable[[list], ray.ObjectRef], pieces: Iterable[list], failures: Failures) -> Iterator[tuple]:
    """What the tasks of some pieces answer, as they come, no more of them under way than there are CPUs for. What is
    in a piece that was lost again and again goes to the failures by its name."""
    most = max(1, int(TASKS_A_CPU * ray.cluster_resources().get("CPU", 1)))
    under_way: dict[ray.ObjectRef, list] = {}

    def next_answers() -> Iterator[tuple]:
        (done,), _ = ray.wait(list(under_way))
        piece = under_way.pop(done)
        try:
            yield from ray.get(done)
        except RayError as error:
            cause = error.cause if isinstance(error, RayTaskError) else error
            failures.update((name, f"Lost: {type(cause).__name__}.") for name, _ in piece)

    for piece in pieces:
        if len(under_way) >= most:
            yield from next_answers()
        under_way[begin(piece)] = piece
    while under_way:
        yield from next_answers()


def perform(args: argparse.Namespace) -> Failures:
    """Performs the recipes of a file, a folder of files each."""
    failures: Failures = {}
    to_make: list[tuple[str, Recipe]] = []
    with args.recipes.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(map(str.strip, lines), 1):
            name = f"{number:06d}"
            if not line or (args.output_dir / name).exists():
                continue
            try:
                read = Recipe.from_link if f"{LINK_PARAMETER}=" in line else Recipe.from_string
                to_make.append((name, read(line)))
            except LatentJamError as error:
                failures[name] = str(error)
    # A process then has few models to load.
    to_make.sort(key=lambda each: each[1].model)
    pieces = _pieces(((name, recipe.to_string()) for name, recipe in to_make), RECIPES_A_TASK)
    for number, (name, files) in enumerate(answers(lambda piece: play.remote(piece, args.kinds), pieces, failures), 1):
        if isinstance(files, str):
            failures[name] = files
            continue
        # Under its own name only when it is whole.
        partial = args.output_dir / f".{name}"
        partial.mkdir(exist_ok=True)
        for file, content in files.items():
            (partial / file).write_bytes(content)
        partial.rename(args.output_dir / name)
        _tell(number, len(to_make), "recipes")
    return failures


def windows(args: argparse.Namespace) -> Failures:
    """Cuts the MIDI files of a folder or a zip into windows for a configuration."""
    failures: Failures = {}
    found: dict[str, np.ndarray] = {}
    pieces = _pieces(_midi_files(args.music), FILES_A_TASK)
    for number, (name, cut_out) in enumerate(
        answers(lambda piece: cut.remote(piece, args.config), pieces, failures), 1
    ):
        if isinstance(cut_out, str):
            failures[name] = cut_out
        else:
            found[name] = cut_out
        _tell(number, None, "files")
    # In one order, whichever came first.
    with (args.output_dir / "windows.csv").open("w", newline="") as table:
        csv.writer(table).writerows([("file", "windows"), *((name, len(found[name])) for name in sorted(found))])
    whole = [found[name] for name in sorted(found) if len(found[name])]
    np.save(args.output_dir / "windows.npy", np.concatenate(whole) if whole else np.zeros((0,)))
    return failures


def _midi_files(place: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each MIDI file in a folder or a zip; read no further than the largest that is allowed."""
    from core.limits import MAX_UPLOAD_BYTES

    if place.is_dir():
        for path in sorted(path for path in place.rglob("*") if path.suffix.lower() in MIDI and path.is_file()):
            with path.open("rb") as file:
                yield str(path.relative_to(place)), file.read(MAX_UPLOAD_BYTES + 1)
        return
    with zipfile.ZipFile(place) as archive:
        for name in sorted(name for name in archive.namelist() if name.lower().endswith(MIDI)):
            with archive.open(name) as file:
                yield name, file.read(MAX_UPLOAD_BYTES + 1)


def _pieces(values: Iterable, size: int) -> Iterator[list]:
    values = iter(values)
    while piece := list(itertools.islice(values, size)):
        yield piece


def _tell(number: int, of: int | None, what: str) -> None:
    if number % 100 == 0 or number == of:
        print(f"{number}{f' of {of}' if of else ''} {what}", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """The command line; exit status 1 if something could not be used."""
    parser = argparse.ArgumentParser(prog="python -m deploy.bulk", description="Much at once on a Ray cluster.")
    jobs = parser.add_subparsers(required=True)
    performing = jobs.add_parser("perform", help="recipes to files")
    performing.add_argument("recipes", type=Path, help="a text file, a link or a recipe a line")
    performing.add_argument("--kinds", nargs="+", choices=KINDS, default=["mid"], help="besides MIDI, what is made")
    performing.set_defaults(run=perform)
    cutting = jobs.add_parser("windows", help="MIDI files to windows")
    cutting.add_argument("music", type=Path, help="a folder or a zip of MIDI files")
    cutting.add_argument("--config", required=True, choices=sorted(CONFIG_MAP), metavar="NAME")
    cutting.set_defaults(run=windows)
    for job in (performing, cutting):
        job.add_argument("--output-dir", type=Path, required=True)
        machines.add_arguments(job)
    args = parser.parse_args(arguments)
    place = args.recipes if args.run is perform else args.music
    if not place.exists():
        parser.error(f"there is no {place}")
    args.output_dir.mkdir(parents=True, exist_ok=True)
    machines.connect(args)
    failures = args.run(args)
    lines = [f"{name}: {why}\n" for name, why in sorted(failures.items())]
    (args.output_dir / "failed.txt").write_text("".join(lines), encoding="utf-8")
    if failures:
        print(f"{len(failures)} could not be used: {args.output_dir / 'failed.txt'}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
