"""What it means that this project's groove family and Magenta's agree; see `agreement`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from note_seq.protobuf.music_pb2 import NoteSequence

from core.configs import CONFIG_MAP
from core.converters.drums import NUM_CLASSES
from core.converters.groove import ROW
from core.network import encoder
from core.network.groove_decoder import GrooveDecoder
from core.trained_model import TrainedModel
from tests.parity.agreement import TOLERANCE, Golden, assert_close, assert_differ_only_from_near_ties
from tests.parity.golden_format import (
    FEEL_UNIT,
    rounded_offsets,
    split_sequences,
    unpack_feel,
    unpack_flags,
    unpack_rows,
)
from tests.parity.random_models import GROOVES, HITS_CONTROL, MODELS, random_rows, random_uniforms

FEEL_TOLERANCE = 1e-4
SECONDS_TOLERANCE = 1e-9


def inputs_of(golden: Golden) -> list[np.ndarray]:
    """The encoder's inputs [length, 27], without controls."""
    rows = unpack_rows("inputs", golden)
    return [row[:length] for row, length in zip(rows, golden["lengths"], strict=True)]


def controls_of(name: str, golden: Golden) -> np.ndarray | None:
    """The controls [n, steps, 9] that go with the encoder's inputs, if the random model takes some."""
    return unpack_flags(golden["controls"], NUM_CLASSES) if MODELS[name].config == HITS_CONTROL else None


def assert_same_groove_network(name: str, weights: Mapping[str, np.ndarray], golden: Golden) -> None:
    """mu, sigma, logits with Magenta's own past, greedy decodes, and decodes by the same uniform numbers."""
    weights = {variable: tf.constant(array) for variable, array in weights.items()}
    inputs, controls = unpack_rows("inputs", golden), controls_of(name, golden)
    if controls is None:
        controls = np.zeros((*inputs.shape[:2], 0))
    heard = np.concatenate([inputs, controls], -1)
    mu, sigma = encoder.encode(weights, tf.constant(heard, tf.float32), tf.constant(golden["lengths"], tf.int32))
    assert_close(mu, golden["mu"])
    assert_close(sigma, golden["sigma"])

    decoder = GrooveDecoder.read(weights)
    z, kept = golden["z"], len(golden["logits"])
    previous = np.pad(rows_from_logits(golden["logits"])[:, :-1], ((0, 0), (1, 0), (0, 0)))
    given = z[:kept], previous, np.repeat(controls[:1], kept, 0)
    logits = decoder.teacher_forced(*(tf.constant(array, tf.float32) for array in given)).numpy()
    exact = GrooveDecoder.read({variable: tf.cast(array, tf.float64) for variable, array in weights.items()})
    exact = exact.teacher_forced(*(tf.constant(array, tf.float64) for array in given)).numpy()
    # As in `settled`: where rounding alone moves float32 away from float64, it may move Magenta anywhere, too.
    calm = np.cumsum(np.abs(logits - exact).max(-1) > TOLERANCE / 2, 1) == 0
    assert calm.mean() > 0.9, "too much grown rounding to say anything"
    assert_close(logits[calm], golden["logits"][calm], 2 * TOLERANCE)

    for kind in ("", "sampled_"):
        rows = decode(decoder, *drawn(name, golden, kind))
        assert_same_rows(rows, golden, settled(name, weights, golden, kind), kind)


