"""A recipe: everything that is needed to make some music again, as a value and as a short string for a link.

The string is base64url of a version byte and a deflated JSON list. Strings of older versions keep their meaning. A
string comes from strangers, so it is read with limits and checked like any other input.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import json
import operator
import zlib
from dataclasses import dataclass, fields, replace
from urllib.parse import parse_qs, urlsplit

from core import limits
from core.clip import TICKS_PER_BAR, Clip, Note
from core.errors import SettingError

VERSION = 2
NOTE_FIELDS = 7
# A share link is the page's address with this parameter.
LINK_PARAMETER = "jam"
# How many clips each operation starts from.
INPUTS = {"sample": 0, "interpolate": 2, "groove": 1}


@dataclass(frozen=True)
class Recipe:
    """What to make.

    operation: 'sample' (new clips), 'interpolate' (a path from the first input clip to the second), or 'groove' (the
        input clip played with the feel of a groove model).
    model: an id of the catalogue.
    seed: 0 … 2³²−1; every random number comes from it.
    count: clips to sample, or steps of the path; 1 for a groove.
    temperature: how far the draws stray from what is likeliest.
    same_z: sample all clips from one latent.
    qpm: tempo of the result.
    bars: length of each sampled clip, None for the model's own.
    clips: input clips.
    own_ends: the ends of the path are the input clips themselves, not their reconstructions.
    amount: of the model's timing in a groove, 0 the input as it was, 1 the model.
    dynamics: the same for velocities.
    keep_notes: a groove moves notes and changes their velocity, and neither adds nor drops any.
    keep_dynamics: a groove lays its accents on the input's velocities.
    """

    operation: str
    model: str
    seed: int
    count: int = 4
    temperature: float = 0.5
    same_z: bool = False
    qpm: float = 120.0
    bars: int | None = None
    clips: tuple[Clip, ...] = ()
    own_ends: bool = True
    amount: float = 1.0
    dynamics: float = 1.0
    keep_notes: bool = True
    keep_dynamics: bool = False

    def __post_init__(self) -> None:
        """Raises `SettingError` with a sentence if a setting cannot be used."""
        if self.operation not in INPUTS:
            raise SettingError(
                "The operation must be one of {known}, not {operation}.",
                known=", ".join(INPUTS),
                operation=str(self.operation)[:40],
            )
        switches = (self.same_z, self.own_ends, self.keep_notes, self.keep_dynamics)
        if not isinstance(self.model, str) or not all(isinstance(switch, bool) for switch in switches):
            raise SettingError("This recipe is damaged.")
        checked = {
            "seed": limits.whole_number_within(self.seed, limits.SEED, "The seed"),
            "temperature": limits.number_within(self.temperature, limits.TEMPERATURE, "The temperature"),
            "qpm": limits.number_within(self.qpm, limits.QPM, "The tempo"),
            "amount": limits.number_within(self.amount, limits.AMOUNT, "The amount of timing"),
            "dynamics": limits.number_within(self.dynamics, limits.AMOUNT, "The amount of dynamics"),
        }
        if self.operation == "sample":
            checked["count"] = limits.whole_number_within(self.count, limits.CLIPS, "The number of clips")
        elif self.operation == "interpolate":
            checked["count"] = limits.whole_number_within(self.count, limits.INTERPOLATION_STEPS, "The number of steps")
        else:
            checked["count"] = 1
        if self.bars is not None:
            checked["bars"] = limits.whole_number_within(self.bars, limits.BARS, "The number of bars")
        inputs = INPUTS[self.operation]
        if len(self.clips) != inputs:
            raise SettingError(
                "To {operation}, no input clips are needed, not {count}."
                if inputs == 0
                else "To {operation}, 1 input clip is needed, not {count}."
                if inputs == 1
                else "To {operation}, {needed} input clips are needed, not {count}.",
                operation=self.operation,
                needed=inputs,
                count=len(self.clips),
            )
        if self.operation == "groove" and self.clips[0].bars > limits.GROOVE_BARS:
            raise SettingError(
                "At most {most} bars can be humanised at once, not {bars}. Choose a part.",
                most=limits.GROOVE_BARS,
                bars=self.clips[0].bars,
            )
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def to_string(self) -> str:
        """The recipe as URL-safe text."""
        values = [
            self.operation, self.model, self.seed, self.count, self.temperature, int(self.same_z), self.qpm, self.bars,
            [_clip_to_values(clip) for clip in self.clips],
            int(self.own_ends), self.amount, self.dynamics, int(self.keep_notes), int(self.keep_dynamics),
        ]  # fmt: skip
        packed = zlib.compress(
            json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode(errors="replace"), 9
        )
        return base64.urlsafe_b64encode(bytes([VERSION]) + packed).decode().rstrip("=")

    def to_link_string(self) -> str:
        """The recipe as text for a link; raises `SettingError` if it would be too long to paste."""
        text = self.to_string()
        notes = sum(len(clip.notes) for clip in self.clips)
        if len(text) > limits.MAX_LINK_CHARACTERS or notes > limits.MAX_LINK_NOTES:
            raise SettingError("These clips hold too many notes for a link. Send the MIDI file instead.")
        return text

    @classmethod
    def from_string(cls, text: str, most_notes: int = 2 * limits.MAX_MIDI_NOTES) -> Recipe:
        """Reads what `to_string` wrote; raises `SettingError` for anything else, having built nothing large."""
        # A recipe kept as a file may be longer than one in a link.
        if not isinstance(text, str) or len(text) > limits.MAX_RECIPE_BYTES:
            raise _damaged()
        try:
            values = _unpacked(text, most_notes)
            operation, model, seed, count, temperature, same_z, qpm, bars, clips, *more = values
            own_ends, amount, dynamics, keep_notes, keep_dynamics = more
            numbers = (seed, count, temperature, qpm, amount, dynamics, 0 if bars is None else bars)
            if any(type(number) not in (int, float) for number in numbers):
                raise ValueError("number")
            if any(switch not in (0, 1) for switch in (same_z, own_ends, keep_notes, keep_dynamics)):
                raise ValueError("switch")
            if type(operation) is not str or type(model) is not str or len(model) > limits.MAX_NAME_CHARACTERS:
                raise ValueError("name")
            if type(clips) is not list or len(clips) > max(INPUTS.values()):
                raise ValueError("clips")
            checked = [_checked_clip(clip) for clip in clips]
            # Notes are made last, when everything else is known to be right.
            recipe = cls(
                operation,
                model,
                seed,
                count,
                temperature,
                bool(same_z),
                qpm,
                bars,
                tuple(clip for clip, _ in checked),
                bool(own_ends),
                amount,
                dynamics,
                bool(keep_notes),
                bool(keep_dynamics),
            )
            return replace(recipe, clips=tuple(replace(clip, notes=_notes(columns)) for clip, columns in checked))
        except SettingError:
            raise
        except (binascii.Error, zlib.error, ValueError, TypeError, RecursionError, OverflowError):
            raise _damaged() from None

    @classmethod
    def from_link(cls, link: str) -> Recipe:
        """Reads a share link, or the text of `to_link_string`; raises `SettingError` for anything else."""
        link = link.strip() if isinstance(link, str) else ""
        # What a page's address may hold besides the recipe is not looked at further than this.
        if len(link) > limits.MAX_LINK_CHARACTERS + limits.MAX_ADDRESS_CHARACTERS:
            raise _damaged()
        try:
            asked = parse_qs(urlsplit(link).query).get(LINK_PARAMETER, [link])
        except ValueError:
            raise _damaged() from None
        if len(asked[0]) > limits.MAX_LINK_CHARACTERS:
            raise _damaged()
        return cls.from_string(asked[0], limits.MAX_LINK_NOTES)

    @classmethod
    def from_json(cls, data: bytes) -> Recipe:
        """Reads a `recipe.json`, as `core.export` writes it; raises `SettingError` for anything else."""
        wrong = SettingError("This is no recipe.json of Latent Jam, or it is damaged. Take it from the zip again.")
        if len(data) > 2 * limits.MAX_RECIPE_BYTES:
            raise wrong
        try:
            read = json.loads(data, parse_constant=_no_constant)
            recipe = cls.from_string(read["recipe"])
        except SettingError:
            raise wrong from None
        except (ValueError, TypeError, KeyError, RecursionError):
            raise wrong from None
        changed = [name for name, value in recipe.settings().items() if name in read and read[name] != value]
        if changed:
            raise SettingError(
                "In this recipe.json the {setting} was changed, but the settings there are only for reading. "
                "Make the music anew with other settings instead.",
                setting=changed[0],
            )
        return recipe

    def settings(self) -> dict[str, object]:
        """Every setting by name, to read; the input clips left out."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "clips"}


