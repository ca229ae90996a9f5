"""The example programs, with the models in the box."""

from __future__ import annotations

import pytest

from core.clip import read_midi
from examples import drums, melodies, trio


@pytest.mark.parametrize(
    ("example", "written"),
    [
        (drums, 2 + 7 + 1),
        (melodies, 11),
        # The mix, and each instrument alone.
        (trio, 4),
    ],
)
def test_an_example_writes_music(example, written, tmp_path, capsys):
    example.main(["--seed", "3", "--output-dir", str(tmp_path)])
    names = capsys.readouterr().out.split()
    assert len(names) == written
    assert {str(path) for path in tmp_path.iterdir()} == set(names)
    assert all(read_midi(path.read_bytes()).notes for path in tmp_path.iterdir())
