import dataclasses
import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest

from core import limits
from core.clip import Clip, Note
from core.errors import SettingError
from core.recipe import VERSION, Recipe


def test_survives_its_string(rock_beat, half_time_beat):
    sample = Recipe("sample", "bundled/drums_2bar.lokl", seed=2**32 - 1, count=8, temperature=1.25, same_z=True, bars=4)
    blend = Recipe(
        "interpolate", "bundled/drums_2bar.hikl", seed=7, count=6, qpm=97.5, clips=(rock_beat, half_time_beat)
    )
    groove = Recipe(
        "groove", "bundled/groove_2bar_humanize", seed=3, clips=(rock_beat,), amount=1.3, dynamics=0.5, keep_notes=False
    )
    for recipe in (sample, blend, groove):
        assert Recipe.from_string(recipe.to_string()) == recipe
    assert len(blend.to_link_string()) < 600


def test_version_1_keeps_its_meaning(rock_beat, half_time_beat):
    """A link made before there were grooves, when paths ended in reconstructions."""
    blend = Recipe("interpolate", "m", seed=7, count=6, clips=(rock_beat, half_time_beat), own_ends=False)
    values = json.loads(zlib.decompress(urlsafe_b64decode(blend.to_string() + "===")[1:]))[:9]
    assert Recipe.from_string(packed(values, version=1)) == blend


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"temperature": 0}, "The temperature must be a number from 0.01 to 2, not 0."),
        ({"temperature": "abc"}, "The temperature must be a number from 0.01 to 2, not abc."),
        ({"temperature": float("nan")}, "The temperature must be a number"),
        ({"count": 500}, "The number of clips must be a whole number from 1 to 16, not 500."),
        ({"count": 2.5}, "The number of clips must be a whole number"),
        ({"seed": -1}, "The seed must be"),
        ({"seed": None}, "not empty"),
        ({"seed": True}, "The seed must be"),
        ({"qpm": 1000}, "The tempo must be a number from 30 to 300, not 1000."),
        ({"bars": 17}, "The number of bars"),
        ({"operation": "explode"}, "The operation must be one of sample, interpolate"),
        ({"same_z": "yes"}, "damaged"),
        ({"clips": (Clip((), 2, 120.0),)}, "no input clips are needed"),
        ({"operation": "groove"}, "1 input clip is needed, not 0"),
        ({"operation": "groove", "amount": 1.4}, "The amount of timing must be a number from 0 to 1.3, not 1.4."),
        ({"dynamics": "loud"}, "The amount of dynamics must be"),
        ({"operation": "groove", "clips": (Clip((), 65, 120.0),)}, "At most 64 bars"),
        ({"keep_notes": 1}, "damaged"),
        ({"operation": "interpolate", "count": 40}, "The number of steps must be a whole number from 2 to 32"),
    ],
)
def test_wrong_settings_get_a_sentence(change, sentence):
    settings = {"operation": "sample", "model": "m", "seed": 1} | change
    with pytest.raises(SettingError) as error:
        Recipe(**settings)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def packed(values, version=VERSION) -> str:
    return urlsafe_b64encode(bytes([version]) + zlib.compress(json.dumps(values).encode())).decode().rstrip("=")


GOOD = ["sample", "m", 1, 4, 0.5, 0, 120, None, [], 1, 1.0, 1.0, 1, 0]
LONG_NAME = ["x", 2, 120, [0], [1], [36], [80], [1], [9], [0]]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        "AAAA",
        "é",
        Recipe("sample", "m", 1).to_string()[:-6],
        packed(GOOD[:-1]),
        packed({"operation": "sample"}),
        packed([*GOOD[:8], [[]], *GOOD[9:]]),
        packed([*GOOD[:8], 5, *GOOD[9:]]),
        packed([*GOOD[:5], 7, *GOOD[6:]]),
        packed(["interpolate", "m", 1, 4, 0.5, 0, 120, None, [[*LONG_NAME[:5], [128], *LONG_NAME[6:]]] * 2]),
        packed(["interpolate", "m", 1, 4, 0.5, 0, 120, None, [[*LONG_NAME[:3], [-5], *LONG_NAME[4:]]] * 2]),
        packed(["interpolate", "m", 1, 4, 0.5, 0, 120, None, [[*LONG_NAME[:3], [0.5], *LONG_NAME[4:]]] * 2]),
        packed(["interpolate", "m", 1, 4, 0.5, 0, 120, None, [["x", 10**9, *LONG_NAME[2:]]] * 2]),
        packed("[" * 5000),
        urlsafe_b64encode(bytes([VERSION]) + zlib.compress(b" " * (limits.MAX_RECIPE_BYTES + 1))).decode(),
        "A" * (limits.MAX_RECIPE_BYTES + 1),
    ],
)
def test_hostile_strings_get_a_sentence(text):
    with pytest.raises(SettingError):
        Recipe.from_string(text)


def test_good_values_are_accepted():
    assert Recipe.from_string(packed(GOOD)) == Recipe("sample", "m", 1)
    assert len(Recipe.from_string(packed(["interpolate", *GOOD[1:8], [LONG_NAME] * 2, *GOOD[9:]])).clips) == 2


def test_too_long_for_a_link(rock_beat):
    many = tuple(
        Note(97 * i + i * i % 89, (7 * i * i) % 128, 97 * i + 200 + i % 53, 1 + (i * i) % 127) for i in range(4000)
    )
    long = dataclasses.replace(rock_beat, notes=many, bars=300)
    with pytest.raises(SettingError, match="Send the MIDI file instead"):
        Recipe("interpolate", "m", 1, clips=(long, long)).to_link_string()
