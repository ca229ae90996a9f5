"""Who performs recipes: one seam for all who ask, and what can travel over it. The cluster itself: test_ray.py."""

from __future__ import annotations

import importlib.util
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

import core
from core import engine, limits, settings
from core.errors import LatentJamError, SettingError
from core.performance import Performance
from core.recipe import Recipe
from core.studio import Studio
from tests.test_page import ROOT

BEAT = Recipe("sample", "test/tiny", 7, 2)


class Recorder:
    """An engine that remembers who asked for what, and plays nothing."""

    def __init__(self) -> None:
        self.asked: list[Recipe] = []

    def perform(self, recipe, progress=None, cancel=None) -> Performance:
        self.asked.append(recipe)
        return Performance(recipe, ())

    def warm_up(self, model_id: str) -> None:
        raise AssertionError("nobody asked for that")

    def loaded_models(self) -> tuple[str, ...]:
        return ("one",)


@pytest.fixture
def no_choice_yet() -> Iterator[None]:
    engine.chosen.cache_clear()
    yield
    engine.chosen.cache_clear()


def test_the_address_of_a_cluster():
    assert settings.from_environment({}).ray is None
    assert settings.from_environment({"LATENT_JAM_RAY": " "}).ray is None
    for address in ("auto", "ray-head:6379", "10.0.0.7:6379"):
        assert settings.from_environment({"LATENT_JAM_RAY": address}).ray == address
    for wrong in ("1", "on", "http://head:8000", "head", "ray://head:10001", "head:6379; rm"):
        with pytest.raises(SettingError, match="LATENT_JAM_RAY"):
            settings.from_environment({"LATENT_JAM_RAY": wrong})


def test_this_process_plays_unless_the_owner_says_otherwise(monkeypatch, no_choice_yet):
    for name in ("LATENT_JAM_RAY", "LATENT_JAM_APART"):
        monkeypatch.delenv(name, raising=False)
    assert isinstance(engine.chosen(), engine.ThisProcess)


def test_a_cluster_without_ray_installed_is_a_sentence(monkeypatch, no_choice_yet):
    monkeypatch.setenv("LATENT_JAM_RAY", "auto")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SettingError, match="deploy/requirements.txt"):
        engine.chosen()


def test_everybody_asks_the_chosen_engine(monkeypatch):
    from ui import api, performing

    recorder = Recorder()
    monkeypatch.setattr(engine, "chosen", lambda: recorder)
    core.perform(BEAT)
    api._perform(BEAT)
    performing.performed(BEAT)
    assert recorder.asked == [BEAT] * 3
    assert engine.loaded_models() == ("one",)
    # Nobody goes past it.
    for source in [ROOT / "app.py", *(ROOT / "ui").glob("*.py")]:
        assert not re.search(r"from core.studio|import (.*, )?studio", source.read_text()), source


def test_the_page_loads_neither_tensorflow_nor_ray():
    code = (
        "import sys; from core import engine, export, audio; from ui import page; page.build(); engine.chosen();"
        "print([name for name in ('tensorflow', 'ray') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    # pyfluidsynth says on standard output where it lies when CI is set.
    assert ran.stdout.splitlines()[-1:] == ["[]"], ran.stdout + ran.stderr


def all_errors(kind: type = LatentJamError) -> list[type]:
    return [kind, *(each for below in kind.__subclasses__() for each in all_errors(below))]


def test_errors_travel():
    made = [kind("The model “a” has {no} such bars. Choose others.") for kind in all_errors()]
    assert len(made) > 8
    # One with values in it.
    with pytest.raises(SettingError) as raised:
        limits.number_within(9, limits.AMOUNT, "The amount of timing")
    for error in [*made, raised.value]:
        come = pickle.loads(pickle.dumps(error))
        assert type(come) is type(error)
        assert (str(come), come.args, vars(come)) == (str(error), error.args, vars(error))


def test_recipes_and_performances_travel(tiny_studio: Studio, rock_beat, half_time_beat):
    for recipe in (BEAT, Recipe("interpolate", "test/tiny", 3, 4, qpm=97.3, clips=(rock_beat, half_time_beat))):
        assert Recipe.from_string(recipe.to_string()) == recipe
        performance = tiny_studio.perform(recipe)
        assert pickle.loads(pickle.dumps(performance)) == performance
