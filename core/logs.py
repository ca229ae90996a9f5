"""The log of whatever serves: a line of JSON for each entry."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import traceback


class JSONLines(logging.Formatter):
    """A line of JSON for each entry. Of an exception it tells the kind and the place, not what it says: that may be
    what a visitor brought."""

    def format(self, entry: logging.LogRecord) -> str:
        """The line, without its end."""
        when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(entry.created))
        line = {"time": f"{when}.{entry.msecs:03.0f}Z", "level": entry.levelname.lower(), "event": entry.getMessage()}
        line |= getattr(entry, "fields", {})
        if entry.exc_info and entry.exc_info[0]:
            line["exception"] = entry.exc_info[0].__name__
            frames = traceback.extract_tb(entry.exc_info[2])
            line["at"] = [f"{os.path.relpath(f.filename)}:{f.lineno} {f.name}" for f in frames]
        return json.dumps(line, ensure_ascii=False)


def write_to_standard_error() -> None:
    """Sends what this app logs to standard error, as lines of JSON."""
    out = logging.StreamHandler(sys.stderr)
    out.setFormatter(JSONLines())
    ours = logging.getLogger("latent_jam")
    ours.handlers[:] = [out]
    ours.setLevel(logging.INFO)
    ours.propagate = False
