"""How long a visitor waits: for the page, for the first clip, and then for clips and grooves with all they come with.

    python -m benchmarks.page

Starts the app three times in a process of its own and asks it over HTTP as the page does; prints medians in seconds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from benchmarks.servers import free_port
from core.recipe import Recipe

STARTS, REPEATS = 3, 20
GROOVE_BARS = 16
ROOT = Path(__file__).parents[1]


def page_usable() -> float:
    """Seconds from `python app.py` to an answer on /config, from which the page draws itself."""
    port = free_port()
    started = time.perf_counter()
    app = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=os.environ | {"GRADIO_SERVER_PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/config").read()
                return time.perf_counter() - started
            except OSError:
                time.sleep(0.02)
    finally:
        app.kill()
        app.wait()


def first_clip() -> float:
    """Seconds for one clip with picture and sound in a new process that has imported nothing."""
    code = "from core import export, studio; from core.recipe import Recipe; export.files(studio.perform("
    code += "Recipe('sample', 'bundled/drums_2bar.lokl', seed=1, count=1)), export.KINDS)"
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def four_clips() -> float:
    """Median seconds for four clips with MIDI, pictures and sound, warm."""
    from core import export, studio

    times = []
    for seed in range(REPEATS + 2):
        started = time.perf_counter()
        export.files(studio.perform(Recipe("sample", "bundled/drums_2bar.lokl", seed=seed, count=4)), export.KINDS)
        times.append(time.perf_counter() - started)
    return statistics.median(times[2:])


def groove() -> float:
    """Median seconds for 16 bars humanised, with the pictures, the sound and the MIDI of before and after, warm."""
    from core import clip, examples, studio
    from ui import rolls

    beat = examples.load("Boom bap")
    song = clip.join([beat] * (GROOVE_BARS // beat.bars))
    times = []
    for seed in range(REPEATS + 2):
        started = time.perf_counter()
        recipe = Recipe("groove", "bundled/groove_2bar_humanize", seed, temperature=0.5, qpm=song.qpm, clips=(song,))
        played = studio.perform(recipe).clips[0]
        rolls.filled([rolls.Shown(song, "before", "before"), rolls.Shown(played, "after", "after")], "light")
        times.append(time.perf_counter() - started)
    return statistics.median(times[2:])


def main() -> None:
    """Prints the table."""
    print("| what | seconds | bar |\n|---|---|---|")
    print(f"| page usable after `python app.py` | {statistics.median(page_usable() for _ in range(STARTS)):.1f} | 5 |")
    print(f"| first clip from a cold start | {statistics.median(first_clip() for _ in range(STARTS)):.1f} | 10 |")
    print(f"| four clips with pictures and sound, warm | {four_clips():.2f} | 1.5 |")
    print(f"| {GROOVE_BARS} bars humanised, before and after with pictures and sound, warm | {groove():.2f} | 1.5 |")


if __name__ == "__main__":
    main()
