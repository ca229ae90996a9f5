"""Pictures of clips: what they show, in pixels and in words."""

from __future__ import annotations

import io
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from note_seq.protobuf.music_pb2 import NoteSequence
from PIL import Image

from core import pianoroll
from core.converters.drums import CLASS_PITCHES

KICK, SNARE, CLOSED_HAT = CLASS_PITCHES[:3]
UNMAPPED = 24
QPM = 120.0
STEP_SECONDS = 0.125
PHONE_WIDTH = 340


def drums(*hits: tuple[int, float, int]) -> NoteSequence:
    """A sequence at 120 qpm of hits (pitch, onset in steps, velocity)."""
    sequence = NoteSequence()
    for pitch, step, velocity in hits:
        start = step * STEP_SECONDS
        sequence.notes.add(pitch=pitch, velocity=velocity, start_time=start, end_time=start + 0.1, is_drum=True)
    return sequence


def melody(*notes: tuple[int, float, float]) -> NoteSequence:
    """A sequence at 120 qpm of notes (pitch, onset, length in steps)."""
    sequence = NoteSequence()
    for pitch, step, length in notes:
        start = step * STEP_SECONDS
        sequence.notes.add(pitch=pitch, velocity=90, start_time=start, end_time=start + length * STEP_SECONDS)
    return sequence


def rock() -> NoteSequence:
    hats = [(CLOSED_HAT, step + 0.1, 60 + step) for step in range(0, 32, 2)]
    return drums((KICK, -0.2, 110), (KICK, 16, 100), (SNARE, 4.2, 120), (SNARE, 11.7, 25), *hats)


def pixels(file: bytes) -> np.ndarray:
    """The picture [height, width, 3] of a PNG file, 0…255."""
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGB")).astype(int)


def changed_columns(sequence: NoteSequence) -> np.ndarray:
    """The columns of pixels in which one bar of the sequence differs from silence, by more than the thin line that a
    late hit hangs on."""
    difference = pixels(pianoroll.png(sequence, 1, QPM)) - pixels(pianoroll.png(NoteSequence(), 1, QPM))
    # The names of lanes in use are darker; leave them out.
    start = int(difference.shape[1] * pianoroll.NAMES_WIDTH / pianoroll.WIDTH)
    return start + np.flatnonzero((np.abs(difference[:, start:]).max(2) > 12).sum(0) > 20)


def column_of_step(step: float, bars: int = 1) -> float:
    figure = pianoroll.draw(NoteSequence(), bars, QPM)
    return float(figure.axes[0].transData.transform((step, 0))[0])


def strongest_colour(velocity: int, theme: str) -> np.ndarray:
    """The colour in the middle of a kick's hit, 0…255."""
    file = pianoroll.png(drums((KICK, 4, velocity)), 1, QPM, theme)
    row = -round((pianoroll.BOTTOM_MARGIN + pianoroll.LANE_HEIGHT / 2) * pianoroll.DPI / 72)
    return pixels(file)[row, round(column_of_step(4.4))]


def test_two_bars_are_about_twice_as_wide_as_high_and_sharp_on_a_desktop() -> None:
    height, width, _ = pixels(pianoroll.png(rock(), 2, QPM)).shape
    assert 1.8 < width / height < 2.3
    assert width >= 1300


def test_joined_clips_are_drawn_wider() -> None:
    short = pixels(pianoroll.png(rock(), 2, QPM)).shape
    joined = pixels(pianoroll.png(rock(), 12, QPM, clip_bars=2)).shape
    assert joined[1] > short[1]
    assert joined[1] / joined[0] > short[1] / short[0]


def test_dpi_sets_the_pixels() -> None:
    assert pixels(pianoroll.png(rock(), 2, QPM, dpi=72)).shape[1] == PHONE_WIDTH


@pytest.mark.parametrize("bars", [2, 12, 64])
def test_names_are_legible_at_phone_width(bars: int) -> None:
    figure = pianoroll.draw(rock(), bars, QPM, clip_bars=2)
    shrunk = PHONE_WIDTH / (figure.get_figwidth() * 72)
    assert all(text.get_fontsize() * shrunk >= 8 for text in figure.axes[0].texts)


@pytest.mark.parametrize("bars", [1, 2, 4, 5, 12, 16, 64, 130, 512])
def test_texts_stay_in_the_picture_and_apart(bars: int) -> None:
    sequence = drums(*((pitch, 0, 90) for pitch in (*CLASS_PITCHES, UNMAPPED)))
    figure = pianoroll.draw(sequence, bars, QPM, clip_bars=2, title="A title")
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    for box in boxes:
        assert 0 <= box.x0 < box.x1 <= figure.bbox.width
        assert 0 <= box.y0 < box.y1 <= figure.bbox.height
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_every_lane_is_named_kick_lowest() -> None:
    texts = {text.get_text(): text.get_position()[1] for text in pianoroll.draw(NoteSequence(), 2, QPM).axes[0].texts}
    lanes = ["kick", "snare", "closed hat", "open hat", "low tom", "mid tom", "high tom", "crash", "ride"]
    heights = [texts[lane] for lane in lanes]
    assert heights == sorted(heights)
    assert {"1", "2"} < texts.keys()
    assert "other" not in texts


