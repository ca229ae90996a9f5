import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import mido
import pytest
from safetensors.numpy import save_file

from core.__main__ import main
from core.catalog import CATALOG
from core.clip import from_sequence, join, read_midi, to_midi
from core.configs import CONFIG_MAP
from core.examples import EXAMPLES_FOLDER
from core.network import vae
from core.recipe import Recipe

LOKL, HIKL = "bundled/drums_2bar.lokl", "bundled/drums_2bar.hikl"
HUMANIZE = "bundled/groove_2bar_humanize"
MELODY = "bundled/melody_2bar"


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "core", *arguments], capture_output=True, text=True, cwd=Path(__file__).parent.parent
    )


def test_models(capsys):
    assert main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(CATALOG)
    for line, model in zip(lines, CATALOG.values(), strict=True):
        assert f" {model.bars} bars " in line and " MB " in line


def test_sample_writes_and_prints_files(tmp_path, capsys):
    out = tmp_path / "new" / "folder"
    arguments = ["sample", "--model", LOKL, "--num-outputs", "2", "--seed", "7", "--qpm", "90"]
    assert main([*arguments, "--wav", "--png", "--zip", "--output-dir", str(out)]) == 0
    stems = ["drums_2bar.lokl_00", "drums_2bar.lokl_01"]
    expected = [f"{stem}.{kind}" for stem in stems for kind in ("mid", "wav", "png")] + ["drums_2bar.lokl.zip"]
    assert capsys.readouterr().out.split() == [str(out / name) for name in expected]
    assert sorted(path.name for path in out.iterdir()) == sorted(expected)
    assert read_midi((out / expected[0]).read_bytes()).tempos[0].qpm == pytest.approx(90, abs=0.01)
    assert (out / "drums_2bar.lokl_00.png").read_bytes().startswith(b"\x89PNG")
    with zipfile.ZipFile(out / "drums_2bar.lokl.zip") as archive:
        assert sorted(archive.namelist()) == sorted([*expected[:-1], "recipe.json"])
        recipe = json.loads(archive.read("recipe.json"))
    assert Recipe.from_string(recipe["recipe"]) == Recipe("sample", LOKL, seed=7, count=2, qpm=90.0)

    assert main([*arguments, "--output-dir", str(tmp_path / "again")]) == 0
    for stem in stems:
        assert (tmp_path / "again" / f"{stem}.mid").read_bytes() == (out / f"{stem}.mid").read_bytes()


def test_bars(tmp_path):
    arguments = ["sample", "--model", LOKL, "--num-outputs", "1", "--bars", "4", "--output-dir", str(tmp_path)]
    assert main(arguments) == 0
    import mido

    assert mido.MidiFile(tmp_path / "drums_2bar.lokl_00.mid").length == pytest.approx(8)


def test_interpolate(tmp_path, rock_beat, half_time_beat, capsys):
    for name, clip in (("a.mid", rock_beat), ("b.mid", half_time_beat)):
        (tmp_path / name).write_bytes(to_midi(clip))
    inputs = ["--input-midi-1", str(tmp_path / "a.mid"), "--input-midi-2", str(tmp_path / "b.mid")]
    assert main(["interpolate", "--model", HIKL, *inputs, "--num-outputs", "3", "--output-dir", str(tmp_path)]) == 0
    names = [Path(line).name for line in capsys.readouterr().out.split()]
    assert names == [f"drums_2bar.hikl{part}.mid" for part in ("_00", "_01", "_02", "")]


def test_melodies(tmp_path, capsys):
    wild = ["--temperature", "1", "--seed", "3", "--output-dir", str(tmp_path)]
    assert main(["sample", "--model", MELODY, "--num-outputs", "2", *wild]) == 0
    for line in capsys.readouterr().out.split():
        notes = from_sequence(read_midi(Path(line).read_bytes()), 2, 120.0).notes
        assert notes
        assert not any(note.is_drum for note in notes)
    songs = [str(EXAMPLES_FOLDER / name) for name in ("blues_lick.mid", "walking_home.mid")]
    inputs = ["--input-midi-1", songs[0], "--input-midi-2", songs[1]]
    assert main(["interpolate", "--model", MELODY, *inputs, "--num-outputs", "3", "--output-dir", str(tmp_path)]) == 0
    beat = ["--input-midi-1", songs[0], "--input-midi-2", str(EXAMPLES_FOLDER / "boom_bap.mid")]
    assert main(["interpolate", "--model", MELODY, *beat, "--output-dir", str(tmp_path)]) == 2
    assert "no melody in “boom_bap.mid”" in capsys.readouterr().err


