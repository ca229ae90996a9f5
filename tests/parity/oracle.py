"""What the real Magenta computes, as `.npz` files. Runs inside .venv-oracle (see make_oracle.sh), never in our own:

    TF_USE_LEGACY_KERAS=1 .venv-oracle/bin/python -W ignore tests/parity/oracle.py FOLDER [--compact] [--groove-zip ZIP]

It writes, for each of `random_models.MODELS`, a TF1 checkpoint FOLDER/NAME/model.ckpt and FOLDER/NAME.npz, for the
drums converter FOLDER/groove.npz, for that of 61 drums FOLDER/full_drums.npz, for the groove converters
FOLDER/groovae.npz, and for those of melodies and trios FOLDER/lines.npz. `--compact` makes the goldens that are
committed: logits, velocities and offsets of some latents only, no checkpoint of the full sizes, and nothing of the
largest models.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest import mock

import numpy as np
import tensorflow.compat.v1 as tf
from golden_format import pack_feel, pack_flags, pack_rows, split_sequences, unpack_flags, unpack_rows
from magenta.models.music_vae import configs, lstm_models
from magenta.models.music_vae.trained_model import TrainedModel
from oracle_converters import (
    DRUMS_EXCERPT_BARS,
    GROOVE_EXCERPT_BARS,
    convert_drums,
    convert_full_drums,
    convert_grooves,
    convert_lines,
    excerpts,
    labels_of,
)
from random_models import (
    DRUMS,
    HITS_CONTROL,
    LONG_MELODY,
    MELODY_BIG,
    MELODY_SMALL,
    MODELS,
    NADE,
    NUM_DRUMS,
    NUM_FULL_DRUMS,
    TRIO,
    WITHOUT_GOLDENS,
    RandomModel,
    random_uniforms,
    random_weights,
)
from tensorflow_probability.python.distributions import bernoulli

tf.disable_v2_behavior()
tf.logging.set_verbosity(tf.logging.ERROR)

# Low enough that a draw is always the argmax; at 1e-38 logits overflow.
GREEDY = 1e-8
LATENTS = 64
# Of the latents, so many are also decoded at temperature 1, and of so many the goldens have velocities and offsets.
SAMPLED = 16
FELT = 32
# Models of sixteen bars decode fewer latents, and their goldens have the logits of three bars of one.
LONG_LATENTS = 4
GOLDEN_STEPS = 48
# What the encoder is given, in parts of the model's length.
LENGTHS = np.array((32, 32, 32, 32, 32, 32, 17, 1)) / 32
GOLDENS = Path(__file__).parents[1] / "goldens"


def magenta_config(model: RandomModel) -> configs.Config:
    """A copy of Magenta's configuration with the model's sizes, its converter set to play."""
    config = copy.deepcopy(configs.CONFIG_MAP[model.config])
    for name, size in model.sizes.items():
        setattr(config.hparams, name, list(size) if isinstance(size, tuple) else size)
    config.data_converter.set_mode("infer")
    return config


def lengths_of(model: RandomModel) -> np.ndarray:
    """The lengths in steps of the windows that are encoded."""
    return (LENGTHS * magenta_config(model).hparams.max_seq_len).astype(np.int16)


def write_checkpoint(model: RandomModel, prefix: Path) -> None:
    """Fills the variables of Magenta's own graph with random weights and saves them with its own saver."""
    config = magenta_config(model)
    config.hparams.batch_size = 1
    depths, steps = config.data_converter, config.hparams.max_seq_len
    with tf.Graph().as_default(), tf.Session() as session:
        config.model.build(config.hparams, depths.output_depth, is_training=False)
        controls = tf.zeros([steps, depths.control_depth]) if depths.control_depth else None
        z = tf.zeros([1, config.hparams.z_size])
        config.model.sample(1, max_length=steps, z=z, c_input=controls, temperature=1.0)
        config.model.encode(
            tf.zeros([1, steps, depths.input_depth]), tf.constant([steps]), tf.zeros([1, steps, depths.control_depth])
        )
        variables = {variable.op.name: variable for variable in tf.global_variables()}
        variables.pop("global_step").load(0, session)
        weights = random_weights({name: tuple(v.shape.as_list()) for name, v in variables.items()}, model)
        for name, variable in variables.items():
            variable.load(weights[name], session)
        prefix.parent.mkdir(parents=True, exist_ok=True)
        tf.train.Saver().save(session, str(prefix), write_meta_graph=False, write_state=False)


def random_latents(model: RandomModel) -> np.ndarray:
    """Latents float32 [LATENTS, z_size]."""
    return np.random.RandomState(model.seed).randn(LATENTS, magenta_config(model).hparams.z_size).astype(np.float32)


