"""`TrainedModel`: the interface that users of Magenta know (`musicvae_reference` section 3).

Same methods, arguments and results as Magenta's class, with a `seed` for each, one difference made on purpose
(interpolating between equal clips works), and one promise more: a clip is the same whatever else is in its batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from core import checkpoints, groove, limits, stopping
from core.batching import Batching
from core.configs import Config
from core.converters.drums import NUM_CLASSES
from core.converters.groove import HITS, ROW, loudest_notes, padded_windows, rows_of
from core.converters.windows import REFERENCE_QPM, bars_up
from core.decoding import Draw, decoding_of, draws_of
from core.errors import MultipleExtractedExamplesError, NoExtractedExamplesError, SettingError
from core.network import encoder
from core.network.graphs import graph
from core.note_sequences import NoteSequence
from core.seeds import Stage, Stream, new_seed
from core.sentences import Sentence
from core.stopping import Stop


class TrainedModel:
    """A configuration with its weights, ready to encode and decode."""

    def __init__(self, config: Config, batch_size: int = 8, checkpoint_dir_or_path: str | Path = "") -> None:
        """Loads the weights.

        Args:
            config: an entry of `CONFIG_MAP`.
            batch_size: the most clips that are decoded together, also of several threads that wait.
            checkpoint_dir_or_path: what `checkpoints.load` takes.

        Raises:
            CheckpointError: the weights are missing, damaged, or made for another configuration.
        """
        self.config = config
        self.batch_size = batch_size
        weights = checkpoints.load(checkpoint_dir_or_path, config)
        decoding = decoding_of(config)
        self._dtype = decoding.dtype
        self._weights = {name: tf.constant(array, self._dtype) for name, array in weights.items()}
        self._decoding = decoding(self._weights)
        self._decode_together = Batching(self._decode_batch, batch_size, limits.DECODINGS_AT_ONCE)
        depth = config.data_converter.input_depth + config.data_converter.control_depth
        self._encode = graph(
            lambda inputs, lengths: encoder.encode(self._weights, inputs, lengths),
            input_signature=[tf.TensorSpec([None, None, depth], self._dtype), tf.TensorSpec([None], tf.int32)],
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
        cancel: Stop | None = None,
    ) -> list[NoteSequence]:
        """Decodes `n` latents drawn from the prior (MusicVAE section 2.1), `length` steps each, at 120 qpm.

        Args:
            n: how many, `batch_size` if not given.
            length: in steps; without effect on hierarchical models, whose clips all have `max_seq_len`.
            temperature: of the draws, above 0.
            same_z: one latent for all of them.
            c_input: controls [steps, control_depth] for a model that takes some; if they have fewer rows than
                `length`, the clips are as short.
            seed: same seed, same music; a new one if not given.
            cancel: can be set to stop before all is decoded.

        Raises:
            CancelledError: `cancel` was set.
            SettingError (a ValueError): the length is missing, the temperature is not above 0, or controls are given
                to a model that takes none, or not to one that does.
        """
        n = self.batch_size if n is None else n
        seed = new_seed() if seed is None else seed
        return self.decode(self.sample_latents(n, seed, same_z), length, temperature, c_input, seed, cancel)

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
        inputs, lengths, controls = [], [], []
        for number, sequence in enumerate(note_sequences, 1):
            tensors = self.config.data_converter.to_tensors(sequence)
            bars, what = self.config.bars, self.config.data_converter.plays
            if not tensors.inputs:
                if what == "band":
                    what = Sentence("melody, bass and drums together")
                raise NoExtractedExamplesError(
                    "Clip {number} has no {bars} bars of {what} in 4-4 time that {model} could encode.",
                    number=number,
                    bars=bars,
                    what=what,
                    model=self.config.name,
                )
            if len(tensors.inputs) > 1:
                raise MultipleExtractedExamplesError(
                    "Clip {number} is longer than the {bars} bars that {model} takes: choose one part of it.",
                    number=number,
                    bars=bars,
                    model=self.config.name,
                )
            inputs += tensors.inputs
            lengths += tensors.lengths
            controls += tensors.controls
        return self.encode_tensors(inputs, lengths, controls if self._takes_controls else None, seed=seed)

    def encode_tensors(
        self,
        input_tensors: Sequence[np.ndarray],
        lengths: Sequence[int],
        control_tensors: Sequence[np.ndarray] | None = None,
        seed: int | None = None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """z, mu and sigma, float32 [n, z_size] each, of arrays [steps, input_depth], with controls
        [steps, control_depth] for a model that takes some; a length bounds what counts.

        Raises:
            SettingError (a ValueError): there are no arrays, or controls as for `sample`.
        """
        self._check_controls(control_tensors)
        if not len(input_tensors):
            raise SettingError("There is nothing to encode: give at least one clip.")
        seed = new_seed() if seed is None else seed
        mus, sigmas = [], []
        for start in range(0, len(input_tensors), self.batch_size):
            arrays = input_tensors[start : start + self.batch_size]
            if control_tensors is not None:
                theirs = control_tensors[start : start + self.batch_size]
                arrays = [np.concatenate(pair, -1) for pair in zip(arrays, theirs, strict=True)]
            depth = self.config.data_converter.input_depth + self.config.data_converter.control_depth
            batch = np.zeros((len(arrays), max(map(len, arrays)), depth), self._dtype.as_numpy_dtype)
            for row, array in zip(batch, arrays, strict=True):
                row[: len(array)] = array
            mu, sigma = self._encode(batch, np.array(lengths[start : start + self.batch_size], np.int32))
            mus.append(mu.numpy())
            sigmas.append(sigma.numpy())
        mu, sigma = np.concatenate(mus).astype(np.float32), np.concatenate(sigmas).astype(np.float32)
        epsilon = [Stream(seed, Stage.POSTERIOR, clip).normal(mu.shape[1]) for clip in range(len(mu))]
        return mu + sigma * np.array(epsilon, np.float32), mu, sigma

    def decode(
        self,
        z: np.ndarray,
        length: int | None = None,
        temperature: float = 1.0,
        c_input: np.ndarray | None = None,
        seed: int | None = None,
        cancel: Stop | None = None,
    ) -> list[NoteSequence]:
        """Sequences at 120 qpm for latents [n, z_size]; arguments and errors as for `sample`."""
        samples = self._decode_samples(z, length, temperature, c_input, seed, cancel)
        return [self.config.data_converter.from_samples(clip) for clip in samples]

    def decode_to_tensors(
        self,
        z: np.ndarray,
        length: int | None = None,
        temperature: float = 1.0,
        c_input: np.ndarray | None = None,
        seed: int | None = None,
    ) -> list[np.ndarray]:
        """Float32 arrays [length, output_depth] for latents [n, z_size], one-hot or groove rows; the rest as for
        `sample`."""
        samples = self._decode_samples(z, length, temperature, c_input, seed)
        return [self.config.data_converter.samples_to_tensor(clip) for clip in samples]

    def interpolate(
        self,
        start_sequence: NoteSequence,
        end_sequence: NoteSequence,
        num_steps: int,
        length: int | None = None,
        temperature: float = 1.0,
        assert_same_length: bool = True,
        seed: int | None = None,
        cancel: Stop | None = None,
    ) -> list[NoteSequence]:
        """`num_steps` sequences on the great circle between the means of two clips (MusicVAE section 3.2).

        Raises what `encode` and `sample` raise.
        """
        _, (start, end), _ = self.encode([start_sequence, end_sequence], assert_same_length, seed)
        path = np.array([slerp(start, end, t) for t in np.linspace(0, 1, num_steps)])
        return self.decode(path, length, temperature, seed=seed, cancel=cancel)

    def groove(
        self,
        note_sequence: NoteSequence,
        temperature: float = 1.0,
        amount: float = 1.0,
        keep_notes: bool = False,
        dynamics: float | None = None,
        keep_dynamics: bool = False,
        seed: int | None = None,
        cancel: Stop | None = None,
    ) -> NoteSequence:
        """Drum music of any length, played by a groove model (Gillick et al. 2019): encoded to mu and decoded in
        windows of the model's bars, from time zero, the last one filled up with silence, and joined at the music's own
        tempo. Notes that are not drums stay as they are.

        Args:
            note_sequence: in one tempo and 4-4.
            temperature: of the hits; for our own models also how freely the feel is drawn, 0.01 for its median.
            amount: 0 the input as it was, 1 the model's timing and dynamics, more exaggerates.
            keep_notes: every drum note stays and none is added, only timing and dynamics are the model's. For a model
                that adds a drum, all other drums stay untouched.
            dynamics: the amount for velocities, if it is another than for timing.
            keep_dynamics: with kept notes, lay the model's accents on the input's velocities.
            seed: same seed, same music; a new one if not given.
            cancel: can be set to stop before all is played.

        Raises:
            CancelledError: `cancel` was set.
            NoExtractedExamplesError: no drums, more than one tempo, or another metre than 4-4.
            SettingError (a ValueError): a setting cannot be used, or this is no groove model.
        """
        converter = self.config.data_converter
        if not self.config.is_groove:
            raise SettingError("{model} cannot groove: choose a groove model.", model=self.config.name)
        if keep_notes and converter.tapify:
            raise SettingError(
                "{model} makes new drums from taps, so it cannot keep the notes.", model=self.config.name
            )
        self._check_temperature(temperature)
        feel = groove.Amount(amount, amount if dynamics is None else dynamics, keep_dynamics)
        drums = [note for note in note_sequence.notes if note.is_drum]
        qpm = _one_tempo(note_sequence)
        leads = loudest_notes(drums, qpm, converter.classes)
        if not leads:
            raise NoExtractedExamplesError("There are no drums in this music that the model knows (MIDI channel 10).")
        if not feel.timing and not feel.dynamics:
            return _with_drums(note_sequence, drums)
        steps = bars_up(max(step for step, _ in leads) + 1)
        stopping.check(cancel)
        played = self._play(rows_of(drums, qpm, steps, converter.classes), qpm, temperature, keep_notes, seed)
        stopping.check(cancel)
        if not keep_notes:
            drums = groove.compose_notes(drums, played, qpm, converter.classes, feel)
        elif converter.add_class is None:
            drums = groove.keep_notes(drums, played, qpm, converter.classes, feel)
        else:
            others = [note for note in drums if note.pitch not in converter.classes[converter.add_class]]
            added = np.where(np.arange(ROW) % NUM_CLASSES == converter.add_class, played, 0)
            drums = others + groove.compose_notes(drums, added, qpm, converter.classes, feel)
        return _with_drums(note_sequence, drums)

    def _play(self, rows: np.ndarray, qpm: float, temperature: float, keep_notes: bool, seed: int | None) -> np.ndarray:
        """What the model plays on hearing rows [steps, 27]; with `keep_notes` the hits that must stay are forced upon
        it."""
        converter = self.config.data_converter
        window_steps = converter.slice_steps
        windows = padded_windows(rows, window_steps)
        controls = converter.controls(windows, qpm)
        lengths = [window_steps] * len(windows)
        seed = new_seed() if seed is None else seed
        control_tensors = controls if self._takes_controls else None
        heard = converter.heard(windows)
        _, mu, _ = self.encode_tensors(list(heard), lengths, control_tensors, seed)
        # One stream for the whole song: a drummer does not start afresh every two bars.
        noise = self._decoding.noise(Draw(seed, 0, temperature), len(windows) * window_steps)
        if converter.add_class is None:
            known = np.arange(ROW) < HITS.stop
        else:
            known = np.arange(ROW) % NUM_CLASSES != converter.add_class
        is_given = np.broadcast_to(known & keep_notes, windows.shape)
        # Somebody struck something at every tap. The published models are not told, so they may leave taps out.
        struck = heard[..., HITS].any(-1) if converter.tapify and converter.input_as_controls else None
        played = self._decoding.fill_in(mu, noise.reshape(windows.shape), controls, windows, is_given, struck)
        return played.reshape(-1, ROW)[: len(rows)]

    def _decode_samples(
        self,
        z: np.ndarray,
        length: int | None,
        temperature: float,
        c_input: np.ndarray | None,
        seed: int | None,
        cancel: Stop | None = None,
    ) -> list[np.ndarray]:
        self._check_controls(c_input)
        if c_input is not None:
            length = min(length or len(c_input), len(c_input))
        if self.config.is_hierarchical:
            # The conductor leads through all its bars, whatever length is asked for (reference section 3.2).
            length = self.config.hparams.max_seq_len
        if not length:
            raise SettingError(
                "{model} needs a length in steps, for example length={length}.",
                model=self.config.name,
                length=self.config.hparams.max_seq_len,
            )
        self._check_temperature(temperature)
        z = np.asarray(z, np.float32)
        seed = new_seed() if seed is None else seed
        controls = np.zeros((length, 0)) if c_input is None else np.asarray(c_input, float)[:length]
        draws = draws_of(seed, range(len(z)), temperature)
        clips = [(*clip, controls, cancel) for clip in zip(z, draws, strict=True)]
        samples: list[np.ndarray] = []
        for start in range(0, len(z), self.batch_size):
            stopping.check(cancel)
            samples += self._decode_together(length, clips[start : start + self.batch_size])
        return samples

    def _decode_batch(
        self, length: int, clips: list[tuple[np.ndarray, Draw, np.ndarray, Stop | None]]
    ) -> list[np.ndarray]:
        """Samples for latents, draws and controls of clips of one length; stopped when nobody wants any of them."""
        z, theirs, controls, stops = zip(*clips, strict=True)
        return self._decoding.decode(np.stack(z), theirs, length, np.stack(controls), stopping.AllOf(stops))

    @property
    def _takes_controls(self) -> bool:
        return self.config.data_converter.control_depth > 0

    def _check_controls(self, controls: object) -> None:
        if self._takes_controls and controls is None:
            raise SettingError(
                "{model} needs controls: c_input with {depth} numbers a step.",
                model=self.config.name,
                depth=self.config.data_converter.control_depth,
            )
        if not self._takes_controls and controls is not None:
            raise SettingError("This model takes no controls.")

    @staticmethod
    def _check_temperature(temperature: float) -> None:
        if not temperature > 0:
            raise SettingError("The temperature must be above 0, not {temperature}.", temperature=temperature)


def _one_tempo(sequence: NoteSequence) -> float:
    """The tempo in qpm of music that keeps one tempo and 4-4."""
    tempos = {round(tempo.qpm, 6) for tempo in sequence.tempos} or {REFERENCE_QPM}
    if len(tempos) > 1:
        raise NoExtractedExamplesError("This music changes its tempo. Cut it into parts of one tempo each.")
    if any(signature.numerator != signature.denominator for signature in sequence.time_signatures):
        raise NoExtractedExamplesError("This music is not in 4-4, the only metre that the model knows.")
    return tempos.pop()


def _with_drums(sequence: NoteSequence, drums: list[NoteSequence.Note]) -> NoteSequence:
    """The music with other drums; all else stays."""
    result = NoteSequence()
    result.CopyFrom(sequence)
    del result.notes[:]
    result.notes.extend([note for note in sequence.notes if not note.is_drum] + list(drums))
    result.notes.sort(key=lambda note: (note.start_time, note.pitch))
    result.total_time = max([sequence.total_time, *(note.end_time for note in result.notes)])
    return result


def slerp(start: np.ndarray, end: np.ndarray, t: float) -> np.ndarray:
    """The point at `t` (0 … 1) of the great circle between two latents [z_size] (reference section 3.5).

    Where the two point the same way the circle is a line. The reference divides by zero there.
    """
    norms = np.linalg.norm(start) * np.linalg.norm(end)
    omega = np.arccos(np.clip(np.dot(start, end) / norms, -1, 1)) if norms else 0.0
    if np.sin(omega) < 1e-6:
        return (1 - t) * start + t * end
    return (np.sin((1 - t) * omega) * start + np.sin(t * omega) * end) / np.sin(omega)