def _damaged() -> SettingError:
    return SettingError("This link is damaged or incomplete. Ask for it again, or start from a new clip.")


def _no_constant(name: str) -> float:
    """JSON has no NaN and no Infinity; Python's reader would take them."""
    raise ValueError(name)


def _unpacked(text: str, most_notes: int) -> list:
    """The JSON list in a recipe's text, of the length that the newest version has."""
    packed = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    if not packed or not 1 <= packed[0] <= VERSION:
        raise SettingError("This link was made by another version of Latent Jam and cannot be opened here.")
    inflate = zlib.decompressobj()
    data = inflate.decompress(packed[1:], limits.MAX_RECIPE_BYTES)
    if not inflate.eof or inflate.unused_data:
        raise ValueError("zip")
    # Nested or worded JSON of this size would take many times its size when read.
    values = limits.MAX_RECIPE_MARKS + NOTE_FIELDS * most_notes
    if data.count(b",") > values or any(data.count(mark) > limits.MAX_RECIPE_MARKS for mark in (b"[", b"{", b'"')):
        raise ValueError("nesting")
    values = json.loads(data, parse_constant=_no_constant)
    if type(values) is not list:
        raise ValueError("list")
    if packed[0] == 1:
        # Version 1 knew no grooves, and its paths ended in reconstructions.
        values += [0, 1.0, 1.0, 1, 0]
    return values


