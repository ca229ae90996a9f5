"""The example clips that come with the app, by name (assets/midi; `scripts/make_examples.py` writes them)."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import mido

from core.clip import TICKS_PER_BAR, Clip, from_sequence, read_midi
from core.errors import ClipError

EXAMPLES_FOLDER = Path(__file__).parents[1] / "assets" / "midi"
NAMES = MappingProxyType(
    {
        "drums": (
            "Straight rock",
            "Four on the floor",
            "Boom bap",
            "Bossa nova",
            "Second line",
            "Train beat",
            "Chopped break",
            "Trap hats",
            "Tom groove",
        ),
        "melodies": ("Walking home", "Pentatonic hook", "Blues lick", "Minor arpeggio", "Slow ballad"),
        "taps": ("Tap: son clave", "Tap: tresillo", "Tap: four to the bar with a push"),
    }
)


def names(kind: str) -> list[str]:
    """The names of the examples of a kind, 'drums', 'melodies' or 'taps', in the order in which to show them.

    Raises:
        ClipError: there is no such kind.
    """
    if kind not in NAMES:
        raise ClipError("There are no examples of “{kind}”, only of {known}.", kind=kind, known=" and ".join(NAMES))
    return list(NAMES[kind])


def file_name(name: str) -> str:
    """The name of an example's file in `EXAMPLES_FOLDER`."""
    return re.sub(r"[^a-z]+", "_", name.lower()) + ".mid"


def load(name: str) -> Clip:
    """The example of this name; tempo and length are those of its file.

    Raises:
        ClipError: there is no such example, or its file is missing or damaged.
    """
    if not any(name in of_kind for of_kind in NAMES.values()):
        raise ClipError("There is no example “{name}”.", name=name)
    try:
        data = (EXAMPLES_FOLDER / file_name(name)).read_bytes()
    except OSError:
        raise ClipError("The file of the example “{name}” is missing. Install Latent Jam again.", name=name) from None
    sequence = read_midi(data, name)
    # A file's tempo is a whole number of microseconds a beat, which makes 116.00007 of 116.
    qpm = round(sequence.tempos[0].qpm, 3)
    # The sequence ends with its last note, the file with its last bar.
    ticks = max(sum(message.time for message in track) for track in mido.MidiFile(file=io.BytesIO(data)).tracks)
    clip = from_sequence(sequence, -(-ticks // TICKS_PER_BAR), qpm, name)
    # note_seq counts instruments from 0, our own drums are always number 9.
    return replace(clip, notes=tuple(replace(note, instrument=9 * note.is_drum) for note in clip.notes))
