"""Writes the pieces of songs on which the melody and trio converters are compared, into tests/goldens/lines.npz:

    python -m tests.parity.line_sources POP909.zip

They are held-out songs of POP909 (Wang et al., ISMIR 2020; MIT), warped to their beats: the melody, the piano, a bass
made of the piano's lowest notes, and a plain beat. `oracle.py --compact` then adds what Magenta makes of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from note_seq.protobuf.music_pb2 import NoteSequence

from core.clip import BASS_INSTRUMENT, BASS_PROGRAM
from core.converters.drums import add_hits
from core.converters.windows import STEPS_PER_BAR, empty_sequence
from tests.parity.golden_format import join_sequences
from training.pop909 import Line, add_line, bass_of, stretches

SONGS = 10
BARS = 20
PIANO_INSTRUMENT, PIANO_PROGRAM = 2, 2
# Kick on 1, snare on 2 and 4, in labels, one a sixteenth.
BEAT = np.resize([1, 0, 0, 0, 2, 0, 0, 0, 5, 0, 4, 0, 2, 0, 0, 4], BARS * STEPS_PER_BAR)


def pieces(archive: Path) -> Iterator[NoteSequence]:
    """Yields the first bars of long stretches, one a song, not all of them on a bar line."""
    seen: set[int] = set()
    for stretch in stretches(archive, "test"):
        first = int(stretch.melody.start.min(initial=0)) // STEPS_PER_BAR * STEPS_PER_BAR
        if stretch.song in seen or len(stretch.melody.start) < 8 * BARS:
            continue
        seen.add(stretch.song)
        # Every third piece begins half a bar into the song's bars, as an upload may.
        first += 8 * (len(seen) % 3 == 0)
        melody, piano = (_part(line, first) for line in (stretch.melody, stretch.piano))
        sequence = empty_sequence()
        add_line(sequence, melody, 0, 0)
        add_line(sequence, bass_of(piano), BASS_INSTRUMENT, BASS_PROGRAM)
        add_line(sequence, piano, PIANO_INSTRUMENT, PIANO_PROGRAM)
        add_hits(sequence, BEAT)
        yield sequence


def _part(line: Line, first: int) -> Line:
    inside = (line.start >= first) & (line.start < first + BARS * STEPS_PER_BAR)
    return Line(line.start[inside] - first, line.end[inside] - first, line.pitch[inside])


if __name__ == "__main__":
    target = Path(__file__).parents[1] / "goldens" / "lines.npz"
    np.savez_compressed(target, sources=join_sequences(islice(pieces(Path(sys.argv[1])), SONGS)))
