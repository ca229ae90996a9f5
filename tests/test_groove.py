"""TrainedModel.groove: amounts, kept notes, seams, and what the models cannot know."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.catalog import Model
from core.clip import TICKS_PER_BAR, Clip, Note, from_sequence, join, to_sequence
from core.converters.drums import CLASS_OF_PITCH
from core.converters.groove import CLOSED_HI_HAT, HITS, REDUCED, ROW
from core.errors import NoExtractedExamplesError, SettingError
from core.groove import Amount, keep_notes
from core.recipe import Recipe
from core.studio import Studio

KEEPERS = ("groovae_2bar_humanize", "groove_2bar_humanize")


@st.composite
def beats(draw) -> Clip:
    """One to five bars of drums with flams, thirty-seconds, triplets, unknown pitches and an odd tempo."""
    bars = draw(st.integers(1, 5))
    starts = st.integers(0, bars * 16 - 1).map(lambda step: step * 120) | st.integers(0, bars * TICKS_PER_BAR - 120)
    hits = st.tuples(starts, st.sampled_from([36, 38, 42, 46, 48, 49, 51, 56, 100]), st.integers(1, 127))
    known = (draw(starts), 36, 80)
    chosen = {(start, pitch): velocity for start, pitch, velocity in [*draw(st.lists(hits, max_size=40)), known]}
    notes = tuple(Note(start, pitch, start + 60, velocity, True, 9) for (start, pitch), velocity in chosen.items())
    return Clip(notes, bars, draw(st.sampled_from([61.5, 97.3, 120.0, 233.0])))


def grooved(model, clip: Clip, amount: float = 1.0, **settings) -> Clip:
    arguments = {"temperature": 0.7, "keep_notes": True, "seed": 4} | settings
    return from_sequence(model.groove(to_sequence(clip), amount=amount, **arguments), clip.bars, clip.qpm)


def in_order(clip: Clip) -> dict[int, list[Note]]:
    """The notes of each pitch in time; kept notes of one pitch never change places."""
    notes: dict[int, list[Note]] = {}
    for note in clip.notes:
        notes.setdefault(note.pitch, []).append(note)
    return notes


quickly = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("name", KEEPERS)
@quickly
@given(clip=beats())
def test_amount_0_is_the_input_and_a_half_lies_half_way(tiny_grooves, name, clip):
    model = tiny_grooves[name]
    assert grooved(model, clip, 0.0).notes == clip.notes
    half, full = in_order(grooved(model, clip, 0.5)), in_order(grooved(model, clip, 1.0))
    for pitch, notes in in_order(clip).items():
        for was, between, become in zip(notes, half[pitch], full[pitch], strict=True):
            # Each of the three is rounded to whole ticks and velocities.
            assert abs(2 * between.start - was.start - become.start) <= 2
        loudness = [sorted(note.velocity for note in each[pitch]) for each in (in_order(clip), half, full)]
        assert len(set(map(len, loudness))) == 1


@pytest.mark.parametrize("name", KEEPERS)
@quickly
@given(clip=beats(), amount=st.sampled_from([0.3, 1.0, 1.3]))
def test_kept_notes_are_kept(tiny_grooves, name, clip, amount):
    played = grooved(tiny_grooves[name], clip, amount)
    assert Counter(note.pitch for note in played.notes) == Counter(note.pitch for note in clip.notes)
    assert all(note.start >= 0 and note.end > note.start and 1 <= note.velocity <= 127 for note in played.notes)
    moved = [
        abs(after.start - before.start)
        for pitch, notes in in_order(clip).items()
        for before, after in zip(notes, in_order(played)[pitch], strict=True)
    ]
    assert max(moved) <= 120 * 1.3 + 1, "a note moved by more than a step"


def test_velocities_lie_half_way_too(tiny_grooves, rock_beat):
    model = tiny_grooves["groove_2bar_humanize"]
    was, half, full = rock_beat, grooved(model, rock_beat, 0.5), grooved(model, rock_beat)
    for pitch, notes in in_order(was).items():
        for a, b, c in zip(notes, in_order(half)[pitch], in_order(full)[pitch], strict=True):
            assert abs(2 * b.velocity - a.velocity - c.velocity) <= 1
    only_timing = grooved(model, rock_beat, 1.0, dynamics=0.0)
    assert {note.velocity for note in only_timing.notes} == {80}
    assert [n.start for n in only_timing.notes] == [n.start for n in full.notes]
    only_dynamics = grooved(model, rock_beat, 0.0, dynamics=1.0)
    assert all(note.start % 120 == 0 for note in only_dynamics.notes)
    assert len({note.velocity for note in only_dynamics.notes}) > 3


def test_flams_and_unknown_drums_go_with_their_neighbours(tiny_grooves):
    main, grace, triangle = (
        Note(480, 38, 540, 100, True, 9),
        Note(462, 38, 480, 40, True, 9),
        Note(480, 100, 540, 90, True, 9),
    )
    clip = Clip((main, grace, triangle), 2, 100.0)
    played = grooved(tiny_grooves["groove_2bar_humanize"], clip)
    flam, hit = in_order(played)[38]
    (ring,) = in_order(played)[100]
    assert hit.start != 480
    assert abs((hit.start - flam.start) - 18) <= 1
    assert abs(ring.start - hit.start) <= 1
    assert flam.velocity == pytest.approx(40 * hit.velocity / 100, abs=1)


def test_only_what_was_meant_for_the_grid_is_put_on_it():
    """A model that plays everything on the grid leaves triplets and thirty-seconds, and tidies up the rest."""
    starts = [0, 160, 320, 480, 500, 540, 600, 1435]
    clip = Clip(tuple(Note(start, 42, start + 10, 80, True, 9) for start in starts), 1, 120.0)
    rows = np.zeros((16, 27))
    played = keep_notes(list(to_sequence(clip).notes), rows, 120.0, REDUCED, Amount())
    ticks = [round(note.start_time * 960) for note in played]
    assert ticks == [0, 160, 320, 480, 500, 540, 600, 1440]


@pytest.mark.parametrize("bars", [1, 2, 3, 5, 12])
def test_any_length(tiny_grooves, rock_beat, bars):
    whole = join([rock_beat] * 6)
    clip = dataclasses.replace(whole, bars=bars, notes=tuple(n for n in whole.notes if n.start < bars * TICKS_PER_BAR))
    for name in KEEPERS:
        played = grooved(tiny_grooves[name], clip)
        assert len(played.notes) == len(clip.notes)
    composed = grooved(tiny_grooves["groove_2bar_tap"], clip, keep_notes=False)
    assert composed.notes
    assert max(note.start for note in composed.notes) < bars * TICKS_PER_BAR
    assert {note.pitch for note in composed.notes} <= {pitches[0] for pitches in REDUCED}


def test_windows_do_not_disturb_each_other(tiny_grooves, rock_beat, half_time_beat):
    """The first two bars sound the same whatever follows."""
    alone = grooved(tiny_grooves["groove_2bar_humanize"], rock_beat)
    joined = grooved(tiny_grooves["groove_2bar_humanize"], join([rock_beat, half_time_beat]))
    for pitch, notes in in_order(alone).items():
        begins = [(note.start, note.velocity) for note in in_order(joined)[pitch]][: len(notes)]
        assert begins == [(note.start, note.velocity) for note in notes]


def test_hi_hat_is_added_and_all_else_stays(tiny_grooves, rock_beat):
    model = tiny_grooves["groove_2bar_add_closed_hh"]
    played = grooved(model, rock_beat, temperature=1.0)

    def others(clip):
        return [note for note in clip.notes if CLASS_OF_PITCH[note.pitch] != CLOSED_HI_HAT]

    assert others(played) == others(rock_beat)
    hats = [note for note in played.notes if note.pitch == 42]
    assert hats
    assert hats != [note for note in rock_beat.notes if note.pitch == 42]


def test_music_beside_the_drums_stays(tiny_grooves, rock_beat):
    bass = Note(0, 40, 960, 90, False, 1, 33)
    clip = dataclasses.replace(rock_beat, notes=(*rock_beat.notes, bass))
    for keep in (True, False):
        assert bass in grooved(tiny_grooves["groove_2bar_humanize"], clip, keep_notes=keep).notes


def test_same_seed_same_groove(tiny_grooves, rock_beat):
    model = tiny_grooves["groove_2bar_humanize"]
    assert grooved(model, rock_beat, seed=1) == grooved(model, rock_beat, seed=1)
    assert grooved(model, rock_beat, seed=1) != grooved(model, rock_beat, seed=2)
    safest = [grooved(model, rock_beat, seed=seed, temperature=1e-9) for seed in (1, 2)]
    assert safest[0] == safest[1], "the median depends on the seed"


def test_keep_dynamics_lays_accents_on_what_is_there(tiny_grooves, rock_beat):
    model = tiny_grooves["groove_2bar_humanize"]
    quiet = dataclasses.replace(
        rock_beat, notes=tuple(dataclasses.replace(note, velocity=30) for note in rock_beat.notes)
    )
    kept = [note.velocity for note in grooved(model, quiet, keep_dynamics=True).notes]
    replaced = [note.velocity for note in grooved(model, quiet).notes]
    assert np.mean(kept) == pytest.approx(30, abs=8)
    assert abs(np.mean(replaced) - 30) > 10


def test_wrong_input_gets_a_sentence(tiny_grooves, tiny_model, rock_beat):
    model = tiny_grooves["groove_2bar_humanize"]
    with pytest.raises(NoExtractedExamplesError, match="no drums"):
        grooved(model, Clip((Note(0, 60, 100, 80),), 2, 120.0))
    sequence = to_sequence(rock_beat)
    sequence.tempos.add(qpm=90, time=1)
    with pytest.raises(NoExtractedExamplesError, match="changes its tempo"):
        model.groove(sequence)
    sequence = to_sequence(rock_beat)
    sequence.time_signatures[0].numerator = 3
    with pytest.raises(NoExtractedExamplesError, match="not in 4-4"):
        model.groove(sequence)
    with pytest.raises(SettingError, match="cannot keep the notes"):
        tiny_grooves["groove_2bar_tap"].groove(to_sequence(rock_beat), keep_notes=True)
    with pytest.raises(SettingError, match="temperature must be above 0"):
        model.groove(to_sequence(rock_beat), temperature=0)
    with pytest.raises(SettingError, match="choose a groove model"):
        tiny_model.groove(to_sequence(rock_beat))


def test_a_recipe_of_a_groove(tiny_grooves, rock_beat):
    name = "groove_2bar_humanize"
    entry = Model("test/groove", tiny_grooves[name].config, None, "tests", "none")
    studio = Studio({"test/groove": entry})
    studio._loaded["test/groove"] = tiny_grooves[name]
    recipe = Recipe("groove", "test/groove", seed=4, temperature=0.7, qpm=90, clips=(rock_beat,))
    (played,) = studio.perform(recipe).clips
    assert (played.bars, played.qpm) == (2, 90.0)
    assert played.notes == grooved(tiny_grooves[name], dataclasses.replace(rock_beat, qpm=90.0)).notes
    assert studio.perform(dataclasses.replace(recipe, amount=0, dynamics=0)).clips[0].notes == rock_beat.notes


def test_every_tap_is_answered(tiny_grooves, rock_beat, monkeypatch):
    """Of our own model; Magenta's may leave a tap out."""
    taps = dataclasses.replace(rock_beat, notes=tuple(note for note in rock_beat.notes if note.pitch in (36, 38)))
    tapped = {round(note.start / 120) for note in taps.notes}
    model = tiny_grooves["groove_2bar_tap"]
    noise = model._decoding.noise

    def shy(*args) -> np.ndarray:
        """Noise with which no drum would be hit."""
        return noise(*args) - 100 * (np.arange(ROW) < HITS.stop)

    monkeypatch.setattr(model._decoding, "noise", shy)
    played = grooved(model, taps, 0.0, dynamics=1.0, keep_notes=False)
    assert Counter(round(note.start / 120) for note in played.notes) == dict.fromkeys(tapped, 1)
