"""Files that are meant to harm: each ends in music or in a sentence, in bounded time and memory."""

from __future__ import annotations

import struct
import warnings

import note_seq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from note_seq.protobuf.music_pb2 import NoteSequence

from core import limits, midi_file, uploads
from core.clip import Clip, read_midi, to_midi
from core.errors import ClipError, LatentJamError
from tests.hostile import corpus, fuzz, watch

# Parsers that fail on these sizes fail on fewer; the suite must stay fast.
MUTANTS = 300
SLOW = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck), derandomize=True)


@pytest.fixture(scope="module", autouse=True)
def imported() -> None:
    """So that no file is charged with what is imported."""
    for seed in corpus.seeds():
        watch.cost(seed)


@pytest.mark.parametrize("name", corpus.HOSTILE)
def test_a_hostile_file_gives_music_or_a_sentence(name: str) -> None:
    cost = watch.cost(corpus.HOSTILE[name]())
    assert not cost.complaint
    assert all(text.isprintable() and len(text) < 1000 for text in cost.said)


def test_mutants() -> None:
    costs = fuzz.run(range(MUTANTS))
    assert {number: each.complaint for number, each in costs.items() if each.complaint} == {}
    heard = sum(uploads.DRUMS in " ".join(each.said) or "Bars" in " ".join(each.said) for each in costs.values())
    assert MUTANTS // 10 < heard < MUTANTS


