"""Where latents are, and where samples are drawn from, made to be the same place.

A model with a weak prior leaves its training clips scattered in a stretched and shifted cloud: along some directions
(how high a melody lies) three times as wide as the prior, along others half. Samples from the prior then mix what never
goes together. A change of coordinates in which the cloud is a standard normal one mends that, and since mu and whatever
hears z are linear there, it can be written into the weights and changes no reconstruction.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from core.configs import Config
from core.network import decoder, encoder
from core.network.hierarchical_decoder import CONDUCTOR
from training.memory import linear_map


def fitted(
    config: Config, weights: dict[str, np.ndarray], heard: np.ndarray, spread: float = 1.0
) -> dict[str, np.ndarray]:
    """Weights that do the same in new coordinates of z, in which the posteriors of some clips together have mean 0 and
    standard deviation 1 / `spread` in all directions: samples are drawn so much wider than the clips lie.

    Posteriors would no longer be independent along each dimension; sigma becomes that of the independent ones nearest
    to them (the inverse root of the precision, so that no direction gets more noise than it had), as near as least
    squares find it. A decoder learns more from the posteriors as they were, so this is done when it has learnt.

    Args:
        config: of the model.
        weights: of the model.
        heard: inputs of the encoder [count, steps, input_depth], some thousand clips as they are trained on.
    """
    tensors = {name: tf.constant(array) for name, array in weights.items()}
    encodings, mus, sigmas = [], [], []
    for batch in np.split(heard, range(256, len(heard), 256)):
        inputs, lengths = tf.constant(batch, tf.float32), tf.fill([len(batch)], batch.shape[1])
        encodings.append(encoder.read(tensors, inputs, lengths))
        for kept, moment in zip((mus, sigmas), encoder.encode(tensors, inputs, lengths), strict=True):
            kept.append(moment)
    encoding, mu, sigma = (np.concatenate(each).astype(np.float64) for each in (encodings, mus, sigmas))
    mean = mu.mean(0)
    values, axes = np.linalg.eigh(spread**2 * (np.cov(mu.T) + np.diag((sigma**2).mean(0))))
    # z = new z · out + mean
    out, back = (axes * np.sqrt(values)) @ axes.T, (axes / np.sqrt(values)) @ axes.T
    changed = dict(weights)
    mu_kernel, mu_bias = (f"{encoder.SCOPE}/mu/{part}" for part in ("kernel", "bias"))
    changed[mu_kernel], changed[mu_bias] = weights[mu_kernel] @ back, (weights[mu_bias] - mean) @ back
    new_sigma = 1 / np.sqrt(sigma**-2.0 @ out**2)
    sigma_kernel, sigma_bias = (f"{encoder.SCOPE}/sigma/{part}" for part in ("kernel", "bias"))
    changed[sigma_kernel], changed[sigma_bias] = linear_map(encoding, np.log(np.expm1(new_sigma)))
    for kernel, first_row, bias in _listeners(config):
        rows = slice(first_row, first_row + len(mean))
        of_z = weights[kernel][rows]
        changed[kernel] = changed[kernel].copy()
        changed[kernel][rows] = out @ of_z
        changed[bias] = weights[bias] + mean @ of_z
    return {name: array.astype(np.float32) for name, array in changed.items()}


def _listeners(config: Config) -> list[tuple[str, int, str]]:
    """The kernels that hear z, the first of the rows by which they do, and the bias beside each."""
    if config.is_hierarchical:
        return [(f"{CONDUCTOR}/initial_state/kernel", 0, f"{CONDUCTOR}/initial_state/bias")]
    state, cell = f"{decoder.SCOPE}/z_to_initial_state", decoder.cell_scope(decoder.SCOPE, 0)
    sample_depth = config.data_converter.output_depth
    return [(f"{state}/kernel", 0, f"{state}/bias"), (f"{cell}/kernel", sample_depth, f"{cell}/bias")]
