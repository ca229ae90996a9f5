"""How long sound and pictures take. From the repository's root:

    python -m benchmarks.media

Medians after a warm-up, in milliseconds, of the processor and by the clock; where other work goes on, the former says
more.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from core import audio, examples, pianoroll
from core.clip import BASS_INSTRUMENT, BASS_PROGRAM, TICKS_PER_BAR, Clip, Note, join, to_sequence

REPEATS = 5
STEP = TICKS_PER_BAR // 16


def trio(bars: int) -> Clip:
    """Drums on the beats with a hat between them, quarter notes above, half notes below."""
    notes = []
    for step in range(0, 16 * bars, 2):
        start = step * STEP
        notes.append(Note(start, 42, start + STEP, 70, True, 9))
        if step % 4 == 0:
            notes.append(Note(start, 38 if step % 8 else 36, start + STEP, 100, True, 9))
            notes.append(Note(start, 60 + 7 * step % 12, start + 4 * STEP, 90))
        if step % 8 == 0:
            low = 40 + 5 * step % 7
            notes.append(Note(start, low, start + 8 * STEP, 90, False, BASS_INSTRUMENT, BASS_PROGRAM))
    return Clip(tuple(notes), bars, 120.0)


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of the processor and by the clock, medians."""
    work()
    taken = []
    for _ in range(REPEATS):
        processor, clock = time.process_time(), time.perf_counter()
        work()
        taken.append((time.process_time() - processor, time.perf_counter() - clock))
    processors, clocks = zip(*taken, strict=True)
    return 1000 * statistics.median(processors), 1000 * statistics.median(clocks)


def main() -> None:
    """Prints a row for each kind of work."""
    drums, band = examples.load("Straight rock"), trio(16)
    path = join([drums] * (32 // drums.bars))

    def four() -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(audio.wav, [drums] * 4))

    def picture(clip: Clip, **settings: object) -> Callable[[], bytes]:
        sequence = to_sequence(clip)
        return lambda: pianoroll.png(sequence, clip.bars, clip.qpm, **settings)

    rows: dict[str, Callable[[], object]] = {
        "sound, 2 bars of drums": lambda: audio.wav(drums),
        "sound, four of these at once": four,
        "sound, 16 bars of a trio": lambda: audio.wav(band),
        "sound, a path of 32 bars": lambda: audio.wav(path),
        "picture, 2 bars of drums": picture(drums),
        "picture, small": picture(drums, dpi=72),
        "picture, 16 bars of a trio": picture(band, spread=True),
        "picture, a path of 32 bars": picture(path, clip_bars=drums.bars, spread=True),
    }
    print("| what | processor (ms) | clock (ms) |\n|---|---|---|")
    for what, work in rows.items():
        print("| {} | {:.0f} | {:.0f} |".format(what, *measured(work)), flush=True)


if __name__ == "__main__":
    main()
