"""Where recipes are performed: the one path by which a clip is made, whoever asks."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from core import catalog, clip, limits, settings, stopping, uploads
from core.catalog import Model
from core.clip import Clip, Note
from core.configs import Config
from core.converters.windows import STEPS_PER_BAR
from core.decoding import decoding_of
from core.errors import CancelledError, DownloadError, LatentJamError, ModelTooLargeError, SettingError
from core.network import vae
from core.note_sequences import NoteSequence
from core.performance import Performance, Progress
from core.recipe import Recipe
from core.sentences import Sentence
from core.trained_model import TrainedModel

# How much of a performance loading takes.
LOADING = 0.3


class Studio:
    """Performs recipes with the models of a catalogue, keeping loaded ones within a budget of memory. Safe for many
    threads.
    """

    def __init__(
        self,
        models: dict[str, Model] | None = None,
        budget_bytes: int = limits.LOADED_MODELS_BYTES,
        cache_bytes: int = limits.CACHE_BYTES,
    ) -> None:
        """`models` is the catalogue, ours if not given; `budget_bytes` bounds the loaded weights, and `cache_bytes` the
        fetched ones on the disk; the least recently used leave."""
        self.models = catalog.CATALOG if models is None else models
        self._budget = budget_bytes
        self._cache_bytes = cache_bytes
        self._loaded: OrderedDict[str, TrainedModel] = OrderedDict()
        self._loading: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self._playing = threading.Semaphore(limits.PLAYING_AT_ONCE)
        self._fetching = threading.Semaphore(limits.FETCHING_AT_ONCE)

    def load(
        self, model_id: str, progress: Progress | None = None, cancel: threading.Event | None = None
    ) -> TrainedModel:
        """The model with this id, fetched and loaded once however many ask; loading one model never holds up another.

        `progress` is told how far fetching is, and whoever has asked sets `cancel` to stop waiting for it.

        Raises `ModelNotFoundError`, `ModelTooLargeError` if it is larger than the budget, `CancelledError`, what
        `cache.ready` does, or `CheckpointError`.
        """
        entry = catalog.find(model_id, self.models)
        tell, cancel = progress or (lambda share, what: None), cancel or threading.Event()
        with self._place_to_fetch(entry), self._alone(entry, tell, cancel):
            with self._lock:
                if model_id in self._loaded:
                    self._loaded.move_to_end(model_id)
                    return self._loaded[model_id]
            needed = self._check_fits(entry)
            with self._weights(entry, tell, cancel) as path:
                tell(1.0, Sentence("Loading {name}", name=entry.name))
                # Before the new one comes, so that both are never there together.
                self._make_room(needed)
                model = TrainedModel(entry.config, limits.CLIPS_TOGETHER, path)
            with self._lock:
                self._loaded[model_id] = model
            self._make_room(0)
            return model

    @property
    def loaded(self) -> tuple[str, ...]:
        """The ids of the models in memory."""
        with self._lock:
            return tuple(self._loaded)

    def fetch(self, model_id: str, progress: Progress | None = None, cancel: threading.Event | None = None) -> None:
        """Sees to it that the model with this id is on the disk, without loading it; raises what `load` does."""
        entry = catalog.find(model_id, self.models)
        self._check_fits(entry)
        with self._weights(entry, progress, cancel):
            pass

    @contextlib.contextmanager
    def _place_to_fetch(self, entry: Model) -> Iterator[None]:
        """One of the few places for those who fetch or wait for it, so that they never keep everybody else from
        playing; nothing for a model that is on the disk."""
        if entry.url is None or entry.path.exists():
            yield
            return
        if not self._fetching.acquire(blocking=False):
            raise DownloadError(
                "Other models are being fetched at the moment. Try again in a few minutes, or choose one in the box."
            )
        try:
            yield
        finally:
            self._fetching.release()

    @contextlib.contextmanager
    def _place_to_play(self, cancel: threading.Event | None) -> Iterator[None]:
        """One of `limits.PLAYING_AT_ONCE` places."""
        while not self._playing.acquire(timeout=limits.PROGRESS_SECONDS):
            stopping.check(cancel)
        try:
            stopping.check(cancel)
            yield
        finally:
            self._playing.release()

    @contextlib.contextmanager
    def _alone(self, entry: Model, tell: Progress, cancel: threading.Event) -> Iterator[None]:
        """Lets one at a time load a model; the others are told that they wait."""
        with self._lock:
            lock = self._loading.setdefault(entry.id, threading.Lock())
        while not lock.acquire(timeout=limits.PROGRESS_SECONDS):
            tell(0.0, Sentence("Waiting for {name}, which is being loaded already", name=entry.name))
            if cancel.is_set():
                raise CancelledError("Waiting for {name} was stopped.", name=entry.name)
        try:
            yield
        finally:
            lock.release()

    def _weights(
        self, entry: Model, tell: Progress | None, cancel: threading.Event | None
    ) -> contextlib.AbstractContextManager[Path]:
        if entry.url is None:
            return contextlib.nullcontext(entry.path)
        # What fetches is not needed for the models in the box.
        from core import cache

        return cache.ready(entry, self._cache_bytes, tell, cancel)

    def _check_fits(self, entry: Model) -> int:
        """The memory that a model will take; raises `ModelTooLargeError` if it is more than there may be."""
        needed = _memory_bytes(entry.config)
        if needed > self._budget:
            raise ModelTooLargeError(
                "{name} takes {needed:.0f} MB of memory, and models may take {most:.0f} MB here. Choose a smaller one, "
                "or set LATENT_JAM_MODELS_BYTES.",
                name=entry.name,
                needed=needed / 1e6,
                most=self._budget / 1e6,
            )
        return needed

    def _make_room(self, coming_bytes: int) -> None:
        with self._lock:
            while self._loaded and coming_bytes + sum(m.size_bytes for m in self._loaded.values()) > self._budget:
                self._loaded.popitem(last=False)

    def perform(
        self, recipe: Recipe, progress: Progress | None = None, cancel: threading.Event | None = None
    ) -> Performance:
        """Makes the music of a recipe: same recipe and weights, same notes. `cancel` can be set to stop it, while the
        model is fetched and while it plays.

        Raises what `load` does, `SettingError` for a model that cannot do this, or, for input clips,
        `NoExtractedExamplesError` and `MultipleExtractedExamplesError`.
        """
        tell = progress or (lambda share, what: None)
        entry = catalog.find(recipe.model, self.models)
        if recipe.operation != "groove" and entry.config.data_converter.control_depth:
            raise SettingError(
                "{name} makes grooves of drums that are there, and has none to {operation}. Choose another model.",
                name=entry.name,
                operation=recipe.operation,
            )
        tell(0.0, Sentence("Loading {name}", name=entry.name))
        model = self.load(recipe.model, lambda share, what: tell(LOADING * share, what), cancel)
        tell(LOADING, Sentence("Playing"))
        play = {"sample": _sample, "interpolate": _interpolate, "groove": _groove}[recipe.operation]
        with self._place_to_play(cancel):
            clips = play(recipe, model, cancel)
        joined = clip.join(clips, entry.name) if recipe.operation == "interpolate" else None
        return Performance(recipe, clips, joined)


def _sample(recipe: Recipe, model: TrainedModel, cancel: threading.Event | None) -> tuple[Clip, ...]:
    bars = recipe.bars or model.config.bars
    if model.config.is_hierarchical and bars != model.config.bars:
        raise SettingError(
            "{name} always plays {bars} bars. Leave the number of bars out.",
            name=_name(recipe),
            bars=model.config.bars,
        )
    steps = bars * STEPS_PER_BAR
    sequences = model.sample(recipe.count, steps, recipe.temperature, recipe.same_z, seed=recipe.seed, cancel=cancel)
    return _numbered(recipe, sequences, bars)


def _interpolate(recipe: Recipe, model: TrainedModel, cancel: threading.Event | None) -> tuple[Clip, ...]:
    bars = model.config.bars
    if recipe.count * bars > limits.PATH_BARS:
        raise SettingError(
            "A path has at most {most_bars} bars, so of clips of {bars} bars it has at most {most} steps, not {count}.",
            most_bars=limits.PATH_BARS,
            bars=bars,
            most=limits.PATH_BARS // bars,
            count=recipe.count,
        )
    start, end = (clip.to_sequence(each) for each in recipe.clips)
    steps = bars * STEPS_PER_BAR
    path = model.interpolate(start, end, recipe.count, steps, recipe.temperature, seed=recipe.seed, cancel=cancel)
    clips = _numbered(recipe, path, bars)
    if not recipe.own_ends:
        return clips
    first, last = (
        replace(uploads.cut(own, 0, bars), qpm=recipe.qpm, name=made.name)
        for own, made in zip(recipe.clips, (clips[0], clips[-1]), strict=True)
    )
    return (first, *clips[1:-1], last)


def _groove(recipe: Recipe, model: TrainedModel, cancel: threading.Event | None) -> tuple[Clip, ...]:
    # At the tempo it shall be played at: a drummer's timing is another at another tempo.
    own = replace(recipe.clips[0], qpm=recipe.qpm)
    sequence = model.groove(
        clip.to_sequence(own),
        recipe.temperature,
        recipe.amount,
        recipe.keep_notes,
        recipe.dynamics,
        recipe.keep_dynamics,
        seed=recipe.seed,
        cancel=cancel,
    )
    return (clip.from_sequence(sequence, own.bars, recipe.qpm, own.name or _name(recipe)),)


def _numbered(recipe: Recipe, sequences: list[NoteSequence], bars: int) -> tuple[Clip, ...]:
    return tuple(
        clip.from_sequence(sequence, bars, recipe.qpm, f"{_name(recipe)} {number}")
        for number, sequence in enumerate(sequences, 1)
    )


def _name(recipe: Recipe) -> str:
    return recipe.model.split("/", 1)[-1]


def _memory_bytes(config: Config) -> int:
    count = sum(int(np.prod(shape)) for shape in vae.variable_shapes(config).values())
    return count * decoding_of(config).dtype.size


_settings = settings.from_environment()
_studio = Studio(None, _settings.models_bytes, _settings.cache_bytes)


def perform(recipe: Recipe, progress: Progress | None = None, cancel: threading.Event | None = None) -> Performance:
    """Makes the music of a recipe with the catalogue's models; see `Studio.perform`."""
    return _studio.perform(recipe, progress, cancel)


def loaded_models() -> tuple[str, ...]:
    """The ids of the catalogue's models in memory."""
    return _studio.loaded


def warm_up(model_id: str) -> None:
    """Loads a model and plays once, so that its first clip does not wait for that. Says nothing if the model cannot
    be loaded."""
    hits = Clip((Note(0, 36, 120, 80, True, 9),), 2, 120.0)
    with contextlib.suppress(LatentJamError):
        if catalog.find(model_id, catalog.CATALOG).config.is_groove:
            perform(Recipe("groove", model_id, seed=0, clips=(hits,), keep_notes=False))
        else:
            perform(Recipe("sample", model_id, seed=0, count=1))
