"""Requests that wait together: fewer runs, nobody's results changed."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core import limits
from core.batching import Batching
from core.trained_model import TrainedModel

SECONDS = 20


class Kitchen:
    """Doubles numbers. The first runs wait until `goes_on` is set; a negative number spoils its run."""

    def __init__(self, most: int = 8, at_once: int = 1) -> None:
        self.runs, self.begun, self.goes_on = [], threading.Semaphore(0), threading.Event()
        self.batching = Batching(self.run, most, at_once)
        self.pool = ThreadPoolExecutor(20)

    def run(self, kind: str, numbers: list[int]) -> list[int]:
        self.runs.append((kind, numbers))
        self.begun.release()
        assert self.goes_on.wait(SECONDS)
        if min(numbers) < 0:
            raise ValueError(f"{min(numbers)} is negative")
        return [2 * number for number in numbers]

    def ask(self, *numbers: int, kind: str = "a"):
        """Asks in a thread of its own, and comes back when the request runs or waits."""
        ahead = len(self.batching._waiting)
        future = self.pool.submit(self.batching, kind, numbers)
        while not self.begun.acquire(timeout=0.002) and len(self.batching._waiting) == ahead:
            pass
        return future


def test_who_waits_goes_together():
    kitchen = Kitchen()
    asked = [kitchen.ask(1, 2), kitchen.ask(3), kitchen.ask(4, 5, 6), kitchen.ask(7)]
    kitchen.goes_on.set()
    assert [each.result(SECONDS) for each in asked] == [[2, 4], [6], [8, 10, 12], [14]]
    assert kitchen.runs == [("a", [1, 2]), ("a", [3, 4, 5, 6, 7])]


def test_as_many_start_at_once_as_may():
    kitchen = Kitchen(at_once=2)
    asked = [kitchen.ask(1), kitchen.ask(2), kitchen.ask(3), kitchen.ask(4)]
    assert len(kitchen.runs) == 2
    kitchen.goes_on.set()
    assert [each.result(SECONDS) for each in asked] == [[2], [4], [6], [8]]
    assert len(kitchen.runs) == 3
    assert kitchen.batching("a", [5]) == [10]


def test_batches_are_bounded_and_of_one_kind_and_nobody_is_overtaken_by_their_own_kind():
    kitchen = Kitchen(most=4)
    asked = [
        kitchen.ask(0),
        kitchen.ask(1, 1, 1),
        kitchen.ask(2, kind="b"),
        kitchen.ask(3, 3),
        kitchen.ask(4),
        kitchen.ask(5, 5, 5, 5, 5, 5),
        kitchen.ask(6, kind="b"),
    ]
    kitchen.goes_on.set()
    assert [len(each.result(SECONDS)) for each in asked] == [1, 3, 1, 2, 1, 6, 1]
    assert kitchen.runs == [("a", [0]), ("a", [1, 1, 1]), ("b", [2, 6]), ("a", [3, 3, 4]), ("a", [5] * 6)]


def test_one_error_spoils_nobody_elses():
    kitchen = Kitchen()
    asked = [kitchen.ask(1), kitchen.ask(2), kitchen.ask(-3), kitchen.ask(4)]
    kitchen.goes_on.set()
    assert [asked[place].result(SECONDS) for place in (0, 1, 3)] == [[2], [4], [8]]
    with pytest.raises(ValueError, match="-3 is negative"):
        asked[2].result(SECONDS)
    assert kitchen.batching("a", [5]) == [10]


def test_a_thread_that_is_broken_off_takes_nobody_with_it():
    class BrokenOff(BaseException):
        pass

    calls, together = [], threading.Event()

    def run(kind: str, numbers: list[int]) -> list[int]:
        calls.append(numbers)
        if len(calls) == 1:
            assert together.wait(SECONDS)
        if len(calls) == 2:
            raise BrokenOff
        return numbers

    batching = Batching(run, 8, 1)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(batching, "a", [number]) for number in range(4)]
        while len(batching._waiting) < 3:
            together.wait(0.002)
        together.set()
        errors = [type(each.exception(SECONDS)) for each in asked]
    assert sorted(map(str, errors)) == sorted(map(str, [BrokenOff, *[type(None)] * 3]))
    assert batching("a", [9]) == [9]


def test_threads_get_the_notes_they_would_get_alone(tiny_config, tiny_checkpoint, monkeypatch):
    """Of several seeds, counts, lengths and temperatures at once."""
    model = TrainedModel(tiny_config, limits.CLIPS_TOGETHER, tiny_checkpoint)
    wanted = [
        {"n": 1 + number % 5, "length": 32 if number % 4 else 16, "temperature": 0.5 + number / 16, "seed": number}
        for number in range(16)
    ]
    alone = [model.sample(**each) for each in wanted]
    runs, decode = [], model._decoding.decode
    everybody = threading.Barrier(len(wanted))

    def counted(z: np.ndarray, *others: object) -> list[np.ndarray]:
        runs.append(len(z))
        # So that the first are not done before the last have asked.
        while len(runs) <= limits.DECODINGS_AT_ONCE and len(model._decode_together._waiting) < 14:
            threading.Event().wait(0.002)
        return decode(z, *others)

    def ask(each: dict) -> list:
        everybody.wait(SECONDS)
        return model.sample(**each)

    monkeypatch.setattr(model._decoding, "decode", counted)
    with ThreadPoolExecutor(len(wanted)) as pool:
        assert list(pool.map(ask, wanted)) == alone
    assert len(runs) < len(wanted) / 2
    assert max(runs) <= limits.CLIPS_TOGETHER
