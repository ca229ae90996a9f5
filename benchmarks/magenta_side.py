"""Magenta's half of `decode.py`, run in .venv-oracle: says how long loading took, then reads numbers of
latents and answers with the seconds that each took."""

from __future__ import annotations

import sys
import time

import numpy as np
import tensorflow.compat.v1 as tf
from magenta.models.music_vae.configs import CONFIG_MAP
from magenta.models.music_vae.trained_model import TrainedModel

tf.logging.set_verbosity(tf.logging.ERROR)


def main(config_name: str, prefix: str, sizes: list[int]) -> None:
    """Serves until standard input ends, with one model for each batch size."""
    config = CONFIG_MAP[config_name]
    models, loading = {}, []
    for n in sizes:
        started = time.perf_counter()
        models[n] = TrainedModel(config, n, checkpoint_dir_or_path=prefix)
        loading.append(time.perf_counter() - started)
    rng = np.random.RandomState(0)
    print("ready", loading[0], flush=True)
    for line in sys.stdin:
        n = int(line)
        z = rng.randn(n, config.hparams.z_size).astype(np.float32)
        start = time.perf_counter()
        models[n].decode_to_tensors(z, config.hparams.max_seq_len, temperature=1.0)
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], [int(n) for n in sys.argv[3:]])
