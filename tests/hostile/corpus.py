"""MIDI files that nobody should have written, made by code: the seeds of the fuzzer and the worst that is known."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from core import limits

ASSETS = Path(__file__).parents[2] / "assets" / "midi"
LIMIT = limits.MAX_UPLOAD_BYTES
LARGEST_DELTA = 2**28 - 1
ON, OFF, PROGRAM, CONTROL, BEND = 0x90, 0x80, 0xC0, 0xB0, 0xE0
DRUMS = 9
END = b"\0\xff\x2f\0"


def number(value: int) -> bytes:
    """A variable-length quantity, as deltas and lengths are written."""
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))


def event(delta: int, *data: int) -> bytes:
    return number(delta) + bytes(data)


def meta(delta: int, kind: int, data: bytes = b"") -> bytes:
    return number(delta) + bytes([0xFF, kind]) + number(len(data)) + data


def tempo(delta: int, microseconds: int) -> bytes:
    return meta(delta, 0x51, microseconds.to_bytes(3, "big"))


def metre(delta: int, numerator: int, exponent: int) -> bytes:
    return meta(delta, 0x58, bytes([numerator, exponent, 24, 8]))


def hit(pitch: int = 36, delta: int = 0, length: int = 60, channel: int = DRUMS, velocity: int = 90) -> bytes:
    return event(delta, ON | channel, pitch, velocity) + event(length, OFF | channel, pitch, 0)


def track(*events: bytes) -> bytes:
    body = b"".join(events) + END
    return b"MTrk" + struct.pack(">L", len(body)) + body


def file(*tracks: bytes, kind: int = 1, division: int = 480, count: int | None = None) -> bytes:
    header = struct.pack(">HHH", kind, len(tracks) if count is None else count, division & 0xFFFF)
    return b"MThd" + struct.pack(">L", 6) + header + b"".join(tracks)


def beat(bars: int = 2, channel: int = DRUMS) -> bytes:
    """Eighth notes for so many bars, kick, hat, snare, hat."""
    pitches = (36, 42, 38, 42) if channel == DRUMS else (60, 64, 67, 71)
    return b"".join(hit(pitches[i % 4], 0, 240, channel) for i in range(8 * bars))


def filled(head: bytes, unit: bytes, tail: bytes = b"") -> bytes:
    """A file of one track as large as an upload may be: `head`, `unit` again and again, `tail`."""
    room = LIMIT - len(file(track(head, tail)))
    return file(track(head, unit * (room // len(unit)), tail))


def flood(apart: int, count: int = limits.MAX_MIDI_NOTES, length: int = 60, channel: int = DRUMS) -> bytes:
    """As many notes as are allowed, so far apart, cycling through the kit."""
    pitches = (36, 42, 38, 46, 45, 48, 50, 49, 51)
    return file(track(b"".join(hit(pitches[i % 9], apart, length, channel) for i in range(count))))


def chord_flood(channel: int = DRUMS) -> bytes:
    """As many notes as are allowed, all begun at once and all ended at once."""
    count = limits.MAX_MIDI_NOTES
    begun = b"".join(event(0, ON | channel, i % 128, 90) for i in range(count))
    ended = b"".join(event(1920 * (i == 0), OFF | channel, i % 128, 0) for i in range(128))
    return file(track(begun, ended))


def overlapping(channel: int = DRUMS, bars: int = 4) -> bytes:
    """Notes of one pitch begun a tick apart, none ended before the last."""
    begun = event(0, ON | channel, 36, 90) + event(1, 36, 90) * (limits.MAX_MIDI_NOTES - 1)
    return file(track(begun, event(1920 * bars, OFF | channel, 36, 0)))


def band_flood() -> bytes:
    """A melody, a bass and drums that go on for as long as is allowed, never dense enough for a trio."""
    every = 16 * 480
    lines = [event(0, PROGRAM | 1, 33)]
    return file(
        *(track(*lines, *(hit(60, every - 60, 60, channel) for _ in range(560))) for channel in (0, 1, DRUMS)),
    )


def resting(notes: int, every: int, rest: int, channel: int = DRUMS) -> bytes:
    """A track of so many notes, evenly over as many bars as are allowed at 300 qpm, that is silent for `rest` bars of
    every `every`."""
    bars = limits.MAX_MIDI_BARS - 1
    played = [bar for bar in range(bars) if bar % every >= rest]
    each = notes // len(played)
    events, now = [tempo(0, 200_000), event(0, PROGRAM | channel, 33 * (channel == 1))], 0
    for bar in played:
        for number in range(each):
            at, pitch = 1920 * bar + 1920 * number // each, (36, 38)[number % 2] + (channel != DRUMS) * 12
            events.append(hit(pitch, at - now, 1920 // each - 1, channel))
            now = at + 1920 // each - 1
    return track(*events)


def long_band(rest: int = 0, notes: int = 6500) -> bytes:
    """A trio for as many bars as are allowed, its drums silent for `rest` of every eight."""
    return file(resting(notes, 8, 0, 0), resting(notes, 8, 0, 1), resting(notes, 8, rest))


def sparse_melody() -> bytes:
    """Long pauses, so that there is no window anywhere, for as long as is allowed, in four tracks."""
    return file(*(track(*(hit(60, 3840, 60, channel) for _ in range(300))) for channel in range(4)), division=96)


def changing(unit: Callable[[int], bytes], notes: int = 10_000) -> bytes:
    """A tempo or metre that changes as often as a file has room for, under notes that sound all the time."""
    count = (LIMIT - 10 * notes - 100) // len(unit(0))
    played = b"".join(event(0, ON, i % 128, 90) for i in range(notes))
    ended = b"".join(event(1 if i else count, OFF, i % 128, 0) for i in range(128))
    return file(track(b"".join(map(unit, range(count)))), track(played, ended))


def tracks(count: int, each: bytes) -> bytes:
    return file(*[track(each)] * count)


def noise(size: int) -> bytes:
    return random.Random(7).randbytes(size)


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))

    rows = zlib.compress(b"\0\0\0\0")
    head = chunk(b"IHDR", struct.pack(">LLBBBBB", 1, 1, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../../beat.mid", file(track(beat())))
    return out.getvalue()


def with_head(data: bytes, kind: int, count: int, division: int) -> bytes:
    return data[:8] + struct.pack(">HHH", kind, count, division & 0xFFFF) + data[14:]


HOSTILE: dict[str, Callable[[], bytes]] = {
    # What is not MIDI.
    "nothing": lambda: b"",
    "a byte": lambda: b"M",
    "a header alone": lambda: file(),
    "a header of no length": lambda: b"MThd\0\0\0\0" + track(beat()),
    "a header of 4 GiB": lambda: b"MThd\xff\xff\xff\xff" + file(track(beat()))[8:],
    "a long header": lambda: b"MThd\0\0\0\x08\0\1\0\1\x01\xe0\0\0" + track(beat()),
    "zip": zipped,
    "png": png,
    "html": lambda: b"<!doctype html><title>404</title><script>alert(1)</script>",
    "riff": lambda: b"RIFF\x24\0\0\0RMIDdata" + file(track(beat())),
    "zeros": lambda: b"\0" * LIMIT,
    "ones": lambda: b"\xff" * LIMIT,
    "noise": lambda: noise(LIMIT),
    "noise in a track": lambda: file(b"MTrk" + struct.pack(">L", LIMIT - 22) + noise(LIMIT - 22)),
    "zeros in a track": lambda: file(b"MTrk" + struct.pack(">L", LIMIT - 22) + b"\0" * (LIMIT - 22)),
    "too large": lambda: file(track(beat())) + b"\0" * LIMIT,
    # Time.
    "division of 0": lambda: file(track(beat()), division=0),
    "division of 1": lambda: file(track(beat()), division=1),
    "division of 32,767": lambda: file(track(beat()), division=32767),
    "SMPTE division": lambda: file(track(beat()), division=0xE728),
    "SMPTE division of 0 frames": lambda: file(track(beat()), division=0x8000),
    "tempo of 0": lambda: file(track(tempo(0, 0), beat())),
    "tempo of 0 on the way": lambda: file(track(beat(), tempo(0, 0), beat())),
    "tempo of 60 million": lambda: file(track(tempo(0, 1), beat(16))),
    "tempo of 60 million for long": lambda: file(track(tempo(0, 1), hit(36, 9_000_000), hit(36)), division=1),
    "tempo of 3.6": lambda: file(track(tempo(0, 2**24 - 1), beat(2))),
    "a short tempo": lambda: file(track(meta(0, 0x51, b"\x07"), beat())),
    "a long tempo": lambda: file(track(meta(0, 0x51, b"\x07\xa1\x20\0\0"), beat())),
    "2^28 ticks": lambda: file(track(hit(36, LARGEST_DELTA), beat())),
    "2^28 ticks many times": lambda: file(track(hit(36, LARGEST_DELTA, LARGEST_DELTA) * 200)),
    "2^28 ticks at 60 million": lambda: file(track(tempo(0, 1), hit(36, LARGEST_DELTA)), division=32767),
    "ten million ticks": lambda: file(track(tempo(0, 1), hit(36, 9_999_000), beat()), division=32767),
    "2^28 ticks before the end": lambda: file(track(beat(), meta(LARGEST_DELTA, 1, b"x"))),
    "a delta that goes on": lambda: file(track(b"\xff" * 1000 + b"\x7f" + hit())),
    "a delta that fills the file": lambda: filled(b"", b"\x81", b"\0" + hit()),
    "tempo changes": lambda: changing(lambda i: tempo(1, 500_000 + i % 2)),
    "metre changes": lambda: changing(lambda i: metre(1, 3 + i % 2, 2)),
    "the same metre again and again": lambda: changing(lambda i: metre(1, 4, 2)),
    "tempo changes at once": lambda: changing(lambda i: tempo(0, 500_000 + i % 2)),
    "201 changes": lambda: file(track(b"".join(tempo(480, 500_000 + i % 2) for i in range(201))), track(beat(64))),
    "200 changes under a flood": lambda: file(
        track(b"".join(tempo(9600, 500_000 + i % 2) for i in range(190))), flood(4, 16_000)[14:]
    ),
    "a metre of 0": lambda: file(track(metre(0, 0, 2), beat())),
    "a metre of 255": lambda: file(track(metre(0, 255, 0), beat())),
    "a metre of 4 in 2^255": lambda: file(track(metre(0, 4, 255), beat())),
    "a metre of 4 in 2^31": lambda: file(track(metre(0, 4, 31), beat())),
    "a short metre": lambda: file(track(meta(0, 0x58, b"\x04"), beat())),
    # Notes.
    "a flood": lambda: flood(0),
    "a flood of drums": lambda: flood(1, length=1),
    "a flood in a melody": lambda: flood(1, length=1, channel=0),
    "a flood for as long as may be": lambda: flood(40, length=46),
    "a melody for as long as may be": lambda: flood(0, length=86, channel=0),
    "one too many": lambda: flood(0, limits.MAX_MIDI_NOTES + 1),
    "a flood that fills the file": lambda: filled(b"", hit()),
    "a chord of 20,000": chord_flood,
    "a chord of 20,000 in a melody": lambda: chord_flood(0),
    "overlapping": overlapping,
    "overlapping in a melody": lambda: overlapping(0),
    "overlapping for long": lambda: overlapping(0, 400),
    "notes without an end": lambda: filled(event(0, ON | DRUMS, 36, 90), event(1, 36, 90)),
    "ends without a note": lambda: filled(event(0, OFF | DRUMS, 36, 0), event(1, 36, 0)),
    "quiet notes": lambda: filled(event(0, ON | DRUMS, 36, 0), event(1, 36, 0)),
    "a note at one tick": lambda: file(track(hit(36, 0, 0))),
    "notes at one tick": lambda: file(track(hit(36, 0, 0) * 5000, beat())),
    "programs between notes": lambda: file(
        track(*(event(0, PROGRAM, i % 128) + hit(60 + i % 12, 0, 120, 0) for i in range(9000)))
    ),
    "a band without a trio": band_flood,
    "a band for as long as may be": long_band,
    "a band whose drums rest": lambda: long_band(6),
    "a band whose drums rest, in few notes": lambda: long_band(5, 2500),
    "a band whose drums nearly rest": lambda: long_band(4),
    "melodies that rest": lambda: file(*(resting(4900, 15, 2, channel) for channel in (0, 2, 3, 4))),
    "drums that rest": lambda: file(resting(19_900, 2, 1)),
    "a melody that rests": lambda: file(resting(19_900, 2, 1, 0)),
    "pauses": sparse_melody,
    "hits a bar apart": lambda: file(track(*(hit(36, 1920 * 3, 60) for _ in range(300)))),
    # Other events.
    "running status without one": lambda: file(track(event(0, 36, 90), beat())),
    "running status after a meta event": lambda: file(track(beat(), meta(0, 1, b"x"), event(0, 36, 90))),
    "running status after sysex": lambda: file(track(event(0, ON, 60, 90), b"\0\xf0\1\xf7", event(0, 60, 0))),
    "controls that fill the file": lambda: filled(beat() + event(0, CONTROL, 64, 127), event(0, 64, 127)),
    "programs that fill the file": lambda: filled(beat() + event(0, PROGRAM, 1), event(0, 1)),
    "bends that fill the file": lambda: filled(beat() + event(0, BEND, 0, 64), event(0, 0, 64)),
    "empty texts that fill the file": lambda: filled(beat(), meta(0, 1)),
    "empty sysex that fills the file": lambda: filled(beat(), b"\0\xf0\0"),
    "names that fill the file": lambda: filled(b"", meta(0, 3, b"drums"), beat()),
    "a name of a megabyte": lambda: file(track(meta(0, 3, b"drums" * 200_000), beat(2, 0))),
    "a text of a megabyte": lambda: file(track(meta(0, 1, b"\xff" * 1_000_000), beat())),
    "a text of 2 GiB": lambda: file(track(beat(), b"\0\xff\x01\x87\xff\xff\xff\x7f")),
    "a length that goes on": lambda: file(track(b"\0\xff\x01" + b"\xff" * 1000 + b"\x7f", beat())),
    "sysex of a megabyte": lambda: file(track(b"\0\xf0" + number(1_000_000) + b"\1" * 1_000_000, beat())),
    "sysex without an end": lambda: file(track(beat(), b"\0\xf0\x05\1\2\3\4\5", beat())),
    "sysex in pieces": lambda: file(track(b"\0\xf0\2\1\2", b"\0\xf7\2\3\xf7", beat())),
    "sysex in sysex": lambda: file(track(b"\0\xf0\7\xf0\1\xf0\2\xf7\3\xf7", beat())),
    "realtime": lambda: file(track(beat(), b"\0\xf8\0\xfa", beat())),
    "system common": lambda: file(track(b"\0\xf1\1\0\xf2\1\1\0\xf3\1\0\xf6", beat())),
    "undefined status": lambda: file(track(b"\0\xf4", beat())),
    "data above 127": lambda: file(track(event(0, ON | DRUMS, 36, 200), beat())),
    "a key that is none": lambda: file(track(meta(0, 0x59, b"\x63\x05"), beat())),
    "an end in the middle": lambda: file(track(beat(), END, beat())),
    "names of every byte": lambda: file(track(meta(0, 3, bytes(range(256))), beat(2, 0)), track(beat())),
    "a drum name of every byte": lambda: file(track(meta(0, 3, b"drum" + bytes(range(256))), beat(2, 0))),
    # Tracks.
    "no track": lambda: with_head(file(track(beat())), 1, 0, 480),
    "a track too few": lambda: file(track(beat()), count=2),
    "65,535 tracks": lambda: file(track(beat()), count=65535),
    "a negative number of tracks": lambda: file(track(beat()), count=0xFFFE),
    "thousands of tracks": lambda: tracks(LIMIT // 40, hit()),
    "thousands of empty tracks": lambda: tracks(65_000, b""),
    "thousands of named tracks": lambda: tracks(4000, meta(0, 3, b"drums " * 30) + hit(36, channel=0)),
    "thousands of melodies": lambda: tracks(4000, hit(60, 0, 480, 0) * 5),
    "an unknown chunk": lambda: file(b"XFIH\0\0\0\4abcd", track(beat()), count=1),
    "unknown chunks that fill the file": lambda: file(b"XFIH\0\0\0\0" * (LIMIT // 8 - 40), track(beat()), count=1),
    "a track that claims 4 GiB": lambda: file(b"MTrk\xff\xff\xff\xff" + beat()),
    "a track that claims too little": lambda: file(b"MTrk\0\0\0\x05" + beat() + END),
    "a track of nothing": lambda: file(b"MTrk\0\0\0\0", track(beat())),
    "type 2": lambda: file(track(beat()), track(beat()), kind=2),
    "type 3": lambda: file(track(beat()), kind=3),
    "type 65,535": lambda: file(track(beat()), kind=0xFFFF),
    "garbage after the end": lambda: file(track(beat())) + noise(1000),
}


@lru_cache
def seeds() -> tuple[bytes, ...]:
    """The files that the fuzzer begins with: our own examples, some songs, and what is hostile already but small."""
    own = tuple(path.read_bytes() for path in sorted(ASSETS.glob("*.mid")))
    song = file(
        track(tempo(0, 500_000), metre(0, 4, 2), meta(0, 0x59, b"\0\0")),
        track(meta(0, 3, b"Lead"), event(0, PROGRAM, 80), event(0, CONTROL, 7, 100), beat(16, 0)),
        track(meta(0, 3, b"Bass"), event(0, PROGRAM | 1, 33), event(0, BEND | 1, 0, 64), beat(16, 1)),
        track(meta(0, 3, b"Kit"), b"\0\xf0\3\1\2\xf7", beat(16)),
    )
    changes = file(track(tempo(0, 600_000), metre(7680, 3, 2), tempo(0, 400_000), metre(5760, 4, 2)), track(beat(16)))
    small = tuple(data for data in (make() for make in HOSTILE.values()) if 14 < len(data) < 4096)
    return (*own, song, changes, *small)
