"""Command line of the training recipe: `python -m training train|evaluate|card|publish`."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import tensorflow as tf
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from core import checkpoints
from core.catalog import CATALOG, Model
from core.configs import CONFIG_MAP, Config
from core.errors import LatentJamError
from core.network import vae
from training import card
from training.data import Data
from training.families import family_of
from training.fit import fit
from training.settings import MODELS, for_config


def train(args: argparse.Namespace) -> None:
    """Trains one of the bundled models, or with --config and --midi one on music of your own, phase after phase,
    resuming where an earlier run stopped."""
    if args.threads:
        tf.config.threading.set_intra_op_parallelism_threads(args.threads)
        tf.config.threading.set_inter_op_parallelism_threads(args.threads)
    settings = MODELS[args.model] if args.model else for_config(args.config)
    name = args.name or args.model or args.config
    folder = Path(args.runs) / name
    family, cache = family_of(settings), Path(args.runs) / "data"
    data = Data(args.data, args.pop909, args.midi)
    windows = {split: family.windows(data, split, cache) for split in ("train", "validation")}
    folder.mkdir(parents=True, exist_ok=True)
    validation = np.random.default_rng(0).permutation(windows["validation"])[:768]

    def report(line: str) -> None:
        line = f"{datetime.now():%H:%M:%S} {line}"
        print(line, flush=True)
        with (folder / "log.txt").open("a") as log:
            log.write(line + "\n")

    report(f"{name}: {len(windows['train'])} windows")
    weights = None
    for phase in (*settings.before, settings):
        # Of little music there may be less than a batch.
        phase = replace(phase, batch_size=min(args.batch_size or phase.batch_size, len(windows["train"])))
        report(str(replace(phase, before=())))
        is_last = phase.phase == settings.phase
        steps = args.steps or phase.steps if is_last else phase.steps
        place = folder if is_last else folder / phase.phase
        every = min(500, steps)
        trained = fit(phase, windows["train"], validation, steps, place, report, every, weights=weights)
        weights = trained.averaged_weights()
    with safe_open(folder / "best.safetensors", "numpy") as file:
        run = file.metadata()
    best = family.finished(load_file(folder / "best.safetensors"), windows["train"])
    save_file(best, folder / "finished.safetensors", run)
    if args.midi:
        checkpoint = folder / f"{name}.safetensors"
        metadata = {"config": settings.config, "data": "music of your own"}
        _export(folder / "finished.safetensors", checkpoint, CONFIG_MAP[settings.config], metadata)
        print(f"{checkpoint} plays with --config {settings.config} --checkpoint_file {checkpoint}")


def _export(finished: Path, checkpoint: Path, config: Config, metadata: dict[str, str]) -> None:
    """Writes the weights of a run as half-precision safetensors. Where they come from must not get lost with it."""
    with safe_open(finished, "numpy") as file:
        run = file.metadata()
    weights = {name: a for name, a in load_file(finished).items() if name in vae.variable_shapes(config)}
    checkpoints.save(checkpoint, weights, metadata | {"step": run["step"], "score": run["score"]})


def _bundled(name: str) -> Model:
    return CATALOG[f"bundled/{name}"]


def evaluate_model(args: argparse.Namespace) -> None:
    """Prints the quality table of a bundled model's card."""
    model = _bundled(args.model)
    cache = Path(args.runs) / "data"
    print(card.family_of(model).quality_table(model, MODELS[args.model], Data(args.data, args.pop909), cache))


def write_card(args: argparse.Namespace) -> None:
    """Measures a bundled model again and writes its card."""
    model, settings = _bundled(args.model), MODELS[args.model]
    data, cache = Data(args.data, args.pop909), Path(args.runs) / "data"
    table = card.family_of(model).quality_table(model, settings, data, cache)
    model.path.with_suffix(".md").write_text(card.card(model, settings, table))
    print(table)


def publish(args: argparse.Namespace) -> None:
    """Puts the weights of a run into the box, `assets/models`, with a card that states their measured quality."""
    model = _bundled(args.model)
    finished = Path(args.runs) / args.model / "finished.safetensors"
    metadata = {"config": MODELS[args.model].config, "data": card.family_of(model).DATA}
    _export(finished, model.path, model.config, metadata)
    write_card(args)


def main(argv: list[str] | None = None) -> int:
    """Parses the command line and runs the command; returns the exit status: 0, or 2 after a sentence on standard
    error."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, run in (("train", train), ("evaluate", evaluate_model), ("card", write_card), ("publish", publish)):
        p = commands.add_parser(name, help=run.__doc__)
        if name == "train":
            which = p.add_mutually_exclusive_group(required=True)
            which.add_argument("--model", choices=sorted(MODELS), help="a bundled model, on its own data")
            which.add_argument("--config", choices=sorted(CONFIG_MAP), help="a configuration, on music of yours")
            p.add_argument("--midi", type=Path, metavar="FOLDER", help="with --config: a folder of MIDI files")
            p.add_argument("--name", help="of the run and its checkpoint (default: the model's or the configuration's)")
            p.add_argument("--batch-size", type=int, help="windows a step (default: the recipe's)")
        else:
            p.add_argument("--model", choices=sorted(MODELS), required=True)
        p.add_argument("--data", type=Path, help="the Groove MIDI Dataset's zip (groove-v1.0.0-midionly.zip)")
        p.add_argument("--pop909", type=Path, help="POP909's zip (POP909.zip)")
        p.add_argument("--runs", default="runs", help="folder for states, logs and converted data")
        p.set_defaults(run=run)
        if name == "train":
            p.add_argument("--steps", type=int, help="in all, over every resumption")
            p.add_argument("--threads", type=int, default=0, help="processor threads, 0 for all")
    args = parser.parse_args(argv)
    if args.command == "train" and bool(args.config) != bool(args.midi):
        parser.error("--config and --midi go together")
    try:
        args.run(args)
    except LatentJamError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
