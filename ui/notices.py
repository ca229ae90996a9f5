"""What the page says in a line: what was made, or what the visitor should change."""

from __future__ import annotations

import html
import logging
from collections.abc import Callable
from typing import TypeVar

from core.errors import LatentJamError
from ui import texts
from ui.languages import spoken

Values = TypeVar("Values")

log = logging.getLogger("latent_jam")


def notice(text: str, kind: str = "quiet") -> str:
    """A line as HTML; kind 'wrong' for what the visitor should change. Nothing for an empty text."""
    role = "alert" if kind == "wrong" else "status"
    return f'<p class="notice {kind}" role="{role}">{html.escape(text)}</p>' if text else ""


def guarded(make: Callable[[], Values], spoiled: Callable[[str], Values]) -> Values:
    """What `make` returns or, if it fails, what `spoiled` makes of a notice that says why."""
    try:
        return make()
    except LatentJamError as error:
        return spoiled(notice(spoken(error.sentence), "wrong"))
    except Exception:
        log.exception("a request failed")
        return spoiled(notice(texts.BROKEN.said(), "wrong"))
