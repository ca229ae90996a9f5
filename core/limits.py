"""Every limit, in one place. What exceeds one is refused with a sentence, never cut in silence."""

from __future__ import annotations

from core.errors import SettingError
from core.sentences import Sentence

MAX_UPLOAD_BYTES = 1 << 20
MAX_MIDI_NOTES = 20_000
MAX_MIDI_SECONDS = 30 * 60
# As many as that time has at the fastest tempo, whatever tempo a file claims.
MAX_MIDI_BARS = 30 * 300 // 4
CLIPS = (1, 16)
CLIPS_ON_THE_PAGE = (1, 8)
BARS = (1, 16)
INTERPOLATION_STEPS = (2, 32)
# The longest path: six steps of sixteen bars.
PATH_BARS = 96
AMOUNT = (0.0, 1.3)
# The longest music that is humanised at once, and the most windows of an upload that are offered to choose from.
GROOVE_BARS = 64
WINDOWS = 24
# The bars of an upload that are searched for windows.
SEARCHED_BARS = 256
# A file with more is a performance without a click.
TEMPO_CHANGES = 200
TEMPERATURE = (0.01, 2.0)
QPM = (30.0, 300.0)
SEED = (0, 2**32 - 1)
# A recipe in a link with the notes of all its clips, and the page's address before it: some servers take no more than
# 8 KiB in a line. A recipe in a file may be longer; unpacked it has at most so many brackets and quotation marks.
MAX_LINK_CHARACTERS = 8_000
MAX_ADDRESS_CHARACTERS = 2_000
MAX_LINK_NOTES = 10_000
MAX_RECIPE_BYTES = 1 << 20
MAX_RECIPE_MARKS = 2_000
MAX_NAME_CHARACTERS = 255
MAX_INSTRUMENTS = 1 << 16
MAX_NOTE_TICKS = (1 << 24) - 1
MAX_CLIP_BARS = 1_024
# Of a checkpoint's file, and of all that is in it.
MAX_CHECKPOINT_BYTES = 4 << 30
MAX_CHECKPOINT_MEMBERS = 100
# The most that the reader of an archive asks for at once; only a hostile header makes it ask for more.
ARCHIVE_READ_BYTES = 4 << 20
# The most clips, of all who wait for a model, that are decoded together. More take hardly less time each.
CLIPS_TOGETHER = 16
# How many such batches of one model run at once: a decoder keeps one core busy.
DECODINGS_AT_ONCE = 2
LOADED_MODELS_BYTES = 4 << 30
# All eleven published checkpoints take 2.4 GB.
CACHE_BYTES = 4 << 30
# What a broken download left is worth going on with for a week.
PARTIAL_AGE_SECONDS = 7 * 24 * 60 * 60
# Fruitless tries in a row before a download is given up, and the waits between them, each twice the one before.
DOWNLOAD_TRIES = 5
DOWNLOAD_WAIT_SECONDS = 1.0
# A try bears fruit if it brings this much; so a line that drops a file every few seconds still gets it whole.
DOWNLOAD_FRUIT_BYTES = 1 << 20
DOWNLOAD_SILENCE_SECONDS = 10.0
# Left free on the disk whatever is fetched.
DISK_RESERVE_BYTES = 64 << 20
# How often progress is told, and whether somebody has cancelled is looked at while waiting.
PROGRESS_SECONDS = 0.25
# Twice as many play at once as a Space has cores, so that those who wait for one model are decoded together; besides
# those so few fetch a model or wait for one being fetched. The page has places for both.
PLAYING_AT_ONCE = 4
FETCHING_AT_ONCE = 2
REQUESTS_AT_ONCE = PLAYING_AT_ONCE + FETCHING_AT_ONCE
# In the process that makes pictures and sounds: two synthesizers, and a picture meanwhile.
MAKING_AT_ONCE = 3
# So many visitors have theirs made at once, two at a time each.
PERFORMANCES_MADE_AT_ONCE = 2
QUEUE_SIZE = 64
# Of those, what one visit of the page and what one internet address may hold at a time, running ones included: a
# school or an office has one address.
REQUESTS_OF_VISIT = 3
REQUESTS_OF_ADDRESS = 16
# The same for all that is quick: files, examples, menus. A page asks for several of these at once.
QUICK_REQUESTS_OF_VISIT = 24
# A request that has told nothing of its progress for so long is stopped.
SILENT_SECONDS = 120.0
# One that is still there much later hangs, and the server says that it is not well.
HANGING_SECONDS = 15 * 60.0
# What a request may bring: one upload and what wraps it.
MAX_REQUEST_BYTES = 4 << 20
# Answers that nobody fetches are thrown away, and what the visits of so many pages hold is remembered, for so long.
ANSWER_SECONDS = 5 * 60.0
VISITS = 500
STATE_SECONDS = 60 * 60
# All files for visitors together; the oldest leave.
FILES_BYTES = 4 << 30
SWEEP_SECONDS = 60.0
# How often memory is given back to the system.
GIVE_BACK_SECONDS = 10.0
# Tries of a recipe on a cluster whose engines are lost, few, because a recipe might be what kills them; and the first
# wait between them, each twice the one before.
ENGINE_TRIES = 4
ENGINE_WAIT_SECONDS = 0.25
# How often an engine at work shows that it lives, and after which silence, waiting in line included, it is given up.
ENGINE_BEAT_SECONDS = 1.0
ENGINE_SILENCE_SECONDS = 60.0
# A process on this machine hangs if it has shown nothing for so long; it is ended and another begins.
BESIDE_SILENCE_SECONDS = 30.0
# After a search for the cluster that found none, how long nobody searches again.
ENGINE_LOOK_SECONDS = 10.0
# Pictures and sounds that were made last and may be wanted again: an hour of listening.
KEPT_BYTES = 64 << 20
# Of so many files that were made for visitors last it is known where they lie.
KNOWN_FILES = 1_000
# Files made for visitors are deleted when they are this old, in seconds.
FILE_AGE_SECONDS = 60 * 60
FILE_CHECK_SECONDS = 10 * 60


def number_within(value: object, limits: tuple[float, float], what: str) -> float:
    """`value` as a float, if it is a number inside `limits`; raises `SettingError` with a sentence otherwise."""
    number = _as_number(value)
    if not limits[0] <= number <= limits[1]:
        raise SettingError(
            "{what} must be a number from {least:g} to {most:g}, not {value}.",
            what=what,
            least=limits[0],
            most=limits[1],
            value=_shown(value),
        )
    return number


def whole_number_within(value: object, limits: tuple[int, int], what: str) -> int:
    """`value` as an int, if it is a whole number inside `limits`; raises `SettingError` with a sentence otherwise."""
    number = _as_number(value)
    if not limits[0] <= number <= limits[1] or number != int(number):
        raise SettingError(
            "{what} must be a whole number from {least} to {most}, not {value}.",
            what=what,
            least=limits[0],
            most=limits[1],
            value=_shown(value),
        )
    return int(number)


def _as_number(value: object) -> float:
    """NaN, which is inside no limits, for what is no number."""
    try:
        return float("nan") if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return float("nan")


def _shown(value: object) -> str:
    if value is None or value == "":
        return Sentence("empty")
    text = str(value)
    return text if len(text) <= 40 else text[:40] + "…"
