"""`TrainedModel`: the interface that users of Magenta know (`musicvae_reference` section 3).

Same methods, arguments and results as Magenta's class, with a `seed` for each, one difference made on purpose
(interpolating between equal clips works), and one promise more: a clip is the same whatever else is in its batch.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from note_seq.protobuf.music_pb2 import NoteSequence

from core import checkpoints
from core.configs import Config
from core.errors import MultipleExtractedExamplesError, NoExtractedExamplesError, SettingError
from core.network import encoder
from core.network.decoder import CategoricalDecoder
from core.seeds import Stage, Stream, new_seed

# Rounding moves float32 logits by a few 1e-5 when the batch size or the processor changes. A draw that was won by
# less than this is made again in float64, where rounding is far too small to matter, so both ways of rounding end in
# the same clip.
CLOSE_CALL = 1e-4


class TrainedModel:
    """A configuration with its weights, ready to encode and decode."""

    def __init__(self, config: Config, batch_size: int = 8, checkpoint_dir_or_path: str | Path = "") -> None:
        """Loads the weights.

        Args:
            config: an entry of `CONFIG_MAP`.
            batch_size: the most clips that are decoded together.
            checkpoint_dir_or_path: what `checkpoints.load` takes.

        Raises:
            CheckpointError: the weights are missing, damaged, or made for another configuration.
        """
        self.config = config
        self.batch_size = batch_size
        weights = checkpoints.load(checkpoint_dir_or_path, config)
        self._weights = {name: tf.constant(array) for name, array in weights.items()}
        self._decoder = CategoricalDecoder.read(self._weights)
        any_batch = tf.TensorSpec([None, config.hparams.z_size])
        noise = tf.TensorSpec([None, None, config.data_converter.output_depth])
        self._decode = tf.function(
            lambda z, noise: self._decoder.decode(z, noise)[::2], input_signature=[any_batch, noise]
        )
        self._encode = tf.function(
            lambda inputs, lengths: encoder.encode(self._weights, inputs, lengths),
            input_signature=[
                tf.TensorSpec([None, None, config.data_converter.input_depth]),
                tf.TensorSpec([None], tf.int32),
            ],
        )

    @property
    def weights(self) -> dict[str, tf.Tensor]:
        """The weights under Magenta's variable names."""
        return dict(self._weights)

    @property
    def size_bytes(self) -> int:
        """Memory that the weights take."""
        return sum(array.dtype.size * int(np.prod(array.shape)) for array in self._weights.values())

    def sample(
        self,
        n: int | None = None,
        length: int | None = None,
        temperature: float = 1.0,
        same_z: bool = False,
        c_input: np.ndarray | None = None,
        seed: int | None = None,
    ) -> list[NoteSequence]:
        """Decodes `n` latents drawn from the prior (MusicVAE section 2.1), `length` steps each, at 120 qpm.

        Args:
            n: how many, `batch_size` if not given.
            length: in steps.
            temperature: of the draws, above 0.
            same_z: one latent for all of them.
            c_input: controls; this family has none.
            seed: same seed, same music; a new one if not given.

        Raises:
            SettingError (a ValueError): the length is missing, or the temperature is not above 0.
        """
        n = self.batch_size if n is None else n
        seed = new_seed() if seed is None else seed
        return self.decode(self.sample_latents(n, seed, same_z), length, temperature, c_input, seed)

    def sample_latents(self, n: int, seed: int, same_z: bool = False) -> np.ndarray:
        """Latents float32 [n, z_size] from the prior; with `same_z` all are the first."""
        z_size = self.config.hparams.z_size
        drawn = [Stream(seed, Stage.LATENT, 0 if same_z else clip).normal(z_size) for clip in range(n)]
        return np.array(drawn, np.float32).reshape(n, z_size)

    def encode(
        self, note_sequences: Sequence[NoteSequence], assert_same_length: bool = False, seed: int | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """z, mu and sigma, float32 [n, z_size] each, of sequences that hold exactly one window each.

        z is a draw from the posterior N(mu, sigma). `assert_same_length` is taken for compatibility: windows have one
        length.

        Raises:
            NoExtractedExamplesError, MultipleExtractedExamplesError: no window, or more than one.
            SettingError (a ValueError): there are no sequences.
        """
        inputs, lengths = [], []
        for number, sequence in enumerate(note_sequences, 1):
            tensors = self.config.data_converter.to_tensors(sequence)
            bars = self.config.bars
            if not tensors.inputs:
                raise NoExtractedExamplesError(
                    f"Clip {number} has no {bars} bars of drums in 4-4 time that {self.config.name} could encode."
                )
            if len(tensors.inputs) > 1:
                raise MultipleExtractedExamplesError(
                    f"Clip {number} is longer than the {bars} bars that {self.config.name} takes: "
                    "choose one part of it."
                )
            inputs += tensors.inputs
            lengths += tensors.lengths
        return self.encode_tensors(inputs, lengths, seed=seed)

    def encode_tensors(
        self,
        input_tensors: Sequence[np.ndarray],
        lengths: Sequence[int],
        control_tensors: Sequence[np.ndarray] | None = None,
        seed: int | None = None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """z, mu and sigma, float32 [n, z_size] each, of arrays [steps, input_depth]; a length bounds what counts.

        Raises:
            SettingError (a ValueError): there are no arrays.
        """
        _no_controls(control_tensors)
        if not len(input_tensors):
            raise SettingError("There is nothing to encode: give at least one clip.")
        seed = new_seed() if seed is None else seed
        mus, sigmas = [], []
        for start in range(0, len(input_tensors), self.batch_size):
            arrays = input_tensors[start : start + self.batch_size]
            batch = np.zeros((len(arrays), max(map(len, arrays)), self.config.data_converter.input_depth), np.float32)
            for row, array in zip(batch, arrays, strict=True):
                row[: len(array)] = array
            mu, sigma = self._encode(batch, np.array(lengths[start : start + self.batch_size], np.int32))
            mus.append(mu.numpy())
            sigmas.append(sigma.numpy())
        mu, sigma = np.concatenate(mus), np.concatenate(sigmas)
        epsilon = [Stream(seed, Stage.POSTERIOR, clip).normal(mu.shape[1]) for clip in range(len(mu))]
        return mu + sigma * np.array(epsilon, np.float32), mu, sigma

    def decode(
        self,
        z: np.ndarray,
        length: int | None = None,
        temperature: float = 1.0,
        c_input: np.ndarray | None = None,
        seed: int | None = None,
    ) -> list[NoteSequence]:
        """Sequences at 120 qpm for latents [n, z_size]; arguments and errors as for `sample`."""
        labels = self._decode_labels(z, length, temperature, c_input, seed)
        return [self.config.data_converter.from_labels(clip) for clip in labels]

    def decode_to_tensors(
        self,
        z: np.ndarray,
        length: int | None = None,
        temperature: float = 1.0,
        c_input: np.ndarray | None = None,
        seed: int | None = None,
    ) -> list[np.ndarray]:
        """One-hot float32 arrays [length, output_depth] for latents [n, z_size]; the rest as for `sample`."""
        labels = self._decode_labels(z, length, temperature, c_input, seed)
        tensors = np.zeros((*labels.shape, self.config.data_converter.output_depth), np.float32)
        np.put_along_axis(tensors, labels[..., None], 1, -1)
        return list(tensors)

    def interpolate(
        self,
        start_sequence: NoteSequence,
        end_sequence: NoteSequence,
        num_steps: int,
        length: int | None = None,
        temperature: float = 1.0,
        assert_same_length: bool = True,
        seed: int | None = None,
    ) -> list[NoteSequence]:
        """`num_steps` sequences on the great circle between the means of two clips (MusicVAE section 3.2).

        Raises what `encode` and `sample` raise.
        """
        _, (start, end), _ = self.encode([start_sequence, end_sequence], assert_same_length, seed)
        path = np.array([slerp(start, end, t) for t in np.linspace(0, 1, num_steps)])
        return self.decode(path, length, temperature, seed=seed)

    def _decode_labels(
        self, z: np.ndarray, length: int | None, temperature: float, c_input: np.ndarray | None, seed: int | None
    ) -> np.ndarray:
        _no_controls(c_input)
        if not length:
            raise SettingError(
                f"{self.config.name} needs a length in steps, for example length={self.config.hparams.max_seq_len}."
            )
        if not temperature > 0:
            raise SettingError(f"The temperature must be above 0, not {temperature}.")
        z = np.asarray(z, np.float32)
        seed = new_seed() if seed is None else seed
        labels = np.zeros((len(z), length), np.int32)
        depth = self.config.data_converter.output_depth
        for start in range(0, len(z), self.batch_size):
            batch = slice(start, min(start + self.batch_size, len(z)))
            noise = _noise(seed, range(batch.start, batch.stop), length, depth, temperature)
            drawn, margins = self._decode(z[batch], noise)
            labels[batch] = drawn.numpy()
            for clip in start + np.flatnonzero(margins.numpy() < CLOSE_CALL):
                noise = temperature * Stream(seed, Stage.DECODE, clip).gumbel(length, 1, depth, dtype=np.float64)
                labels[clip] = self._decode_exactly(z[None, clip].astype(np.float64), noise)[0].numpy()[0]
        return labels

    @functools.cached_property
    def _decode_exactly(self) -> tf.types.experimental.PolymorphicFunction:
        """`CategoricalDecoder.decode` in float64."""
        exact = {
            name: tf.cast(array, tf.float64) for name, array in self._weights.items() if name.startswith("decoder")
        }
        return tf.function(CategoricalDecoder.read(exact).decode, reduce_retracing=True)


def slerp(start: np.ndarray, end: np.ndarray, t: float) -> np.ndarray:
    """The point at `t` (0 … 1) of the great circle between two latents [z_size] (reference section 3.5).

    Where the two point the same way the circle is a line. The reference divides by zero there.
    """
    norms = np.linalg.norm(start) * np.linalg.norm(end)
    omega = np.arccos(np.clip(np.dot(start, end) / norms, -1, 1)) if norms else 0.0
    if np.sin(omega) < 1e-6:
        return (1 - t) * start + t * end
    return (np.sin((1 - t) * omega) * start + np.sin(t * omega) * end) / np.sin(omega)


def _noise(seed: int, clips: range, length: int, depth: int, temperature: float) -> np.ndarray:
    """Gumbel noise times the temperature, float32 [length, clips, depth], a stream for each clip."""
    noise = np.empty((length, len(clips), depth), np.float32)
    for place, clip in enumerate(clips):
        noise[:, place] = Stream(seed, Stage.DECODE, clip).gumbel(length, depth)
    noise *= np.float32(temperature)
    return noise


def _no_controls(controls: object) -> None:
    if controls is not None:
        raise SettingError("This model takes no controls.")
