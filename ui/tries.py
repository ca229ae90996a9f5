"""Examples that run on a click: recipes to try where a tab has nothing to show yet."""

from __future__ import annotations

from collections.abc import Callable

from core import examples
from core.errors import SettingError
from core.recipe import Recipe
from ui import texts
from ui.languages import Text


def _sampled(model: str, seed: int, count: int, temperature: float, qpm: float) -> Callable[[], Recipe]:
    return lambda: Recipe("sample", f"bundled/{model}", seed, count, temperature, qpm=qpm)


def _blended(model: str, a: str, b: str) -> Callable[[], Recipe]:
    def make() -> Recipe:
        clips = examples.load(a), examples.load(b)
        return Recipe("interpolate", f"bundled/{model}", 1, 6, 0.5, qpm=clips[0].qpm, clips=clips)

    return make


def _played(model: str, drums: str, keep_notes: bool = True) -> Callable[[], Recipe]:
    def make() -> Recipe:
        clip = examples.load(drums)
        model_id = f"bundled/{model}"
        return Recipe("groove", model_id, 1, temperature=0.5, qpm=clip.qpm, clips=(clip,), keep_notes=keep_notes)

    return make


# By operation and name; clips are only read when somebody tries.
TRIES: dict[str, dict[str, Callable[[], Recipe]]] = {
    "sample": {
        "beats": _sampled("drums_2bar.lokl", 7, 4, 0.5, 96),
        "tunes": _sampled("melody_2bar", 5, 4, 0.5, 110),
        "band": _sampled("trio_16bar", 3, 1, 1.0, 110),
    },
    "interpolate": {
        "rock": _blended("drums_2bar.hikl", "Straight rock", "Bossa nova"),
        "tune": _blended("melody_2bar", "Walking home", "Blues lick"),
    },
    "groove": {
        "boom": _played("groove_2bar_humanize", "Boom bap"),
        "clave": _played("groove_2bar_tap", "Tap: son clave", keep_notes=False),
    },
}


def recipe(name: object) -> Recipe:
    """The recipe of this name; raises `SettingError` if there is none."""
    for of_operation in TRIES.values():
        if isinstance(name, str) and name in of_operation:
            return of_operation[name]()
    raise SettingError("There is no example “{name}”.", name=str(name)[:60])


def empty(operation: str) -> Text:
    """What a tab shows as long as it has nothing: what it does, and buttons to try it."""
    names = TRIES[operation]
    buttons = " ".join(f'<button type="button" class="try" data-try="{name}">{{{name}}}</button>' for name in names)
    template = f'{{about}}<p class="tries">{{or_try}} {buttons}</p>'
    words = {name: texts.TRIES[name] for name in names}
    return Text(template, template).filled(about=texts.EMPTY[operation], or_try=texts.OR_TRY, **words)
