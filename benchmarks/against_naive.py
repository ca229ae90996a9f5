"""What visitors wait for, in our app and in the naive one, in turn in one run. Prints a table in Markdown.

    benchmarks/make_naive.sh
    python -m benchmarks.against_naive [--starts 5] [--repeats 10]

Both sides do the same work with the same weights (`weights.py`) and are asked over HTTP by the same visitor
(`visitors.py`), whose clock stops when every picture, sound and MIDI file of an answer has come.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import weights
from benchmarks.servers import NAIVE, OURS, serving
from benchmarks.visitors import DRUMS, RequestError, Visitor, visitor

SIDES = (OURS, NAIVE)
WARM_UP = 2
# Now and then a sampled beat has nothing in its second bar, and no model can blend it: then once more.
TRIES = 5
FIRST = "cold start → first clip heard"
USABLE = "page usable after the start"
FOUR = "4 drum clips with pictures and sound, warm"
SONG = "sample → interpolate 6 → groove 12 bars, all outputs, warm"
# The most seconds that ours may take, and the most as a share of the naive app's.
BARS = {USABLE: (4.0, None), FIRST: (None, 0.6), FOUR: (0.6, 0.4), SONG: (None, 0.4)}
Seconds = dict[str, dict[str, list[float]]]


def four_clips(someone: Visitor) -> None:
    """Four new clips."""
    someone.sample(DRUMS, 4)


def song(someone: Visitor) -> None:
    """Two new clips, the path of twelve bars between them, and that path before and after a drummer has played it."""
    someone.sample(DRUMS, 2)
    someone.take_clips()
    someone.interpolate()
    someone.groove()


WARM = {FOUR: four_clips, SONG: song}


def start(side: str, folder: Path) -> dict[str, float]:
    """Seconds from a fresh process to a page, and to the first clip of whoever opens it at once."""
    with serving(side, folder, folder) as server:
        started = time.perf_counter()
        someone = visitor(side, server.address)
        someone.sample(DRUMS, 1)
        first = server.seconds_to_answer + time.perf_counter() - started
        someone.close()
    return {USABLE: server.seconds_to_answer, FIRST: first}


def timed(work: Callable[[Visitor], None], someone: Visitor) -> float:
    """Seconds that the work took when it succeeded."""
    for left in reversed(range(TRIES)):
        started = time.perf_counter()
        try:
            work(someone)
            return time.perf_counter() - started
        except RequestError:
            if not left:
                raise
    raise AssertionError


def measured(starts: int, repeats: int) -> Seconds:
    """Seconds of every measurement on either side, the sides in turn."""
    found: Seconds = {what: {side: [] for side in SIDES} for what in BARS}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights.write(folder)
        for number in range(starts):
            for side in _in_turn(number):
                for what, seconds in start(side, folder).items():
                    found[what][side].append(seconds)
        own = weights.own_checkpoints(folder)
        with serving(OURS, folder, folder, own) as ours, serving(NAIVE, folder, folder) as naive:
            someone = {each.side: visitor(each.side, each.address, weights.HUMANIZER) for each in (ours, naive)}
            for what, work in WARM.items():
                for number in range(WARM_UP + repeats):
                    for side in _in_turn(number):
                        seconds = timed(work, someone[side])
                        if number >= WARM_UP:
                            found[what][side].append(seconds)
            for each in someone.values():
                each.close()
    return found


def _in_turn(number: int) -> tuple[str, ...]:
    """Who begins changes, so that neither always comes after the other."""
    return SIDES if number % 2 == 0 else SIDES[::-1]


def table(found: Seconds) -> str:
    """Medians in Markdown, with the bars."""
    lines = ["| what | ours (s) | naive (s) | ratio | bar |", "|---|---|---|---|---|"]
    for what, (most, share) in BARS.items():
        ours, naive = (statistics.median(found[what][side]) for side in SIDES)
        bars = [f"{most:g} s"] * (most is not None) + [f"{share:g} of naive"] * (share is not None)
        lines.append(f"| {what} | {ours:.2f} | {naive:.2f} | {ours / naive:.2f} | {', '.join(bars)} |")
    lines.append("")
    for what, sides in found.items():
        spread = "; ".join(
            f"{side} {min(seconds):.2f} to {max(seconds):.2f} ({len(seconds)} times)" for side, seconds in sides.items()
        )
        lines.append(f"- {what}: {spread}")
    return "\n".join(lines)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=5, help="cold starts of each side")
    parser.add_argument("--repeats", type=int, default=10, help="repeats of each warm measurement, after a warm-up")
    chosen = parser.parse_args()
    print(table(measured(chosen.starts, chosen.repeats)))


if __name__ == "__main__":
    main()