def test_the_watch_sees_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that could not fail would be none."""

    def waste(data: bytes, name: str) -> tuple[str, ...]:
        held = bytearray(b"\1") * (64 << 20)
        if data == b"crash":
            raise KeyError("x")
        while data == b"hang":
            pass
        return (str(len(held)),)

    monkeypatch.setattr(watch, "WAYS", (waste,))
    monkeypatch.setattr(watch, "DEADLINE", 0.5)
    monkeypatch.setattr(watch, "BYTES", 32 << 20)
    assert watch.cost(b"crash").complaint.startswith("KeyError")
    assert watch.cost(b"hang").complaint.startswith("Hung")
    assert watch.cost(b"").complaint.endswith("MB")
    monkeypatch.setattr(watch, "BYTES", 1 << 30)
    assert watch.cost(b"").complaint == ""
    monkeypatch.setattr(watch, "SECONDS", 0.0)
    assert watch.cost(b"").complaint.endswith(" s")


def test_cut_off_at_every_byte() -> None:
    """A file is read when it is whole, and only then."""
    whole = corpus.file(corpus.track(corpus.tempo(0, 500_000), corpus.metre(0, 4, 2)), corpus.track(corpus.beat()))
    for length in range(len(whole)):
        with pytest.raises(ClipError, match="damaged"):
            read_midi(whole[:length])
    assert len(read_midi(whole).notes) == 16


def test_too_much_is_told_apart() -> None:
    sentences = {
        "SMPTE division": "frames of film",
        "one too many": "more than 20,000 notes",
        "2^28 ticks": "30 minutes or 2,250 bars",
        "tempo changes": "changes its tempo all the time",
        "tempo of 0": "damaged",
        "zip": "not a MIDI file",
    }
    for name, sentence in sentences.items():
        with pytest.raises(ClipError, match=sentence):
            read_midi(corpus.HOSTILE[name](), "x.mid")


def test_what_is_skipped_does_not_harm() -> None:
    names = ("2^28 ticks before the end", "sysex of a megabyte", "an unknown chunk", "thousands of empty tracks")
    read = [len(read_midi(corpus.HOSTILE[name]()).notes) for name in names[:3]]
    assert read == [16, 16, 16]


variable = st.integers(0, 2**28 - 1).map(corpus.number)
delta = st.one_of(st.integers(0, 960).map(corpus.number), st.integers(0, 3).map(corpus.number))
channel_event = st.builds(
    lambda status, channel, first, second: bytes(
        [status | channel, first, second][: 1 + midi_file.CHANNEL_BYTES[status]]
    ),
    st.sampled_from((0x80, 0x90, 0x90, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0)),
    st.sampled_from((0, 1, 9)),
    st.integers(60, 64),
    st.sampled_from((0, 1, 90)),
)
changes = st.one_of(
    st.integers(200_000, 800_000).map(lambda tempo: corpus.tempo(0, tempo)[1:]),
    st.tuples(st.integers(1, 12), st.integers(0, 4)).map(lambda each: corpus.metre(0, *each)[1:]),
)
names = st.text("abc ß", max_size=5).map(lambda text: corpus.meta(0, 3, text.encode("ascii", "ignore"))[1:])
whole_track = st.lists(st.tuples(delta, st.one_of(channel_event, channel_event, channel_event, changes, names))).map(
    lambda events: corpus.track(*(at + data for at, data in events))
)
wild_event = st.one_of(channel_event, changes, st.binary(min_size=1, max_size=6))
wild_track = st.lists(st.tuples(st.one_of(delta, variable), wild_event)).map(
    lambda events: corpus.track(*(at + data for at, data in events))
)


@SLOW
@given(st.lists(whole_track, min_size=1, max_size=4), st.sampled_from((24, 96, 480, 960)))
def test_note_seq_reads_the_same(tracks: list[bytes], division: int) -> None:
    """Whatever is whole is read as note_seq reads it, to the last bit."""
    data = corpus.file(*tracks, division=division)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = note_seq.midi_to_note_sequence(data)
    ours, _ = midi_file.read(data)
    assert ours == _without_what_is_not_asked_for(theirs)


def test_our_examples_are_read_as_note_seq_reads_them() -> None:
    for path in corpus.ASSETS.glob("*.mid"):
        ours, begun = midi_file.read(path.read_bytes())
        assert ours == _without_what_is_not_asked_for(note_seq.midi_to_note_sequence(path.read_bytes()))
        assert begun == len(ours.notes) > 0


def _without_what_is_not_asked_for(sequence: NoteSequence) -> NoteSequence:
    for field in ("control_changes", "pitch_bends", "key_signatures"):
        sequence.ClearField(field)
    for info in sequence.instrument_infos:
        info.name = info.name.strip()
    named = [info for info in sequence.instrument_infos if info.name]
    del sequence.instrument_infos[:]
    sequence.instrument_infos.extend(named)
    metres = list(sequence.time_signatures)
    del sequence.time_signatures[:]
    for metre in metres:
        last = sequence.time_signatures[-1] if sequence.time_signatures else None
        if not last or (last.numerator, last.denominator) != (metre.numerator, metre.denominator):
            sequence.time_signatures.append(metre)
    return sequence


@SLOW
@given(st.lists(wild_track, max_size=3), st.integers(0, 0xFFFF), st.integers(0, 3), st.integers(0, 5))
def test_wild_tracks(tracks: list[bytes], division: int, kind: int, count: int) -> None:
    assert not watch.cost(corpus.file(*tracks, kind=kind, division=division, count=count)).complaint


@SLOW
@given(st.binary(max_size=400))
def test_any_bytes_in_a_track(content: bytes) -> None:
    data = corpus.file(b"MTrk" + struct.pack(">L", len(content)) + content)
    assert not watch.cost(data).complaint


NAMES = (
    "../../etc/passwd.mid",
    "..\\..\\windows\\system32\\beat.mid",
    "a\0b.mid",
    "line\nbreak\r\t.mid",
    "x" * 10_000 + ".mid",
    "." * 10_000,
    "/" * 500,
    "\u202egnp.mid",
    "\ud800.mid",
    "♥ Schlagzeug №1 (für Zoë) 漢字.mid",
    "<img src=x onerror=alert(1)>.mid",
    "%s %d {0} {name}.mid",
    "",
    " ",
    ".mid",
    "CON.mid",
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("data", [corpus.file(corpus.track(corpus.beat(16))), b"no", corpus.file(corpus.track())])
def test_names_are_harmless(data: bytes, name: str) -> None:
    """In sentences, on the page, in the clip, in its MIDI file and in the names of windows."""
    cost = watch.cost(data, name)
    assert not cost.complaint
    for text in cost.said:
        assert text.isprintable() and len(text) < 400
        text.encode()
    try:
        clip, _ = uploads.drum_music(data, name)
    except LatentJamError:
        return
    assert not {"/", "\\", "\0", "\n"} & set(clip.name)
    assert read_midi(to_midi(clip)).notes


@given(st.text(max_size=300))
@settings(max_examples=200, derandomize=True, deadline=None)
def test_any_name_fits_a_sentence(name: str) -> None:
    with pytest.raises(ClipError) as error:
        read_midi(b"no", name)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 200
    assert to_midi(Clip((), 1, 120.0, name))


def test_limits_allow_what_the_fastest_tempo_has() -> None:
    assert limits.MAX_MIDI_SECONDS / 60 * limits.QPM[1] / 4 == limits.MAX_MIDI_BARS
