"""A folder of MIDI files becomes a checkpoint that plays, for every configuration that Magenta published."""

from __future__ import annotations

import dataclasses

import note_seq
import numpy as np
import pytest
from note_seq.protobuf.music_pb2 import NoteSequence

from core import catalog
from core.configs import CONFIG_MAP
from core.recipe import Recipe
from core.studio import Studio
from core.trained_model import TrainedModel
from training.__main__ import main

BARS = 17
SIZES = {
    "cat-drums_2bar_small": {"enc_rnn_size": (12,), "dec_rnn_size": (10, 8)},
    "nade-drums_2bar_full": {"enc_rnn_size": (12,), "dec_rnn_size": (10, 8), "nade_num_hidden": 6},
    "cat-mel_2bar_small": {"enc_rnn_size": (12,), "dec_rnn_size": (10, 8)},
    "cat-mel_2bar_big": {"enc_rnn_size": (12,), "dec_rnn_size": (10, 8, 9)},
    "hierdec-mel_16bar": {"enc_rnn_size": (8, 8), "dec_rnn_size": (10, 8)},
    "hierdec-trio_16bar": {"enc_rnn_size": (8, 8), "dec_rnn_size": (10, 8)},
    "groovae_4bar": {"enc_rnn_size": (12,), "dec_rnn_size": (10, 8)},
    "groovae_2bar_humanize": {"enc_rnn_size": (12,), "dec_rnn_size": (10, 8)},
    "groovae_2bar_tap_fixed_velocity": {"enc_rnn_size": (12,), "dec_rnn_size": (10, 8)},
    "groovae_2bar_add_closed_hh": {"enc_rnn_size": (12,), "dec_rnn_size": (10, 8)},
    "groovae_2bar_hits_control_tfds": {"enc_rnn_size": (12,), "dec_rnn_size": (10, 8)},
}


def song(seed: int) -> NoteSequence:
    """A band of melody, bass and drums, at 120 qpm."""
    rng, sequence = np.random.default_rng(seed), NoteSequence(ticks_per_quarter=220)
    sequence.tempos.add(qpm=120)
    sequence.time_signatures.add(numerator=4, denominator=4)
    for beat in range(4 * BARS):
        start = beat * 0.5
        for instrument, program, pitch in ((0, 0, 60), (1, 33, 36)):
            sequence.notes.add(
                pitch=pitch + int(rng.choice([0, 2, 4, 7])),
                velocity=90,
                start_time=start,
                end_time=start + 0.4,
                instrument=instrument,
                program=program,
            )
        for pitch in (42, 36 if beat % 2 == 0 else 38):
            velocity = int(rng.integers(40, 127))
            sequence.notes.add(
                pitch=pitch, velocity=velocity, start_time=start, end_time=start + 0.1, instrument=9, is_drum=True
            )
    sequence.total_time = 2.0 * BARS
    return sequence


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twenty MIDI files, and one that only says that it is one."""
    folder = tmp_path_factory.mktemp("midi")
    for number in range(20):
        note_seq.sequence_proto_to_midi_file(song(number), folder / f"{number:02}.mid")
    (folder / "broken.mid").write_bytes(b"MThd")
    return folder


@pytest.mark.parametrize("name", SIZES)
def test_a_folder_becomes_a_checkpoint_that_plays(name, folder, tmp_path, monkeypatch, capsys):
    published = CONFIG_MAP[name]
    hparams = dataclasses.replace(published.hparams, z_size=6, **SIZES[name])
    config = dataclasses.replace(published, hparams=hparams)
    monkeypatch.setitem(CONFIG_MAP, name, config)
    train = ["train", "--config", name, "--midi", str(folder), "--runs", str(tmp_path), "--name", "mine"]
    assert main([*train, "--steps", "2", "--batch-size", "4"]) == 0
    checkpoint = tmp_path / "mine" / "mine.safetensors"
    assert str(checkpoint) in capsys.readouterr().out
    if config.is_groove:
        model = TrainedModel(config, 4, checkpoint)
        assert model.groove(song(1), seed=1).notes
    else:
        entry = catalog.own_checkpoint(name, str(checkpoint))
        performance = Studio({entry.id: entry}).perform(Recipe("sample", entry.id, seed=1, count=2, temperature=1.0))
        assert [clip.bars for clip in performance.clips] == [config.bars] * 2
        assert any(clip.notes for clip in performance.clips)


def test_a_folder_without_music_gets_a_sentence(tmp_path, capsys):
    assert main(["train", "--config", "cat-drums_2bar_small", "--midi", str(tmp_path)]) == 2
    assert "at least two" in capsys.readouterr().err
