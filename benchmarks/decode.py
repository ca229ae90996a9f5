"""How long decoding takes, ours and Magenta's in turn on the same weights. Run it from the repository's root:

    python -m benchmarks.decode

Needs .venv-oracle (tests/parity/make_oracle.sh). Both sides run `TrainedModel.decode_to_tensors`, from latents to
one-hot
arrays, with every core they can get, one at a time: while one decodes the other waits.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from core.configs import CONFIG_MAP
from core.network import vae
from core.trained_model import TrainedModel

CONFIG = CONFIG_MAP["cat-drums_2bar_small"]
STEPS = CONFIG.hparams.max_seq_len
# The most that our time may be, as a share of Magenta's, by number of latents.
BARS = {2: 0.8, 8: 0.6, 64: 0.5}
WARM_UP, REPEATS = 5, 20
ROOT = Path(__file__).parents[1]


def write_checkpoint(prefix: Path) -> None:
    """Random full-size weights as a TF1 checkpoint that both sides can read."""
    rng = np.random.RandomState(0)
    shapes = vae.variable_shapes(CONFIG)
    tensors = [(rng.randn(*shape) * 0.06).astype(np.float32) for shape in shapes.values()]
    names = [*shapes, "global_step"]
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[*tensors, np.int64(0)],
    )


class Ours:
    """This project's side."""

    def __init__(self, prefix: Path) -> None:
        """Loads a model for each batch size."""
        self._models = {n: TrainedModel(CONFIG, n, prefix) for n in BARS}
        self._rng = np.random.RandomState(0)

    def seconds(self, n: int) -> float:
        """Decodes n latents once."""
        z = self._rng.randn(n, CONFIG.hparams.z_size).astype(np.float32)
        start = time.perf_counter()
        self._models[n].decode_to_tensors(z, STEPS, temperature=1.0)
        return time.perf_counter() - start


class Magentas:
    """Magenta's side, in a process of its own that lives as long as this object."""

    def __init__(self, prefix: Path) -> None:
        """Starts the process and waits until its models are loaded."""
        python = ROOT / ".venv-oracle" / "bin" / "python"
        script = Path(__file__).with_name("magenta_side.py")
        self._process = subprocess.Popen(
            [python, "-W", "ignore", script, CONFIG.name, prefix, *map(str, BARS)],
            env=os.environ | {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        if self._process.stdout.readline().strip() != "ready":
            raise SystemExit("Magenta did not start: is .venv-oracle complete? See tests/parity/make_oracle.sh.")

    def seconds(self, n: int) -> float:
        """Decodes n latents once."""
        self._process.stdin.write(f"{n}\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def close(self) -> None:
        """Ends the process."""
        self._process.stdin.close()
        self._process.wait()


def main() -> None:
    """Prints the table."""
    with tempfile.TemporaryDirectory() as folder:
        prefix = Path(folder) / "model.ckpt"
        write_checkpoint(prefix)
        ours, magentas = Ours(prefix), Magentas(prefix)
        print("| latents | ours (ms) | Magenta (ms) | ratio | bar |")
        print("|---|---|---|---|---|")
        for n, bar in BARS.items():
            times = [(ours.seconds(n), magentas.seconds(n)) for _ in range(WARM_UP + REPEATS)][WARM_UP:]
            a, b = (1000 * statistics.median(side) for side in zip(*times, strict=True))
            print(f"| {n} | {a:.1f} | {b:.1f} | {a / b:.2f} | {bar} |", flush=True)
        magentas.close()


if __name__ == "__main__":
    main()
