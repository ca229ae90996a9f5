"""Uploads mutants one after the other and watches each. From the repository's root, on Linux:

    python -m tests.hostile.fuzz [--count 20000] [--first 0]

Prints every mutant that raised anything but a sentence, took more than two seconds of processor or 500 MB, then the
worst of each; ends with status 1 if there was one. `mutant(number)` makes a mutant again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable

from tests.hostile.corpus import seeds
from tests.hostile.mutants import mutant
from tests.hostile.watch import Cost, cost


def run(numbers: Iterable[int], show: bool = False) -> dict[int, Cost]:
    """The cost of mutants by their numbers."""
    costs = {}
    for number in numbers:
        costs[number] = cost(mutant(number))
        if show and costs[number].complaint:
            print(f"mutant {number}: {costs[number].complaint}", flush=True)
        if show and len(costs) % 1000 == 0:
            print(f"{len(costs):,} done", flush=True)
    return costs


def main() -> int:
    """Runs the mutants that the command line asks for; gives the exit status."""
    parser = argparse.ArgumentParser(description="Uploads mutated MIDI files.")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    args = parser.parse_args()
    for seed in seeds():
        cost(seed)  # What is imported on the way is charged to no mutant.
    begun = time.perf_counter()
    costs = run(range(args.first, args.first + args.count), show=True)
    music = sum(not any("damaged" in text for text in each.said) for each in costs.values())
    wrong = [number for number, each in costs.items() if each.complaint]
    for what in ("processor", "clock", "grown"):
        number = max(costs, key=lambda number: getattr(costs[number], what))
        value = getattr(costs[number], what)
        shown = f"{value / 2**20:.0f} MB" if what == "grown" else f"{value:.2f} s"
        print(f"worst {what}: {shown} (mutant {number})")
    seconds = time.perf_counter() - begun
    print(f"{len(costs):,} mutants in {seconds:.0f} s, {music:,} of them read as music, {len(wrong)} complaints")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
