"""Files from the internet: resumed after a break, tried again, and under their name only when they are whole.

What has come lies beside the target as `NAME.partial`, and what the server said of it as `NAME.partial.json`. Nothing
here keeps two from fetching into the same file at once: hold a lock.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
import re
import shutil
import tarfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from core import limits
from core.errors import CancelledError, DownloadError, LatentJamError
from core.sentences import Sentence

_RETRIED_STATUS = (408, 425, 429)


@dataclass(frozen=True)
class Transfer:
    """How far a download is: bytes done, of how many (None if the server does not say), bytes a second, and the seconds
    that the rest will take at that rate (None if that is unknown)."""

    done: int
    total: int | None
    rate: float
    seconds_left: float | None

    @property
    def share(self) -> float:
        """0 to 1; 0 while the total is unknown."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def words(self) -> Sentence:
        """For example “120 of 923 MB, 14 MB/s, 57 s left”."""
        if self.total:
            words = Sentence("{done} of {total} MB", done=_megabytes(self.done), total=_megabytes(self.total))
        else:
            words = Sentence("{done:.0f} MB", done=self.done / 1e6)
        if self.rate:
            words = Sentence("{so_far}, {rate} MB/s", so_far=words, rate=_megabytes(self.rate))
        if self.seconds_left is not None:
            words = Sentence("{so_far}, {time} left", so_far=words, time=_clock(self.seconds_left))
        return words

    def __str__(self) -> str:
        """Its words in English."""
        return str(self.words)


def download(
    url: str,
    target: Path,
    shown: str,
    progress: Callable[[Transfer], None] | None = None,
    cancel: threading.Event | None = None,
    room_bytes: int = 0,
) -> None:
    """Fetches a tar archive to `target`, going on where an earlier try broke off.

    Args:
        url: where it is.
        target: where it shall be; appears there only when it is whole and on the disk.
        shown: what it is called in sentences.
        progress: called a few times a second.
        cancel: set by somebody who does not want it any more. What has come is kept.
        room_bytes: room that must be free on the disk besides the file's own.

    Raises:
        DownloadError: it is not there, is no archive, is too large for the disk, or the connection broke too often.
        CancelledError: `cancel` was set.
    """
    _Download(url, target, shown, progress or (lambda transfer: None), cancel or threading.Event(), room_bytes).run()


class _Broken(LatentJamError):
    """This try came to nothing; another may do better."""


