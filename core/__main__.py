"""The command line: `python -m core models|fetch|sample|interpolate|groove|play`."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from core import limits, settings, uploads
from core.clip import Clip
from core.errors import ClipError, LatentJamError
from core.recipe import LINK_PARAMETER, Recipe
from core.seeds import new_seed

if TYPE_CHECKING:
    from core.cache import Tell
    from core.catalog import Model

# The instruments of what a model plays.
PLAYED = {"drums": "drums", "melody": "melody", "band": "melody, bass and drums"}


# What can be written besides MIDI, by the flag that asks for it.
FILES = {"wav": "sound", "mp3": "sound, smaller", "png": "piano rolls", "svg": "piano rolls that scale"}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Prints the message on one line and ends with status 2."""
        self.exit(2, f"{self.prog}: {message}. See {self.prog} --help.\n")


def _parser() -> Parser:
    parser = Parser(prog="python -m core", description="Make clips with MusicVAE.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=Parser)
    commands.add_parser("models", help="list the models")
    fetch = commands.add_parser("fetch", help="download a published model ahead")
    fetch.add_argument("--model", metavar="ID", required=True, help="one of those that “models” lists")

    writing = argparse.ArgumentParser(add_help=False)
    writing.add_argument(
        "--config", metavar="NAME", help="with --checkpoint_file: the configuration of your checkpoint"
    )
    writing.add_argument("--checkpoint_file", metavar="PATH", help="a .safetensors, a .tar, a TF1 prefix or its folder")
    writing.add_argument("--output-dir", metavar="DIR", required=True)
    for kind, what in FILES.items():
        writing.add_argument(f"--{kind}", action="store_true", help=f"also write {what}")
    writing.add_argument("--zip", action="store_true", help="also write everything as one archive with its recipe.json")

    making = argparse.ArgumentParser(add_help=False, parents=[writing])
    making.add_argument("--model", metavar="ID", help="one of those that “models” lists")
    making.add_argument("--temperature", metavar="T", default=0.5, help="0.01 to 2, wilder when higher (default 0.5)")
    making.add_argument("--seed", metavar="S", help="same seed, same music (default: a new one)")
    making.add_argument("--qpm", metavar="Q", help="tempo in quarter notes a minute (default 120; groove: the input's)")

    several = argparse.ArgumentParser(add_help=False)
    several.add_argument("--num-outputs", metavar="N", default=4, help="clips, or steps of the path (default 4)")

    sample = commands.add_parser("sample", parents=[making, several], help="new clips")
    sample.add_argument("--bars", metavar="B", help="length of a clip (default: the model's own)")
    sample.add_argument("--same-z", action="store_true", help="all clips from the same place of the latent space")

    interpolate = commands.add_parser("interpolate", parents=[making, several], help="a path from one clip to another")
    interpolate.add_argument("--input-midi-1", metavar="A", required=True)
    interpolate.add_argument("--input-midi-2", metavar="B", required=True)
    interpolate.add_argument("--input-bar-1", metavar="N", help="bar of A to begin at (default: the first that fits)")
    interpolate.add_argument("--input-bar-2", metavar="N", help="the same for B")
    interpolate.add_argument(
        "--reconstruct-ends", action="store_true", help="end in reconstructions instead of the input clips themselves"
    )

    groove = commands.add_parser("groove", parents=[making], help="drums played like a drummer, or made from taps")
    groove.add_argument("--input-midi", metavar="A", required=True, help="drums of any length")
    groove.add_argument("--amount", metavar="X", default=1, help="0 the input, 1 the model, up to 1.3 (default 1)")
    groove.add_argument("--dynamics", metavar="X", help="the amount for velocities, if another")
    groove.add_argument("--keep-notes", action="store_true", help="every input note stays and none is added")
    groove.add_argument("--keep-dynamics", action="store_true", help="lay the accents on the input's velocities")

    play = commands.add_parser("play", parents=[writing], help="the music of a link or a recipe.json, made again")
    play.add_argument("jam", metavar="LINK|RECIPE|recipe.json", help="a share link, its recipe, or a file from a zip")
    return parser


def _read(path: str) -> tuple[bytes, str]:
    try:
        with Path(path).open("rb") as file:
            return file.read(limits.MAX_UPLOAD_BYTES + 1), Path(path).name
    except OSError as error:
        raise ClipError(f"{path} cannot be read: {error.strerror}.") from None


def _read_window(path: str, bar: str | None, model: Model) -> Clip:
    """The part of a file that begins at a bar, or its first that a model can take."""
    upload = uploads.windows(*_read(path), model.bars, (model.plays,))
    _say(path, upload.said)
    if bar is None:
        if len(upload.windows) > 1:
            others = ", ".join(dict.fromkeys(str(window.first_bar) for window in upload.windows[1:]))
            _say(path, [f"{upload.windows[0].label} were taken; parts also begin at bar {others}."])
        return upload.windows[0].clip
    for window in upload.windows:
        if str(window.first_bar) == bar:
            return window.clip
    begins = ", ".join(dict.fromkeys(str(window.first_bar) for window in upload.windows))
    raise ClipError(f"No part of {path} that can be used begins at bar {bar}. Choose one of {begins}.")


def _say(path: str, sentences: Iterable[str]) -> None:
    for sentence in sentences:
        print(f"{Path(path).name}: {sentence}", file=sys.stderr)


def _inputs(args: argparse.Namespace, model: Model) -> tuple[Clip, ...]:
    if args.command == "interpolate":
        return (
            _read_window(args.input_midi_1, args.input_bar_1, model),
            _read_window(args.input_midi_2, args.input_bar_2, model),
        )
    if args.command == "groove":
        clip, said = uploads.drum_music(*_read(args.input_midi))
        _say(args.input_midi, said)
        return (clip,)
    return ()


def _write(contents: dict[str, bytes], folder: Path) -> None:
    """Writes all files or none: each is complete before the first gets its name."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".partial-") as partial:
            for name, data in contents.items():
                (Path(partial) / name).write_bytes(data)
            for name in contents:
                (Path(partial) / name).replace(folder / name)
    except OSError as error:
        raise LatentJamError(f"Nothing could be written to {folder}: {error.strerror}.") from None
    for name in contents:
        print(folder / name)


@contextlib.contextmanager
def _libraries_kept_quiet() -> Iterator[None]:
    """For imports: TensorFlow writes to standard error before it can be told not to, pyfluidsynth to output."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        with contextlib.redirect_stdout(None):
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _models() -> None:
    with _libraries_kept_quiet():
        from core.catalog import CATALOG

    for model in CATALOG.values():
        size = f"{model.size_bytes / 1e6:.1f} MB" if model.size_bytes else "-"
        print(
            f"{model.id:39} {model.bars:2} bars  {PLAYED[model.plays]:22}  {size:>9}  {model.where:13}  "
            f"{model.licence}  {model.good_for}"
        )


@contextlib.contextmanager
def _progress_line() -> Iterator[Tell]:
    """Progress on one line of standard error, if somebody looks at it; each kind of work once if it is a file."""
    width, told = 0, set()

    def tell(share: float, what: str) -> None:
        nonlocal width
        if sys.stderr.isatty():
            print(f"\r{what:{width}}", end="", file=sys.stderr, flush=True)
            width = len(what)
        elif (kind := what.split(":")[0]) not in told:
            told.add(kind)
            print(what, file=sys.stderr)

    try:
        yield tell
    finally:
        if width:
            print(f"\r{'':{width}}\r", end="", file=sys.stderr, flush=True)


def _fetch(model: str) -> None:
    with _libraries_kept_quiet():
        from core.studio import Studio

    chosen = settings.from_environment()
    studio = Studio(None, chosen.models_bytes, chosen.cache_bytes)
    with _progress_line() as tell:
        studio.fetch(model, tell)
    print(studio.models[model].path)


def _make(args: argparse.Namespace) -> None:
    with _libraries_kept_quiet():
        from core import catalog

    models, own = _catalog(args)
    if own:
        args.model = own.id
    if not args.model:
        raise LatentJamError(f"Say which model, with --model: one of {', '.join(models)}.")
    entry = catalog.find(args.model, models)
    clips = _inputs(args, entry)
    own_qpm = clips[0].qpm if args.command == "groove" else 120
    recipe = Recipe(
        operation=args.command,
        model=args.model,
        seed=new_seed() if args.seed is None else args.seed,
        count=getattr(args, "num_outputs", 1),
        temperature=args.temperature,
        same_z=getattr(args, "same_z", False),
        qpm=own_qpm if args.qpm is None else args.qpm,
        bars=getattr(args, "bars", None),
        clips=clips,
        own_ends=not getattr(args, "reconstruct_ends", False),
        amount=(amount := getattr(args, "amount", 1)),
        dynamics=amount if getattr(args, "dynamics", None) is None else args.dynamics,
        keep_notes=getattr(args, "keep_notes", True),
        keep_dynamics=getattr(args, "keep_dynamics", False),
    )
    _perform(recipe, models, args)


def _play(args: argparse.Namespace) -> None:
    recipe = _recipe_of(args.jam)
    models, own = _catalog(args)
    if own and own.id != recipe.model:
        raise LatentJamError(f"This was made with {recipe.model}, not with {own.id}. Leave --checkpoint_file out.")
    if not own and recipe.model.startswith("local/"):
        name = recipe.model.split("/", 1)[1]
        raise LatentJamError(f"This was made with a checkpoint of somebody's own: add --config {name} and its file.")
    _perform(recipe, models, args)


def _recipe_of(jam: str) -> Recipe:
    """The recipe in a link, a recipe's text, or a file."""
    if not jam.endswith(".json"):
        return Recipe.from_link(jam) if f"{LINK_PARAMETER}=" in jam else Recipe.from_string(jam)
    try:
        with Path(jam).open("rb") as file:
            return Recipe.from_json(file.read(2 * limits.MAX_RECIPE_BYTES + 1))
    except OSError as error:
        raise LatentJamError(f"{jam} cannot be read: {error.strerror}.") from None


def _catalog(args: argparse.Namespace) -> tuple[dict[str, Model], Model | None]:
    """All models, and among them the checkpoint of one's own, if there is one."""
    with _libraries_kept_quiet():
        from core import catalog

    if not (args.config or args.checkpoint_file):
        return catalog.CATALOG, None
    if not (args.config and args.checkpoint_file):
        raise LatentJamError("--config and --checkpoint_file go together.")
    own = catalog.own_checkpoint(args.config, args.checkpoint_file)
    return catalog.with_models([own]), own


def _perform(recipe: Recipe, models: dict[str, Model], args: argparse.Namespace) -> None:
    """Makes the music, and writes what was asked for."""
    with _libraries_kept_quiet():
        from core import catalog, export
        from core.studio import Studio

    chosen = settings.from_environment()
    studio = Studio(models, chosen.models_bytes, chosen.cache_bytes)
    entry = catalog.find(recipe.model, models)
    if entry.where == catalog.TO_BE_FETCHED:
        with _progress_line() as tell:
            studio.fetch(entry.id, tell)
    performance = studio.perform(recipe)
    kinds = ("mid", *(kind for kind in FILES if getattr(args, kind)))
    contents = export.files(performance, kinds)
    if args.zip:
        name = recipe.model.split("/", 1)[-1]
        contents[f"{name}.zip"] = export.archive(contents, recipe)
    _write(contents, Path(args.output_dir))


def main(argv: list[str] | None = None) -> int:
    """Runs the command line; returns the exit status: 0, or 2 after a sentence on standard error."""
    args = _parser().parse_args(argv)
    settings.light_tensorflow()
    try:
        if args.command == "models":
            _models()
        elif args.command == "fetch":
            _fetch(args.model)
        elif args.command == "play":
            _play(args)
        else:
            _make(args)
    except LatentJamError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. What was fetched so far is kept.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
