"""How long loading and decoding take, ours and Magenta's in turn on the same weights. From the repository's root:

    python -m benchmarks.decode [CONFIG ...]

Needs .venv-oracle (tests/parity/make_oracle.sh). Both sides run `TrainedModel.decode_to_tensors`, from latents to
arrays, with every core they can get, one at a time: while one decodes the other waits.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.weights import save_tf1
from core.configs import CONFIG_MAP, Config
from core.network import vae
from core.trained_model import TrainedModel


class Bars(NamedTuple):
    """The most that our time may be, as a share of Magenta's: of decoding, by number of latents, and of loading."""

    decoding: dict[int, float]
    loading: float | None = None
    repeats: int = 20


BARS = {
    "cat-drums_2bar_small": Bars({2: 0.8, 8: 0.6, 64: 0.5}),
    "hierdec-trio_16bar": Bars({1: 0.33, 4: 0.4}, 0.5, 5),
}
# The spread of the random weights; in large layers that of the small ones would saturate everything.
SCALE = {"hierdec-trio_16bar": 0.03}
WARM_UP = 3
ROOT = Path(__file__).parents[1]


def write_checkpoint(prefix: Path, config: Config) -> None:
    """Random full-size weights as a TF1 checkpoint that both sides can read."""
    rng, scale = np.random.default_rng(0), SCALE.get(config.name, 0.06)
    shapes = vae.variable_shapes(config)
    tensors = [rng.standard_normal(shape, np.float32) * np.float32(scale) for shape in shapes.values()]
    save_tf1(prefix, dict(zip(shapes, tensors, strict=True)))


class Ours:
    """This project's side."""

    def __init__(self, prefix: Path, config: Config, sizes: list[int]) -> None:
        """Loads the model, once for all batch sizes, since it does not depend on them."""
        self._config = config
        started = time.perf_counter()
        self._model = TrainedModel(config, max(sizes), prefix)
        self.loading_seconds = time.perf_counter() - started
        self._rng = np.random.RandomState(0)

    def seconds(self, n: int) -> float:
        """Decodes n latents once."""
        z = self._rng.randn(n, self._config.hparams.z_size).astype(np.float32)
        start = time.perf_counter()
        self._model.decode_to_tensors(z, self._config.hparams.max_seq_len, temperature=1.0)
        return time.perf_counter() - start


class Magentas:
    """Magenta's side, in a process of its own that lives as long as this object."""

    def __init__(self, prefix: Path, config: Config, sizes: list[int]) -> None:
        """Starts the process and waits until it has loaded a model for each batch size."""
        python = ROOT / ".venv-oracle" / "bin" / "python"
        script = Path(__file__).with_name("magenta_side.py")
        self._process = subprocess.Popen(
            [python, "-W", "ignore", script, config.name, prefix, *map(str, sizes)],
            env=os.environ | {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        ready = self._process.stdout.readline().split()
        if not ready or ready[0] != "ready":
            raise SystemExit("Magenta did not start: is .venv-oracle complete? See tests/parity/make_oracle.sh.")
        # Of the model for the first batch size: the others would find the file in memory.
        self.loading_seconds = float(ready[1])

    def seconds(self, n: int) -> float:
        """Decodes n latents once."""
        self._process.stdin.write(f"{n}\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def close(self) -> None:
        """Ends the process."""
        self._process.stdin.close()
        self._process.wait()


def compare(config: Config, bars: Bars) -> None:
    """Prints the table of a configuration."""
    sizes = list(bars.decoding)
    with tempfile.TemporaryDirectory() as folder:
        prefix = Path(folder) / "model.ckpt"
        write_checkpoint(prefix, config)
        ours, magentas = Ours(prefix, config, sizes), Magentas(prefix, config, sizes)
        print(f"| {config.name} | ours (ms) | Magenta (ms) | ratio | bar |")
        print("|---|---|---|---|---|")
        a, b = 1000 * ours.loading_seconds, 1000 * magentas.loading_seconds
        print(f"| loading | {a:.0f} | {b:.0f} | {a / b:.2f} | {bars.loading or ''} |", flush=True)
        for n, bar in bars.decoding.items():
            times = [(ours.seconds(n), magentas.seconds(n)) for _ in range(WARM_UP + bars.repeats)][WARM_UP:]
            a, b = (1000 * statistics.median(side) for side in zip(*times, strict=True))
            print(f"| {n} latents | {a:.1f} | {b:.1f} | {a / b:.2f} | {bar} |", flush=True)
        magentas.close()


def main(names: list[str]) -> None:
    """Compares the configurations named, or all of them."""
    for name in names or BARS:
        compare(CONFIG_MAP[name], BARS[name])


if __name__ == "__main__":
    main(sys.argv[1:])
