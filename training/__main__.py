"""Command line of the training recipe: `python -m training train|evaluate|publish`."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path

import numpy as np
import tensorflow as tf
from safetensors.numpy import load_file

from core import checkpoints
from core.catalog import MODELS_FOLDER
from core.configs import CONFIG_MAP
from training import evaluate, groove_dataset
from training.fit import fit
from training.settings import MODELS, TrainingSettings


def validation_score(settings: TrainingSettings, windows: np.ndarray):
    """The number by which the best weights are kept: accuracy for a model that reconstructs, else the evidence bound."""

    def score(weights: dict[str, np.ndarray]) -> tuple[float, str]:
        r = evaluate.reconstruct(weights, windows)
        text = (
            f"| validation: teacher-forced {r.teacher_forced:.3f} free-running {r.free_running:.3f} "
            f"hits F1 {r.hits_f1:.3f} cross-entropy {r.cross_entropy:.2f} KL {r.kl:.1f}"
        )
        return (r.free_running if settings.keep_best_by == "accuracy" else -r.cross_entropy - r.kl), text

    return score


def train(args: argparse.Namespace) -> None:
    """Trains one of the bundled models, resuming where an earlier run stopped."""
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(args.threads)
    settings = MODELS[args.model]
    folder = Path(args.runs) / args.model
    folder.mkdir(parents=True, exist_ok=True)
    converter = CONFIG_MAP[settings.config].data_converter.all_windows()
    cache = Path(args.runs) / "data"
    windows = {s: groove_dataset.windows(Path(args.data), s, converter, cache) for s in ("train", "validation")}
    validation = np.random.default_rng(0).permutation(windows["validation"])[:768]

    def report(line: str) -> None:
        line = f"{datetime.now():%H:%M:%S} {line}"
        print(line, flush=True)
        with (folder / "log.txt").open("a") as log:
            log.write(line + "\n")

    report(f"{args.model}: {len(windows['train'])} windows, {settings}")
    fit(settings, windows["train"], args.steps, folder, report, validation_score(settings, validation))


def publish(args: argparse.Namespace) -> None:
    """Puts the best weights of a run into the box: half-precision safetensors under `assets/models`."""
    weights = load_file(Path(args.runs) / args.model / "best.safetensors")
    settings = MODELS[args.model]
    target = MODELS_FOLDER / f"{args.model}.safetensors"
    checkpoints.save(target, weights, {"config": settings.config, "data": "Groove MIDI Dataset 1.0.0, CC BY 4.0"})
    print(f"{target} {target.stat().st_size / 1e6:.1f} MB")


def main() -> None:
    """Parses the command line and runs the command."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    p = commands.add_parser("train", help=train.__doc__)
    p.add_argument("--model", choices=sorted(MODELS), required=True)
    p.add_argument("--data", required=True, help="the Groove MIDI Dataset's zip (groove-v1.0.0-midionly.zip)")
    p.add_argument("--steps", type=int, default=20_000, help="in all, over every resumption")
    p.add_argument("--runs", default="runs", help="folder for states and logs")
    p.add_argument("--threads", type=int, default=0, help="processor threads, 0 for all")
    p.set_defaults(run=train)
    p = commands.add_parser("publish", help=publish.__doc__)
    p.add_argument("--model", choices=sorted(MODELS), required=True)
    p.add_argument("--runs", default="runs")
    p.set_defaults(run=publish)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
