"""Pictures of music: a lane for each drum, a row for each pitch, bars and beats ruled (house plan, section Pictures).

Lengths are in units of one CSS pixel on a phone, where a picture is `WIDTH` of them wide; larger screens scale it up.
One that is `spread` is as wide as its bars need, for a box that scrolls sideways.
The axes count steps across and units upwards. Nothing here touches pyplot or other state that threads would share.
"""

from __future__ import annotations

import functools
import io
import re
import struct
from collections import Counter
from typing import NamedTuple

import numpy as np
from isal import isal_zlib
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Bbox, TransformedBbox

from core.clip import PARTS, length_of, part_of
from core.converters.drums import CLASS_NAMES, CLASS_OF_PITCH
from core.converters.windows import STEPS_PER_BAR, STEPS_PER_QUARTER
from core.note_sequences import NoteSequence
from core.sentences import Sentence

WIDTH = 340
NAMES_WIDTH = 56
RIGHT_MARGIN = 6
BOTTOM_MARGIN = 5
RULER_HEIGHT = 14
TITLE_HEIGHT = 13
TEXT_SIZE = 8.5
DIGIT_SPACE = 7.5
TITLE_LETTERS = 46
LEGEND_WIDTH = 64
FONT = "DejaVu Sans"
DPI = 288
COMPRESSION = 1
PNG_UP, PNG_RGBA = 2, 6
# Pages for drums without their hits are kept: so many, none larger. Two are needed for one kind of picture.
COMMON_PAPERS = 8
COMMON_PIXELS = 3_000_000
# A bar of a spread picture is as wide as one of so many in another. Up to SPREAD_PIXELS across it is as sharp as the
# others, then less so, down to MIN_SPREAD_DPI; no renderer takes more than MAX_PIXELS.
SPREAD_BARS = 2
SPREAD_PIXELS = 3960
MIN_SPREAD_DPI = 108
MAX_PIXELS = 65_000
# Long pictures get flatter lanes and more pixels: they stay legible when small and hold detail when large.
LONG_BARS = 4
LONG_SCALE = 1.5
LANE_HEIGHT = 16
LONG_LANE_HEIGHT = 12.5
PITCH_ROWS_HEIGHT = 144
MIN_PITCH_HEIGHT = 3
MAX_PITCH_HEIGHT = 8
MIN_PITCHES = 12
HIT_STEPS = 0.74
MIN_NOTE_STEPS = 0.4
EARLIEST = 0.5
MIN_LENGTH = 1.3
RULE_GAP = 4
RULE_WIDTH = 0.55
LATE_WIDTH = 2.4
LATE_INK = 0.5
CORNER = 2.2
TURN = np.linspace(-np.pi / 2, np.pi / 2, 10)[:, None]
STEP_INK = 0.09
BEAT_INK = 0.2
BAR_INK = 0.48
FAINT_INK = 0.55
BLACK_KEY_INK = 0.05
QUIETEST = 0.25

LANE_NAMES = (*CLASS_NAMES, "other")
OTHER_LANE = len(CLASS_NAMES)
LANE_COLOURS = (0, 1, 2, 2, 3, 3, 3, 4, 4, 5)  # kick, snare, two hats, three toms, two cymbals, other
OCTAVE = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
BLACK_KEYS = (1, 3, 6, 8, 10)
PITCH_NAMES = tuple(f"{name}{octave}" for octave in range(-1, 10) for name in OCTAVE)
RowKey = tuple[str, int]  # ("drum", lane) or ("pitch", pitch)
ROW_NAMES: dict[RowKey, str] = {("drum", i): name.replace("hi-hat", "hat") for i, name in enumerate(LANE_NAMES)}
ROW_NAMES |= {("pitch", pitch): PITCH_NAMES[pitch] for pitch in range(0, 128, len(OCTAVE))}


class Theme(NamedTuple):
    """Colours: `clips` are backgrounds, two of middles and one of ends; `loud` ones fade to `paper` when quiet."""

    paper: str
    ink: str
    clips: tuple[str, str, str]
    loud: tuple[str, ...]


LIGHT_LOUD = ("#2f4fc0", "#b8234f", "#00796f", "#7b3fae", "#b85a00", "#4d6b1f")
DARK_LOUD = ("#8fb0ff", "#ff93a8", "#3fdcca", "#d3a6ff", "#ffb659", "#b9d97a")
THEMES = {
    "light": Theme("#ffffff", "#2b2b38", ("#f8f8fa", "#efeff4", "#e3e7f5"), LIGHT_LOUD),
    "dark": Theme("#18181b", "#e2e2ec", ("#202024", "#29292e", "#30334a"), DARK_LOUD),
}


