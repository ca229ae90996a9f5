"""What is written down of requests: an entry of the log each, and figures for Prometheus. Never what visitors brought
or made: no notes, no recipes, no names of files, no addresses."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

MADE, REFUSED, STOPPED, TOO_LONG, TURNED_AWAY, FAILED = (
    "made", "refused", "stopped", "too long", "turned away", "failed",
)  # fmt: skip
BUCKETS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 60, 120)

log = logging.getLogger("latent_jam.requests")


@dataclass
class Record:
    """One request that made music, or wanted to: `operation` may name several, as in 'sample+groove', `model` is an
    id of the catalogue, `seconds` its time from beginning to end, `waited` that before its beginning."""

    operation: str = ""
    model: str = ""
    clips: int = 0
    outcome: str = MADE
    waited: float = 0.0
    seconds: float = 0.0

    def add(self, operation: str, model: str, clips: int) -> None:
        """One more recipe that the request performs."""
        self.operation = f"{self.operation}+{operation}" if self.operation else operation
        self.model = self.model or model
        self.clips += clips


class Records:
    """The log and the figures of one server."""

    def __init__(self, waiting: Callable[[], int] = lambda: 0, running: Callable[[], int] = lambda: 0) -> None:
        """`waiting` and `running` say how many requests do at the moment."""
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "latent_jam_requests",
            "Requests for music by what they asked for and what became of them.",
            ["operation", "outcome"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "latent_jam_request_seconds",
            "Seconds from a request's beginning to its answer, without waiting.",
            ["operation"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._waited = Histogram(
            "latent_jam_waiting_seconds",
            "Seconds that a request waited for its turn.",
            buckets=BUCKETS,
            registry=self._registry,
        )
        for name, what, count in (
            ("latent_jam_waiting", "Requests that wait for their turn.", waiting),
            ("latent_jam_running", "Requests under way.", running),
        ):
            Gauge(name, what, registry=self._registry).set_function(count)

    def write(self, record: Record) -> None:
        """Logs and counts a request that is over."""
        self._requests.labels(record.operation, record.outcome).inc()
        if record.outcome != TURNED_AWAY:
            self._seconds.labels(record.operation).observe(record.seconds)
            self._waited.observe(record.waited)
        log.info(
            "request",
            extra={
                "fields": {
                    "operation": record.operation,
                    "model": record.model,
                    "clips": record.clips,
                    "waited": round(record.waited, 3),
                    "seconds": round(record.seconds, 3),
                    "outcome": record.outcome,
                }
            },
        )

    def figures(self) -> bytes:
        """All figures in Prometheus's text format."""
        return generate_latest(self._registry)
