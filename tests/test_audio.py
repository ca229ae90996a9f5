import io
import wave

import numpy as np
import pytest

from core import audio
from core.clip import Clip, Note
from core.errors import AudioUnavailableError


def test_wav_lasts_the_bars_and_is_loud_enough(rock_beat):
    with wave.open(io.BytesIO(audio.wav(rock_beat))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, audio.SAMPLE_RATE)
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2) / 32768
    assert len(sound) / audio.SAMPLE_RATE == pytest.approx(rock_beat.seconds + audio.TAIL_SECONDS, abs=0.01)
    music = sound[: int(rock_beat.seconds * audio.SAMPLE_RATE)]
    assert 0.1 < np.abs(music).max() < 1
    assert np.sqrt((music**2).mean()) > 0.01


def test_hits_sound_when_they_should():
    clip = Clip((Note(960, 36, 1080, 100, True, 9),), 1, 120.0)
    sound = np.abs(audio.render(clip)).max(1)
    assert sound[: audio.SAMPLE_RATE - 200].max() < 50
    assert sound[audio.SAMPLE_RATE : audio.SAMPLE_RATE + 4000].max() > 1000


def test_louder_hits_are_louder_and_a_full_kit_does_not_clip():
    def peak(*velocities):
        kit = (36, 38, 42, 46, 45, 48, 50, 49, 51)
        return int(
            np.abs(
                audio.render(
                    Clip(tuple(Note(0, p, 120, v, True) for p, v in zip(kit, velocities, strict=False)), 1, 120.0)
                )
            ).max()
        )

    assert peak(30) < peak(80) < peak(127)
    assert peak(*[127] * 9) < 32000


def test_a_melody_sounds():
    assert np.abs(audio.render(Clip((Note(0, 60, 480, 90, program=4),), 1, 120.0))).max() > 500


def test_soundfont_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("SOUNDFONT", str(tmp_path / "no.sf2"))
    with pytest.raises(AudioUnavailableError, match="there is no such file"):
        audio.soundfont()
    (tmp_path / "my.sf2").touch()
    monkeypatch.setenv("SOUNDFONT", str(tmp_path / "my.sf2"))
    assert audio.soundfont() == tmp_path / "my.sf2"
    monkeypatch.delenv("SOUNDFONT")
    monkeypatch.setattr(audio, "FLUID_R3", ())
    assert audio.soundfont().name == "TimGM6mb.sf2"


def test_without_fluidsynth_there_is_a_sentence(monkeypatch, rock_beat):
    monkeypatch.setitem(__import__("sys").modules, "fluidsynth", None)
    monkeypatch.setattr(audio, "_synthesizers", audio.Synthesizers())
    assert "install FluidSynth" in audio.unavailable()
    with pytest.raises(AudioUnavailableError, match="apt install fluidsynth"):
        audio.wav(rock_beat)
