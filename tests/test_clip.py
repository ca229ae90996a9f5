import io

import mido
import pytest

from core import limits
from core.clip import TICKS_PER_BAR, Clip, Note, from_sequence, join, read_midi, to_midi, to_sequence
from core.errors import ClipError


def music(clip: Clip) -> list[tuple]:
    return [(note.start, note.end, note.pitch, note.velocity, note.is_drum) for note in clip.notes]


def test_midi_holds_exactly_the_clip(rock_beat):
    data = to_midi(rock_beat)
    again = from_sequence(read_midi(data), 2, 120.0)
    assert music(again) == music(rock_beat)
    assert data == to_midi(rock_beat)


@pytest.mark.parametrize("qpm", [30, 97.3, 120, 300])
def test_midi_lasts_the_bars_at_any_tempo(qpm):
    clip = Clip((Note(100, 36, 150, 80, True, 9),), 2, qpm)
    file = mido.MidiFile(file=io.BytesIO(to_midi(clip)))
    assert file.length == pytest.approx(clip.seconds, rel=1e-4)
    assert music(from_sequence(read_midi(to_midi(clip)), 2, qpm)) == music(clip)


def test_a_repeated_pitch_is_not_cut_off():
    clip = Clip((Note(0, 60, 120, 80), Note(120, 60, 240, 90)), 1, 120.0)
    assert music(from_sequence(read_midi(to_midi(clip)), 1, 120.0)) == music(clip)


def test_sequence_and_back(rock_beat):
    assert from_sequence(to_sequence(rock_beat), 2, 120.0, "rock") == rock_beat


def test_a_note_before_zero_begins_at_zero():
    sequence = to_sequence(Clip((Note(0, 36, 120, 80, True),), 1, 120.0))
    sequence.notes[0].start_time = -0.01
    (note,) = from_sequence(sequence, 1, 120.0).notes
    assert (note.start, note.end) == (0, 120)


def test_join(rock_beat, half_time_beat):
    joined = join([rock_beat, half_time_beat, rock_beat], "all")
    assert joined.bars == 6
    assert len(joined.notes) == 2 * len(rock_beat.notes) + len(half_time_beat.notes)
    assert {n.start for n in joined.notes if n.pitch == 51} == {2 * TICKS_PER_BAR + i * 480 for i in range(8)}


def file_with(*messages) -> bytes:
    out = io.BytesIO()
    mido.MidiFile(tracks=[mido.MidiTrack(messages)]).save(file=out)
    return out.getvalue()


def notes(count: int, apart: int) -> list:
    return [mido.Message("note_on", note=60, velocity=80, time=apart) for _ in range(count)]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "not a MIDI file"),
        (b"RIFF1234WAVE", "not a MIDI file"),
        (file_with(*notes(4, 10))[:30], "not a MIDI file"),
        (b"MThd" + b"\0" * (limits.MAX_UPLOAD_BYTES + 1), "larger than 1 MiB"),
        (file_with(), "no notes"),
        (file_with(*notes(limits.MAX_MIDI_NOTES + 1, 1)), "more than 20,000 notes"),
        (file_with(*notes(2, 480 * 60 * 80)), "more than 30 minutes"),
    ],
)
def test_wrong_files_get_a_sentence(data, sentence):
    with pytest.raises(ClipError) as error:
        read_midi(data, "my beat.mid")
    assert sentence in str(error.value)
    assert "my beat.mid" in str(error.value)