@dataclass
class _Download:
    url: str
    target: Path
    shown: str
    progress: Callable[[Transfer], None]
    cancel: threading.Event
    room_bytes: int

    def __post_init__(self) -> None:
        self.partial = self.target.with_name(self.target.name + ".partial")
        self.said = self.partial.with_name(self.partial.name + ".json")
        self.seen: deque[tuple[float, int]] = deque()
        self.told = 0.0

    def run(self) -> None:
        fruitless, most = 0, self._kept()[0]
        with httpx.Client(follow_redirects=True, timeout=limits.DOWNLOAD_SILENCE_SECONDS) as client:
            while True:
                self._stop_if_cancelled()
                try:
                    self._try(client)
                    break
                except (httpx.TransportError, _Broken) as error:
                    why = error
                except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
                    raise DownloadError(
                        "{name} could not be fetched from {url}: {why}.", name=self.shown, url=self.url, why=str(error)
                    ) from None
                except OSError as error:
                    raise disk_error(self.target.parent, error) from None
                kept = self._kept()[0]
                # More than ever before: what a server sends again and again is no fruit.
                fruitless = 0 if kept - most >= limits.DOWNLOAD_FRUIT_BYTES else fruitless + 1
                most = max(most, kept)
                if fruitless >= limits.DOWNLOAD_TRIES:
                    raise self._given_up(why)
                self.cancel.wait(limits.DOWNLOAD_WAIT_SECONDS * 2 ** max(0, fruitless - 1))
        try:
            self.partial.replace(self.target)
            self.said.unlink(missing_ok=True)
        except OSError as error:
            raise disk_error(self.target.parent, error) from None

    def _try(self, client: httpx.Client) -> None:
        """One request; returns when the partial file is whole."""
        done, known = self._kept()
        if done and done == known.get("total"):
            return
        # The bytes as they lie there: a file that is packed on the way has other lengths and no ranges.
        headers = {"Accept-Encoding": "identity"}
        if done:
            headers["Range"] = f"bytes={done}-"
            if known.get("validator"):
                headers["If-Range"] = known["validator"]
        with client.stream("GET", self.url, headers=headers) as response:
            if self.url.startswith("https:") and response.url.scheme != "https":
                raise self._something_else()
            if response.status_code == 206:
                total = _total_of_range(response.headers.get("Content-Range", ""), done)
                if not done or total is None or total != known.get("total", total) or _has_changed(response, known):
                    self._forget()
                    raise _Broken("the server sent another part of the file than was asked for")
            elif response.status_code == 200:
                done, total = 0, _number(response.headers.get("Content-Length"))
            elif response.status_code == 416:
                self._forget()
                raise _Broken("the file at the server is shorter than it was")
            elif response.status_code >= 500 or response.status_code in _RETRIED_STATUS:
                raise _Broken("the server answered {status}", status=response.status_code)
            else:
                raise DownloadError(
                    "{name} is not at {url} (the server answered {status}). Choose another model.",
                    name=self.shown,
                    url=self.url,
                    status=response.status_code,
                )
            self._check_size(done, total)
            self._write(response, done, total)

    def _write(self, response: httpx.Response, done: int, total: int | None) -> None:
        # As they come, of no chosen size: what waits to fill a chunk is lost when the connection breaks.
        chunks = response.iter_raw()
        first = b""
        if not done:
            first = self._checked_start(chunks)
            # Emptied before the note changes, so that no note ever goes with another file's bytes.
            self.partial.write_bytes(b"")
            note = {"url": self.url, "total": total, "validator": _validator(response)}
            self.said.write_text(json.dumps(note | {"etag": response.headers.get("ETag")}))
        with self.partial.open("ab") as file:
            try:
                for chunk in itertools.chain((first,), chunks):
                    self._stop_if_cancelled()
                    file.write(chunk)
                    done += len(chunk)
                    if done > (limits.MAX_CHECKPOINT_BYTES if total is None else total):
                        raise _Broken("more came than was announced")
                    self._tell(done, total)
            finally:
                file.flush()
                os.fsync(file.fileno())
        if total is not None and done != total:
            raise _Broken("the connection was closed too early")
        self._tell(done, total, at_once=True)

    def _checked_start(self, chunks: Iterator[bytes]) -> bytes:
        """The first chunks, if an archive can begin like this."""
        start = b""
        while len(start) < tarfile.BLOCKSIZE and (chunk := next(chunks, b"")):
            start += chunk
        if not looks_like_an_archive(start):
            raise self._something_else()
        return start

    def _something_else(self) -> DownloadError:
        return DownloadError(
            "What came for {name} is no checkpoint but something else, perhaps the login page of a network. "
            "Open {url} in a browser to see what is in the way.",
            name=self.shown,
            url=self.url,
        )

    def _check_size(self, done: int, total: int | None) -> None:
        if total is not None and total > limits.MAX_CHECKPOINT_BYTES:
            raise DownloadError(
                "{name} has {gigabytes:.1f} GB, more than a checkpoint may have.",
                name=self.shown,
                gigabytes=total / 1e9,
            )
        needed = (total or 0) - done + self.room_bytes + limits.DISK_RESERVE_BYTES
        free = shutil.disk_usage(self.target.parent).free
        if needed > free:
            raise DownloadError(
                "{name} needs {needed} MB in {folder}, where {free} MB are free. Make room, or set LATENT_JAM_CACHE "
                "to a folder on another disk.",
                name=self.shown,
                needed=_megabytes(needed),
                folder=str(self.target.parent),
                free=_megabytes(free),
            )

    def _kept(self) -> tuple[int, dict]:
        """How many bytes an earlier try left, and what the server said of them; (0, {}) if they are of no use."""
        try:
            known = json.loads(self.said.read_text())
            size = self.partial.stat().st_size
        except (OSError, ValueError):
            return 0, {}
        total = known.get("total") if isinstance(known, dict) else None
        if not isinstance(total, int) or known.get("url") != self.url or size > total:
            return 0, {}
        return size, known

    def _forget(self) -> None:
        self.partial.unlink(missing_ok=True)
        self.said.unlink(missing_ok=True)

    def _stop_if_cancelled(self) -> None:
        if self.cancel.is_set():
            raise CancelledError(
                "Fetching {name} was stopped. What has come is kept for the next time.", name=self.shown
            )

    def _tell(self, done: int, total: int | None, at_once: bool = False) -> None:
        now = time.monotonic()
        if now - self.told < limits.PROGRESS_SECONDS and not at_once:
            return
        self.told = now
        self.seen.append((now, done))
        while len(self.seen) > 2 and now - self.seen[0][0] > 20 * limits.PROGRESS_SECONDS:
            self.seen.popleft()
        since, then = self.seen[0]
        rate = (done - then) / (now - since) if now > since else 0.0
        left = (total - done) / rate if total is not None and rate else None
        self.progress(Transfer(done, total, rate, left))

    def _given_up(self, why: Exception) -> DownloadError:
        said = why.sentence if isinstance(why, _Broken) else str(why).split("\n")[0] or type(why).__name__
        return DownloadError(
            "{name} could not be fetched from {host} ({why}). Check the connection and try again: what has come is "
            "kept.",
            name=self.shown,
            host=httpx.URL(self.url).host,
            why=said,
        )


