"""Pictures and sounds that may be wanted again."""

from __future__ import annotations

import dataclasses

import pytest

from core import audio, export
from core.clip import Clip, Note
from core.kept import Kept


def test_what_was_made_last_is_kept_within_a_budget():
    made = []

    def make(key: str, size: int) -> bytes:
        made.append(key)
        return key.encode() * size

    kept = Kept(100)
    for key in ("a", "a", "b", "a"):
        assert kept.get(key, lambda key=key: make(key, 40)) == key.encode() * 40
    assert made == ["a", "b"]
    # The one that was not asked for longest leaves.
    kept.get("c", lambda: make("c", 40))
    kept.get("a", lambda: make("a", 40))
    kept.get("b", lambda: make("b", 40))
    assert made == ["a", "b", "c", "b"]
    # What is larger than all the room is not kept, and nothing leaves for it.
    for _ in range(2):
        assert len(kept.get("d", lambda: make("d", 101))) == 101
    kept.get("b", lambda: make("b", 40))
    assert made == ["a", "b", "c", "b", "d", "d"]
    with pytest.raises(ZeroDivisionError):
        kept.get("e", lambda: 1 // 0)
    assert kept.get("e", lambda: b"e") == b"e"


def test_a_clip_is_drawn_and_rendered_once_whatever_it_is_called(rock_beat, monkeypatch):
    monkeypatch.setattr(export, "_kept", Kept(1 << 20))
    rendered = []
    monkeypatch.setattr(audio, "mp3", lambda clip, program: rendered.append((clip, program)) or b"sound")
    named = dataclasses.replace(rock_beat, name="another")
    for clip in (rock_beat, named):
        # Nothing in a beat follows the sound of melodies.
        for program in (None, 0, 40):
            assert export.clip_file(clip, "mp3", melody_program=program) == b"sound"
    assert len(rendered) == 1
    export.clip_file(dataclasses.replace(rock_beat, qpm=99.0), "mp3")
    assert len(rendered) == 2
    light, dark = (export.clip_file(rock_beat, "png", theme=theme) for theme in ("light", "dark"))
    assert light != dark and export.clip_file(named, "png") is light


def test_a_melodys_sound_is_part_of_what_is_kept(monkeypatch):
    monkeypatch.setattr(export, "_kept", Kept(1 << 20))
    monkeypatch.setattr(audio, "mp3", lambda clip, program: bytes([program]))
    melody = Clip((Note(0, 60, 400, 90),), 1, 120.0)
    assert [export.clip_file(melody, "mp3", melody_program=p) for p in (None, 0, 40)] == [b"\0", b"\0", bytes([40])]