class Mark(NamedTuple):
    """A hit or note as drawn: onset and length in steps, velocity 0…1, place of its colour in `Theme.loud`, and which
    of the `PARTS` plays it."""

    onset: float
    row: RowKey
    length: float
    velocity: float
    colour: int
    part: str


def draw(
    sequence: NoteSequence,
    bars: int,
    qpm: float,
    theme: str = "light",
    title: str | None = None,
    clip_bars: int | None = None,
    spread: bool = False,
) -> Figure:
    """Draws the first `bars` bars of a sequence whose times are seconds at `qpm`.

    A hit's straight left edge is its onset; the louder, the deeper its colour. A late one hangs on a line from its
    place on the grid, an early one shows its place as a line through it. A band has one colour an instrument, named
    above it. Joined clips, of `clip_bars` bars each, differ in background. Above four bars there is no room for such
    details unless the picture is `spread`, wider with each bar. Pictures of equally many bars are equally wide, with
    the grid at the same places.

    Raises ValueError for an unknown theme and for bars, qpm or `clip_bars` that are not positive.
    """
    marks = _marks(sequence, bars, qpm)
    page = _page(marks, bars, theme, title, clip_bars, spread)
    page.draw_paper()
    page.draw_marks(marks)
    return page.on_axes()


def png(
    sequence: NoteSequence,
    bars: int,
    qpm: float,
    theme: str = "light",
    title: str | None = None,
    clip_bars: int | None = None,
    dpi: float | None = None,
    spread: bool = False,
) -> bytes:
    """The picture of `draw` as a PNG file: 4.72 inches wide, 7.08 above four bars, or 0.86 and 1.9 a bar if `spread`.

    Without `dpi` it is 288, in spread pictures less from nine bars on. Raises as `draw` does.
    """
    marks = _marks(sequence, bars, qpm)
    page = _page(marks, bars, theme, title, clip_bars, spread)
    page.figure.dpi = dpi or page.figure.dpi
    page.draw_marks(marks)
    if page.is_common:
        of_page = (len(page.rows), bars, page.clip_bars, theme, spread, page.figure.dpi)
        pixels = page.pixels_on(_common_paper(*of_page, used=True), _common_paper(*of_page, used=False))
    else:
        page.draw_paper()
        pixels = page.pixels()
    return _png_file(pixels, page.figure.dpi, _described(marks, bars))


def svg(
    sequence: NoteSequence,
    bars: int,
    qpm: float,
    theme: str = "light",
    title: str | None = None,
    clip_bars: int | None = None,
    spread: bool = False,
) -> bytes:
    """The picture of `draw` as an SVG file, titled with the sentence of `describe`. Raises as `draw` does."""
    marks, file = _marks(sequence, bars, qpm), io.StringIO()
    page = _page(marks, bars, theme, title, clip_bars, spread)
    page.draw_paper()
    page.draw_marks(marks)
    figure = page.bare()
    metadata = {"Title": _described(marks, bars), "Date": None, "Creator": None}
    FigureCanvasSVG(figure).print_svg(file, metadata=metadata)
    # Matplotlib draws the clipping path's name at random. Pictures in one page may share a name if they share a size.
    name = "roll-{:.0f}-{:.0f}".format(*figure.get_size_inches() * DPI)
    return re.sub(r"\bp[0-9a-f]{10}\b", name, file.getvalue()).encode()


def describe(sequence: NoteSequence, bars: int, qpm: float) -> Sentence:
    """What `draw` shows, for screen readers: "2 bars of drums: 8 kick, 4 snare hits". Raises ValueError as it does."""
    return _described(_marks(sequence, bars, qpm), bars)


