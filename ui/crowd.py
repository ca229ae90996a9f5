"""Many visitors at once: the queue of requests, with fair shares, sentences for those who wait, and ways to stop.

It is Gradio's own queue with more asked of it. A request is a `Turn` from when it is asked until it is over; whatever
happens to it meanwhile, its visitor pressing Stop or closing the page or a limit of time, sets the turn's `stop`, which
those who work for it look at.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import gradio as gr
from gradio.queueing import Event, Queue
from gradio.server_messages import EstimationMessage, ProcessCompletedMessage, ProgressMessage, ProgressUnit

from core import limits
from core.errors import CancelledError, LatentJamError
from core.recipe import Recipe
from ui import models, records, texts
from ui.arguments import wrong_argument
from ui.languages import answering
from ui.records import Record, Records
from ui.visitors import address

if TYPE_CHECKING:
    import fastapi
    from gradio.block_function import BlockFunction
    from gradio.data_classes import PredictBodyInternal

# What makes music or sound; all of it shares `limits.REQUESTS_AT_ONCE` places.
STUDIO = "studio"
# Assistants come through one client of the server's own, so they are one visit for all of them.
ASSISTANTS = ("x-gradio-user", "mcp")
WATCH_SECONDS = 0.5


@dataclass(eq=False)
class Turn:
    """One request, from when it is asked until it is over."""

    session: str = ""
    address: str | None = None
    of_studio: bool = True
    asked: float = field(default_factory=time.monotonic)
    began: float | None = None
    # When it last told of its progress.
    heard: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)
    # Where the messages of its visit go, and whether all else of the visit was answered when it was asked, so that its
    # visitor opens a new stream to read them.
    messages: asyncio.Queue | None = None
    opens_stream: bool = False
    is_answered: bool = False
    took_too_long: bool = False
    record: Record = field(default_factory=Record)

    def begin(self) -> None:
        """Its work begins."""
        self.began = self.heard = time.monotonic()

    def tell(self) -> None:
        """It goes on."""
        self.heard = time.monotonic()

    def check(self) -> None:
        """Raises `CancelledError` with a sentence if nobody waits for it any more or it has taken too long."""
        if self.stop.is_set():
            raise CancelledError(self._why())

    def _why(self) -> str:
        return texts.TOO_LONG.said(seconds=limits.SILENT_SECONDS) if self.took_too_long else texts.STOPPED.said()

    @contextlib.contextmanager
    def performing(self, recipe: Recipe) -> Iterator[None]:
        """Notes what is performed in the block and how that ends. Raises what the block does, but for a turn that
        has taken too long the sentence that says so."""
        known = models.choice_of(recipe.model) is not None
        clips = recipe.count if recipe.operation != "groove" else 1
        self.record.add(recipe.operation, recipe.model if known else "unknown", clips)
        try:
            self.check()
            yield
            self.check()
        except CancelledError:
            self.record.outcome = records.TOO_LONG if self.took_too_long else records.STOPPED
            if self.took_too_long:
                raise CancelledError(self._why()) from None
            raise
        except LatentJamError:
            self.record.outcome = records.REFUSED
            raise
        except Exception:
            self.record.outcome = records.FAILED
            raise


_turn: contextvars.ContextVar[Turn] = contextvars.ContextVar("turn")
# When the HTTP request came that is being answered here.
came: contextvars.ContextVar[float] = contextvars.ContextVar("came")


def turn() -> Turn:
    """That of the request that runs here; a new one outside of requests."""
    return _turn.get(None) or Turn()


class FairQueue(Queue):
    """The requests of one page, waiting and under way."""

    def __init__(self, page: gr.Blocks, max_size: int = limits.QUEUE_SIZE) -> None:
        """Takes the place of the page's queue."""
        super().__init__(
            live_updates=True,
            concurrency_count=page.max_threads,
            update_intervals=1,
            max_size=max_size,
            blocks=page,
        )
        # Gradio's own figures of requests, of which it would keep 10,000; see `compute_analytics_summary`.
        self.ANALYTICS_MAX_EVENTS = max_size
        # By the ids of Gradio's events.
        self.turns: dict[str, Turn] = {}
        self.records = Records(self.__len__, lambda: sum(turn.began is not None for turn in self._present()))
        # When the last request of a session was over.
        self._over: dict[str, float] = {}
        page._queue = self

    def compute_analytics_summary(self, records: object) -> dict:
        """Gradio's own figures, for which it goes through its last 10,000 requests after each one; ours are in
        `records`."""
        del records
        return self.cached_event_analytics_summary

    async def push(
        self, body: PredictBodyInternal, request: fastapi.Request, username: str | None
    ) -> tuple[bool, str, str]:
        """Takes a request in or answers it with a sentence; what Gradio's own does."""
        asked = self.blocks.fns.get(body.fn_index)
        if asked is None:
            with answering(request):
                return False, texts.NO_SUCH_FUNCTION.said(), "error"
        visitor = Turn(
            body.session_hash or "",
            address(request.client.host if request.client else None, request.headers.getlist("x-forwarded-for")),
            asked.concurrency_id == STUDIO,
        )
        if request.headers.get(ASSISTANTS[0]) == ASSISTANTS[1]:
            visitor.session = ""
        with answering(request):
            if why := self._no_place(visitor):
                self.records.write(Record("any", outcome=records.TURNED_AWAY))
                return self._answered(body, asked, request, username, why)
            if why := wrong_argument(asked.inputs, body.data):
                return self._answered(body, asked, request, username, why)
        under_way = [turn for turn in self._present() if turn.session == visitor.session and not turn.is_answered]
        visitor.opens_stream = not under_way
        taken, event_id, state = await super().push(body, request, username)
        if taken:
            visitor.messages = self.pending_messages_per_session.get(visitor.session)
            self.turns[event_id] = visitor
        return taken, event_id, state

    def _present(self) -> list[Turn]:
        self.turns = {key: turn for key, turn in self.turns.items() if key in self.event_ids_to_events}
        return list(self.turns.values())

    def _no_place(self, visitor: Turn) -> str:
        """Why a request cannot be taken in, nothing if it can."""
        present = self._present()
        if len(self) >= self.max_size:
            return texts.QUEUE_FULL.said(count=len(self))
        of_visit = [turn for turn in present if visitor.session and turn.session == visitor.session]
        same_kind = sum(turn.of_studio == visitor.of_studio for turn in of_visit)
        if same_kind >= (limits.REQUESTS_OF_VISIT if visitor.of_studio else limits.QUICK_REQUESTS_OF_VISIT):
            return texts.ENOUGH_OF_VISIT.said(count=same_kind)
        of_address = sum(turn.of_studio and turn.address == visitor.address for turn in present)
        if visitor.of_studio and visitor.address and of_address >= limits.REQUESTS_OF_ADDRESS:
            return texts.ENOUGH_OF_ADDRESS.said(count=of_address)
        return ""

    def _answered(
        self,
        body: PredictBodyInternal,
        asked: BlockFunction,
        request: fastapi.Request,
        username: str | None,
        sentence: str,
    ) -> tuple[bool, str, str]:
        """Answers a request at once: every kind of client shows a sentence that comes as an answer, and few one that
        comes with a status of HTTP."""
        event = Event(body.session_hash, asked, request, username)
        if event.session_hash not in self.pending_messages_per_session:
            self.pending_messages_per_session[event.session_hash] = asyncio.Queue()
        self.pending_event_ids_session.setdefault(event.session_hash, set()).add(event._id)
        self._complete(event, sentence)
        return True, event._id, "success"

    def _complete(self, event: Event, sentence: str) -> None:
        output = {"error": sentence, "visible": True, "duration": 10, "title": texts.TITLE}
        self.send_message(event, ProcessCompletedMessage(output=output, title=texts.TITLE, success=False))
        self._over[event.session_hash] = time.monotonic()

    def send_message(self, event: Event, event_message: object) -> None:
        """Sends a message, to those who wait also the sentence, and with an error always one."""
        if isinstance(event_message, ProcessCompletedMessage) and event._id in self.turns:
            self.turns[event._id].is_answered = True
        if isinstance(event_message, ProcessCompletedMessage) and not event_message.success:
            with answering(event.request):
                why = event_message.output.get("error") or texts.NO_ANSWER.said()
            event_message.output = {**event_message.output, "error": why}
        super().send_message(event, event_message)
        if isinstance(event_message, EstimationMessage) and self._is_busy(event):
            with answering(event.request):
                said = ahead(event_message.rank or 0, event_message.rank_eta)
            # Without a share a browser shows nothing of it.
            super().send_message(event, ProgressMessage(progress_data=[ProgressUnit(desc=said, progress=0.0)]))

    def _is_busy(self, event: Event) -> bool:
        queue = self.event_queue_per_concurrency_id[event.concurrency_id]
        return queue.concurrency_limit is not None and queue.current_concurrency >= queue.concurrency_limit

    async def process_events(self, events: list[Event], batch: bool, begin_time: float, fn: BlockFunction) -> None:
        """Does the work of a request; when this ends, whichever way, nobody works for it any more."""
        (event,) = events
        mine = self.turns.setdefault(event._id, Turn(event.session_hash, of_studio=fn.concurrency_id == STUDIO))
        mine.begin()
        _turn.set(mine)
        watch = asyncio.create_task(self._watch(mine))
        try:
            await super().process_events(events, batch, begin_time, fn)
        finally:
            watch.cancel()
            mine.stop.set()
            self.turns.pop(event._id, None)
            self._over[event.session_hash] = time.monotonic()
            if event.session_hash == event._id:
                # Nobody can come back to a visit that was made for one request.
                self._forget_state(event.session_hash)
            self._write(mine)

    @staticmethod
    async def _watch(turn: Turn) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if time.monotonic() - turn.heard > limits.SILENT_SECONDS:
                turn.took_too_long = True
                turn.stop.set()
                return

    def _write(self, turn: Turn) -> None:
        if turn.record.operation:
            turn.record.waited = turn.began - turn.asked
            turn.record.seconds = time.monotonic() - turn.began
            self.records.write(turn.record)

    def _forget_state(self, session: str) -> None:
        holder = self.server_app.state_holder if self.server_app else None
        if holder and session in holder.session_data:
            with holder.lock:
                holder.session_data.pop(session, None)
                holder.time_last_used.pop(session, None)

    async def clean_events(self, *, session_hash: str | None = None, event_id: str | None = None) -> None:
        """The visitor has gone: what waits leaves, what runs is stopped. But who closes a stream when its last answer
        is there may have asked for something new by then, whose answer comes by a new stream: that stays."""
        theirs = {
            key: turn
            for key, turn in self.turns.items()
            if (event := self.event_ids_to_events.get(key)) and (event.session_hash == session_hash or key == event_id)
        }
        opened = came.get(float("inf"))
        again = min((t.asked for t in theirs.values() if t.opens_stream and t.asked > opened), default=float("inf"))
        staying = {key: turn for key, turn in theirs.items() if turn.asked >= again}
        for key in theirs.keys() - staying.keys():
            theirs[key].stop.set()
            await super().clean_events(event_id=key)
        if not staying:
            await super().clean_events(session_hash=session_hash, event_id=event_id)
        elif session_hash:
            # Gradio has thrown the messages away, and not noted that the last answer was given.
            self.pending_event_ids_session[session_hash] = set(staying)
            for turn in staying.values():
                self.pending_messages_per_session[session_hash] = turn.messages
        if session_hash:
            self._over[session_hash] = time.monotonic()

    async def stop(self, session: str) -> None:
        """The visitor has pressed Stop: what waits is answered at once, what runs ends soon."""
        for key, turn in list(self.turns.items()):
            event = self.event_ids_to_events.get(key)
            if not event or event.session_hash != session or not turn.of_studio:
                continue
            turn.stop.set()
            if turn.began is None:
                await self.remove_from_queue(key)
                self.turns.pop(key, None)
                with answering(event.request):
                    self._complete(event, texts.STOPPED.said())

    def hanging(self) -> bool:
        """Whether a request goes on that should have ended long ago."""
        now = time.monotonic()
        return any(turn.began and now - turn.began > limits.HANGING_SECONDS for turn in self._present())

    def forget_answers(self, age: float = limits.ANSWER_SECONDS) -> None:
        """Throws away answers that nobody has fetched for so many seconds."""
        busy = {event.session_hash for event in self.event_ids_to_events.values()}
        for session, over in list(self._over.items()):
            if session not in busy and time.monotonic() - over > age:
                del self._over[session]
                self.pending_messages_per_session.pop(session, None)
                self.pending_event_ids_session.pop(session, None)


def ahead(rank: int, seconds: float | None) -> str:
    """Where somebody stands in the queue who has `rank` people before them, and how long that will take."""
    said = texts.YOU_ARE_NEXT if not rank else texts.ONE_AHEAD if rank == 1 else texts.AHEAD.filled(count=rank)
    return said.said() if seconds is None else texts.ABOUT_SECONDS.said(ahead=said, seconds=max(2, round(seconds)))
