"""Pictures of music: a lane for each drum, a row for each pitch, bars and beats ruled (house plan, section Pictures).

Lengths are in units of one CSS pixel on a phone, where a picture is `WIDTH` of them wide; larger screens scale it up.
The axes count steps across and units upwards. Nothing here touches pyplot or other state that threads would share.
"""

from __future__ import annotations

import io
import math
import re
from collections import Counter
from typing import NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.figure import Figure
from note_seq.protobuf.music_pb2 import NoteSequence

from core.converters.drums import CLASS_NAMES, CLASS_OF_PITCH
from core.converters.windows import STEPS_PER_BAR, STEPS_PER_QUARTER

WIDTH, NAMES_WIDTH, RIGHT_MARGIN, BOTTOM_MARGIN, RULER_HEIGHT, TITLE_HEIGHT = 340, 56, 6, 5, 14, 13
TEXT_SIZE, NUMBER_SPACE, TITLE_LETTERS, FONT, DPI = 8.5, 15, 46, "DejaVu Sans", 288
# Long pictures get flatter lanes and more pixels: they stay legible when small and hold detail when large.
LONG_BARS, LONG_SCALE, LANE_HEIGHT, LONG_LANE_HEIGHT = 4, 1.5, 16, 12.5
PITCH_ROWS_HEIGHT, MIN_PITCH_HEIGHT, MAX_PITCH_HEIGHT, MIN_PITCHES = 144, 3, 8, 12
HIT_STEPS, MIN_NOTE_STEPS, MIN_LENGTH, CORNER, RULE_GAP, RULE_WIDTH = 0.74, 0.4, 1.3, 2.2, 4, 0.55
EARLIEST = 0.5  # steps by which a hit of the first step can be early

LANE_NAMES, OTHER_LANE = (*CLASS_NAMES, "other"), len(CLASS_NAMES)
LANE_COLOURS = (0, 1, 2, 2, 3, 3, 3, 4, 4, 5)  # kick, snare, two hats, three toms, two cymbals, other
PITCH_NAMES, BLACK_KEYS = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"), (1, 3, 6, 8, 10)
STEP_INK, BEAT_INK, BAR_INK, FAINT_INK, BLACK_KEY_INK, QUIETEST = 0.09, 0.2, 0.48, 0.55, 0.05, 0.25


class Theme(NamedTuple):
    """The colours of a picture; `full` are those of velocity 127, quieter hits have more paper in them."""

    paper: str
    ink: str
    middles: tuple[str, str]
    ends: str
    full: tuple[str, ...]


THEMES = {
    "light": Theme(
        *("#ffffff", "#2b2b38", ("#f8f8fa", "#efeff4"), "#e3e7f5"),
        ("#2f4fc0", "#b8234f", "#00796f", "#7b3fae", "#b85a00", "#4d6b1f"),
    ),
    "dark": Theme(
        *("#18181b", "#e2e2ec", ("#202024", "#29292e"), "#30334a"),
        ("#8fb0ff", "#ff93a8", "#3fdcca", "#d3a6ff", "#ffb659", "#b9d97a"),
    ),
}


class Row(NamedTuple):
    """A drum's lane or a pitch's row: its lower edge and height in units, its name ("" for none)."""

    bottom: float
    height: float
    name: str


class Mark(NamedTuple):
    """A hit or note: ("drum", lane) or ("pitch", pitch), onset and length in steps, velocity 0…1, place in `Theme.full`."""

    row: tuple[str, int]
    onset: float
    length: float
    velocity: float
    colour: int


def draw(
    sequence: NoteSequence,
    bars: int,
    qpm: float,
    theme: str = "light",
    title: str | None = None,
    clip_bars: int | None = None,
) -> Figure:
    """Draws the first `bars` bars of a sequence whose times are seconds at `qpm`.

    The straight left edge of a hit is its onset; the louder, the deeper its colour. With `clip_bars` the picture is of clips
    of so many bars one after the other, told apart by their backgrounds. An empty sequence gives empty lanes.
    Raises ValueError for an unknown theme and for bars, a tempo or `clip_bars` that are not positive.
    """
    if theme not in THEMES:
        raise ValueError(f"theme must be one of {', '.join(THEMES)}, not {theme!r}")
    if clip_bars is not None and clip_bars < 1:
        raise ValueError(f"clip_bars must be at least 1, not {clip_bars}")
    marks = _marks(sequence, bars, qpm)
    used = {mark.row for mark in marks}
    page = _Page(_rows(used, bars), bars, clip_bars or bars, THEMES[theme], title or "")
    page.fill_backgrounds()
    page.rule()
    page.draw_marks(marks)
    page.write(used, title or "")
    return page.figure


