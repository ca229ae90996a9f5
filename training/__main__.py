"""Command line of the training recipe: `python -m training train|evaluate|card|publish`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import tensorflow as tf
from safetensors import safe_open
from safetensors.numpy import load_file

from core import checkpoints
from core.catalog import CATALOG, Model
from core.network import vae
from training import card
from training.data import Data
from training.families import family_of
from training.fit import fit
from training.settings import MODELS


def train(args: argparse.Namespace) -> None:
    """Trains one of the bundled models, phase after phase, resuming where an earlier run stopped."""
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(args.threads)
    settings = MODELS[args.model]
    folder = Path(args.runs) / args.model
    folder.mkdir(parents=True, exist_ok=True)
    family, cache = family_of(settings), Path(args.runs) / "data"
    windows = {split: family.windows(Data(args.data, args.pop909), split, cache) for split in ("train", "validation")}
    validation = np.random.default_rng(0).permutation(windows["validation"])[:768]

    def report(line: str) -> None:
        line = f"{datetime.now():%H:%M:%S} {line}"
        print(line, flush=True)
        with (folder / "log.txt").open("a") as log:
            log.write(line + "\n")

    report(f"{args.model}: {len(windows['train'])} windows")
    weights = None
    for phase in (*settings.before, settings):
        report(str(replace(phase, before=())))
        steps = args.steps or phase.steps if phase is settings else phase.steps
        place = folder if phase is settings else folder / phase.phase
        trained = fit(phase, windows["train"], validation, steps, place, report, weights=weights)
        weights = trained.averaged_weights()


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
    """Puts the best weights of a run into the box, `assets/models`, with a card that states their measured quality."""
    best = Path(args.runs) / args.model / "best.safetensors"
    model = _bundled(args.model)
    with safe_open(best, "numpy") as file:
        run = file.metadata()
    metadata = {"config": MODELS[args.model].config, "data": card.family_of(model).DATA}
    # Where the weights come from must not get lost with the run.
    weights = {name: array for name, array in load_file(best).items() if name in vae.variable_shapes(model.config)}
    checkpoints.save(model.path, weights, metadata | {"step": run["step"], "score": run["score"]})
    write_card(args)


def main() -> None:
    """Parses the command line and runs the command."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, run in (("train", train), ("evaluate", evaluate_model), ("card", write_card), ("publish", publish)):
        p = commands.add_parser(name, help=run.__doc__)
        p.add_argument("--model", choices=sorted(MODELS), required=True)
        p.add_argument("--data", type=Path, help="the Groove MIDI Dataset's zip (groove-v1.0.0-midionly.zip)")
        p.add_argument("--pop909", type=Path, help="POP909's zip (POP909.zip)")
        p.add_argument("--runs", default="runs", help="folder for states, logs and converted data")
        p.set_defaults(run=run)
        if name == "train":
            p.add_argument("--steps", type=int, help="in all, over every resumption")
            p.add_argument("--threads", type=int, default=0, help="processor threads, 0 for all")
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