def test_a_pitch_of_no_class_has_a_lane_above_the_others() -> None:
    texts = {
        text.get_text(): text.get_position()[1]
        for text in pianoroll.draw(drums((UNMAPPED, 0, 90)), 2, QPM).axes[0].texts
    }
    assert texts["other"] > texts["ride"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_louder_hit_is_further_from_the_paper(theme: str) -> None:
    paper = np.array(to_rgb(pianoroll.THEMES[theme].paper)) * 255
    distances = [np.linalg.norm(strongest_colour(velocity, theme) - paper) for velocity in (1, 30, 60, 90, 127)]
    assert distances == sorted(distances)
    assert distances[0] > 30
    assert min(np.diff(distances)) > 10


def test_in_the_light_theme_louder_is_darker() -> None:
    assert strongest_colour(120, "light").sum() < strongest_colour(40, "light").sum()


def test_the_left_edge_is_the_onset() -> None:
    early, on_time, late = (changed_columns(drums((KICK, 4 + offset, 100)))[0] for offset in (-0.3, 0, 0.3))
    assert early < on_time < late
    for offset, column in ((-0.3, early), (0, on_time), (0.3, late)):
        assert abs(column - column_of_step(4 + offset)) <= 3


def test_an_early_hit_of_the_first_step_reaches_left_of_the_first_bar_line() -> None:
    assert changed_columns(drums((KICK, -0.3, 100)))[0] < column_of_step(0) - 5
    assert changed_columns(drums((KICK, 0.3, 100)))[0] > column_of_step(0) + 5


def test_the_grid_line_shows_left_of_a_late_hit_and_through_an_early_one() -> None:
    line = round(column_of_step(4))
    row = -round((pianoroll.BOTTOM_MARGIN + pianoroll.LANE_HEIGHT / 2) * pianoroll.DPI / 72)
    late = pixels(pianoroll.png(drums((KICK, 4.3, 100)), 1, QPM))[row].sum(-1)
    assert late[line - 2 : line + 3].min() < late[line + 6] - 30
    early = pixels(pianoroll.png(drums((KICK, 3.7, 100)), 1, QPM))[row].sum(-1)
    assert early[line - 2 : line + 3].max() > early[line + 10] + 100


@pytest.mark.parametrize(("bars", "spread", "shown"), [(1, False, True), (12, False, False), (12, True, True)])
def test_a_late_hit_hangs_on_a_line_from_the_grid(bars: int, spread: bool, shown: bool) -> None:
    figure = pianoroll.draw(drums((KICK, 4.4, 100)), bars, QPM, spread=spread)
    row = -round((pianoroll.BOTTOM_MARGIN + pianoroll.LANE_HEIGHT / 2) * figure.dpi / 72)
    if bars > pianoroll.LONG_BARS and not spread:
        row = -round((pianoroll.BOTTOM_MARGIN + pianoroll.LONG_LANE_HEIGHT / 2) * pianoroll.LONG_SCALE * 4)
    column = round(float(figure.axes[0].transData.transform((4.2, 0))[0]))
    files = (pianoroll.png(music, bars, QPM, spread=spread) for music in (drums((KICK, 4.4, 100)), NoteSequence()))
    hit, silence = (pixels(file)[row, column] for file in files)
    assert (np.abs(hit - silence).max() > 40) == shown


def test_two_spread_bars_are_as_two_bars() -> None:
    for file in (pianoroll.png, pianoroll.svg):
        assert file(rock(), 2, QPM, title="Rock", spread=True) == file(rock(), 2, QPM, title="Rock")


@pytest.mark.parametrize("bars", [1, 3, 12, 16, 64])
def test_spread_bars_lanes_and_names_are_as_large_as_in_two_bars(bars: int) -> None:
    def sizes(figure: Figure) -> list[float]:
        across = figure.axes[0].transData.transform([(-0.5, 0), (0, 0), (16, 0), (16, 16)])
        return [*across[0], *np.diff(across, axis=0).ravel(), figure.bbox.height]

    two = pianoroll.draw(rock(), 2, QPM)
    spread = pianoroll.draw(rock(), bars, QPM, clip_bars=2, spread=True)
    assert np.allclose(np.divide(sizes(spread), spread.dpi), np.divide(sizes(two), two.dpi), rtol=1e-4)
    assert spread.axes[0].texts[0].get_fontsize() == two.axes[0].texts[0].get_fontsize()
    assert [text.get_text() for text in spread.axes[0].texts if text.get_text().isdigit()] == [
        str(bar + 1) for bar in range(bars)
    ]


def test_sixteen_spread_bars_are_less_than_4000_pixels_wide_and_sharp() -> None:
    height, width, _ = pixels(pianoroll.png(rock(), 16, QPM, spread=True)).shape
    assert width < 4000
    assert height > 1.5 * (pianoroll.BOTTOM_MARGIN + 9 * pianoroll.LANE_HEIGHT + pianoroll.RULER_HEIGHT)


def test_spread_pictures_of_equally_many_bars_align() -> None:
    figures = [pianoroll.draw(music, 12, QPM, spread=True) for music in (rock(), drums((CLOSED_HAT, 100.3, 20)))]
    assert figures[0].bbox.bounds == figures[1].bbox.bounds
    assert figures[0].axes[0].bbox.bounds == figures[1].axes[0].bbox.bounds
    silence = pixels(pianoroll.png(NoteSequence(), 12, QPM, spread=True))
    hit = pixels(pianoroll.png(drums((KICK, 100, 90)), 12, QPM, spread=True))
    # Right of the names only the hit differs.
    changed = np.flatnonzero(np.abs(hit - silence)[:, 200:].max((0, 2)))
    assert 0 < np.ptp(changed) < 20


@pytest.mark.parametrize("settings", [{}, {"theme": "dark"}, {"clip_bars": 1}, {"dpi": 72}, {"bars": 12}])
@pytest.mark.parametrize("music", [rock(), NoteSequence(), drums((UNMAPPED, 3.8, 90), (KICK, -0.3, 20))])
def test_hits_on_a_kept_page_are_as_on_a_new_one(
    music: NoteSequence, settings: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"bars": 2, "qpm": QPM, "spread": True, **settings}
    kept = [pianoroll.png(music, **settings) for _ in range(2)]
    monkeypatch.setattr(pianoroll, "COMMON_PIXELS", 0)
    assert kept == [pianoroll.png(music, **settings)] * 2


def test_few_pages_are_kept() -> None:
    for bars in range(1, 3 + pianoroll.COMMON_PAPERS):
        pianoroll.png(rock(), bars, QPM, dpi=36)
    assert pianoroll._common_paper.cache_info().currsize == pianoroll.COMMON_PAPERS
    before = pianoroll._common_paper.cache_info().misses
    pianoroll.png(rock(), 64, QPM, dpi=144, spread=True)
    pianoroll.png(rock(), 2, QPM, dpi=36, title="Rock")
    assert pianoroll._common_paper.cache_info().misses == before


@pytest.mark.parametrize("bars", [1, 12, 512])
def test_texts_stay_in_a_spread_picture_and_apart(bars: int) -> None:
    sequence = drums(*((pitch, 0, 90) for pitch in (*CLASS_PITCHES, UNMAPPED)))
    figure = pianoroll.draw(sequence, bars, QPM, clip_bars=2, title="A title of very many letters " * 9, spread=True)
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert all(0 <= box.x0 < box.x1 <= figure.bbox.width for box in boxes)
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_onsets_are_in_steps_of_the_tempo() -> None:
    at_120, at_60 = drums((KICK, 4, 100)), drums((KICK, 8, 100))
    assert pianoroll.png(at_120, 1, 120) == pianoroll.png(at_60, 1, 60)


def test_themes_differ() -> None:
    light, dark = (pixels(pianoroll.png(rock(), 2, QPM, theme)) for theme in ("light", "dark"))
    assert light[0, 0].min() > 240
    assert dark[0, 0].max() < 40


def test_clips_alternate_and_the_ends_are_strongest() -> None:
    sums = pixels(pianoroll.png(NoteSequence(), 12, QPM, clip_bars=2)).sum(-1)
    row = round(sums.shape[0] * 0.5)
    # A column between two beats of each clip's first bar; no rule of a lane is so dark that the median is on it.
    columns = [round(column_of_step(clip * 32 + 2, 12)) for clip in range(6)]
    first, second, third, fourth, fifth, last = (np.median(sums[row - 40 : row + 40, column]) for column in columns)
    assert first == last < min(second, third, fourth, fifth)
    assert second == fourth != third == fifth


def test_one_clip_has_no_ends() -> None:
    assert pianoroll.png(rock(), 2, QPM, clip_bars=2) == pianoroll.png(rock(), 2, QPM)


def test_an_empty_sequence_gives_the_empty_grid() -> None:
    assert pianoroll.png(NoteSequence(), 2, QPM) == pianoroll.png(drums((KICK, 99, 100)), 2, QPM)


def test_what_lies_outside_or_makes_no_sound_is_left_out() -> None:
    outside = drums((KICK, 32, 100), (KICK, 1e9, 100), (KICK, -3, 100), (KICK, 0, 0), (KICK, float("nan"), 100))
    assert pianoroll.png(outside, 2, QPM) == pianoroll.png(NoteSequence(), 2, QPM)


def test_senseless_notes_do_no_harm() -> None:
    sequence = melody((60, 0, float("inf")), (62, 1, float("nan")), (64, 2, -5), (2**31 - 1, 3, 1))
    sequence.notes.add(pitch=KICK, velocity=2**31 - 1, start_time=0, is_drum=True)
    assert pianoroll.png(sequence, 2, QPM)


@pytest.mark.parametrize("file", [pianoroll.png, pianoroll.svg])
def test_the_same_music_gives_the_same_bytes(file: Callable[..., bytes]) -> None:
    backwards = NoteSequence()
    backwards.notes.extend(reversed(rock().notes))
    assert file(rock(), 2, QPM, title="Rock") == file(backwards, 2, QPM, title="Rock")


def test_threads_do_not_disturb_one_another() -> None:
    clips = [drums((KICK, step, 20 + 5 * step)) for step in range(16)]
    alone = [pianoroll.png(clip, 1, QPM, dpi=72) for clip in clips]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda clip: pianoroll.png(clip, 1, QPM, dpi=72), clips)) == alone