def disk_error(folder: Path, error: OSError) -> DownloadError:
    """The sentence for what the disk of a cache folder said."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DownloadError(
            "The disk of {folder} is full. Make room and try again, or set LATENT_JAM_CACHE to a folder on another "
            "disk.",
            folder=str(folder),
        )
    return DownloadError(
        "Nothing can be written to {folder} ({why}). Set LATENT_JAM_CACHE to a folder of yours.",
        folder=str(folder),
        why=error.strerror or str(error),
    )


def looks_like_an_archive(start: bytes) -> bool:
    """Whether a file that begins with these 512 bytes can be a tar archive, gzipped or not."""
    if start.startswith(b"\x1f\x8b"):
        return True
    with contextlib.suppress(tarfile.HeaderError, ValueError):
        tarfile.TarInfo.frombuf(start[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
        return True
    return start == b"\0" * tarfile.BLOCKSIZE


def _total_of_range(header: str, start: int) -> int | None:
    """The whole file's length, if the range sent begins at `start` and goes to the end."""
    match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", header.strip())
    if not match:
        return None
    begins, ends, total = map(int, match.groups())
    return total if begins == start and ends == total - 1 else None


def _validator(response: httpx.Response) -> str | None:
    """What If-Range may carry: a strong ETag, or else the date of the last change."""
    etag = response.headers.get("ETag", "")
    return etag if etag.startswith('"') else response.headers.get("Last-Modified")


def _has_changed(response: httpx.Response, known: dict) -> bool:
    etag = response.headers.get("ETag")
    return bool(etag and known.get("etag")) and etag != known["etag"]


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"\d{1,18}", text) else None


def _megabytes(count: float) -> str:
    return f"{count / 1e6:.0f}" if count >= 10e6 else f"{count / 1e6:.1f}"


def _clock(seconds: float) -> Sentence:
    if seconds < 100:
        return Sentence("{seconds:.0f} s", seconds=seconds)
    return Sentence("{minutes:.0f} min", minutes=seconds / 60)
