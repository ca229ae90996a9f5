"""Every limit, in one place. What exceeds one is refused with a sentence, never cut in silence."""

from __future__ import annotations

from core.errors import SettingError

MAX_UPLOAD_BYTES = 1 << 20
MAX_MIDI_NOTES = 20_000
MAX_MIDI_SECONDS = 30 * 60
# As many as that time has at the fastest tempo, whatever tempo a file claims.
MAX_MIDI_BARS = 30 * 300 // 4
CLIPS = (1, 16)
CLIPS_ON_THE_PAGE = (1, 8)
BARS = (1, 16)
INTERPOLATION_STEPS = (2, 32)
# The longest path: six steps of sixteen bars.
PATH_BARS = 96
AMOUNT = (0.0, 1.3)
# The longest music that is humanised at once, and the most windows of an upload that are offered to choose from.
GROOVE_BARS = 64
WINDOWS = 24
# The bars of an upload that are searched for windows.
SEARCHED_BARS = 256
# A file with more is a performance without a click.
TEMPO_CHANGES = 200
TEMPERATURE = (0.01, 2.0)
QPM = (30.0, 300.0)
SEED = (0, 2**32 - 1)
MAX_LINK_CHARACTERS = 8_000
MAX_RECIPE_BYTES = 1 << 20
MAX_CHECKPOINT_BYTES = 4 << 30
LOADED_MODELS_BYTES = 4 << 30
QUEUE_SIZE = 64
# Files made for visitors are deleted when they are this old, in seconds.
FILE_AGE_SECONDS = 60 * 60
FILE_CHECK_SECONDS = 10 * 60


def number_within(value: object, limits: tuple[float, float], what: str) -> float:
    """`value` as a float, if it is a number inside `limits`; raises `SettingError` with a sentence otherwise."""
    number = _as_number(value)
    if not limits[0] <= number <= limits[1]:
        raise SettingError(f"{what} must be a number from {limits[0]:g} to {limits[1]:g}, not {_shown(value)}.")
    return number


def whole_number_within(value: object, limits: tuple[int, int], what: str) -> int:
    """`value` as an int, if it is a whole number inside `limits`; raises `SettingError` with a sentence otherwise."""
    number = _as_number(value)
    if not limits[0] <= number <= limits[1] or number != int(number):
        raise SettingError(f"{what} must be a whole number from {limits[0]} to {limits[1]}, not {_shown(value)}.")
    return int(number)


def _as_number(value: object) -> float:
    """NaN, which is inside no limits, for what is no number."""
    try:
        return float("nan") if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return float("nan")


def _shown(value: object) -> str:
    text = "empty" if value is None or value == "" else str(value)
    return text if len(text) <= 40 else text[:40] + "…"
