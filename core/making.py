"""Pictures and sounds of clips, made in a process beside this one where the owner has that (`LATENT_JAM_APART`): nobody
whom the page serves waits for Python's lock meanwhile."""

from __future__ import annotations

import contextlib
import gc
import logging
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from core import limits, settings
from core.beside import Beside, serve
from core.clip import Clip, to_sequence
from core.errors import EngineError
from core.remote import LostError, Message

log = logging.getLogger("latent_jam")

# As short as can be.
SILENCE = Clip((), limits.BARS[0], limits.QPM[1])
# Who asks there, once it is.
_beside: Beside | None = None
_places = threading.Semaphore(limits.PERFORMANCES_MADE_AT_ONCE)


class Wanted(NamedTuple):
    """A file that is wanted of a clip; see `core.export.clip_file`."""

    clip: Clip
    kind: str
    clip_bars: int | None = None
    theme: str = "light"
    spread: bool = False
    melody_program: int | None = None


def one_after_another() -> contextlib.AbstractContextManager:
    """For a block that makes all files of what somebody waits for. Who came first is served first; if the files of all
    were made in turns, everybody would wait for the last."""
    return _places


def make(wanted: Wanted) -> bytes:
    """The file, made in this process. Raises `AudioUnavailableError` for sounds where there is no synthesizer."""
    # Neither is needed to perform a recipe.
    from core import audio, pianoroll

    clip = wanted.clip
    play = {"wav": audio.wav, "mp3": audio.mp3, "flac": audio.flac}
    if wanted.kind in play:
        return play[wanted.kind](clip, wanted.melody_program)
    draw = {"png": pianoroll.png, "svg": pianoroll.svg}[wanted.kind]
    return draw(to_sequence(clip), clip.bars, clip.qpm, wanted.theme, clip_bars=wanted.clip_bars, spread=wanted.spread)


def made(wanted: Wanted) -> bytes:
    """The same, in the process beside this one once there is one. Raises `EngineError` when that is lost again and
    again."""
    beside = _beside
    if beside is None:
        return make(wanted)
    for tried in range(limits.ENGINE_TRIES):
        if tried:
            time.sleep(limits.ENGINE_WAIT_SECONDS * 2 ** (tried - 1))
        try:
            with beside.asking(wanted) as messages:
                while (answer := messages.get()) is None:
                    pass
        except LostError as error:
            answer = error
        if not isinstance(answer, LostError):
            break
        log.warning("what draws and plays was lost, try %d of %d: %s", tried + 1, limits.ENGINE_TRIES, answer)
    else:
        raise EngineError("What draws and plays the clips was lost. Try again in a minute.")
    if isinstance(answer, Exception):
        raise answer
    return answer


def move_out() -> None:
    """From now on files are made in a process beside this one, if the owner has that and it can be started.

    That takes a second of a core, so a program does this when nobody waits for its first clip any more.
    """
    global _beside  # noqa: PLW0603 (there is one for all)
    if not settings.from_environment().apart:
        return
    from core import audio

    try:
        beside = Beside(__name__)
    except OSError as error:
        log.warning("no process can be started beside this one: %s", type(error).__name__)
        return
    # Until it is ready, too, files are made here.
    for kind in ("png", "flac"):
        with contextlib.suppress(LostError), beside.asking(Wanted(SILENCE, kind)) as messages:
            while messages.get() is None:
                pass
    _beside = beside
    audio.let_go()


def answer(asked: Wanted, tell: Callable[[Message], None], stop: threading.Event) -> bytes:
    """What is wanted; it is made soon, so nobody is told anything before, and nothing stops it."""
    del tell, stop
    return make(asked)


def main() -> None:
    """Makes what it is asked on standard input until that ends."""

    def prepare() -> tuple:
        gc.disable()
        from core import audio, pianoroll  # noqa: F401

        gc.enable()
        # What has been imported stays for good.
        gc.freeze()
        return answer, tuple

    serve(prepare, limits.MAKING_AT_ONCE)
