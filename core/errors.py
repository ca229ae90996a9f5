"""Errors that speak to a musician: what was wrong, and what to do about it.

Every error that a wrong file or setting can cause is a `LatentJamError`; the page shows its sentence, the command line
prints it on one line and ends with status 2.
"""

from __future__ import annotations

from core.sentences import Sentence

# The most of a stranger's name that is shown.
SHOWN_CHARACTERS = 60


class LatentJamError(Exception):
    """A sentence for the person who uses the app: its text in English, and `sentence` for other languages."""

    def __init__(self, sentence: str, /, **values: object) -> None:
        """`sentence` is a template if there are values for it."""
        self.sentence = Sentence(sentence, **values)
        super().__init__(self.sentence)


class SettingError(LatentJamError, ValueError):
    """A setting has a value that cannot be used."""


class ModelNotFoundError(LatentJamError):
    """No model has this name."""


class CheckpointError(LatentJamError):
    """A weights file is missing, damaged, or made for another configuration."""


class DownloadError(LatentJamError):
    """A checkpoint could not be fetched."""


class CancelledError(LatentJamError):
    """Somebody stopped what was being done."""


class ModelTooLargeError(LatentJamError):
    """A model needs more memory or disk than it may have."""


class EngineError(LatentJamError):
    """The machines that make the music are not there, or were lost again and again."""


class ClipError(LatentJamError):
    """A MIDI file cannot be read or is larger than the limits allow."""


class AudioUnavailableError(LatentJamError):
    """No synthesizer or SoundFont is installed."""


class NoExtractedExamplesError(LatentJamError):
    """The music holds no window that the model can encode (same name as in Magenta)."""


class MultipleExtractedExamplesError(LatentJamError):
    """The music holds more than one window where exactly one is needed (same name as in Magenta)."""


def one_line(text: str) -> str:
    """As much of a stranger's text, the name of a file or a track, as can stand in a sentence: one line of printable
    characters, at most `SHOWN_CHARACTERS` of them."""
    # What fills a megabyte is cut before it is looked at.
    line = "".join(filter(str.isprintable, " ".join(text[: 16 * SHOWN_CHARACTERS].split())))
    return line if len(line) <= SHOWN_CHARACTERS else line[: SHOWN_CHARACTERS - 1] + "…"
