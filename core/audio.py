"""Sound: FluidSynth renders a clip to WAV, with synthesizers that stay warm between requests."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import io
import os
import queue
import threading
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from core import flac as flac_file
from core import mp3 as mp3_file
from core.clip import TICKS_PER_QUARTER, Clip
from core.errors import AudioUnavailableError
from core.sentences import Sentence

# A WAV is for taking away. FLAC and MP3 are for listening, and a crowd waits for that: they go up to 16 kHz, as MP3s
# mostly do, which takes three quarters of the time.
SAMPLE_RATE, LISTENING_RATE = 44_100, 32_000
BLOCK = 64
# Silence is waited for so many blocks at a time, and no longer than this; half a second.
QUIET_BLOCKS, FADING_BLOCKS = 8, 400
# Two thirds of a second, or one.
PIECE_SAMPLES = 30_000
# What still rings after the last bar fades out in so many seconds. Most is silent by then, cymbals 30 dB below the
# loudest hits.
TAIL_SECONDS = 0.5
SYNTHESIZERS = 2
# The same for every clip, so that before and after compare and what is played softer is softer. At this gain our
# examples stay below full scale even with every hit at 127 (0.91, where 1.5 gave 1.37).
GAIN = 1.0
# Louder peaks, of stranger music, are turned down with their whole clip rather than clipped.
HIGHEST_PEAK = 0.97
DRUM_CHANNEL, DRUM_BANK = 9, 128
# How many notes can sound at once, counting those that ring; FluidSynth's own choice.
VOICES = 256
LOWEST_RESET_PITCH = 40
FLUID_R3 = (
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/soundfonts/FluidR3_GM.sf2",
    "/usr/local/share/soundfonts/FluidR3_GM.sf2",
    "/opt/homebrew/share/soundfonts/FluidR3_GM.sf2",
)
HOW_TO_INSTALL = Sentence(
    "To hear clips here, install FluidSynth: “apt install fluidsynth” on Debian or Ubuntu, "
    "“brew install fluid-synth” on a Mac. Then start the app again. The MIDI files work without it."
)


def soundfont() -> Path:
    """The SoundFont in use: `SOUNDFONT` if set, else FluidR3 GM where installed, else pretty_midi's TimGM6mb.

    Raises:
        AudioUnavailableError: `SOUNDFONT` names no file, or there is none at all.
    """
    if chosen := os.environ.get("SOUNDFONT"):
        if Path(chosen).is_file():
            return Path(chosen)
        raise AudioUnavailableError("SOUNDFONT is set to {path}, but there is no such file.", path=chosen)
    for path in map(Path, FLUID_R3):
        if path.is_file():
            return path
    package = importlib.util.find_spec("pretty_midi")
    if package and package.origin and (path := Path(package.origin).with_name("TimGM6mb.sf2")).is_file():
        return path
    raise AudioUnavailableError("No SoundFont was found. Set SOUNDFONT to the path of an .sf2 file.")


class Synthesizer:
    """One FluidSynth instance with the SoundFont loaded."""

    def __init__(self) -> None:
        """Raises `AudioUnavailableError` if FluidSynth is not installed or the SoundFont cannot be read."""
        try:
            import fluidsynth
        except (ImportError, OSError):
            raise AudioUnavailableError(HOW_TO_INSTALL) from None
        # Loading samples when a program is chosen, not all at the start, saves a second and 140 MB. No sound of General
        # MIDI sends anything to the chorus, which takes a fifth of the time nevertheless. Reverb takes a quarter, and
        # would lie 20 dB below the clip; who mixes adds their own, and dry clips compare and loop the better.
        settings = {
            "synth.dynamic-sample-loading": 1,
            "synth.cpu-cores": 1,
            "synth.chorus.active": 0,
            "synth.reverb.active": 0,
            "synth.polyphony": VOICES,
        }
        self._synth = fluidsynth.Synth(GAIN, SAMPLE_RATE, 16, **settings)
        path = soundfont()
        self._soundfont = self._synth.sfload(str(path))
        if self._soundfont < 0:
            raise AudioUnavailableError(
                "The SoundFont {name} cannot be read. Set SOUNDFONT to another .sf2 file.", name=path.name
            )
        # These are quick, so they keep Python's lock, for which they would have to wait among many threads.
        quick = ctypes.PyDLL(fluidsynth.lib)
        self._voices = quick.fluid_synth_get_active_voice_count
        self._voices.argtypes = [ctypes.c_void_p]
        self._note_on, self._note_off = quick.fluid_synth_noteon, quick.fluid_synth_noteoff
        self._note_on.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_int]
        self._note_off.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
        # The binding only offers 16-bit output, whose dither would make every rendering of a clip differ.
        self._write_float = fluidsynth.cfunc(
            "fluid_synth_write_float",
            ctypes.c_int,
            ("synth", ctypes.c_void_p, 1),
            ("len", ctypes.c_int, 1),
            ("left", ctypes.c_void_p, 1),
            ("left_offset", ctypes.c_int, 1),
            ("left_step", ctypes.c_int, 1),
            ("right", ctypes.c_void_p, 1),
            ("right_offset", ctypes.c_int, 1),
            ("right_step", ctypes.c_int, 1),
        )
        synth = ("synth", ctypes.c_void_p, 1)
        self._set_rate = fluidsynth.cfunc("fluid_synth_set_sample_rate", None, synth, ("rate", ctypes.c_float, 1))
        # Some of what a new instance begins with is left by nothing but a second time.
        for _ in range(2):
            self._most_voices = VOICES
            self.reset()

    def reset(self) -> None:
        """Silence, and the same state whatever was played before, so that the same notes give the same samples.

        FluidSynth's own reset leaves each voice the loudness with which it last ended, from where its next note fades
        in. So as many voices as sounded at once play the same note, to nobody: it always takes the first that are free.
        """
        channels = [channel for channel in range(16) if channel != DRUM_CHANNEL]
        self._silence()
        for number in range(VOICES):
            if self._voices(self._synth.synth) >= self._most_voices:
                break
            self.note_on(channels[number % len(channels)], LOWEST_RESET_PITCH + number // len(channels), 127)
        self.write(BLOCK)
        self._silence()
        self._most_voices = 0

    def set_rate(self, rate: int) -> None:
        """Makes what is played next have so many samples a second."""
        if self._set_rate is None:
            raise AudioUnavailableError("This version of FluidSynth is too old or too new. Install version 2.")
        self._set_rate(self._synth.synth, rate)

    def _silence(self) -> None:
        """Ends all notes at once and takes the settings of all channels back."""
        self._synth.system_reset()
        # A voice ends in one block and can be used again from the next. What is left of a note that was let go, 90 dB
        # below it, takes some more.
        for _ in range(2):
            self.write(BLOCK)
        for _ in range(FADING_BLOCKS // QUIET_BLOCKS):
            if not self.write(QUIET_BLOCKS * BLOCK).any():
                break

    def note_on(self, channel: int, pitch: int, velocity: int) -> None:
        """Begins a note with the next samples."""
        self._note_on(self._synth.synth, channel, pitch, velocity)
        self._most_voices = max(self._most_voices, self._voices(self._synth.synth))

    def note_off(self, channel: int, pitch: int) -> None:
        """Ends a note with the next samples."""
        self._note_off(self._synth.synth, channel, pitch)

    def delete(self) -> None:
        """Frees it; it cannot be used any more."""
        self._synth.delete()

    def choose(self, channel: int, bank: int, program: int) -> None:
        """Gives a channel a sound."""
        self._synth.program_select(channel, self._soundfont, bank, program)

    def write(self, samples: int) -> np.ndarray:
        """The next samples, float32 [samples, 2], full scale 1."""
        out = np.zeros((samples, 2), np.float32)
        self._write_float(self._synth.synth, samples, out.ctypes.data, 0, 2, out.ctypes.data, 1, 2)
        return out


class Synthesizers:
    """A bounded pool of FluidSynth instances: at most `SYNTHESIZERS` render at once, others wait."""

    def __init__(self) -> None:
        """Starts empty; instances are made when they are first needed."""
        self._room = threading.Semaphore(SYNTHESIZERS)
        self._idle: list[Synthesizer] = []
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def borrow(self) -> Iterator[Synthesizer]:
        """A silent synthesizer with the SoundFont loaded; raises `AudioUnavailableError` if there cannot be one."""
        with self._room:
            with self._lock:
                synth = self._idle.pop() if self._idle else None
            synth = synth or Synthesizer()
            # After a failure the instance's state is unknown, so only one that finished goes back.
            yield synth
            synth.reset()
            with self._lock:
                self._idle.append(synth)

    def let_go(self) -> None:
        """Frees the idle ones, with the sounds that they have loaded."""
        with self._lock:
            while self._idle:
                self._idle.pop().delete()


_synthesizers = Synthesizers()


def let_go() -> None:
    """Frees what is only kept so that the next rendering begins sooner."""
    _synthesizers.let_go()


def seconds_heard(clip: Clip) -> float:
    """How long a clip is heard: its bars, `TAIL_SECONDS`, and what fills up the last block."""
    return _samples(clip, LISTENING_RATE) / LISTENING_RATE


def _samples(clip: Clip, rate: int) -> int:
    return -(-round((clip.seconds + TAIL_SECONDS) * rate) // BLOCK) * BLOCK


def render(clip: Clip, melody_program: int | None = None, rate: int = SAMPLE_RATE) -> np.ndarray:
    """The clip as int16 stereo [samples, 2], `rate` of them a second: its bars and `TAIL_SECONDS`.

    `melody_program` is the General MIDI sound of what is written for program 0, the clip's own if not given. Raises
    `AudioUnavailableError`.
    """
    return _turned_down(np.concatenate(list(_pieces(clip, melody_program, rate))))


def _turned_down(sound: np.ndarray) -> np.ndarray:
    """Float samples, which this uses up, as int16, all softer if the loudest would be cut off."""
    sound *= min(1.0, HIGHEST_PEAK / max(_peak(sound), 1e-9)) * 32767
    return np.rint(sound, out=sound).astype(np.int16)


def _peak(sound: np.ndarray) -> float:
    return float(max(sound.max(initial=0), -sound.min(initial=0)))


def _as_integers(sound: np.ndarray) -> np.ndarray:
    """Float samples as int16; what is louder than full scale is cut off."""
    scaled = sound * 32767
    np.rint(scaled, out=scaled)
    return np.clip(scaled, -32767, 32767, out=scaled).astype(np.int16)


def _pieces(clip: Clip, melody_program: int | None, rate: int) -> Iterator[np.ndarray]:
    """What `render` gives, before it is turned down, in pieces of some `PIECE_SAMPLES`, float32 [samples, 2] each."""
    samples_per_tick = rate * 60 / clip.qpm / TICKS_PER_QUARTER
    # FluidSynth computes whole blocks and would keep the rest of one for the next clip.
    total = _samples(clip, rate)
    fade = _fade(clip, rate)
    parts = sorted({(note.instrument, note.program) for note in clip.notes if not note.is_drum})
    channels = [channel for channel in range(16) if channel != DRUM_CHANNEL]
    channel_of = {part: channels[i % len(channels)] for i, part in enumerate(parts)}
    events = []
    for note in clip.notes:
        channel = DRUM_CHANNEL if note.is_drum else channel_of[note.instrument, note.program]
        if note.velocity:
            events.append((round(note.start * samples_per_tick), 1, channel, note.pitch, note.velocity))
            events.append((round(note.end * samples_per_tick), 0, channel, note.pitch, 0))
    with _synthesizers.borrow() as synth:
        synth.set_rate(rate)
        synth.choose(DRUM_CHANNEL, DRUM_BANK, 0)
        for (_, program), channel in channel_of.items():
            synth.choose(channel, 0, program or melody_program or 0)
        now, told, written = 0, 0, []
        for at, begins, channel, pitch, velocity in [*sorted(events), (total, 0, 0, 0, 0)]:
            at = min(at, total)
            if at > now:
                written.append(synth.write(at - now))
                now = at
            if now - told >= PIECE_SAMPLES:
                yield _faded(np.concatenate(written), total - now, fade)
                told, written = now, []
            if begins:
                synth.note_on(channel, pitch, velocity)
            else:
                synth.note_off(channel, pitch)
    if written:
        yield _faded(np.concatenate(written), 0, fade)


def _fade(clip: Clip, rate: int) -> np.ndarray:
    """What the samples after the last bar are multiplied by, float32 [samples, 1]."""
    samples = _samples(clip, rate) - round(clip.seconds * rate)
    return (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, samples, dtype=np.float32)))[:, None]


def _faded(piece: np.ndarray, left: int, fade: np.ndarray) -> np.ndarray:
    """A piece that so many samples come after; of the `fade` at the end it takes what falls into it."""
    ends = len(fade) - left
    if ends > 0:
        begins = max(ends - len(piece), 0)
        piece[begins - ends :] *= fade[begins:ends]
    return piece


def wav(clip: Clip, melody_program: int | None = None) -> bytes:
    """The clip as a WAV file at `SAMPLE_RATE`; arguments and errors as for `render`."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(render(clip, melody_program).tobytes())
    return out.getvalue()


def flac(clip: Clip, melody_program: int | None = None) -> bytes:
    """The clip as a FLAC file at `LISTENING_RATE`; arguments and errors as for `render`."""
    return flac_file.encode(render(clip, melody_program, LISTENING_RATE), LISTENING_RATE)


def mp3(clip: Clip, melody_program: int | None = None) -> bytes:
    """The clip as an MP3 file at `LISTENING_RATE`, encoded while it is rendered; arguments, errors as for `render`."""
    pieces, come = [], queue.SimpleQueue()

    def as_they_come() -> Iterator[np.ndarray]:
        while (piece := come.get()) is not None:
            yield _as_integers(piece)

    with ThreadPoolExecutor(1) as pool:
        encoding = pool.submit(mp3_file.encode, as_they_come(), LISTENING_RATE)
        try:
            for piece in _pieces(clip, melody_program, LISTENING_RATE):
                pieces.append(piece)
                come.put(piece)
        finally:
            come.put(None)
    if max(map(_peak, pieces)) <= HIGHEST_PEAK:
        return encoding.result()
    # Rare, and known only now.
    return mp3_file.encode([_turned_down(np.concatenate(pieces))], LISTENING_RATE)