def _described(marks: list[Mark], bars: int) -> str:
    heard = []
    for part in reversed(_parts(marks)):
        numbers = sorted(mark.row[1] for mark in marks if mark.part == part)
        if part == "drums":
            hits = Counter(LANE_NAMES[lane] for lane in numbers)
            counted = Sentence.listed(Sentence("{count} {drum}", count=n, drum=name) for name, n in hits.items())
            heard.append(
                Sentence("of drums: {hits} hits" if len(numbers) > 1 else "of drums: {hits} hit", hits=counted)
            )
        else:
            heard.append(
                Sentence(
                    "of {part}: {count} notes from {lowest} to {highest}"
                    if len(numbers) > 1
                    else "of {part}: {count} note from {lowest} to {highest}",
                    part=part,
                    count=len(numbers),
                    lowest=PITCH_NAMES[numbers[0]],
                    highest=PITCH_NAMES[numbers[-1]],
                )
            )
    music, *others = heard or [Sentence("of silence")]
    for other in others:
        music = Sentence("{first}; {second}", first=music, second=other)
    return Sentence("{length} {music}", length=length_of(bars), music=music)


def _png_file(pixels: np.ndarray, dpi: float, described: str) -> bytes:
    """Opaque pixels uint8 [height, width, 4] as a PNG file with a description.

    Pillow tries five filters for every row, which takes longer than drawing. In these pictures most rows are as the one
    above, and the filter for that, “up”, makes files as small as the choice among all. ISA-L packs them in a tenth of
    zlib's time; without the channel for transparency they would be a tenth smaller, and take twice as long.
    """
    height, width, channels = pixels.shape
    flat = pixels.reshape(height, channels * width)
    rows = np.empty((height, 1 + channels * width), np.uint8)
    rows[:, 0] = PNG_UP
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])
    per_metre = round(dpi / 0.0254)
    chunks = {
        b"IHDR": struct.pack(">2I5B", width, height, 8, PNG_RGBA, 0, 0, 0),
        b"pHYs": struct.pack(">2IB", per_metre, per_metre, 1),
        b"iTXt": b"Description" + bytes(5) + described.encode(),
        b"IDAT": isal_zlib.compress(rows, COMPRESSION),
        b"IEND": b"",
    }
    parts = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", isal_zlib.crc32(name + data))
        for name, data in chunks.items()
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _page(marks: list[Mark], bars: int, theme: str, title: str | None, clip_bars: int | None, spread: bool) -> _Page:
    """The page for these marks, with nothing on it; arguments and errors as for `draw`."""
    if theme not in THEMES:
        raise ValueError(f"theme must be one of {', '.join(THEMES)}, not {theme!r}")
    if clip_bars is not None and clip_bars < 1:
        raise ValueError(f"clip_bars must be at least 1, not {clip_bars}")
    one_line = "".join(filter(str.isprintable, " ".join((title or "").split())))
    parts = _parts(marks)
    legend = parts if len(parts) > 1 else []
    return _Page({mark.row for mark in marks}, bars, clip_bars or bars, THEMES[theme], one_line, legend, spread)


@functools.lru_cache(COMMON_PAPERS)
def _common_paper(
    lanes: int, bars: int, clip_bars: int, theme: str, spread: bool, dpi: float, used: bool
) -> np.ndarray:
    """Pixels uint8 [height, width, 4] of a page for drums with nothing on it, the lanes named as those in use are, or
    as the others. For reading only."""
    rows = {("drum", lane) for lane in range(lanes) if used or lane == OTHER_LANE}
    page = _Page(rows, bars, clip_bars, THEMES[theme], "", [], spread)
    page.figure.dpi = dpi
    page.draw_paper()
    pixels = page.pixels()
    pixels.flags.writeable = False
    return pixels


def _marks(sequence: NoteSequence, bars: int, qpm: float) -> list[Mark]:
    """The notes that begin in the picture, the early hits of its first step among them, in the order of drawing."""
    if bars < 1 or not 0 < qpm < np.inf:
        raise ValueError(f"bars and qpm must be positive, not {bars} and {qpm}")
    steps, per_second, marks = bars * STEPS_PER_BAR, qpm / 60 * STEPS_PER_QUARTER, []
    instruments = sorted({note.instrument for note in sequence.notes if not note.is_drum})
    is_band = len({part_of(note) for note in sequence.notes}) > 1
    for note in sequence.notes:
        part = part_of(note)
        onset, velocity = note.start_time * per_second, min(note.velocity, 127) / 127
        if velocity <= 0 or not 0 <= note.pitch <= 127 or not -EARLIEST <= onset < steps:
            continue
        if note.is_drum:
            lane = CLASS_OF_PITCH.get(note.pitch, OTHER_LANE)
            colour = PARTS.index(part) if is_band else LANE_COLOURS[lane]
            marks.append(Mark(onset, ("drum", lane), HIT_STEPS, velocity, colour, part))
        else:
            length = min(max(MIN_NOTE_STEPS, note.end_time * per_second - onset), steps)
            colour = PARTS.index(part) if is_band else instruments.index(note.instrument) % 6
            marks.append(Mark(onset, ("pitch", note.pitch), length, velocity, colour, part))
    return sorted(marks)


