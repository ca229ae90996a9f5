"""Every model that can be played: its id, its configuration, where its weights are, and what it is good for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core import settings
from core.configs import CONFIG_MAP, Config
from core.errors import ModelNotFoundError, SettingError
from core.settings import Settings

MODELS_FOLDER = Path(__file__).resolve().parent.parent / "assets" / "models"


IN_THE_BOX, DOWNLOADED, TO_BE_FETCHED, YOURS, MISSING = "in the box", "downloaded", "to be fetched", "yours", "missing"


@dataclass(frozen=True)
class Model:
    """An entry of the catalogue. `id` is `source/name`; `path` is what `checkpoints.load` takes.

    A published model has a `url`, and `path` is where its weights are kept once they have been fetched.
    `download_bytes` and `parameter_bytes` (in float32) are what to expect of it.
    """

    id: str
    config: Config
    path: Path
    good_for: str
    licence: str
    url: str | None = None
    download_bytes: int = 0
    parameter_bytes: int = 0

    @property
    def source(self) -> str:
        """'bundled', 'magenta' or 'local'."""
        return self.id.split("/", 1)[0]

    @property
    def name(self) -> str:
        """The id without its source, used in file names."""
        return self.id.split("/", 1)[1]

    @property
    def plays(self) -> str:
        """'drums', 'melody' or 'band', as `Clip.plays`."""
        return self.config.data_converter.plays

    @property
    def bars(self) -> int:
        """Length of a clip in bars."""
        return self.config.bars

    @property
    def size_bytes(self) -> int:
        """Size of the weights' file; roughly that of the download if it is yet to be fetched; 0 if there is none."""
        return self.path.stat().st_size if self.path.is_file() else self.download_bytes

    @property
    def where(self) -> str:
        """One of `IN_THE_BOX`, `DOWNLOADED`, `TO_BE_FETCHED`, `YOURS`, `MISSING`."""
        if self.url is not None:
            return DOWNLOADED if self.path.is_file() else TO_BE_FETCHED
        if self.source == "local":
            return YOURS
        return IN_THE_BOX if self.path.is_file() else MISSING


def _bundled(name: str, config: str, good_for: str, data_licence: str = "CC BY 4.0") -> Model:
    path = MODELS_FOLDER / f"{name}.safetensors"
    return Model(f"bundled/{name}", CONFIG_MAP[config], path, good_for, f"Apache-2.0, trained on {data_licence} data")


BUNDLED = (
    _bundled("drums_2bar.lokl", "cat-drums_2bar_small", "new beats: samples like a drummer"),
    _bundled("drums_2bar.hikl", "cat-drums_2bar_small", "blending beats: reconstructs and interpolates"),
    _bundled("melody_2bar", "cat-mel_2bar_small", "new melodies, and blends of two", "MIT"),
    _bundled("melody_16bar", "melody_16bar", "long melodies: new ones, and blends of two", "MIT"),
    _bundled("trio_16bar", "trio_16bar", "a band: melody, bass and drums", "MIT and CC BY 4.0"),
    _bundled("groove_2bar_humanize", "groove_2bar_humanize", "humanising: plays a straight beat like a drummer"),
    _bundled("groove_2bar_tap", "groove_2bar_tap", "tap to drums: a rhythm becomes a full kit"),
    _bundled("groove_2bar_add_closed_hh", "groove_2bar_add_closed_hh", "adds or replaces the closed hi-hat"),
)

# What Magenta has published: name, configuration, bytes of the weights in float32, and what it is good for.
_PUBLISHED = (
    ("cat-drums_2bar_small.lokl", "cat-drums_2bar_small", 18_546_688, "new beats: the weights meant for sampling"),
    ("cat-drums_2bar_small.hikl", "cat-drums_2bar_small", 18_546_688, "blending beats: the weights meant for that"),
    ("nade-drums_2bar_full", "nade-drums_2bar_full", 57_566_964, "beats on 61 drums, with toms and percussion"),
    ("cat-mel_2bar_big", "cat-mel_2bar_big", 538_284_392, "new melodies, and blends of two"),
    ("hierdec-mel_16bar", "hierdec-mel_16bar", 704_246_120, "long melodies: new ones, and blends of two"),
    ("hierdec-trio_16bar", "hierdec-trio_16bar", 923_900_624, "a band: melody, bass and drums"),
    ("groovae_4bar", "groovae_4bar", 16_340_076, "grooves of four bars: plays a played beat its own way"),
    ("groovae_2bar_humanize", "groovae_2bar_humanize", 16_340_076, "humanising: plays a straight beat like a drummer"),
    (
        "groovae_2bar_tap_fixed_velocity",
        "groovae_2bar_tap_fixed_velocity",
        16_340_076,
        "tap to drums: a rhythm becomes a full kit",
    ),
    ("groovae_2bar_add_closed_hh", "groovae_2bar_add_closed_hh", 16_340_076, "adds or replaces the closed hi-hat"),
    (
        "groovae_2bar_hits_control",
        "groovae_2bar_hits_control_tfds",
        16_524_396,
        "another drummer's feel for the hits that you choose",
    ),
)
# Magenta's own word for this one is two gigabytes, so its archive holds more than the weights.
_LARGER_DOWNLOADS = {"hierdec-trio_16bar": 2_000_000_000}


def _published(chosen: Settings) -> list[Model]:
    return [
        Model(
            f"magenta/{name}",
            CONFIG_MAP[config],
            chosen.cache_folder / f"{name}.safetensors",
            good_for,
            "Apache-2.0",
            url=f"{chosen.checkpoints_url}/{name}.tar",
            download_bytes=_LARGER_DOWNLOADS.get(name, parameter_bytes),
            parameter_bytes=parameter_bytes,
        )
        for name, config, parameter_bytes, good_for in _PUBLISHED
    ]


def own_checkpoint(config: str, path: str, name: str | None = None) -> Model:
    """An entry for a checkpoint of one's own, called as its configuration if it has no name; raises `SettingError` if
    there is no such configuration."""
    if config not in CONFIG_MAP:
        raise SettingError(
            "There is no configuration “{name}”. Choose one of: {known}.", name=config, known=", ".join(CONFIG_MAP)
        )
    return Model(f"local/{name or config}", CONFIG_MAP[config], Path(path), "a checkpoint of your own", "yours")


def catalog_of(chosen: Settings) -> dict[str, Model]:
    """All models by id: those in the box, the published ones, and the owner's; raises `SettingError` for one of the
    owner's that has no configuration."""
    own = [own_checkpoint(each.config, each.path, each.name) for each in chosen.own_checkpoints]
    return {model.id: model for model in (*BUNDLED, *_published(chosen), *own)}


CATALOG: dict[str, Model] = catalog_of(settings.from_environment())


def find(model_id: str, catalog: dict[str, Model]) -> Model:
    """The entry with this id; raises `ModelNotFoundError` that names those there are."""
    if model_id not in catalog:
        raise ModelNotFoundError(
            "There is no model “{name}”. Choose one of: {known}.", name=str(model_id)[:60], known=", ".join(catalog)
        )
    return catalog[model_id]


def with_models(extra: Iterable[Model]) -> dict[str, Model]:
    """The catalogue and more entries."""
    return CATALOG | {model.id: model for model in extra}
