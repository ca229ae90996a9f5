"""The training loop: windows in, weights out, resumable at any time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from training.evaluate import BITS
from training.families import family_of
from training.settings import TrainingSettings


class Fit:
    """Weights, Adam's moments, the running average of the weights, and the number of steps taken."""

    def __init__(
        self,
        settings: TrainingSettings,
        weights: dict[str, np.ndarray] | None = None,
        windows: np.ndarray | None = None,
    ) -> None:
        """Starts from `weights`, of an earlier run or phase, or from random ones drawn from the settings' seed.
        `windows` are those to learn from."""
        self.settings = settings
        self.family = family_of(settings)
        initial = self.family.initial_weights(weights or {}, windows)
        self.weights = {name: tf.Variable(array, name=name) for name, array in initial.items()}
        self.first_moments = {name: tf.Variable(tf.zeros_like(v)) for name, v in self.weights.items()}
        self.second_moments = {name: tf.Variable(tf.zeros_like(v)) for name, v in self.weights.items()}
        self.average = {name: tf.Variable(v) for name, v in self.weights.items()}
        self.step = tf.Variable(0, dtype=tf.int64)
        self._train = tf.function(self._train_step)

    def save(self, path: Path) -> None:
        """Writes everything that training needs to go on; a broken write leaves the last file whole."""
        groups = {"weights": self.weights, "m": self.first_moments, "v": self.second_moments, "average": self.average}
        arrays = {f"{group}:{name}": v.numpy() for group, named in groups.items() for name, v in named.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        save_file(arrays | {"step": self.step.numpy().reshape(1)}, partial)
        partial.replace(path)

    def restore(self, path: Path) -> None:
        """Takes up training where `save` left it."""
        arrays = load_file(path)
        groups = {"weights": self.weights, "m": self.first_moments, "v": self.second_moments, "average": self.average}
        for group, named in groups.items():
            for name, variable in named.items():
                variable.assign(arrays[f"{group}:{name}"])
        self.step.assign(arrays["step"][0])

    def averaged_weights(self) -> dict[str, np.ndarray]:
        """The running average of the weights, which plays better than the last ones."""
        return {name: v.numpy() for name, v in self.average.items()}

    def train(self, windows: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
        """One step on windows [batch, steps, …]; returns reconstruction loss and KL in nats a clip."""
        reconstruction, kl = self._train(*map(tf.constant, self.family.feed(windows, rng)))
        return float(reconstruction), float(kl)

    def learning_rate(self, step: tf.Tensor) -> tf.Tensor:
        """Warm-up, then exponential decay to the minimum."""
        s = self.settings
        step = tf.cast(step, tf.float32)
        decayed = s.min_learning_rate + (s.learning_rate - s.min_learning_rate) * s.decay_rate**step
        return decayed * tf.minimum(1.0, (step + 1) / s.warmup_steps)

    def _train_step(self, *fed):
        s = self.settings
        names = sorted(filter(self.family.is_trained, self.weights))
        step = tf.cast(self.step, tf.float32)
        with tf.GradientTape() as tape:
            reconstruction, kl = self.family.loss_terms(self.weights, *fed)
            beta = s.max_beta * (1 - s.beta_rate**step)
            loss = tf.reduce_mean(reconstruction + beta * tf.maximum(kl - s.free_bits * BITS, 0))
        gradients = tape.gradient(loss, [self.weights[name] for name in names])
        gradients, _ = tf.clip_by_global_norm(gradients, s.grad_clip)
        rate, beta1, beta2 = self.learning_rate(self.step), 0.9, 0.999
        for name, gradient in zip(names, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=self.weights[name].handle,
                m=self.first_moments[name].handle,
                v=self.second_moments[name].handle,
                beta1_power=beta1 ** (step + 1),
                beta2_power=beta2 ** (step + 1),
                lr=rate,
                beta1=beta1,
                beta2=beta2,
                epsilon=1e-8,
                grad=gradient,
            )
        # Early on the average follows closely, or it would remember the random start for a thousand steps.
        keep = tf.minimum(s.average_decay, (1 + step) / (10 + step))
        for name in names:
            self.average[name].assign_add((1 - keep) * (self.weights[name] - self.average[name]))
        self.step.assign_add(1)
        return tf.reduce_mean(reconstruction), tf.reduce_mean(kl)


def batches(
    windows: np.ndarray, size: int, seed: int, first_step: int
) -> Iterator[tuple[np.ndarray, np.random.Generator]]:
    """Endless shuffled batches with the random generator of each step; resuming at a step gives what would have
    come."""
    an_epoch = len(windows) // size
    step = first_step
    while True:
        epoch, first_place = divmod(step, an_epoch)
        order = np.random.default_rng([seed, epoch]).permutation(len(windows))
        for place in range(first_place, an_epoch):
            yield windows[order[place * size : (place + 1) * size]], np.random.default_rng([seed, 7, step])
            step += 1


def fit(
    settings: TrainingSettings,
    train: np.ndarray,
    validation: np.ndarray,
    steps: int,
    folder: Path,
    report: Callable[[str], None],
    every: int = 500,
    weights: dict[str, np.ndarray] | None = None,
) -> Fit:
    """Trains until `steps` steps have been taken in all, resuming from `folder` if there is something.

    Args:
        settings: the run.
        train, validation: windows [count, steps, …] as the family gives them; by the second the best weights are kept.
        steps: total, over all resumptions.
        folder: where the state `last.safetensors` and the best weights `best.safetensors` are kept.
        report: called with a line of progress every `every` steps.
        every: steps between reports and saved states.
        weights: where to start from, if not from random weights.
    """
    state = Fit(settings, weights, train)
    last = folder / "last.safetensors"
    if last.exists():
        state.restore(last)
    best = float("-inf")
    if (folder / "best.safetensors").exists():
        with safe_open(folder / "best.safetensors", "numpy") as file:
            best = float(file.metadata()["score"])
    seen, losses, started = 0, np.zeros(2), time.monotonic()
    for windows, rng in batches(train, settings.batch_size, settings.seed, int(state.step)):
        if int(state.step) >= steps:
            break
        losses += state.train(windows, rng)
        seen += 1
        step = int(state.step)
        if step % every == 0 or step == steps:
            rate = seen * settings.batch_size / (time.monotonic() - started)
            nats, kl = losses / seen
            state.save(last)
            value, text = state.family.score(state.averaged_weights(), validation)
            if value > best:
                best = value
                save_file(
                    state.averaged_weights(), folder / "best.safetensors", {"score": str(best), "step": str(step)}
                )
                text += " best"
            report(
                f"step {step} loss {nats:.2f} nats KL {kl:.1f} nats ({kl / BITS:.0f} bits) "
                f"learning rate {float(state.learning_rate(state.step)):.2e} {rate:.0f} examples/s | validation: {text}"
            )
            seen, losses, started = 0, np.zeros(2), time.monotonic()
    return state
