"""Many visitors at once, for as long as asked, on one app: requests a second, errors, waits, memory and files.

    python -m benchmarks.crowd ours naive --users 16 --minutes 5
    python -m benchmarks.crowd ours --users 8 --minutes 60

Starts each app fresh, one after the other, and prints a table in Markdown; how it goes is told every minute on the
error output. A server that runs already is visited with `--url`, and watched with `--pid` and `--files`.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.servers import NAIVE, OURS, Server, serving
from benchmarks.visitors import DRUMS, MELODY, TRIO, Visitor, visitor

INTERPOLATE, GROOVE, ARRIVAL = "interpolate", "groove", "arrival"
# Of a hundred requests.
MIX = {DRUMS: 45, MELODY: 25, INTERPOLATE: 15, GROOVE: 12, TRIO: 3}
WORK: dict[str, Callable[[Visitor], None]] = {
    DRUMS: lambda visitor: visitor.sample(DRUMS, 4),
    MELODY: lambda visitor: visitor.sample(MELODY, 4),
    TRIO: lambda visitor: visitor.sample(TRIO, 1),
    INTERPOLATE: lambda visitor: visitor.interpolate(),
    GROOVE: lambda visitor: visitor.groove(),
}
# Who got an error asks again after so long: nobody hammers.
PAUSE_SECONDS = 0.1
WATCH_SECONDS = 2.0
TOLD_SECONDS = 60.0
# When memory should have settled, and over how long it is averaged then and at the end.
SETTLED_SECONDS = 60.0
AVERAGED_SECONDS = 20.0
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Request:
    """One request: how long it took, in seconds, and what went wrong, if anything."""

    kind: str
    seconds: float
    error: str | None = None


@dataclass(frozen=True)
class Sight:
    """The server at one moment: seconds since the beginning, resident bytes of it and its children, its files and
    their bytes."""

    at: float
    resident: int
    files: int
    file_bytes: int


@dataclass(frozen=True)
class Outcome:
    """What came of a crowd within so many seconds."""

    requests: list[Request]
    sights: list[Sight]
    seconds: float

    @property
    def errors(self) -> Counter[str]:
        """What went wrong, and how often."""
        return Counter(f"{each.kind}: {each.error}" for each in self.requests if each.error)

    @property
    def per_second(self) -> float:
        """Requests a second that brought what was asked for."""
        return len(self.waits()) / self.seconds

    def waits(self, kind: str | None = None) -> list[float]:
        """The seconds that requests took, all or those of a kind, without those that failed."""
        return [each.seconds for each in self.requests if not each.error and kind in (None, each.kind)]

    def resident(self, begin: float, end: float) -> float:
        """Mean resident bytes between two moments; NaN if nobody looked."""
        seen = [sight.resident for sight in self.sights if begin <= sight.at <= end]
        return statistics.mean(seen) if seen else float("nan")

    @property
    def settled(self) -> float:
        """Resident bytes after the first minute; NaN of a shorter crowd."""
        return self.resident(SETTLED_SECONDS, SETTLED_SECONDS + AVERAGED_SECONDS)

    @property
    def last(self) -> float:
        """Resident bytes at the end."""
        return self.resident(self.seconds - AVERAGED_SECONDS, self.seconds)


def quantile(values: list[float], share: float) -> float:
    """The smallest of `values` that is no less than this share of them; NaN of none."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else float("nan")


def gather(
    enter: Callable[[], Visitor],
    users: int,
    seconds: float,
    tell: Callable[[Request], None] = lambda request: None,
    listening: float = 0.0,
) -> list[Request]:
    """The requests of so many visitors at once, each of whom asks again when an answer is there and so many seconds of
    `listening` have passed. Nobody begins after `seconds`; answers on their way are awaited."""
    requests: list[Request] = []
    until = time.perf_counter() + seconds

    def visit(number: int) -> None:
        rng, someone = random.Random(number), None
        while (started := time.perf_counter()) < until:
            kind = ARRIVAL if someone is None else rng.choices(list(MIX), MIX.values())[0]
            error = None
            try:
                if someone is None:
                    someone = _arrived(enter)
                else:
                    WORK[kind](someone)
            except Exception as failure:  # noqa: BLE001 (whatever it is, a visitor did not get what they asked for)
                error = f"{type(failure).__name__}: {failure}"[:200]
            request = Request(kind, time.perf_counter() - started, error)
            requests.append(request)
            tell(request)
            time.sleep(PAUSE_SECONDS if error else listening)
        if someone:
            someone.close()

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return requests


def _arrived(enter: Callable[[], Visitor]) -> Visitor:
    """Somebody who has opened the app, and blended two clips of the library to have something to play with."""
    someone = enter()
    try:
        someone.take_examples()
        someone.interpolate()
    except Exception:
        someone.close()
        raise
    return someone


@contextlib.contextmanager
def watched(pid: int | None, files: Path | None) -> Iterator[list[Sight]]:
    """What is seen of a server every `WATCH_SECONDS` while the block lasts."""
    sights, over, begun = [], threading.Event(), time.perf_counter()

    def look() -> None:
        while True:
            sights.append(Sight(time.perf_counter() - begun, _resident(pid), *_kept(files)))
            if over.wait(WATCH_SECONDS):
                return

    watching = threading.Thread(target=look)
    watching.start()
    try:
        yield sights
    finally:
        over.set()
        watching.join()


def _resident(pid: int | None) -> int:
    """Resident bytes of a process and its children; what they share counts for each."""
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        server = psutil.Process(pid) if pid else None
        for process in [server, *server.children(recursive=True)] if server else []:
            with contextlib.suppress(psutil.NoSuchProcess):
                total += process.memory_info().rss
    return total


