"""From taps on a pad to a clip."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core import limits
from core.clip import TICKS_PER_BAR, TICKS_PER_QUARTER, Clip, Note
from core.errors import ClipError

BARS = 2
MOST_TAPS = 256
# A snare: any drum will do, the model hears only when it was struck.
PITCH, VELOCITY = 38, 100
LENGTH = TICKS_PER_QUARTER // 4


def clip_of_taps(seconds: Sequence[float], qpm: float) -> Clip:
    """Two bars of taps at a tempo, from their times in seconds after the first beat.

    A tap a little before the first beat counts as on it; one that leads into the bar after the last is left out.
    Raises `ClipError` if there are no taps, or far too many, and `SettingError` for a tempo out of range.
    """
    qpm = limits.number_within(qpm, limits.QPM, "The tempo")
    if len(seconds) > MOST_TAPS:
        raise ClipError(
            "These are more than {most} taps in two bars. Tap the rhythm once more, slower.", most=MOST_TAPS
        )
    end = BARS * TICKS_PER_BAR
    ticks = [time * qpm / 60 * TICKS_PER_QUARTER for time in seconds if math.isfinite(time)]
    starts = sorted({max(0, round(tick)) for tick in ticks if -LENGTH <= tick < end - LENGTH // 2})
    if not starts:
        raise ClipError("No taps were heard. Start the metronome, and tap after the four beats of the count-in.")
    notes = tuple(Note(start, PITCH, min(start + LENGTH, end), VELOCITY, True, 9) for start in starts)
    return Clip(notes, BARS, qpm, "Taps")