def test_pyplot_is_never_imported() -> None:
    program = (
        "import sys; from core import pianoroll; from note_seq.protobuf.music_pb2 import NoteSequence;"
        "pianoroll.png(NoteSequence(), 2, 120); pianoroll.svg(NoteSequence(), 2, 120);"
        "sys.exit('matplotlib.pyplot' in sys.modules or 'tensorflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[1])


def test_draw_gives_a_figure_whose_axes_count_steps() -> None:
    figure = pianoroll.draw(rock(), 2, QPM)
    assert isinstance(figure, Figure)
    assert figure.axes[0].get_xlim() == (-pianoroll.EARLIEST, 32)


def test_svg_is_well_formed_and_says_what_it_shows() -> None:
    root = ElementTree.fromstring(pianoroll.svg(rock(), 2, QPM, title="a < b -- & $x$ \x00 \ud800"))
    assert root.find("{http://www.w3.org/2000/svg}title").text == pianoroll.describe(rock(), 2, QPM)


def test_a_title_is_text_on_one_line() -> None:
    titles = [text.get_text() for text in pianoroll.draw(rock(), 2, QPM, title="$a$\n b\t" + "c" * 99).axes[0].texts]
    assert "$a$ b " + "c" * 40 + "…" in titles
    assert pianoroll.png(rock(), 2, QPM, title=r"$\frac$")


@pytest.mark.parametrize(
    "settings",
    [{"theme": "sepia"}, {"bars": 0}, {"qpm": 0}, {"qpm": float("nan")}, {"qpm": float("inf")}, {"clip_bars": 0}],
)
def test_settings_that_cannot_be_drawn_are_refused(settings: dict) -> None:
    with pytest.raises(ValueError):
        pianoroll.png(rock(), **{"bars": 2, "qpm": QPM, **settings})


def test_melodic_notes_have_rows_and_lengths() -> None:
    texts = [text.get_text() for text in pianoroll.draw(melody((55, 0, 4), (76, 4, 8)), 2, QPM).axes[0].texts]
    assert "C4" in texts and "C5" in texts and "kick" not in texts
    short, long = (pixels(pianoroll.png(melody((60, 0, length)), 1, QPM)) for length in (2, 8))
    assert (short != long).any()


@pytest.mark.parametrize(
    ("sequence", "bars", "words"),
    [
        (rock(), 2, "2 bars of drums: 2 kick, 2 snare, 16 closed hi-hat hits"),
        (drums((KICK, 0, 90)), 1, "1 bar of drums: 1 kick hit"),
        (drums((UNMAPPED, 0, 90), (KICK, 0, 90)), 1, "1 bar of drums: 1 kick, 1 other hits"),
        (NoteSequence(), 2, "2 bars of silence"),
        (melody((55, 0, 4), (61, 4, 4)), 2, "2 bars of melody: 2 notes from G3 to C♯4"),
    ],
)
def test_describe(sequence: NoteSequence, bars: int, words: str) -> None:
    assert pianoroll.describe(sequence, bars, QPM) == words
    assert Image.open(io.BytesIO(pianoroll.png(sequence, bars, QPM))).text["Description"] == words