def _parts(marks: list[Mark]) -> list[str]:
    """The `PARTS` that play."""
    playing = {mark.part for mark in marks}
    return [part for part in PARTS if part in playing]


def _row_heights(used: set[RowKey], dense: bool) -> dict[RowKey, float]:
    """The rows from the bottom up: the lanes of drums, all nine of them so that clips compare, then the pitches."""
    heights: dict[RowKey, float] = {}
    pitches = [number for kind, number in used if kind == "pitch"]
    if not used or len(pitches) < len(used):
        lanes = OTHER_LANE + (("drum", OTHER_LANE) in used)
        heights |= {("drum", lane): LONG_LANE_HEIGHT if dense else LANE_HEIGHT for lane in range(lanes)}
    if pitches:
        lowest, count = min(pitches), max(max(pitches) - min(pitches) + 1, MIN_PITCHES)
        height = min(max(PITCH_ROWS_HEIGHT / count, MIN_PITCH_HEIGHT), MAX_PITCH_HEIGHT)
        heights |= {("pitch", pitch): height for pitch in range(lowest, lowest + count)}
    return heights


def grid_span(bars: int, spread: bool = False) -> tuple[float, float]:
    """Where in a picture of so many bars the music begins and ends, as shares of its width: for a playhead."""
    unit = _unit(bars, spread)
    begins, ends = NAMES_WIDTH + EARLIEST / unit, NAMES_WIDTH + (bars * STEPS_PER_BAR + EARLIEST) / unit
    return begins / (ends + RIGHT_MARGIN), ends / (ends + RIGHT_MARGIN)


def _unit(bars: int, spread: bool) -> float:
    """A unit's width in steps."""
    return ((SPREAD_BARS if spread else bars) * STEPS_PER_BAR + EARLIEST) / (WIDTH - NAMES_WIDTH - RIGHT_MARGIN)