def samples_and_logits(
    oracle: TrainedModel, z: np.ndarray, temperature: float, controls: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """One decode of latents [LATENTS, z_size] at the model's length: the samples, and the logits they came from."""
    feed = {
        oracle._z_input: z,
        oracle._max_length: oracle._config.hparams.max_seq_len,
        oracle._temperature: temperature,
    }
    if controls is not None:
        feed[oracle._c_input] = controls
    return tuple(oracle._sess.run([oracle._outputs, oracle._decoder_results.rnn_output], feed))


def play_drums(model: RandomModel, prefix: Path, rolls: np.ndarray, compact: bool) -> dict[str, np.ndarray]:
    """Encodes rolls [n, steps, 10], cut to lengths, and decodes random latents greedily."""
    oracle = TrainedModel(magenta_config(model), batch_size=LATENTS, checkpoint_dir_or_path=str(prefix))
    lengths = lengths_of(model)
    _, mu, sigma = oracle.encode_tensors([roll[:n] for roll, n in zip(rolls, lengths, strict=True)], list(lengths))
    z = random_latents(model)
    one_hot, logits = samples_and_logits(oracle, z, GREEDY)
    labels = one_hot.argmax(-1)
    assert (logits.argmax(-1) == labels).all(), "greedy decoding was not greedy"
    best = np.sort(logits, -1)[..., -2:]
    return {
        "rolls": pack_flags(rolls),
        "lengths": lengths,
        "mu": mu,
        "sigma": sigma,
        "z": z,
        "labels": labels.astype(np.int16),
        "gaps": best[..., 1] - best[..., 0],
        "logits": logits[:2] if compact else logits,
    }


@contextlib.contextmanager
def fed_nade_uniforms(uniforms: np.ndarray) -> Iterator[None]:
    """A NADE model that is built inside takes the uniform numbers of its drums from [steps, batch, 61], each time it is
    run once. The drums are drawn in their order, so each place in the graph where one is drawn has numbers of its
    own."""
    places = []
    magentas_sample = lstm_models.MultiLabelRnnNadeDecoder._sample

    def uniform(shape: tf.Tensor, **_) -> tf.Tensor:
        numbers = iter(uniforms[..., len(places)])
        places.append(numbers)
        return tf.reshape(tf.numpy_function(lambda: next(numbers), [], tf.float32), shape)

    def sample(decoder: lstm_models.MultiLabelRnnNadeDecoder, rnn_output: tf.Tensor, temperature=None) -> tf.Tensor:
        with tf.control_dependencies([rnn_output]):
            return magentas_sample(decoder, rnn_output, temperature)

    with (
        mock.patch.object(bernoulli, "samplers", mock.Mock(uniform=uniform)),
        mock.patch.object(lstm_models.MultiLabelRnnNadeDecoder, "_sample", sample),
    ):
        yield
    assert len(places) == uniforms.shape[-1], "not every drum was drawn"
    assert all(next(numbers, None) is None for numbers in places), "not all the numbers were taken"


def play_nade(model: RandomModel, prefix: Path, rolls: np.ndarray, compact: bool) -> dict[str, np.ndarray]:
    """Encodes rolls [n, steps, 62], cut to lengths, and decodes random latents greedily and with `random_uniforms`."""
    config = magenta_config(model)
    oracle = TrainedModel(config, batch_size=LATENTS, checkpoint_dir_or_path=str(prefix))
    lengths = lengths_of(model)
    _, mu, sigma = oracle.encode_tensors([roll[:n] for roll, n in zip(rolls, lengths, strict=True)], list(lengths))
    z = random_latents(model)
    hits, projected = samples_and_logits(oracle, z, GREEDY)
    with fed_nade_uniforms(random_uniforms(model, config.hparams.max_seq_len, LATENTS)):
        fed = TrainedModel(config, batch_size=LATENTS, checkpoint_dir_or_path=str(prefix))
        sampled, _ = samples_and_logits(fed, z, 1.0)
    return {
        "rolls": pack_flags(rolls, np.int64),
        "lengths": lengths,
        "mu": mu,
        "sigma": sigma,
        "z": z,
        "hits": pack_flags(hits, np.int64),
        "projected": projected[:2] if compact else projected,
        "sampled_hits": pack_flags(sampled[:SAMPLED], np.int64),
    }


@contextlib.contextmanager
def fed_uniforms(uniforms: np.ndarray) -> Iterator[None]:
    """A groove model that is built inside takes its uniform numbers from [steps, batch, 9], each time it is run once,
    instead of from TensorFlow's generator. What it does with them remains its own affair."""
    numbers = iter(uniforms)
    magentas_sample = lstm_models.GrooveLstmDecoder._sample

    def uniform(shape: tf.Tensor, **_) -> tf.Tensor:
        return tf.reshape(tf.numpy_function(lambda: next(numbers), [], tf.float32), shape)

    def sample(decoder: lstm_models.GrooveLstmDecoder, rnn_output: tf.Tensor, temperature: tf.Tensor) -> tf.Tensor:
        # The numbers depend on nothing, so without this a step could take them before its turn.
        with tf.control_dependencies([rnn_output]):
            return magentas_sample(decoder, rnn_output, temperature)

    with (
        mock.patch.object(bernoulli, "samplers", mock.Mock(uniform=uniform)),
        mock.patch.object(lstm_models.GrooveLstmDecoder, "_sample", sample),
    ):
        yield
    assert next(numbers, None) is None, "not all the numbers were taken"


def play_grooves(
    model: RandomModel, prefix: Path, inputs: np.ndarray, controls: np.ndarray | None, compact: bool
) -> dict[str, np.ndarray]:
    """Encodes inputs [n, steps, 27] with their controls [n, steps, 9], cut to lengths, and decodes random latents,
    greedily and with `random_uniforms`, under the first window's controls."""
    config = magenta_config(model)
    oracle = TrainedModel(config, batch_size=LATENTS, checkpoint_dir_or_path=str(prefix))
    lengths = lengths_of(model)
    _, mu, sigma = oracle.encode_tensors(
        [window[:n] for window, n in zip(inputs, lengths, strict=True)],
        list(lengths),
        None if controls is None else [window[:n] for window, n in zip(controls, lengths, strict=True)],
    )
    z, first_controls = random_latents(model), None if controls is None else controls[0]
    rows, logits = samples_and_logits(oracle, z, GREEDY, first_controls)
    hit_logits = logits[..., :NUM_DRUMS]
    assert ((hit_logits > 0) == rows[..., :NUM_DRUMS]).all(), "greedy decoding was not greedy"

    uniforms = random_uniforms(model, config.hparams.max_seq_len, LATENTS)
    with fed_uniforms(uniforms):
        fed = TrainedModel(config, batch_size=LATENTS, checkpoint_dir_or_path=str(prefix))
        sampled, sampled_logits = samples_and_logits(fed, z, 1.0, first_controls)
    uniforms = uniforms.transpose(1, 0, 2).astype(float)
    scores = sampled_logits[..., :NUM_DRUMS] - np.log(uniforms / (1 - uniforms))
    sampled, scores = sampled[:SAMPLED], scores[:SAMPLED]
    return pack_rows("inputs", inputs) | {
        "controls": pack_flags(np.zeros((*inputs.shape[:2], NUM_DRUMS)) if controls is None else controls),
        "lengths": lengths,
        "mu": mu,
        "sigma": sigma,
        "z": z,
        "hits": pack_flags(rows[..., :NUM_DRUMS]),
        "feel": pack_feel(rows[: FELT if compact else None, :, NUM_DRUMS:]),
        "gaps": np.abs(hit_logits).min(-1),
        "logits": logits[:2] if compact else logits,
        "sampled_hits": pack_flags(sampled[..., :NUM_DRUMS]),
        "sampled_feel": pack_feel(sampled[..., NUM_DRUMS:]),
        "sampled_gaps": np.abs(scores).min(-1).astype(np.float32),
    }


def line_logits(oracle: TrainedModel, z: np.ndarray) -> np.ndarray:
    """The logits [latents, steps, sum of depths] of a greedy decode.

    Magenta merges those of a hierarchical model's bars behind an assertion that a trio cannot pass, so there they are
    taken from the bars.
    """
    feed = {oracle._z_input: z, oracle._max_length: oracle._config.hparams.max_seq_len, oracle._temperature: GREEDY}
    merged = oracle._decoder_results.rnn_output
    bars = [tensor.op for tensor in merged.op.inputs if tensor.op.type == "ConcatV2"]
    if merged.op.type != "ConcatV2" or not bars:
        return oracle._sess.run(merged, feed)
    of_bars = oracle._sess.run([list(bar.inputs)[:-1] for bar in bars], feed)
    return np.concatenate([np.concatenate(of_bar, -1) for of_bar in of_bars], 1)


def play_lines(model: RandomModel, prefix: Path, lines: Mapping[str, np.ndarray], compact: bool) -> dict:
    """Encodes some windows, cut to lengths, and decodes random latents greedily."""
    config = magenta_config(model)
    depths = (90, 90, 512) if model.config == TRIO else (90,)
    name = model.config if f"{model.config}_labels" in lines else MELODY_SMALL
    windows = some_of(lines[f"{name}_labels"])
    lengths = lengths_of(model)
    count = LONG_LATENTS if config.hparams.max_seq_len > 32 else LATENTS
    if not model.sizes:
        windows, lengths, count = windows[:1], lengths[:1], 1
    one_hot = np.concatenate([np.eye(depth)[windows[..., k]] for k, depth in enumerate(depths)], -1)
    oracle = TrainedModel(config, batch_size=count, checkpoint_dir_or_path=str(prefix))
    _, mu, sigma = oracle.encode_tensors([w[:n] for w, n in zip(one_hot, lengths, strict=True)], list(lengths))
    z = random_latents(model)[:count]
    labels = labels_of(np.array(oracle.decode_to_tensors(z, config.hparams.max_seq_len, temperature=GREEDY)), depths)
    logits = line_logits(oracle, z)
    parts = np.split(logits, np.cumsum(depths)[:-1], -1)
    assert all((part.argmax(-1) == labels[..., k]).all() for k, part in enumerate(parts)), "decoding was not greedy"
    best = [np.sort(part, -1)[..., -2:] for part in parts]
    return {
        "windows": windows,
        "lengths": lengths,
        "mu": mu,
        "sigma": sigma,
        "z": z,
        "labels": labels.astype(np.int16),
        "gaps": np.stack([pair[..., 1] - pair[..., 0] for pair in best], -1).astype(np.float32),
        "logits": logits[:1, :GOLDEN_STEPS] if compact else logits,
    }


def some_of(windows: np.ndarray) -> np.ndarray:
    """As many windows as there are LENGTHS, from first to last."""
    return windows[np.linspace(0, len(windows) - 1, len(LENGTHS), dtype=int)]


def play(
    model: RandomModel,
    prefix: Path,
    drums: Mapping[str, np.ndarray],
    full_drums: Mapping[str, np.ndarray],
    grooves: Mapping[str, np.ndarray],
    lines: Mapping[str, np.ndarray],
    compact: bool,
) -> dict[str, np.ndarray]:
    """Plays a model on some of its converter's windows."""
    if model.config in (MELODY_SMALL, MELODY_BIG, LONG_MELODY, TRIO):
        return play_lines(model, prefix, lines, compact)
    if model.config == NADE:
        hits = unpack_flags(some_of(full_drums["hits"]), NUM_FULL_DRUMS)
        return play_nade(model, prefix, np.concatenate([hits, ~hits.any(-1, keepdims=True)], -1), compact)
    if model.config == DRUMS:
        return play_drums(model, prefix, unpack_flags(some_of(drums["rolls"]), NUM_DRUMS + 1), compact)
    controls = unpack_flags(some_of(grooves["controls"]), NUM_DRUMS) if model.config == HITS_CONTROL else None
    return play_grooves(model, prefix, some_of(unpack_rows(model.config, grooves)), controls, compact)


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
    parser.add_argument("--only", nargs="*", help="of the random models, these (default: all)")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)

    def pieces(golden: str, bars: int):
        if arguments.groove_zip:
            return excerpts(arguments.groove_zip, bars)
        return iter(split_sequences(np.load(GOLDENS / f"{golden}.npz")["sources"]))

    drums = convert_drums(pieces("groove", DRUMS_EXCERPT_BARS))
    full_drums = convert_full_drums(split_sequences(drums["sources"]))
    grooves = convert_grooves(pieces("groovae", GROOVE_EXCERPT_BARS))
    lines = convert_lines(split_sequences(np.load(GOLDENS / "lines.npz")["sources"]))
    converters = {"groove": drums, "full_drums": full_drums, "groovae": grooves, "lines": lines}
    for name, converted in converters.items():
        np.savez_compressed(arguments.folder / f"{name}.npz", **converted)
    for name, model in MODELS.items():
        if arguments.only and name not in arguments.only:
            continue
        if arguments.compact and name in WITHOUT_GOLDENS:
            continue
        prefix = arguments.folder / name / "model.ckpt"
        write_checkpoint(model, prefix)
        played = play(model, prefix, drums, full_drums, grooves, lines, arguments.compact)
        np.savez_compressed(arguments.folder / f"{name}.npz", **played)
        if arguments.compact and not model.sizes:
            for file in prefix.parent.iterdir():
                file.unlink()
            prefix.parent.rmdir()


if __name__ == "__main__":
    main()
