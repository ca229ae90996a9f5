"""What stands around the page: whether all is well (`/health`), figures (`/metrics`), bounds on what requests bring,
doors of Gradio's that stay closed, and sweeping."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import shutil
import time
from array import array
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from fastapi.exceptions import RequestValidationError
from gradio.utils import get_upload_folder
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core import engine, limits
from core.version import VERSION
from ui import crowd, texts
from ui.languages import Text, answering

if TYPE_CHECKING:
    import gradio as gr
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from ui.crowd import FairQueue

# What this page has no use for. Gradio's links write a folder each that nothing removes; recordings start a process.
CLOSED = re.compile(r"/gradio_api/(deep_link|process_recording|proxy=|component_server|vibe-|dev/)")
FUNCTION = re.compile(r"/gradio_api/(?:call/v2|call|run|api)/(?P<name>[^/]*)")


# What those errors are of which the request is the cause.
MALFORMED = (TypeError, ValueError, LookupError, RequestValidationError)

log = logging.getLogger("latent_jam")


class TooLargeError(Exception):
    """A request brings more than it may."""


class Doorkeeper:
    """An ASGI application around another that keeps out what is too large, closed, or does not exist."""

    def __init__(self, app: ASGIApp, functions: Collection[str]) -> None:
        """`functions` are the names of the endpoints that there are."""
        self._app, self._functions = app, frozenset(functions)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers or passes on a request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        crowd.came.set(time.monotonic())
        path = re.sub("//+", "/", scope["path"])
        # What is said comes from outside of what Gradio calls, so the language is looked up here.
        asked = Request(scope)

        def answer(text: Text, status: int, **values: object) -> JSONResponse:
            with answering(asked):
                return JSONResponse({"detail": text.said(**values)}, status)

        if CLOSED.search(path) or len(path) > limits.MAX_ADDRESS_CHARACTERS:
            return await answer(texts.CLOSED, 404)(scope, receive, send)
        named = FUNCTION.search(path)
        if named and named["name"] not in self._functions:
            return await answer(texts.NO_SUCH_FUNCTION, 404)(scope, receive, send)
        too_large = answer(texts.TOO_MUCH_SENT, 413, megabytes=limits.MAX_REQUEST_BYTES >> 20)
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length[:20]) > limits.MAX_REQUEST_BYTES:
            return await too_large(scope, receive, send)
        come, has_begun = 0, False

        async def counted() -> Message:
            nonlocal come
            message = await receive()
            come += len(message.get("body", b""))
            if come > limits.MAX_REQUEST_BYTES:
                raise TooLargeError
            return message

        async def noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            return await self._app(scope, counted, noted)
        except TooLargeError:
            if not has_begun:
                return await too_large(scope, receive, send)
        except Exception as error:
            # Gradio answers much that is malformed with a traceback in the log and “Internal Server Error”.
            log.exception("an answer failed")
            if not has_begun:
                status = 400 if isinstance(error, MALFORMED) else 500
                return await answer(texts.NO_ANSWER, status)(scope, receive, send)


class Serving:
    """How one page is served."""

    def __init__(self, page: gr.Blocks, metrics: bool = True) -> None:
        """`page` with a `FairQueue`; its owner may not want figures to be seen."""
        self._page, self._metrics = page, metrics
        # Why nothing can be heard, once that is known.
        self.why_silent: str | None = None
        self.is_warm = False

    @property
    def _queue(self) -> FairQueue:
        return self._page._queue

    def app_kwargs(self) -> dict[str, Any]:
        """What Gradio's `launch` and `mount_gradio_app` take under this name. Routes given so come before Gradio's
        own."""
        functions = {fn.api_name for fn in self._page.fns.values() if fn.api_name}
        routes = [Route("/health", self._health)]
        if self._metrics:
            routes.append(Route("/metrics", self._figures))
        return {
            "routes": routes,
            # The page's script calls what has no name by its number, under this name.
            "middleware": [Middleware(Doorkeeper, functions={*functions, "predict"})],
            "lifespan": self._sweeping,
            "openapi_url": None,
        }

    def health(self) -> tuple[int, dict[str, Any]]:
        """Status 200, or 503 with a reason, and what there is to know."""
        reason = self._why_not()
        return 503 if reason else 200, {
            "status": "down" if reason else "up",
            **({"reason": reason} if reason else {}),
            "version": VERSION,
            "warm": self.is_warm,
            "models": list(engine.loaded_models()),
            "synthesizer": self.is_warm and self.why_silent is None,
            "waiting": len(self._queue),
        }

    def _why_not(self) -> str:
        if self._queue.stopped:
            return "The queue has stopped."
        if self._queue.hanging():
            return "A request does not end."
        folder = Path(get_upload_folder())
        try:
            folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(folder).free
        except OSError:
            return "The folder for files cannot be used."
        return "The disk is full." if free < limits.DISK_RESERVE_BYTES else ""

    async def _health(self, request: Request) -> Response:
        status, known = self.health()
        return Response(json.dumps(known), status, {"cache-control": "no-store"}, "application/json")

    async def _figures(self, request: Request) -> Response:
        return Response(self._queue.records.figures(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @contextlib.asynccontextmanager
    async def _sweeping(self, app: object) -> AsyncIterator[None]:
        task = asyncio.create_task(self._sweep_for_ever())
        try:
            yield
        finally:
            task.cancel()

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(limits.SWEEP_SECONDS)
            self._queue.forget_answers()
            kept = {path for block in self._page.blocks.values() for path in getattr(block, "keep_in_cache", ())}
            folder = Path(get_upload_folder())
            await asyncio.to_thread(sweep, folder, limits.FILE_AGE_SECONDS, limits.FILES_BYTES, kept)
            for made in self._page.temp_file_sets:
                made.difference_update(await asyncio.to_thread(_gone, list(made)))


def _gone(paths: list[str]) -> list[str]:
    return [path for path in paths if not os.path.exists(path)]  # noqa: PTH110 (a third of the time, for thousands)


def sweep(folder: Path, age: float, most_bytes: int, kept: Iterable[str] = ()) -> None:
    """Removes files from a folder that are older than `age` seconds, then the oldest until what is left takes at most
    `most_bytes`, and folders that have become empty. Of files that Gradio knows it removes the old ones itself, but
    there are others: of requests that failed or were stopped."""
    kept, now = set(kept), time.time()
    # Looks twice, because the names of tens of thousands of files are more than is left free in memory otherwise.
    made, sizes = array("d"), array("q")
    for entry, status in _entries(folder):
        if not entry.is_dir(follow_symlinks=False) and entry.path not in kept:
            made.append(status.st_ctime)
            sizes.append(status.st_size)
    stays_since = max(now - age, _fits_since(np.array(made), np.array(sizes), most_bytes))
    for entry, status in _entries(folder):
        with contextlib.suppress(OSError):
            if entry.is_dir(follow_symlinks=False):
                # Fails unless it is empty. One that was made just now is about to be filled.
                if now - status.st_ctime > min(age, limits.SWEEP_SECONDS):
                    os.rmdir(entry.path)  # noqa: PTH106 (`Path` files each name among those of programs)
            elif status.st_ctime < stays_since and entry.path not in kept:
                os.unlink(entry.path)  # noqa: PTH108 (the same)


def _fits_since(made: np.ndarray, sizes: np.ndarray, most_bytes: int) -> float:
    """The moment since when files of these sizes, made at these moments, take at most so many bytes together."""
    newest_first = np.argsort(-made)
    too_many = np.cumsum(sizes[newest_first]) > most_bytes
    return np.nextafter(made[newest_first][too_many][0], np.inf) if too_many.any() else -np.inf


def _entries(folder: str | Path) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
    """What is in a folder, and in those in it, which come after what they hold, as long as it is there."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(entry.path)
            with contextlib.suppress(OSError):
                yield entry, entry.stat(follow_symlinks=False)