def _kept(folder: Path | None) -> tuple[int, int]:
    """How many files there are in a folder, and their bytes."""
    sizes = []
    # Others delete meanwhile: this passes over folders that have gone.
    for where, _, names in os.walk(folder) if folder else ():
        for name in names:
            with contextlib.suppress(OSError):
                sizes.append((Path(where) / name).stat().st_size)
    return len(sizes), sum(sizes)


def run(server: Server, users: int, minutes: float, humanizer: str | None, listening: float = 0.0) -> Outcome:
    """Sends a crowd to a server whose models are loaded: each kind of request has been asked for once."""

    def enter() -> Visitor:
        return visitor(server.side, server.address, humanizer)

    first = _arrived(enter)
    for work in WORK.values():
        work(first)
    first.close()
    with watched(server.pid, server.files) as sights:
        started, told = time.perf_counter(), Counter()
        lock, due = threading.Lock(), [TOLD_SECONDS]

        def tell(request: Request) -> None:
            with lock:
                told[bool(request.error)] += 1
                at = time.perf_counter() - started
                if at >= due[0]:
                    due[0] += TOLD_SECONDS
                    seen = sights[-1]
                    print(
                        f"{server.side}, {at / 60:.0f} min: {told.total()} requests, {told[True]} errors, "
                        f"{seen.resident / MEGABYTE:.0f} MB resident, {seen.files} files",
                        file=sys.stderr,
                        flush=True,
                    )

        requests = gather(enter, users, 60 * minutes, tell, listening)
        return Outcome(requests, sights, time.perf_counter() - started)


def table(outcomes: dict[str, Outcome]) -> str:
    """The figures of each app in Markdown, side by side, and what went wrong."""
    rows: dict[str, Callable[[Outcome], str]] = {
        "requests": lambda o: f"{len(o.requests)} in {o.seconds / 60:.1f} min",
        "errors": lambda o: str(o.errors.total()),
        "requests a second": lambda o: f"{o.per_second:.2f}",
        "median (s)": lambda o: _shown(quantile(o.waits(), 0.5)),
        "p95 (s)": lambda o: _shown(quantile(o.waits(), 0.95)),
        "p99 (s)": lambda o: _shown(quantile(o.waits(), 0.99)),
    }
    for kind in (*MIX, ARRIVAL):
        rows[f"{kind}: number, median, p95 (s)"] = lambda o, kind=kind: (
            f"{len(o.waits(kind))}, {_shown(quantile(o.waits(kind), 0.5))}, {_shown(quantile(o.waits(kind), 0.95))}"
        )
    rows |= {
        "resident after the first minute (MB)": lambda o: _shown(o.settled / MEGABYTE, ".0f"),
        "resident at the end (MB)": lambda o: _shown(o.last / MEGABYTE, ".0f"),
        "growth after the first minute": lambda o: _shown(o.last / o.settled - 1, "+.1%"),
        "most resident (MB)": lambda o: f"{max(s.resident for s in o.sights) / MEGABYTE:.0f}",
        "files at the end": lambda o: f"{o.sights[-1].files}, {o.sights[-1].file_bytes / MEGABYTE:.1f} MB",
        "most files": lambda o: (
            f"{max(s.files for s in o.sights)}, {max(s.file_bytes for s in o.sights) / MEGABYTE:.1f} MB"
        ),
    }
    lines = [f"| what | {' | '.join(outcomes)} |", "|---" * (1 + len(outcomes)) + "|"]
    lines += [f"| {what} | {' | '.join(figure(o) for o in outcomes.values())} |" for what, figure in rows.items()]
    if {OURS, NAIVE} <= outcomes.keys():
        ratio = outcomes[OURS].per_second / max(outcomes[NAIVE].per_second, 1e-9)
        lines += ["", f"Requests a second, ours to naive: {ratio:.1f}."]
    for side, outcome in outcomes.items():
        lines += [f"- {side}, {count} times: {error}" for error, count in outcome.errors.most_common(10)]
    return "\n".join(lines)


def _shown(figure: float, form: str = ".2f") -> str:
    """A figure, or a dash where there is none."""
    return "–" if math.isnan(figure) else format(figure, form)


def main() -> None:
    """Sends the crowd and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sides", nargs="+", choices=(OURS, NAIVE), help="which app, in which order")
    parser.add_argument("--users", type=int, default=16)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--listening", type=float, default=0.0, help="seconds between an answer and the next request")
    parser.add_argument("--url", help="a server that runs already, instead of a fresh one")
    parser.add_argument("--pid", type=int, help="its process, to watch its memory")
    parser.add_argument("--files", type=Path, help="its folder of files, GRADIO_TEMP_DIR")
    chosen = parser.parse_args()
    if chosen.url:
        (side,) = chosen.sides
        server = Server(side, chosen.url.rstrip("/"), chosen.pid, chosen.files, 0.0)
        print(table({side: run(server, chosen.users, chosen.minutes, None, chosen.listening)}))
        return
    # Brings TensorFlow, which who only visits does not need.
    from benchmarks import weights

    with tempfile.TemporaryDirectory() as folder:
        weights.write(Path(folder))
        outcomes = {}
        for side in chosen.sides:
            with serving(side, Path(folder), Path(folder), weights.own_checkpoints(Path(folder))) as server:
                outcomes[side] = run(server, chosen.users, chosen.minutes, weights.HUMANIZER, chosen.listening)
        print(table(outcomes))


if __name__ == "__main__":
    main()