def png(
    sequence: NoteSequence,
    bars: int,
    qpm: float,
    theme: str = "light",
    title: str | None = None,
    clip_bars: int | None = None,
    dpi: float = DPI,
) -> bytes:
    """The picture of `draw` as a PNG file, 4.72 inches wide at `dpi` (7.08 above four bars). Raises as `draw` does."""
    figure, file = draw(sequence, bars, qpm, theme, title, clip_bars), io.BytesIO()
    figure.dpi = dpi
    metadata = {"Software": None, "Description": describe(sequence, bars, qpm)}
    figure.canvas.print_png(file, metadata=metadata, pil_kwargs={"compress_level": 3})
    return file.getvalue()


def svg(
    sequence: NoteSequence,
    bars: int,
    qpm: float,
    theme: str = "light",
    title: str | None = None,
    clip_bars: int | None = None,
) -> bytes:
    """The picture of `draw` as an SVG file, titled with the sentence of `describe`. Raises as `draw` does."""
    figure, file = draw(sequence, bars, qpm, theme, title, clip_bars), io.StringIO()
    metadata = {"Title": describe(sequence, bars, qpm), "Date": None, "Creator": None}
    FigureCanvasSVG(figure).print_svg(file, metadata=metadata)
    # Matplotlib draws the clipping path's name at random. Pictures in one page may share a name if they share a size.
    width, height = figure.get_size_inches() * 1000
    return re.sub(r"\bp[0-9a-f]{10}\b", f"roll-{width:.0f}-{height:.0f}", file.getvalue()).encode()


def describe(sequence: NoteSequence, bars: int, qpm: float) -> str:
    """A sentence on what `draw` shows, for screen readers: "2 bars of drums: 8 kick, 4 snare hits". Raises as it does."""
    rows = sorted(mark.row for mark in _marks(sequence, bars, qpm))
    hits = Counter(number for kind, number in rows if kind == "drum")
    pitches = [number for kind, number in rows if kind == "pitch"]
    parts = []
    if hits:
        counts = ", ".join(f"{count} {LANE_NAMES[lane]}" for lane, count in hits.items())
        parts.append(f"of drums: {counts} hit{'s' * (hits.total() > 1)}")
    if pitches:
        notes = f"{len(pitches)} note{'s' * (len(pitches) > 1)}"
        parts.append(f"of melody: {notes} from {_pitch_name(pitches[0])} to {_pitch_name(pitches[-1])}")
    return f"{bars} bar{'s' * (bars > 1)} {'; '.join(parts) or 'of silence'}"


def _pitch_name(pitch: int) -> str:
    return f"{PITCH_NAMES[pitch % 12]}{pitch // 12 - 1}"


def _marks(sequence: NoteSequence, bars: int, qpm: float) -> list[Mark]:
    """The notes whose onsets fall into the picture, the early hits of its first step among them."""
    if bars < 1 or not 0 < qpm < math.inf:
        raise ValueError(f"bars and qpm must be positive, not {bars} and {qpm}")
    steps, per_second, marks = bars * STEPS_PER_BAR, qpm / 60 * STEPS_PER_QUARTER, []
    instruments = sorted({note.instrument for note in sequence.notes if not note.is_drum})
    for note in sequence.notes:
        onset, velocity = note.start_time * per_second, min(note.velocity, 127) / 127
        if velocity <= 0 or not 0 <= note.pitch <= 127 or not -EARLIEST <= onset < steps:
            continue
        if note.is_drum:
            lane = CLASS_OF_PITCH.get(note.pitch, OTHER_LANE)
            marks.append(Mark(("drum", lane), onset, HIT_STEPS, velocity, LANE_COLOURS[lane]))
        else:
            length = min(max(MIN_NOTE_STEPS, note.end_time * per_second - onset), steps)
            marks.append(Mark(("pitch", note.pitch), onset, length, velocity, instruments.index(note.instrument) % 6))
    return marks


