"""Every model that can be played: its id, its configuration, where its weights are, and what it is good for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.configs import CONFIG_MAP, Config
from core.errors import ModelNotFoundError, SettingError

MODELS_FOLDER = Path(__file__).resolve().parent.parent / "assets" / "models"


@dataclass(frozen=True)
class Model:
    """An entry of the catalogue. `id` is `source/name`; `path` is what `checkpoints.load` takes."""

    id: str
    config: Config
    path: Path
    good_for: str
    licence: str

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
        """Size of the weights' file, 0 if it is not there."""
        return self.path.stat().st_size if self.path.is_file() else 0


def _bundled(name: str, config: str, good_for: str, data_licence: str = "CC BY 4.0") -> Model:
    path = MODELS_FOLDER / f"{name}.safetensors"
    return Model(f"bundled/{name}", CONFIG_MAP[config], path, good_for, f"Apache-2.0, trained on {data_licence} data")


CATALOG: dict[str, Model] = {
    model.id: model
    for model in (
        _bundled("drums_2bar.lokl", "cat-drums_2bar_small", "new beats: samples like a drummer"),
        _bundled("drums_2bar.hikl", "cat-drums_2bar_small", "blending beats: reconstructs and interpolates"),
        _bundled("melody_2bar", "cat-mel_2bar_small", "new melodies, and blends of two", "MIT"),
        _bundled("melody_16bar", "melody_16bar", "long melodies: new ones, and blends of two", "MIT"),
        _bundled("trio_16bar", "trio_16bar", "a band: melody, bass and drums", "MIT and CC BY 4.0"),
        _bundled("groove_2bar_humanize", "groove_2bar_humanize", "humanising: plays a straight beat like a drummer"),
        _bundled("groove_2bar_tap", "groove_2bar_tap", "tap to drums: a rhythm becomes a full kit"),
        _bundled("groove_2bar_add_closed_hh", "groove_2bar_add_closed_hh", "adds or replaces the closed hi-hat"),
    )
}


def find(model_id: str, catalog: dict[str, Model]) -> Model:
    """The entry with this id; raises `ModelNotFoundError` that names those there are."""
    if model_id not in catalog:
        raise ModelNotFoundError(f"There is no model “{str(model_id)[:60]}”. Choose one of: {', '.join(catalog)}.")
    return catalog[model_id]


def own_checkpoint(config: str, path: str) -> Model:
    """An entry for a checkpoint of one's own; raises `SettingError` if there is no such configuration."""
    if config not in CONFIG_MAP:
        raise SettingError(f"There is no configuration “{config}”. Choose one of: {', '.join(CONFIG_MAP)}.")
    return Model(f"local/{config}", CONFIG_MAP[config], Path(path), "a checkpoint of your own", "yours")


def with_models(extra: Iterable[Model]) -> dict[str, Model]:
    """The catalogue and more entries."""
    return CATALOG | {model.id: model for model in extra}
