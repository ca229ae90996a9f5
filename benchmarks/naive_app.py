"""The naive app, to compare with: what is soon written by who follows the book on music generation with Magenta.

Runs in .venv-naive (benchmarks/make_naive.sh) and knows nothing of this project:

    TF_USE_LEGACY_KERAS=1 .venv-naive/bin/python -W ignore benchmarks/naive_app.py PORT CHECKPOINTS SOUNDFONT

One process, one request at a time. Models are loaded when they are first asked for, and stay. Every clip becomes a MIDI
file, a picture that matplotlib draws note by note, and a WAV of a FluidSynth process of its own. It is spared what an
app of this kind would have besides: no framework serves it, models have the batch size that is asked of them, and its
answers are plain JSON with the files in base64.
"""

from __future__ import annotations

import base64
import copy
import json
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import note_seq  # noqa: E402
import tensorflow.compat.v1 as tf  # noqa: E402
from magenta.models.music_vae.configs import CONFIG_MAP  # noqa: E402
from magenta.models.music_vae.trained_model import NoExtractedExamplesError, TrainedModel  # noqa: E402
from matplotlib.patches import Rectangle  # noqa: E402
from midi2audio import FluidSynth  # noqa: E402

tf.logging.set_verbosity(tf.logging.ERROR)

QPM = 120
BAR_SECONDS = 4 * 60 / QPM
CLIP_SECONDS = 2 * BAR_SECONDS
# Configuration, batch size, and for the trio the sizes of the weights that it is given.
MODELS = {
    "drums.lokl": ("cat-drums_2bar_small", 4, {}),
    "drums.hikl": ("cat-drums_2bar_small", 6, {}),
    "melody": ("cat-mel_2bar_small", 4, {}),
    "trio": ("hierdec-trio_16bar", 1, {"z_size": 256, "enc_rnn_size": [16], "dec_rnn_size": [176, 176]}),
    "humanize": ("groovae_2bar_humanize", 6, {}),
}
# What `sample` is asked for: the model, its steps and its temperature.
SAMPLED = {"drums": ("drums.lokl", 32, 0.5), "melody": ("melody", 32, 0.5), "trio": ("trio", 256, 0.5)}


class Studio:
    """The models and what is done with them."""

    def __init__(self, checkpoints: Path, soundfont: str) -> None:
        """`checkpoints` holds a TF1 checkpoint for each of `MODELS`."""
        self._checkpoints = checkpoints
        self._fluidsynth = FluidSynth(soundfont)
        self._loaded: dict[str, TrainedModel] = {}

    def sample(self, kind: str, count: int) -> list[dict]:
        """New clips of a kind."""
        name, steps, temperature = SAMPLED[kind]
        sequences = self._model(name).sample(count, steps, temperature)
        return [self._outputs(sequence) for sequence in sequences]

    def interpolate(self, a: bytes, b: bytes, steps: int) -> list[dict]:
        """The path from one drum clip to another, joined."""
        start, end = note_seq.midi_to_note_sequence(a), note_seq.midi_to_note_sequence(b)
        path = self._model("drums.hikl").interpolate(start, end, steps, 32, temperature=0.5)
        joined = note_seq.sequences_lib.concatenate_sequences(path, [CLIP_SECONDS] * len(path))
        return [self._outputs(joined)]

    def groove(self, midi: bytes) -> list[dict]:
        """Drums before and after they are humanised, two bars at a time."""
        before = note_seq.midi_to_note_sequence(midi)
        windows = note_seq.sequences_lib.split_note_sequence(before, CLIP_SECONDS)
        model = self._model("humanize")
        played = model.decode(_encoded(model, windows), 32, temperature=0.5)
        after = note_seq.sequences_lib.concatenate_sequences(played, [CLIP_SECONDS] * len(played))
        return [self._outputs(before), self._outputs(after)]

    def _model(self, name: str) -> TrainedModel:
        if name not in self._loaded:
            config, batch_size, sizes = MODELS[name]
            config = copy.deepcopy(CONFIG_MAP[config])
            for key, value in sizes.items():
                setattr(config.hparams, key, value)
            self._loaded[name] = TrainedModel(config, batch_size, str(self._checkpoints / name))
        return self._loaded[name]

    def _outputs(self, sequence: note_seq.NoteSequence) -> dict:
        with tempfile.TemporaryDirectory() as folder:
            midi, wav, png = (Path(folder) / f"clip.{suffix}" for suffix in ("mid", "wav", "png"))
            note_seq.sequence_proto_to_midi_file(sequence, str(midi))
            self._fluidsynth.midi_to_audio(str(midi), str(wav))
            _draw(sequence, png)
            files = {"midi": midi, "sound": wav, "picture": png}
            return {kind: base64.b64encode(path.read_bytes()).decode() for kind, path in files.items()}


def _encoded(model: TrainedModel, windows: list[note_seq.NoteSequence]):
    """Latents of the windows that are long enough to have one."""
    try:
        return model.encode(windows)[0]
    except NoExtractedExamplesError:
        heard = []
        for window in windows:
            try:
                model.encode([window])
                heard.append(window)
            except NoExtractedExamplesError:
                continue
        return model.encode(heard)[0]


def _draw(sequence: note_seq.NoteSequence, path: Path) -> None:
    figure, axes = plt.subplots(figsize=(10, 4))
    for note in sequence.notes:
        length = max(note.end_time - note.start_time, 0.05)
        axes.add_patch(Rectangle((note.start_time, note.pitch - 0.4), length, 0.8, color=f"C{note.instrument}"))
    last = max((note.end_time for note in sequence.notes), default=CLIP_SECONDS)
    for bar in range(int(last / BAR_SECONDS) + 2):
        axes.axvline(bar * BAR_SECONDS, color="lightgrey", zorder=0)
    axes.autoscale()
    axes.set_xlabel("seconds")
    axes.set_ylabel("pitch")
    figure.savefig(path)
    plt.close(figure)


def _handler(studio: Studio) -> type[BaseHTTPRequestHandler]:
    alone = threading.Lock()

    def answer(path: str, asked: dict) -> list[dict]:
        if path == "/sample":
            return studio.sample(asked["kind"], asked["count"])
        if path == "/interpolate":
            return studio.interpolate(base64.b64decode(asked["a"]), base64.b64decode(asked["b"]), asked["steps"])
        if path == "/groove":
            return studio.groove(base64.b64decode(asked["midi"]))
        raise LookupError(path)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # noqa: N802 (its base class calls it so)
            """The page, if it can be called one."""
            self._send(200, b"<h1>Make a beat</h1>", "text/html")

        def do_POST(self) -> None:  # noqa: N802
            """One request after the other: a session of TensorFlow 1 is not shared."""
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                with alone:
                    clips = answer(self.path, asked)
                self._send(200, json.dumps({"clips": clips}).encode(), "application/json")
            except Exception as error:  # noqa: BLE001 (whatever went wrong, the server goes on)
                self._send(500, f"{type(error).__name__}: {error}".encode(), "text/plain")

        def log_message(self, *_: object) -> None:
            """Says nothing of what goes well."""

        def _send(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


class Server(ThreadingHTTPServer):
    """As many may knock at once as there are visitors."""

    request_queue_size = 64
    daemon_threads = True


if __name__ == "__main__":
    port, folder, font = sys.argv[1:]
    Server(("127.0.0.1", int(port)), _handler(Studio(Path(folder), font))).serve_forever()
