"""What the real Magenta computes, as `.npz` files. Runs inside .venv-oracle (see make_oracle.sh), never in our own:

    TF_USE_LEGACY_KERAS=1 .venv-oracle/bin/python -W ignore tests/parity/oracle.py FOLDER [--compact] [--groove-zip ZIP]

It writes, for each of `random_models.MODELS`, a TF1 checkpoint FOLDER/NAME/model.ckpt and FOLDER/NAME.npz, and for the
drums converter FOLDER/groove.npz. `--compact` makes the goldens that are committed: logits of two latents only, and no
checkpoint of the full size.
"""

from __future__ import annotations

import argparse
import copy
import csv
import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import note_seq
import numpy as np
import tensorflow.compat.v1 as tf
from golden_format import in_order, join_sequences, pack_flags, split_sequences, unpack_flags
from magenta.models.music_vae import configs
from magenta.models.music_vae.trained_model import TrainedModel
from note_seq.protobuf.music_pb2 import NoteSequence
from random_models import CONFIG, MODELS, RandomModel, random_weights

tf.disable_v2_behavior()
tf.logging.set_verbosity(tf.logging.ERROR)

# Low enough that a draw is always the argmax; at 1e-38 logits overflow.
GREEDY = 1e-8
STEPS = 32
LATENTS = 64
LENGTHS = (32, 32, 32, 32, 32, 32, 17, 1)
EXCERPT_BARS = 6
WINDOWS = 200
GOLDENS = Path(__file__).parents[1] / "goldens"


def magenta_config(model: RandomModel) -> configs.Config:
    """A copy of Magenta's configuration with the model's sizes, its converter set to play."""
    config = copy.deepcopy(configs.CONFIG_MAP[CONFIG])
    for name, size in model.sizes.items():
        setattr(config.hparams, name, list(size) if isinstance(size, tuple) else size)
    config.data_converter.set_mode("infer")
    return config


def write_checkpoint(model: RandomModel, prefix: Path) -> None:
    """Fills the variables of Magenta's own graph with random weights and saves them with its own saver."""
    config = magenta_config(model)
    config.hparams.batch_size = 1
    depths = config.data_converter
    with tf.Graph().as_default(), tf.Session() as session:
        config.model.build(config.hparams, depths.output_depth, is_training=False)
        config.model.sample(1, max_length=STEPS, z=tf.zeros([1, config.hparams.z_size]), temperature=1.0)
        config.model.encode(
            tf.zeros([1, STEPS, depths.input_depth]), tf.constant([STEPS]), tf.zeros([1, STEPS, depths.control_depth])
        )
        variables = {variable.op.name: variable for variable in tf.global_variables()}
        variables.pop("global_step").load(0, session)
        weights = random_weights({name: tuple(v.shape.as_list()) for name, v in variables.items()}, model)
        for name, variable in variables.items():
            variable.load(weights[name], session)
        prefix.parent.mkdir(parents=True, exist_ok=True)
        tf.train.Saver().save(session, str(prefix), write_meta_graph=False, write_state=False)


def play(model: RandomModel, prefix: Path, rolls: np.ndarray, compact: bool) -> dict[str, np.ndarray]:
    """Encodes the rolls [n, STEPS, 10], cut to LENGTHS, and decodes random latents greedily."""
    config = magenta_config(model)
    oracle = TrainedModel(config, batch_size=LATENTS, checkpoint_dir_or_path=str(prefix))
    _, mu, sigma = oracle.encode_tensors([roll[:n] for roll, n in zip(rolls, LENGTHS, strict=True)], list(LENGTHS))
    z = np.random.RandomState(model.seed).randn(LATENTS, config.hparams.z_size).astype(np.float32)
    labels = np.array(oracle.decode_to_tensors(z, STEPS, temperature=GREEDY)).argmax(-1)
    logits = oracle._sess.run(
        oracle._decoder_results.rnn_output,
        {oracle._z_input: z, oracle._max_length: STEPS, oracle._temperature: GREEDY},
    )
    assert (logits.argmax(-1) == labels).all(), "greedy decoding was not greedy"
    best = np.sort(logits, -1)[..., -2:]
    return {
        "rolls": pack_flags(rolls),
        "lengths": np.array(LENGTHS, np.int16),
        "mu": mu,
        "sigma": sigma,
        "z": z,
        "labels": labels.astype(np.int16),
        "gaps": best[..., 1] - best[..., 0],
        "logits": logits[:2] if compact else logits,
    }