def drawn(name: str, golden: Golden, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the decodes of a kind, "" for greedy ones or "sampled_", are made of: latents [n, z_size], noise of the hits
    [steps, n, 9], and controls [steps, depth]."""
    z, steps = golden["z"], golden["hits"].shape[1]
    controls = controls_of(name, golden)
    uniforms = random_uniforms(MODELS[name], steps, len(z)).astype(float)
    noise = np.log1p(-uniforms) - np.log(uniforms) if kind else np.zeros((steps, len(z), NUM_CLASSES))
    count = len(golden[f"{kind}hits"])
    return z[:count], noise[:, :count], np.zeros((steps, 0)) if controls is None else controls[0]


def rows_from_logits(logits: np.ndarray) -> np.ndarray:
    """What Magenta plays greedily on logits [..., 27] (reference section 2.7)."""
    hits, velocities, offsets = np.split(logits, 3, -1)
    return np.concatenate([hits > 0, 1 / (1 + np.exp(-velocities)), np.tanh(offsets)], -1)


def decode(
    decoder: GrooveDecoder,
    z: np.ndarray,
    hit_noise: np.ndarray,
    controls: np.ndarray,
    dtype: tf.DType = tf.float32,
) -> np.ndarray:
    """Rows [n, steps, 27] for latents, noise [steps, n, 9] of the hits, and controls [steps, depth] common to all, with
    a decoder of that precision."""
    steps = len(hit_noise)
    noise = np.pad(hit_noise, ((0, 0), (0, 0), (0, ROW - NUM_CLASSES)))
    nothing = tf.zeros([len(z), steps, ROW], dtype)
    controls = np.repeat(controls[None], len(z), 0)
    return decoder.decode(*(tf.constant(array, dtype) for array in (z, noise, controls)), nothing, nothing > 0).numpy()


def settled(name: str, weights: Mapping[str, np.ndarray], golden: Golden, kind: str = "") -> np.ndarray:
    """Where rounding has not grown, bool [n, steps]: up to there float32 and float64 give the same velocities and
    offsets. What a random network is fed back for long enough can take any rounding anywhere."""
    single, double = (
        decode(
            GrooveDecoder.read({variable: tf.cast(array, dtype) for variable, array in weights.items()}),
            *drawn(name, golden, kind),
            dtype,
        )
        for dtype in (tf.float32, tf.float64)
    )
    calm = np.cumsum(np.abs(single - double).max(-1) > FEEL_TOLERANCE / 10, 1) == 0
    assert calm[:, -1].mean() > 0.9, "too much grown rounding to say anything"
    return calm


def assert_same_rows(ours: np.ndarray, golden: Golden, calm: np.ndarray, kind: str = "") -> None:
    """Rows [n, steps, 27]: hits equal Magenta's, or first differ at a near-tie; until then, and while they are `calm`
    (see `settled`), so do the velocities and offsets that are stored, but for rounding. `kind` is "" for greedy decodes
    or "sampled_"."""
    hits, feel = np.split(ours, [NUM_CLASSES], -1)
    theirs = unpack_flags(golden[f"{kind}hits"], NUM_CLASSES)
    assert hits.shape == theirs.shape
    assert set(np.unique(hits)) == {0, 1}
    differ = (hits != theirs).any(-1)
    assert_differ_only_from_near_ties(differ, golden[f"{kind}gaps"])
    their_feel = unpack_feel(golden[f"{kind}feel"])
    same = (calm & (np.cumsum(differ, 1) == 0))[: len(their_feel)]
    tolerance = FEEL_TOLERANCE + FEEL_UNIT
    np.testing.assert_allclose(feel[: len(their_feel)][same], their_feel[same], rtol=0, atol=tolerance)


def assert_same_trained_model(name: str, model: TrainedModel, golden: Golden) -> None:
    """`encode_tensors` and greedy `decode_to_tensors`."""
    controls, lengths = controls_of(name, golden), golden["lengths"]
    cut = None if controls is None else [rows[:length] for rows, length in zip(controls, lengths, strict=True)]
    _, mu, sigma = model.encode_tensors(inputs_of(golden), lengths, cut)
    assert_close(mu, golden["mu"])
    assert_close(sigma, golden["sigma"])
    z, noise, _ = drawn(name, golden, "")
    c_input = None if controls is None else controls[0]
    rows = np.array(model.decode_to_tensors(z, len(noise), temperature=1e-8, c_input=c_input))
    assert rows.dtype == np.float32
    assert_same_rows(rows, golden, settled(name, model.weights, golden))


def assert_same_groove_converter(config: str, golden: Golden) -> None:
    """Every window of every excerpt, in order: what the encoder hears, the output and the controls. Equal to the last
    digit, but that Magenta's offsets are stored as float32."""
    converter = CONFIG_MAP[config].data_converter
    outputs = unpack_rows(f"outputs_{converter.slice_bars}", golden)
    inputs = unpack_rows(config, golden)
    controls = unpack_flags(golden["controls"], NUM_CLASSES)
    sources = split_sequences(golden["sources"])
    start = 0
    for number, (source, count) in enumerate(zip(sources, golden[f"counts_{converter.slice_bars}"], strict=True)):
        tensors = converter.to_tensors(source)
        here = slice(start, start + int(count))
        start += int(count)
        assert len(tensors.inputs) == len(tensors.outputs) == len(tensors.controls) == count, f"excerpt {number}"
        assert tensors.lengths == [converter.slice_steps] * count
        np.testing.assert_array_equal(rounded_offsets(tensors.outputs), outputs[here], f"excerpt {number}")
        np.testing.assert_array_equal(rounded_offsets(tensors.inputs), inputs[here], f"excerpt {number}")
        if config == HITS_CONTROL:
            np.testing.assert_array_equal(tensors.controls, controls[here], f"excerpt {number}")
        else:
            assert {rows.shape for rows in tensors.controls} == {(converter.slice_steps, 0)}
    assert start == len(inputs) == len(outputs)


def assert_same_notes(config: str, golden: Golden) -> None:
    """Every output window, and rows that no converter makes, back as notes: in the same order, times but for
    rounding, all else equal."""
    converter = CONFIG_MAP[config].data_converter
    outputs = unpack_rows(f"outputs_{converter.slice_bars}", golden)
    rows = np.concatenate([outputs, random_rows(8, outputs.shape[1])])
    theirs = split_sequences(golden[f"back_{converter.slice_bars}"])
    for ours, magentas in zip(converter.from_tensors(rows), theirs, strict=True):
        np.testing.assert_allclose(times_of(ours), times_of(magentas), rtol=0, atol=SECONDS_TOLERANCE)
        assert without_times(ours) == without_times(magentas)


def times_of(sequence: NoteSequence) -> np.ndarray:
    """Starts and ends [notes, 2] in seconds."""
    return np.array([(note.start_time, note.end_time) for note in sequence.notes]).reshape(-1, 2)


def without_times(sequence: NoteSequence) -> NoteSequence:
    """A copy whose notes have neither start nor end."""
    copy = NoteSequence.FromString(sequence.SerializeToString())
    for note in copy.notes:
        note.ClearField("start_time")
        note.ClearField("end_time")
    return copy


def assert_enough(golden: Golden) -> None:
    """There is something to compare: windows, notes with dynamics and timing, and inputs that differ as they should."""
    assert golden["counts_2"].sum() >= 200
    assert golden["counts_4"].sum() >= 100
    hits, velocities, offsets = np.split(unpack_rows("outputs_2", golden), 3, -1)
    assert hits.sum() > 4000
    assert (hits.sum((0, 1)) >= 10).all(), "a drum is hardly ever struck"
    assert len(np.unique(velocities)) > 100
    assert (offsets > 0.1).sum() > 500
    assert (offsets < -0.1).sum() > 500
    heard = {config: unpack_rows(config, golden).sum((0, 1)) for config in GROOVES}
    humanize, tap, add, control, _ = heard.values()
    assert (humanize[:NUM_CLASSES] == hits.sum((0, 1))).all()
    assert not humanize[NUM_CLASSES:].any()
    assert np.flatnonzero(tap).tolist() == [3, 2 * NUM_CLASSES + 3]
    assert np.flatnonzero(add == 0).tolist() == [2, 2 + NUM_CLASSES, 2 + 2 * NUM_CLASSES]
    assert (control == unpack_rows("outputs_2", golden).sum((0, 1))).all()
    back = split_sequences(golden["back_2"])
    assert len(back) == 208
    assert sum(len(sequence.notes) for sequence in back) > hits.sum()
