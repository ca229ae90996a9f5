"""A recipe: everything that is needed to make some music again, as a value and as a short string for a link.

The string is base64url of a version byte and a deflated JSON list. Strings of older versions keep their meaning. A
string comes from strangers, so it is read with limits and checked like any other input.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import dataclass

from core import limits
from core.clip import Clip, Note
from core.errors import SettingError

VERSION = 2
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
            raise SettingError(f"The operation must be one of {', '.join(INPUTS)}, not {str(self.operation)[:40]}.")
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
            needed = f"{inputs or 'no'} input clip{' is' if inputs == 1 else 's are'}"
            raise SettingError(f"To {self.operation}, {needed} needed, not {len(self.clips)}.")
        if self.operation == "groove" and self.clips[0].bars > limits.GROOVE_BARS:
            raise SettingError(
                f"At most {limits.GROOVE_BARS} bars can be humanised at once, not {self.clips[0].bars}. Choose a part."
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
        packed = zlib.compress(json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode(), 9)
        return base64.urlsafe_b64encode(bytes([VERSION]) + packed).decode().rstrip("=")

    def to_link_string(self) -> str:
        """The recipe as text for a link; raises `SettingError` if it would be too long to paste."""
        text = self.to_string()
        if len(text) > limits.MAX_LINK_CHARACTERS:
            raise SettingError("These clips hold too many notes for a link. Send the MIDI file instead.")
        return text

    @classmethod
    def from_string(cls, text: str) -> Recipe:
        """Reads what `to_string` wrote; raises `SettingError` for anything else."""
        damaged = SettingError("This link is damaged or incomplete. Ask for it again, or start from a new clip.")
        # A recipe kept as a file may be longer than one in a link.
        if not isinstance(text, str) or len(text) > limits.MAX_RECIPE_BYTES:
            raise damaged
        try:
            packed = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
            if not packed or not 1 <= packed[0] <= VERSION:
                raise SettingError("This link was made by another version of Latent Jam and cannot be opened here.")
            inflate = zlib.decompressobj()
            data = inflate.decompress(packed[1:], limits.MAX_RECIPE_BYTES)
            if not inflate.eof:
                raise damaged
            values = json.loads(data)
            if packed[0] == 1:
                # Version 1 knew no grooves, and its paths ended in reconstructions.
                values += [0, 1.0, 1.0, 1, 0]
            operation, model, seed, count, temperature, same_z, qpm, bars, clips, *more = values
            own_ends, amount, dynamics, keep_notes, keep_dynamics = more
            if any(switch not in (0, 1) for switch in (same_z, own_ends, keep_notes, keep_dynamics)):
                raise damaged
            return cls(
                operation,
                model,
                seed,
                count,
                temperature,
                bool(same_z),
                qpm,
                bars,
                tuple(map(_clip_from_values, clips)),
                bool(own_ends),
                amount,
                dynamics,
                bool(keep_notes),
                bool(keep_dynamics),
            )
        except SettingError:
            raise
        except (binascii.Error, zlib.error, ValueError, TypeError, RecursionError, OverflowError):
            raise damaged from None


def _clip_to_values(clip: Clip) -> list:
    """A clip as lists of numbers, one list a field, starts as differences: alike neighbours deflate well."""
    starts = [note.start for note in clip.notes]
    return [
        clip.name, clip.bars, clip.qpm,
        [start - before for before, start in zip([0, *starts], starts, strict=False)],
        [note.end - note.start for note in clip.notes],
        [note.pitch for note in clip.notes],
        [note.velocity for note in clip.notes],
        [int(note.is_drum) for note in clip.notes],
        [note.instrument for note in clip.notes],
        [note.program for note in clip.notes],
    ]  # fmt: skip


def _clip_from_values(values: list) -> Clip:
    name, bars, qpm, *columns = values
    if len(columns) != 7 or len({len(column) for column in columns}) != 1 or len(columns[0]) > limits.MAX_MIDI_NOTES:
        raise ValueError("columns")
    notes, now = [], 0
    for row in zip(*columns, strict=True):
        if any(type(value) is not int or not 0 <= value < 1 << 24 for value in row) or max(row[2:]) > 127:
            raise ValueError("note")
        after, lasts, pitch, velocity, is_drum, instrument, program = row
        now += after
        notes.append(Note(now, pitch, now + lasts, velocity, bool(is_drum), instrument, program))
    bars = limits.whole_number_within(bars, (1, 1024), "The number of bars")
    return Clip(tuple(notes), bars, limits.number_within(qpm, limits.QPM, "The tempo"), str(name)[:100])