def _clip_to_values(clip: Clip) -> list:
    """A clip as lists of numbers, one list a field, starts as differences: alike neighbours deflate well."""
    starts = [note.start for note in clip.notes]
    return [
        _short(clip.name), clip.bars, clip.qpm,
        [start - before for before, start in zip([0, *starts], starts, strict=False)],
        [note.end - note.start for note in clip.notes],
        [note.pitch for note in clip.notes],
        [note.velocity for note in clip.notes],
        [int(note.is_drum) for note in clip.notes],
        [note.instrument for note in clip.notes],
        [note.program for note in clip.notes],
    ]  # fmt: skip


def _short(name: str) -> str:
    return name[: limits.MAX_NAME_CHARACTERS]


def _checked_clip(values: list) -> tuple[Clip, list[list[int]]]:
    """A clip without its notes, and the columns that `_notes` takes; raises ValueError."""
    name, bars, qpm, *columns = values
    if type(name) is not str or type(bars) is not int or type(qpm) not in (int, float):
        raise ValueError("clip")
    if not 1 <= bars <= limits.MAX_CLIP_BARS:
        raise ValueError("bars")
    if len(columns) != NOTE_FIELDS or {type(column) for column in columns} != {list}:
        raise ValueError("columns")
    if len({len(column) for column in columns}) != 1 or len(columns[0]) > limits.MAX_MIDI_NOTES:
        raise ValueError("columns")
    after, lasts, pitch, velocity, is_drum, instrument, program = columns
    last_tick = bars * TICKS_PER_BAR
    highest = (last_tick, limits.MAX_NOTE_TICKS, 127, 127, 1, limits.MAX_INSTRUMENTS, 127)
    for column, most in zip(columns, highest, strict=True):
        if column and (set(map(type, column)) != {int} or min(column) < 0 or max(column) > most):
            raise ValueError("note")
    if sum(after) > last_tick:
        raise ValueError("late")
    return Clip((), bars, limits.number_within(qpm, limits.QPM, "The tempo"), _short(name)), columns


def _notes(columns: list[list[int]]) -> tuple[Note, ...]:
    after, lasts, pitch, velocity, is_drum, instrument, program = columns
    starts = list(itertools.accumulate(after))
    ends = map(operator.add, starts, lasts)
    return tuple(map(Note, starts, pitch, ends, velocity, map(bool, is_drum), instrument, program))