def test_a_long_model_has_its_own_length(tmp_path, capsys):
    """A hierarchical model of somebody's own, of the shape of `melody_16bar`, with random weights."""
    config = CONFIG_MAP["melody_16bar"]
    save_file(vae.initial_weights(config, seed=1), tmp_path / "long.safetensors")
    own = ["--config", config.name, "--checkpoint_file", str(tmp_path / "long.safetensors")]
    assert main(["sample", *own, "--num-outputs", "1", "--output-dir", str(tmp_path)]) == 0
    (name,) = capsys.readouterr().out.split()
    assert mido.MidiFile(name).length == pytest.approx(32, abs=0.01)
    assert main(["sample", *own, "--bars", "4", "--output-dir", str(tmp_path / "out")]) == 2
    assert "always plays 16 bars" in capsys.readouterr().err


def test_a_checkpoint_of_ones_own(tmp_path):
    shutil.copy(CATALOG[HIKL].path, tmp_path / "mine.safetensors")
    own = ["--config", "cat-drums_2bar_small", "--checkpoint_file", str(tmp_path / "mine.safetensors")]
    assert main(["sample", *own, "--num-outputs", "1", "--output-dir", str(tmp_path)]) == 0
    assert (tmp_path / "cat-drums_2bar_small_00.mid").exists()


WRONG = {
    "temperature 0": (["sample", "--model", LOKL, "--temperature", "0"], "The temperature must be"),
    "temperature abc": (["sample", "--model", LOKL, "--temperature", "abc"], "The temperature must be"),
    "500 clips": (["sample", "--model", LOKL, "--num-outputs", "500"], "The number of clips must be"),
    "no such model": (["sample", "--model", "bundled/trumpet"], "There is no model “bundled/trumpet”"),
    "no model": (["sample"], "Say which model"),
    "no such checkpoint": (
        ["sample", "--config", "cat-drums_2bar_small", "--checkpoint_file", "nowhere"],
        "There is no checkpoint",
    ),
    "no such configuration": (["sample", "--config", "x", "--checkpoint_file", "y"], "There is no configuration"),
    "half a checkpoint": (["sample", "--config", "cat-drums_2bar_small"], "go together"),
    "no such input": (
        ["interpolate", "--model", HIKL, "--input-midi-1", "no.mid", "--input-midi-2", "no.mid"],
        "no.mid cannot be read",
    ),
}


