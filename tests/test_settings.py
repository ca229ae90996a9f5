"""What the owner sets, and what visitors cannot."""

import os
from pathlib import Path

import pytest

from core import catalog, limits, settings
from core.catalog import CATALOG
from core.errors import ModelNotFoundError, SettingError
from core.recipe import Recipe
from core.studio import Studio


def test_by_default():
    chosen = settings.from_environment({})
    assert chosen.cache_folder == Path.home() / ".cache" / "latent-jam"
    assert (chosen.cache_bytes, chosen.models_bytes) == (limits.CACHE_BYTES, limits.LOADED_MODELS_BYTES)
    assert chosen.own_checkpoints == ()


def test_everything_set(tmp_path):
    chosen = settings.from_environment(
        {
            "LATENT_JAM_CACHE": "~/somewhere",
            "LATENT_JAM_CACHE_BYTES": "1000",
            "LATENT_JAM_MODELS_BYTES": " 2000 ",
            "LATENT_JAM_CHECKPOINTS_URL": "http://127.0.0.1:1/x/",
            "LATENT_JAM_CHECKPOINTS": "mine=cat-drums_2bar_small:C:/a b.tar; his.1=melody_16bar:/b",
        }
    )
    assert chosen.cache_folder == Path.home() / "somewhere"
    assert (chosen.cache_bytes, chosen.models_bytes) == (1000, 2000)
    models = catalog.catalog_of(chosen)
    assert [model for model in models if model.startswith("local/")] == ["local/mine", "local/his.1"]
    assert models["local/mine"].path == Path("C:/a b.tar")
    assert models["local/mine"].where == catalog.YOURS
    one = models["magenta/groovae_4bar"]
    assert one.url == "http://127.0.0.1:1/x/groovae_4bar.tar"
    assert one.path == Path.home() / "somewhere" / "groovae_4bar.safetensors"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("LATENT_JAM_CACHE_BYTES", "20 GB", "must be a number of bytes"),
        ("LATENT_JAM_MODELS_BYTES", "0", "must be a number of bytes"),
        ("LATENT_JAM_CHECKPOINTS", "mine", "must look like NAME=CONFIG:PATH"),
        ("LATENT_JAM_CHECKPOINTS", "../mine=melody_16bar:/a", "must look like NAME=CONFIG:PATH"),
        ("LATENT_JAM_CHECKPOINTS", "mine=trumpet:/a", "There is no configuration “trumpet”"),
    ],
)
def test_settings_that_cannot_be_used(name, value, sentence):
    with pytest.raises(SettingError, match=sentence):
        catalog.catalog_of(settings.from_environment({name: value}))


def test_a_space_keeps_things_on_its_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "SPACE_DISK", tmp_path)
    home = Path.home() / ".cache" / "latent-jam"
    assert settings.from_environment({"SPACE_ID": "a/b"}).cache_folder == tmp_path / "latent-jam"
    assert settings.from_environment({}).cache_folder == home
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert settings.from_environment({"SPACE_ID": "a/b"}).cache_folder == home


def test_a_checkpoint_of_the_owners_plays():
    path = CATALOG["bundled/drums_2bar.lokl"].path
    models = catalog.catalog_of(
        settings.from_environment({"LATENT_JAM_CHECKPOINTS": f"mine=cat-drums_2bar_small:{path}"})
    )
    studio = Studio(models)
    mine = studio.perform(Recipe("sample", "local/mine", seed=1, count=1)).clips
    bundled = studio.perform(Recipe("sample", "bundled/drums_2bar.lokl", seed=1, count=1)).clips
    assert [clip.notes for clip in mine] == [clip.notes for clip in bundled]


@pytest.mark.parametrize(
    "model",
    [
        str(CATALOG["bundled/drums_2bar.lokl"].path),
        "/etc/passwd",
        "local/cat-drums_2bar_small",
        "local/../bundled/drums_2bar.lokl",
        "magenta/../../x",
        "bundled/../bundled/drums_2bar.lokl",
        "http://127.0.0.1/x.tar",
        "",
    ],
)
def test_visitors_give_ids_and_never_paths(model):
    recipe = Recipe.from_string(Recipe("sample", model, seed=1).to_string())
    with pytest.raises(ModelNotFoundError):
        Studio().perform(recipe)