def excerpts(archive: Path) -> Iterator[NoteSequence]:
    """Cuts the 4-4 takes of the Groove MIDI Dataset's test split into pieces of a few bars, first pieces first."""
    takes = []
    with zipfile.ZipFile(archive) as files:
        for row in csv.DictReader(io.TextIOWrapper(files.open("groove/info.csv"), "utf-8")):
            if (row["split"], row["time_signature"]) == ("test", "4-4"):
                takes.append(note_seq.midi_to_note_sequence(files.read(f"groove/{row['midi_filename']}")))
    for place in range(100):
        for take in takes:
            seconds = EXCERPT_BARS * 4 * 60 / take.tempos[0].qpm
            if (place + 1) * seconds <= take.total_time:
                piece = note_seq.extract_subsequence(take, place * seconds, (place + 1) * seconds)
                for field in ("control_changes", "pitch_bends", "source_info", "subsequence_info", "part_infos"):
                    piece.ClearField(field)
                yield piece


def convert(pieces: Iterator[NoteSequence]) -> dict[str, np.ndarray]:
    """Converts pieces until there are WINDOWS windows, and the windows (and some random labels) back."""
    converter = magenta_config(MODELS["full_size"]).data_converter
    # Which five of more windows Magenta keeps is arbitrary, so none are left out here.
    converter.max_tensors_per_notesequence = None
    sources, owners, labels, rolls = [], [], [], []
    for piece in pieces:
        tensors = converter.to_tensors(piece)
        assert all((window.sum(-1) == 1).all() for window in tensors.outputs), "outputs are not one-hot"
        found = sorted(
            (window.argmax(-1).tolist(), pack_flags(roll).tolist())
            for window, roll in zip(tensors.outputs, tensors.inputs, strict=True)
        )
        sources.append(piece)
        owners += [len(sources) - 1] * len(found)
        labels += [window for window, _ in found]
        rolls += [roll for _, roll in found]
        if len(labels) >= WINDOWS:
            break
    labels += np.random.RandomState(0).randint(0, converter.output_depth, (8, STEPS)).tolist()
    back = converter.from_tensors(np.eye(converter.output_depth)[labels])
    return {
        "sources": join_sequences(sources),
        "owners": np.array(owners, np.int16),
        "rolls": np.array(rolls, np.int16),
        "labels": np.array(labels, np.int16),
        "back": join_sequences(in_order(sequence) for sequence in back),
    }


def main() -> None:
    """Writes everything; see the module's docstring."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--compact", action="store_true")
    parser.add_argument(
        "--groove-zip",
        type=Path,
        default=os.environ.get("GROOVE_ZIP"),
        help="Groove MIDI Dataset; without it the excerpts are those of tests/goldens (default: $GROOVE_ZIP)",
    )
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if arguments.groove_zip:
        pieces = excerpts(arguments.groove_zip)
    else:
        pieces = iter(split_sequences(np.load(GOLDENS / "groove.npz")["sources"]))
    groove = convert(pieces)
    np.savez_compressed(arguments.folder / "groove.npz", **groove)
    chosen = np.linspace(0, len(groove["rolls"]) - 1, len(LENGTHS), dtype=int)
    rolls = unpack_flags(groove["rolls"][chosen], 10)
    for name, model in MODELS.items():
        prefix = arguments.folder / name / "model.ckpt"
        write_checkpoint(model, prefix)
        played = play(model, prefix, rolls, arguments.compact)
        np.savez_compressed(arguments.folder / f"{name}.npz", **played)
        if arguments.compact and not model.sizes:
            for file in prefix.parent.iterdir():
                file.unlink()
            prefix.parent.rmdir()


if __name__ == "__main__":
    main()