class _Page:
    """A figure and the layers to be drawn on it. `rows` are (bottom, height) in units; where the page is `dense` there
    is no room for details."""

    def __init__(
        self,
        used: set[RowKey],
        bars: int,
        clip_bars: int,
        theme: Theme,
        title: str,
        legend: list[str],
        spread: bool = False,
    ) -> None:
        self.used, self.bars, self.clip_bars, self.theme, self.legend = used, bars, clip_bars, theme, legend
        self.dense = bars > LONG_BARS and not spread
        heights = _row_heights(used, self.dense)
        *bottoms, self.top = np.cumsum([0, *heights.values()]).tolist()
        self.rows = {key: (bottom, heights[key]) for key, bottom in zip(heights, bottoms, strict=True)}
        self.steps, self.scale = bars * STEPS_PER_BAR, LONG_SCALE if self.dense else 1.0
        fixed = NAMES_WIDTH + RIGHT_MARGIN
        self.unit = _unit(bars, spread)
        # The width of the axes in units.
        width, height = (self.steps + EARLIEST) / self.unit, self.top + RULER_HEIGHT
        letters = int(TITLE_LETTERS * width / (WIDTH - fixed))
        self.title = title[:letters] + "…" * (len(title) > letters)
        headlines = bool(title) + bool(legend)
        paper = np.array([fixed + width, BOTTOM_MARGIN + height + TITLE_HEIGHT * headlines])
        inches = paper * self.scale / 72
        dpi = min(DPI, max(SPREAD_PIXELS / inches[0], MIN_SPREAD_DPI), MAX_PIXELS / inches[0])
        self.figure = Figure(figsize=inches, facecolor=theme.paper, dpi=dpi)
        self._left, self._bottom = NAMES_WIDTH / paper[0], BOTTOM_MARGIN / paper[1]
        self._width, self._height, self._units = width / paper[0], height / paper[1], height
        # From steps and units to the figure.
        to_figure = Affine2D().translate(EARLIEST, 0)
        to_figure.scale(self._width / (self.steps + EARLIEST), self._height / height)
        to_figure.translate(self._left, self._bottom)
        self._place = to_figure + self.figure.transFigure
        self._frame = TransformedBbox(Bbox([(-EARLIEST, 0), (self.steps, height)]), self._place)
        self._layers: list[Artist] = []
        room, periods = DIGIT_SPACE * len(str(bars)), (1, *((clip_bars % bars or 1) * 2**i for i in range(32)))
        self.numbered = next(n * STEPS_PER_BAR for n in periods if n * STEPS_PER_BAR >= room * self.unit)

    @property
    def is_common(self) -> bool:
        """Whether many pictures differ from this one in their hits only: drums without a title, not too large."""
        headlines = self.title or self.legend or any(kind == "pitch" for kind, _ in self.rows)
        return not headlines and self.figure.bbox.width * self.figure.bbox.height <= COMMON_PIXELS

    def pixels(self) -> np.ndarray:
        """All layers as pixels uint8 [height, width, 4]."""
        canvas = FigureCanvasAgg(self.bare())
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())

    def pixels_on(self, used: np.ndarray, unused: np.ndarray) -> np.ndarray:
        """All layers as pixels on what `_common_paper` gives; the name of each lane is taken from the one or the
        other."""
        renderer = FigureCanvasAgg(self.figure).get_renderer()
        pixels, per_unit = np.asarray(renderer.buffer_rgba()), self.figure.dpi * self.scale / 72
        pixels[:] = used
        for row in self.rows.keys() - self.used:
            low, height = self.rows[row]
            top, bottom = (len(pixels) - round((BOTTOM_MARGIN + y) * per_unit) for y in (low + height, low))
            pixels[top:bottom, : int(NAMES_WIDTH * per_unit)] = unused[top:bottom, : int(NAMES_WIDTH * per_unit)]
        for layer in sorted(self._layers, key=Artist.get_zorder):
            layer.set_figure(self.figure)
            layer.draw(renderer)
        return pixels

    def bare(self) -> Figure:
        """The figure with all layers. It has no axes, whose making takes longer than all the rest."""
        for layer in self._layers:
            self.figure.add_artist(layer)
        return self.figure

    def on_axes(self) -> Figure:
        """The figure with all layers on axes."""
        FigureCanvasAgg(self.figure)
        box = (self._left, self._bottom, self._width, self._height)
        axes = self.figure.add_axes(box, xlim=(-EARLIEST, self.steps), ylim=(0, self._units))
        axes.set_axis_off()
        for layer in self._layers:
            axes.add_artist(layer)
        return self.figure

    def _add(self, layer: Artist, clipped: bool = False) -> None:
        layer.set_transform(self._place)
        layer.set_clip_on(clipped)
        layer.set_clip_box(self._frame)
        self._layers.append(layer)

    def draw_paper(self) -> None:
        """Draws all but the hits and notes."""
        self._fill_backgrounds()
        self._rule()
        self._write_texts()

    def _fill_backgrounds(self) -> None:
        """Fills the clips, the first and the last stronger than those between, and shades the rows of black keys."""
        starts = range(0, self.steps, self.clip_bars * STEPS_PER_BAR)
        last = len(starts) - 1
        fills = [to_rgba(self.theme.clips[i % 2 if 0 < i < last or not last else 2]) for i in range(last + 1)]
        boxes = [(start, 0, min(start + starts.step, self.steps), self.top) for start in starts]
        black = [row for (kind, number), row in self.rows.items() if kind == "pitch" and number % 12 in BLACK_KEYS]
        boxes += [(0, bottom, self.steps, bottom + height) for bottom, height in black]
        fills += [to_rgba(self.theme.ink, BLACK_KEY_INK)] * len(black)
        outlines = np.array(boxes)[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
        self._add(PolyCollection(outlines, facecolors=fills, linewidths=0, zorder=0), clipped=True)

    def _rule(self) -> None:
        """Rules lanes and Cs, and such steps, beats and bars as do not crowd; numbered bars rise into the ruler."""
        edges = [low + height * (key[0] == "drum") for key, (low, height) in self.rows.items() if key in ROW_NAMES]
        lines = [(0, edge, self.steps, edge, STEP_INK) for edge in edges]
        for step in range(0, self.steps + 1, next(p for p in (1, 4, 16, self.numbered) if p >= RULE_GAP * self.unit)):
            if step % self.numbered == 0 or step == self.steps:
                lines.append((step, 0, step, self.top + 0.7 * RULER_HEIGHT, BAR_INK))
            else:
                lines.append((step, 0, step, self.top, STEP_INK if step % STEPS_PER_QUARTER else BEAT_INK))
        self._add_lines(np.array(lines)[:, :4], [to_rgba(self.theme.ink, line[4]) for line in lines], 1)

    def _add_lines(self, ends: np.ndarray, colours: object, layer: int, width: float = RULE_WIDTH) -> None:
        style = {"linewidths": width * self.scale, "zorder": layer}
        self._add(LineCollection(ends.reshape(-1, 2, 2), colors=colours, **style))

    def draw_marks(self, marks: list[Mark]) -> None:
        """Draws hits and notes and, where there is room for it, how far they are from the grid: a line from there to a
        late one, the grid line through an early one."""
        if not marks:
            return
        left, length, velocity = np.array([(mark.onset, mark.length, mark.velocity) for mark in marks]).T
        bottom, height = np.array([self.rows[mark.row] for mark in marks]).T
        drum = np.array([mark.row[0] == "drum" for mark in marks])
        middle, half = bottom + height / 2, height / 2 * np.where(drum, 0.5 + 0.34 * velocity, 0.9)
        outlines = _outlines(left, np.maximum(length, MIN_LENGTH * self.unit), middle, half, self.unit)
        loud = np.array([to_rgb(colour) for colour in self.theme.loud])[[mark.colour for mark in marks]]
        depth = QUIETEST + (1 - QUIETEST) * velocity
        fills = loud * depth[:, None] + np.outer(1 - depth, to_rgb(self.theme.paper))
        style = {"edgecolors": self.theme.paper, "linewidths": RULE_WIDTH * (not self.dense), "zorder": 2}
        self._add(PolyCollection(outlines, facecolors=fills, **style), clipped=True)
        if self.dense:
            return
        grid = np.round(left)
        late = left > grid + 1e-3
        ends = np.stack([grid, middle, left, middle], -1)[late]
        self._add_lines(ends, np.insert(loud[late], 3, LATE_INK, 1), 3, LATE_WIDTH)
        early = left < grid - 1e-3
        ends = np.stack([grid, middle - 0.9 * half, grid, middle + 0.9 * half], -1)[early]
        self._add_lines(ends, to_rgba(self.theme.paper, 0.6), 3)

    def _write_texts(self) -> None:
        """Writes the names of the rows, the title, and numbers: of all bars or, short of room, of some clips' first."""
        for key in [key for key in self.rows if key in ROW_NAMES]:
            ink = 1 if key in self.used or key[0] == "pitch" else FAINT_INK
            middle = self.rows[key][0] + self.rows[key][1] / 2
            self._write(-EARLIEST - 3 * self.unit, middle, ROW_NAMES[key], ink, ha="right")
        for step in range(0, self.steps - self.numbered + 1, self.numbered):
            self._write(step + 2.5 * self.unit, self.top + 0.35 * RULER_HEIGHT, str(step // STEPS_PER_BAR + 1))
        headline = self.top + RULER_HEIGHT + 0.4 * TITLE_HEIGHT
        for place, part in enumerate(self.legend):
            colour = self.theme.loud[PARTS.index(part)]
            self._write(place * LEGEND_WIDTH * self.unit, headline, f"■ {part}", color=colour)
        self._write(0, headline + TITLE_HEIGHT * bool(self.legend), self.title, weight="bold")

    def _write(self, x: float, y: float, text: str, ink: float = 1, **style: str) -> None:
        # With parse_math, a title with two dollar signs would be set as a formula.
        style = {"family": FONT, "va": "center_baseline", "color": to_rgba(self.theme.ink, ink)} | style
        self._add(Text(x, y, text, size=TEXT_SIZE * self.scale, parse_math=False, zorder=3, **style))


def _outlines(left: np.ndarray, length: np.ndarray, middle: np.ndarray, half: np.ndarray, unit: float) -> np.ndarray:
    """Outlines [marks, vertices, 2]: a straight left edge, which is the onset, and round corners at the right."""
    corner = np.minimum(CORNER, np.minimum(length / unit / 2, half))
    x = left + length + (np.cos(TURN) - 1) * corner * unit
    y = middle + np.sin(TURN) * corner + np.sign(TURN) * (half - corner)
    return np.concatenate([[(left, middle - half)], np.stack([x, y], 1), [(left, middle + half)]]).transpose(2, 0, 1)
