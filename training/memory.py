"""LSTMs that begin with a memory, so that they need not learn to remember before they can learn what."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from core.configs import Config
from core.network import encoder, hierarchical_decoder
from core.network.hierarchical_decoder import CONDUCTOR
from training import sketch


def lengthened(weights: dict[str, np.ndarray], seed: int, steps: int = 32) -> dict[str, np.ndarray]:
    """Weights whose LSTM units forget, each at its own pace, over up to so many steps (Tallec & Ollivier, “Can
    recurrent neural networks warp time?”, ICLR 2018), where those begun at zero forget half in two steps."""
    rng = np.random.default_rng([seed, 3])
    longer = dict(weights)
    for name in sorted(weights):
        if name.endswith("lstm_cell/bias"):
            bias = weights[name].copy()
            units = len(bias) // 4
            forget = np.log(rng.uniform(1, steps - 1, units))
            # The cell adds 1 to the forget gate itself.
            bias[2 * units : 3 * units] = forget - 1
            bias[:units] = -forget
            longer[name] = bias
    return longer


# The gates of a delay line stand open, the forget gate shut: what a unit holds is what it is given.
OPEN, WIDE_OPEN, SHUT = 3.0, 6.0, -7.0
# Quiet enough for tanh to be nearly straight.
LOUDNESS = 0.2
RIDGE = 1e-5
# Labels that are seldom heard must not decide what a code has room for.
CODE_RIDGE = 0.03


def delay_line(
    weights: dict[str, np.ndarray], heard: np.ndarray, mu: np.ndarray, sigma: np.ndarray
) -> dict[str, np.ndarray]:
    """A bidirectional LSTM encoder of one layer that comes as near as a linear one can to given posteriors.

    Each step's input goes into the first units of both directions as a short code, and moves on by as many units at
    every step. In the end the states hold the codes of all steps, those of one half in each direction, from which mu
    and sigma are found by least squares. Training goes on from there.

    Args:
        weights: of the model; its encoder's shapes are kept.
        heard: inputs [count, steps, input_depth].
        mu, sigma: [count, z_size] for them.
    """
    steps, depth = heard.shape[1:]
    made = {name: np.zeros_like(array) for name, array in weights.items() if name.startswith(encoder.SCOPE)}
    units = len(made[f"{encoder.cell_scope(0, 'fw')}/bias"]) // 4
    width = min(units // -(-steps // 2), depth)
    by_label = linear_map(heard.reshape(len(heard), -1), mu, CODE_RIDGE)[0].reshape(steps, depth, -1).swapaxes(0, 1)
    code = np.linalg.svd(by_label.reshape(depth, -1), full_matrices=False)[0]
    gain = (1 + np.exp(-OPEN)) ** 2
    for direction in ("fw", "bw"):
        scope = encoder.cell_scope(0, direction)
        kernel, bias = made[f"{scope}/kernel"], made[f"{scope}/bias"]
        candidate = slice(units, 2 * units)
        kernel[:depth, candidate][:, :width] = LOUDNESS * code[:, :width]
        shifted = np.arange(units - width)
        kernel[depth:, candidate][shifted, shifted + width] = gain
        bias[:units], bias[2 * units : 3 * units], bias[3 * units :] = OPEN, SHUT, OPEN
    tensors = {name: tf.constant(array) for name, array in made.items()}
    batches = np.split(heard, range(512, len(heard), 512))
    states = np.concatenate(
        [encoder.read(tensors, tf.constant(each, tf.float32), tf.fill([len(each)], steps)) for each in batches]
    )
    for moment, values in (("mu", mu), ("sigma", np.log(np.expm1(sigma)))):
        made[f"{encoder.SCOPE}/{moment}/kernel"], made[f"{encoder.SCOPE}/{moment}/bias"] = linear_map(states, values)
    return weights | {name: array.astype(np.float32) for name, array in made.items()}


# How much of it a shift register's state holds of a code.
MURMUR = 0.03


def shift_register(
    config: Config, weights: dict[str, np.ndarray], sketched: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """A conductor of two layers that gives a sketch's embeddings.

    The codes of all bars stand side by side in the first layer's state and move on by one at every bar; the second
    layer makes an embedding of the one that comes out. Training can go on from there.

    Args:
        config: of the model.
        weights: of the model; its conductor's shapes are kept.
        sketched: the weights of a sketch.
    """
    width, units = sketch.code_width(config), config.hparams.dec_rnn_size[-1]
    held = config.bars * width
    made = {name: np.zeros_like(array) for name, array in weights.items() if name.startswith(CONDUCTOR)}
    # States are c and h of the first layer, then of the second. What comes out after a move has stood one place on.
    place = (np.arange(held) + width) % held
    first_h = slice(units, 2 * units)
    made[f"{CONDUCTOR}/initial_state/kernel"][:, first_h][:, place] = MURMUR * sketched[f"{sketch.SCOPE}/codes/kernel"]
    made[f"{CONDUCTOR}/initial_state/bias"][first_h][place] = MURMUR * sketched[f"{sketch.SCOPE}/codes/bias"]
    candidate = slice(units, 2 * units)
    register, reader = (made[f"{hierarchical_decoder.cell_scope(layer)}/kernel"] for layer in range(2))
    # The conductor's own input is one zero.
    register[1:, candidate][place, np.arange(held)] = (1 + np.exp(-WIDE_OPEN)) ** 2
    reader[:width, candidate] = sketched[f"{sketch.SCOPE}/embedding/kernel"] / MURMUR
    for layer in range(2):
        bias = made[f"{hierarchical_decoder.cell_scope(layer)}/bias"]
        bias[:units], bias[2 * units : 3 * units], bias[3 * units :] = WIDE_OPEN, SHUT, WIDE_OPEN
    bias[candidate] = sketched[f"{sketch.SCOPE}/embedding/bias"]
    return weights | made


def linear_map(inputs: np.ndarray, values: np.ndarray, ridge: float = RIDGE) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias by least squares, for inputs [count, n] and values [count, m]."""
    inputs, values = np.asarray(inputs, np.float64), np.asarray(values, np.float64)
    mean, middle = inputs.mean(0), values.mean(0)
    centred = inputs - mean
    squares = centred.T @ centred
    squares += ridge * np.trace(squares) / len(squares) * np.eye(len(squares))
    kernel = np.linalg.solve(squares, centred.T @ (values - middle))
    return kernel, middle - mean @ kernel
