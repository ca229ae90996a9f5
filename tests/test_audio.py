import dataclasses
import io
import wave

import numpy as np
import pytest
import soundfile

from core import audio, examples, flac, mp3
from core.clip import Clip, Note, join
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


@pytest.mark.parametrize("name", ["Tom groove", "Straight rock"])
def test_what_is_played_is_not_turned_down(name):
    """One gain for all clips: a louder groove must not be made softer than the one before it."""
    clip = examples.load(name)
    loudest = tuple(dataclasses.replace(note, velocity=127) for note in clip.notes)
    assert (
        0.1 < np.abs(audio.render(dataclasses.replace(clip, notes=loudest))).max() / 32767 < audio.HIGHEST_PEAK - 0.01
    )


@pytest.mark.parametrize("rate", [audio.SAMPLE_RATE, audio.LISTENING_RATE])
def test_the_same_notes_sound_the_same_after_other_music(monkeypatch, rock_beat, rate):
    """Nothing of what was played before is left in the voices, save the last bits of a long cymbal."""
    monkeypatch.setattr(audio, "_synthesizers", audio.Synthesizers())
    melody = Clip((Note(0, 60, 400, 90), Note(0, 64, 400, 90, False, 1, 48)), 1, 200.0)
    first = [audio.render(clip, rate=rate).astype(int) for clip in (rock_beat, melody, rock_beat)]
    audio.render(melody, rate=48_000)
    again = [audio.render(clip, rate=rate).astype(int) for clip in (melody, rock_beat)]
    assert np.array_equal(first[1], again[0])
    assert np.array_equal(first[2], again[1])
    assert np.abs(first[0] - first[2]).max() < 100
    assert np.abs(audio.render(rock_beat, rate=rate) - first[2]).max() < 100


def test_the_sound_is_dry():
    """What a channel sends to the reverb is heard nowhere."""
    synth, sent = audio.Synthesizer(), []
    for share in (0, 127):
        synth.reset()
        synth.choose(audio.DRUM_CHANNEL, audio.DRUM_BANK, 0)
        synth._synth.cc(audio.DRUM_CHANNEL, 91, share)
        synth.note_on(audio.DRUM_CHANNEL, 38, 127)
        sent.append(synth.write(audio.BLOCK * 600))
    synth.delete()
    assert np.abs(sent[0]).max() > 0.1
    assert np.array_equal(*sent)


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
    with pytest.raises(AudioUnavailableError, match="apt install fluidsynth"):
        audio.wav(rock_beat)


def test_an_mp3_is_encoded_while_it_is_rendered_as_it_would_be_afterwards(rock_beat):
    long = join([rock_beat] * 4)
    pieces = list(audio._pieces(long, None, audio.LISTENING_RATE))
    assert len(pieces) > 5
    assert audio.mp3(long) == mp3.encode([audio.render(long, rate=audio.LISTENING_RATE)], audio.LISTENING_RATE)


def test_what_is_too_loud_is_turned_down_in_an_mp3_too():
    crash = tuple(Note(0, pitch, 900, 127, False, number, 48) for number, pitch in enumerate(range(30, 90)))
    loud = Clip(crash, 1, 120.0)
    assert max(np.abs(piece).max() for piece in audio._pieces(loud, None, audio.LISTENING_RATE)) > 1
    sound = audio.render(loud, rate=audio.LISTENING_RATE)
    assert np.abs(sound).max() == round(audio.HIGHEST_PEAK * 32767)
    assert audio.mp3(loud) == mp3.encode([sound], audio.LISTENING_RATE)


def test_without_a_synthesizer_an_mp3_is_a_sentence(monkeypatch, rock_beat):
    monkeypatch.setattr(audio, "_synthesizers", audio.Synthesizers())
    monkeypatch.setenv("SOUNDFONT", "/nowhere.sf2")
    with pytest.raises(AudioUnavailableError, match="nowhere"):
        audio.mp3(rock_beat)


def test_after_the_last_bar_everything_fades_out(monkeypatch, rock_beat):
    monkeypatch.setattr(audio, "_synthesizers", audio.Synthesizers())
    monkeypatch.setattr(audio.Synthesizer, "write", lambda self, samples: np.ones((samples, 2), np.float32))
    rate = audio.LISTENING_RATE
    sound = np.concatenate(list(audio._pieces(rock_beat, None, rate)))
    last = round(rock_beat.seconds * rate)
    assert (sound[:last] == 1).all()
    assert (np.diff(sound[last:], axis=0) <= 0).all() and len(sound) - last > 0.49 * rate
    assert sound[last + rate // 4].max() == pytest.approx(0.5, abs=0.01) and not sound[-1].any()
    for samples in (1, 999, 10**9):
        monkeypatch.setattr(audio, "PIECE_SAMPLES", samples)
        np.testing.assert_array_equal(np.concatenate(list(audio._pieces(rock_beat, None, rate))), sound)


def test_a_flac_is_the_sound_to_twelve_bits(rock_beat):
    # The first sound that a synthesizer makes differs a little.
    audio.render(rock_beat, rate=audio.LISTENING_RATE)
    sound = audio.render(rock_beat, rate=audio.LISTENING_RATE)
    file = audio.flac(rock_beat)
    heard, rate = soundfile.read(io.BytesIO(file), dtype="int16")
    assert rate == audio.LISTENING_RATE and heard.shape == sound.shape
    assert abs(heard.astype(int) - sound).max() == flac.STEP // 2 and not (heard % flac.STEP).any()
    assert len(file) < 0.33 * sound.nbytes and file == flac.encode(sound, rate)


def test_the_loudest_samples_stay_the_loudest_in_a_flac():
    ends = np.array([[-32768, 32767], [32767, -32767], [7, 8], [-8, -9]], np.int16).repeat(500, 0)
    heard, _ = soundfile.read(io.BytesIO(flac.encode(ends, 32_000)), dtype="int16")
    assert heard[::500].tolist() == [[-32768, 32752], [32752, -32768], [0, 16], [0, -16]]