@pytest.mark.parametrize(("arguments", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_wrong_input_is_one_sentence(tmp_path, capsys, arguments, sentence):
    assert main([*arguments, "--output-dir", str(tmp_path / "out")]) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert not (tmp_path / "out").exists()


def test_damaged_and_foreign_checkpoints(tmp_path, capsys, tiny_checkpoint):
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(CATALOG[LOKL].path.read_bytes()[:100_000])
    for file, sentence in ((cut, "damaged"), (tiny_checkpoint, "does not fit")):
        own = ["--config", "cat-drums_2bar_small", "--checkpoint_file", str(file)]
        assert main(["sample", *own, "--output-dir", str(tmp_path / "out")]) == 2
        captured = capsys.readouterr()
        assert sentence in captured.err
        assert captured.err.count("\n") == 1


def test_an_input_that_cannot_be_encoded(tmp_path, capsys, rock_beat):
    import dataclasses

    bar = dataclasses.replace(rock_beat, notes=rock_beat.notes[:3], bars=1)
    (tmp_path / "bar.mid").write_bytes(to_midi(bar))
    inputs = ["--input-midi-1", str(tmp_path / "bar.mid"), "--input-midi-2", str(tmp_path / "bar.mid")]
    assert main(["interpolate", "--model", HIKL, *inputs, "--output-dir", str(tmp_path / "out")]) == 2
    assert "only 1 bar of drums in 4-4, and 2 are needed" in capsys.readouterr().err


def test_groove_keeps_the_notes_and_the_tempo(tmp_path, capsys, rock_beat):
    import dataclasses

    twelve = dataclasses.replace(join([rock_beat] * 6), qpm=97.0)
    (tmp_path / "beat.mid").write_bytes(to_midi(twelve))
    wanted = ["--input-midi", str(tmp_path / "beat.mid"), "--output-dir", str(tmp_path / "out"), "--seed", "3", "--zip"]
    assert main(["groove", "--model", HUMANIZE, *wanted, "--keep-notes"]) == 0
    assert capsys.readouterr().out.split() == [
        str(tmp_path / "out" / f"groove_2bar_humanize{ending}") for ending in ("_00.mid", ".zip")
    ]
    played = read_midi((tmp_path / "out" / "groove_2bar_humanize_00.mid").read_bytes())
    assert played.tempos[0].qpm == pytest.approx(97, abs=1e-3)
    notes = from_sequence(played, 12, 97.0).notes
    assert sorted((round(n.start / 120), n.pitch) for n in notes) == sorted(
        (n.start // 120, n.pitch) for n in twelve.notes
    )
    assert main(["groove", "--model", HUMANIZE, *wanted, "--keep-notes", "--amount", "0"]) == 0
    still = read_midi((tmp_path / "out" / "groove_2bar_humanize_00.mid").read_bytes())
    unmoved = [(n.start, n.pitch, n.velocity) for n in from_sequence(still, 12, 97.0).notes]
    assert unmoved == [(n.start, n.pitch, n.velocity) for n in twelve.notes]
    assert main(["groove", "--model", HUMANIZE, *wanted, "--amount", "2"]) == 2
    assert capsys.readouterr().err.endswith("The amount of timing must be a number from 0 to 1.3, not 2.\n")


def test_interpolate_takes_a_part_of_a_longer_file_and_says_which(tmp_path, capsys, rock_beat, half_time_beat):
    (tmp_path / "long.mid").write_bytes(to_midi(join([rock_beat, half_time_beat])))
    file = str(tmp_path / "long.mid")
    inputs = ["--input-midi-1", file, "--input-midi-2", file, "--input-bar-2", "3"]
    rest = ["--num-outputs", "3", "--seed", "1", "--output-dir", str(tmp_path / "out")]
    assert main(["interpolate", "--model", HIKL, *inputs, *rest]) == 0
    assert capsys.readouterr().err == "long.mid: Bars 1–2 were taken; parts also begin at bar 3.\n"
    ends = [read_midi((tmp_path / "out" / f"drums_2bar.hikl_0{n}.mid").read_bytes()) for n in (0, 2)]
    for end, own in zip(ends, (rock_beat, half_time_beat), strict=True):
        assert [n.start for n in from_sequence(end, 2, 120.0).notes] == [n.start for n in own.notes]
    inputs[-1] = "2"
    assert main(["interpolate", "--model", HIKL, *inputs, *rest]) == 2
    assert "begins at bar 2. Choose one of 1, 3." in capsys.readouterr().err


def test_the_real_process_is_quiet_and_clear(tmp_path):
    """Nothing but the sentence on standard error, and nothing but paths on standard output."""
    wrong = run("sample", "--model", LOKL, "--temperature", "0", "--output-dir", str(tmp_path))
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == "The temperature must be a number from 0.01 to 2, not 0.\n"
    usage = run("sing")
    assert usage.returncode == 2
    assert usage.stderr.count("\n") == 1
    right = run("sample", "--model", LOKL, "--num-outputs", "1", "--output-dir", str(tmp_path))
    assert (right.returncode, right.stderr) == (0, "")
    assert right.stdout == f"{tmp_path / 'drums_2bar.lokl_00.mid'}\n"


def test_a_groove_model_does_not_sample(tmp_path, capsys):
    status = main(["sample", "--model", "bundled/groove_2bar_humanize", "--output-dir", str(tmp_path / "out")])
    assert status == 2
    assert "has none to sample. Choose another model." in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