def _rows(used: set[tuple[str, int]], bars: int) -> dict[tuple[str, int], Row]:
    """The rows from the bottom up: the lanes of drums, all nine of them so that clips compare, then the pitches."""
    rows: dict[tuple[str, int], Row] = {}
    pitches, bottom = [number for kind, number in used if kind == "pitch"], 0.0
    if not used or len(pitches) < len(used):
        height = LONG_LANE_HEIGHT if bars > LONG_BARS else LANE_HEIGHT
        for lane in range(OTHER_LANE + (("drum", OTHER_LANE) in used)):
            rows["drum", lane] = Row(bottom, height, LANE_NAMES[lane].replace("hi-hat", "hat"))
            bottom += height
    if pitches:
        lowest, count = min(pitches), max(max(pitches) - min(pitches) + 1, MIN_PITCHES)
        height = min(max(PITCH_ROWS_HEIGHT / count, MIN_PITCH_HEIGHT), MAX_PITCH_HEIGHT)
        for pitch in range(lowest, lowest + count):
            rows["pitch", pitch] = Row(bottom, height, "" if pitch % 12 else _pitch_name(pitch))
            bottom += height
    return rows


class _Page:
    """A figure with bare axes, and the four layers drawn on them."""

    def __init__(self, rows: dict[tuple[str, int], Row], bars: int, clip_bars: int, theme: Theme, title: str) -> None:
        self.rows, self.bars, self.clip_bars, self.theme = rows, bars, clip_bars, theme
        self.steps, self.top = bars * STEPS_PER_BAR, max(row.bottom + row.height for row in rows.values())
        self.scale = LONG_SCALE if bars > LONG_BARS else 1.0
        width, height = WIDTH - NAMES_WIDTH - RIGHT_MARGIN, self.top + RULER_HEIGHT
        self.unit = (self.steps + EARLIEST) / width  # steps as wide as a unit
        paper = np.array([WIDTH, BOTTOM_MARGIN + height + TITLE_HEIGHT * bool(title)])
        self.figure = Figure(figsize=paper * self.scale / 72, facecolor=theme.paper, dpi=DPI)
        FigureCanvasAgg(self.figure)
        box = (NAMES_WIDTH / paper[0], BOTTOM_MARGIN / paper[1], width / paper[0], height / paper[1])
        self.axes = self.figure.add_axes(box, xlim=(-EARLIEST, self.steps), ylim=(0, height))
        self.axes.set_axis_off()
        self.numbered = 1  # every how many bars there is room for a number: every bar, or whole clips
        while self.numbered * STEPS_PER_BAR < NUMBER_SPACE * self.unit:
            self.numbered = max(self.numbered * 2, clip_bars if clip_bars < bars else 1)

    def fill_backgrounds(self) -> None:
        """Fills the clips, the first and the last stronger than those between, and shades the rows of black keys."""
        starts = range(0, self.steps, self.clip_bars * STEPS_PER_BAR)
        fills = [to_rgba(self.theme.middles[i % 2]) for i in range(len(starts))]
        if len(starts) > 1:
            fills[0] = fills[-1] = to_rgba(self.theme.ends)
        boxes = [(start, 0, min(start + starts.step, self.steps), self.top) for start in starts]
        for (kind, number), row in self.rows.items():
            if kind == "pitch" and number % 12 in BLACK_KEYS:
                boxes.append((0, row.bottom, self.steps, row.bottom + row.height))
                fills.append(to_rgba(self.theme.ink, BLACK_KEY_INK))
        outlines = np.array(boxes)[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
        self.axes.add_collection(PolyCollection(outlines, facecolors=fills, linewidths=0, zorder=0), autolim=False)

    def rule(self) -> None:
        """Rules lanes and Cs, and such steps, beats and bars as do not crowd; numbered bars rise into the ruler."""
        lines = [(0, row.bottom, self.steps, row.bottom, STEP_INK) for row in self.rows.values() if row.name]
        numbered = self.numbered * STEPS_PER_BAR
        for step in range(0, self.steps + 1, next(p for p in (1, 4, 16, numbered) if p >= RULE_GAP * self.unit)):
            if step % numbered == 0 or step == self.steps:
                lines.append((step, 0, step, self.top + 0.7 * RULER_HEIGHT, BAR_INK))
            else:
                lines.append((step, 0, step, self.top, STEP_INK if step % STEPS_PER_QUARTER else BEAT_INK))
        self._add_lines(np.array(lines)[:, :4], [to_rgba(self.theme.ink, line[4]) for line in lines], 1)

    def _add_lines(self, ends: np.ndarray, colours: object, layer: int) -> None:
        style = {"linewidths": RULE_WIDTH * self.scale, "clip_on": False, "zorder": layer}
        self.axes.add_collection(LineCollection(ends.reshape(-1, 2, 2), colors=colours, **style), autolim=False)

    def draw_marks(self, marks: list[Mark]) -> None:
        """Draws hits and notes, and where there is room for it the grid line of an early one through it."""
        if not marks:
            return
        left, length, velocity = np.array([(mark.onset, mark.length, mark.velocity) for mark in marks]).T
        bottom, height = np.array([self.rows[mark.row][:2] for mark in marks]).T
        drum = np.array([mark.row[0] == "drum" for mark in marks])
        middle, half = bottom + height / 2, height / 2 * np.where(drum, 0.5 + 0.34 * velocity, 0.9)
        depth = QUIETEST + (1 - QUIETEST) * velocity[:, None]
        full = np.array([to_rgb(colour) for colour in self.theme.full])[[mark.colour for mark in marks]]
        outlines = _outlines(left, np.maximum(length, MIN_LENGTH * self.unit), middle, half, self.unit)
        style = {"edgecolors": self.theme.paper, "linewidths": RULE_WIDTH * (self.bars <= LONG_BARS), "zorder": 2}
        fills = full * depth + to_rgb(self.theme.paper) * (1 - depth)
        self.axes.add_collection(PolyCollection(outlines, facecolors=fills, **style), autolim=False)
        line = np.round(left)
        early = (left < line - 1e-3) & (self.bars <= LONG_BARS)
        ends = np.stack([line, middle - 0.9 * half, line, middle + 0.9 * half], -1)[early]
        self._add_lines(ends, to_rgba(self.theme.paper, 0.6), 3)

    def write(self, used: set[tuple[str, int]], title: str) -> None:
        """Writes the rows' names, those of empty lanes fainter, the bars' numbers and the title."""
        for key, row in self.rows.items():
            ink = 1 if key in used or key[0] == "pitch" else FAINT_INK
            self._write(-EARLIEST - 3 * self.unit, row.bottom + row.height / 2, row.name, ink, ha="right")
        for bar in range(0, self.bars, self.numbered):
            self._write(bar * STEPS_PER_BAR + 2.5 * self.unit, self.top + 0.35 * RULER_HEIGHT, str(bar + 1))
        line = " ".join(title.split())
        line = line if len(line) <= TITLE_LETTERS else line[: TITLE_LETTERS - 1] + "…"
        self._write(0, self.top + RULER_HEIGHT + 0.4 * TITLE_HEIGHT, line, weight="bold")

    def _write(self, x: float, y: float, text: str, ink: float = 1, **style: str) -> None:
        if text:  # as it stands: with parse_math, a title with two dollar signs would be set as a formula
            style |= {"family": FONT, "va": "center_baseline"}
            colour = to_rgba(self.theme.ink, ink)
            self.axes.text(x, y, text, size=TEXT_SIZE * self.scale, color=colour, parse_math=False, **style)


def _outlines(left: np.ndarray, length: np.ndarray, middle: np.ndarray, half: np.ndarray, unit: float) -> np.ndarray:
    """Outlines [marks, vertices, 2] of shapes with a straight left edge, at the onset, and round corners at the right."""
    corner = np.minimum(CORNER, np.minimum(length / unit / 2, half))
    angles = np.linspace(-np.pi / 2, np.pi / 2, 10)[:, None]
    x = left + length + (np.cos(angles) - 1) * corner * unit
    y = middle + np.sin(angles) * corner + np.sign(angles) * (half - corner)
    outline = np.concatenate([[(left, middle - half)], np.stack([x, y], 1), [(left, middle + half)]])
    return outline.transpose(2, 0, 1)
