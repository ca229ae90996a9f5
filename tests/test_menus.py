"""The menus of models, which must not import the catalogue, say what it says."""

from __future__ import annotations

import pytest

from core.catalog import CATALOG
from ui import models


def test_every_model_is_on_a_menu():
    assert [choice.id for choice in models.BUNDLED + models.PUBLISHED] == list(CATALOG)


@pytest.mark.parametrize("choice", models.BUNDLED + models.PUBLISHED, ids=lambda choice: choice.id)
def test_a_choice_is_what_the_catalogue_has(choice):
    model = CATALOG[choice.id]
    assert (choice.plays, choice.bars) == (model.plays, model.bars)
    converter = model.config.data_converter
    assert bool({"humanise", "tap", "hi-hat"} & set(choice.does)) == model.config.is_groove
    if model.config.is_groove:
        wanted = "tap" if converter.tapify else "humanise" if converter.add_class is None else "hi-hat"
        assert wanted in choice.does
    assert not ("sample" in choice.does and converter.control_depth)
    if model.source == "magenta":
        assert choice.megabytes == round(model.download_bytes / 1e6)
        assert all(f"{choice.megabytes} MB" in words for words in choice.label.words.values())


def test_what_is_in_the_box_comes_first():
    for does in ("sample", "interpolate", "humanise", "tap", "hi-hat"):
        sources = [id.split("/")[0] for _, id in models.menu(does)]
        assert sources[0] == "bundled"
        assert sources == sorted(sources, key=["bundled", "magenta", "local"].index)
    assert models.blending("melody", 16)[0].id == "bundled/melody_16bar"


def test_the_owners_checkpoints_are_on_the_menus(monkeypatch):
    from core import catalog

    monkeypatch.setenv("LATENT_JAM_CHECKPOINTS", "mine=cat-mel_2bar_small:/nowhere.safetensors")
    own = catalog.own_checkpoint("cat-mel_2bar_small", "/nowhere.safetensors", "mine")
    monkeypatch.setitem(catalog.CATALOG, own.id, own)
    label, id = models.menu("sample")[-1]
    assert (label.words["en"], id) == ("Yours · mine: melody, 2 bars", "local/mine")
    assert "local/mine" in [choice.id for choice in models.blending("melody", 2)]
