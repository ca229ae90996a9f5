"""What Magenta's converters make of the Groove MIDI Dataset; a part of `oracle.py`, runs inside .venv-oracle."""

from __future__ import annotations

import copy
import csv
import io
import itertools
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import note_seq
import numpy as np
from golden_format import in_order, join_sequences, pack_flags, pack_rows, unpack_flags, unpack_rows
from magenta.models.music_vae import configs
from magenta.models.music_vae.data import BaseNoteSequenceConverter
from note_seq.protobuf.music_pb2 import NoteSequence
from random_models import DRUMS, FOUR_BARS, GROOVES, HITS_CONTROL, LONG_MELODY, MELODY_SMALL, NADE, TRIO, random_rows

WINDOWS = 200
DRUMS_EXCERPT_BARS = 6
GROOVE_EXCERPT_BARS = 8
STEPS = 32


def converter_of(name: str) -> BaseNoteSequenceConverter:
    """A copy of a configuration's converter, set to play."""
    converter = copy.deepcopy(configs.CONFIG_MAP[name].data_converter)
    converter.set_mode("infer")
    return converter


def excerpts(archive: Path, bars: int) -> Iterator[NoteSequence]:
    """Cuts the 4-4 takes of the Groove MIDI Dataset's test split into pieces of a few bars, first pieces first."""
    takes = []
    with zipfile.ZipFile(archive) as files:
        for row in csv.DictReader(io.TextIOWrapper(files.open("groove/info.csv"), "utf-8")):
            if (row["split"], row["time_signature"]) == ("test", "4-4"):
                takes.append(note_seq.midi_to_note_sequence(files.read(f"groove/{row['midi_filename']}")))
    for place in range(100):
        for take in takes:
            seconds = bars * 4 * 60 / take.tempos[0].qpm
            if (place + 1) * seconds <= take.total_time:
                piece = note_seq.extract_subsequence(take, place * seconds, (place + 1) * seconds)
                for field in ("control_changes", "pitch_bends", "source_info", "subsequence_info", "part_infos"):
                    piece.ClearField(field)
                yield piece


def convert_drums(pieces: Iterable[NoteSequence]) -> dict[str, np.ndarray]:
    """Converts pieces until there are WINDOWS windows, and the windows (and some random labels) back."""
    converter = converter_of(DRUMS)
    # Which five of more windows Magenta keeps is arbitrary, so none are left out here.
    converter.max_tensors_per_notesequence = None
    sources, owners, labels, rolls = [], [], [], []
    for piece in pieces:
        tensors = converter.to_tensors(piece)
        assert all((window.sum(-1) == 1).all() for window in tensors.outputs), "outputs are not one-hot"
        found = sorted(
            (window.argmax(-1).tolist(), pack_flags(roll).tolist())
            for window, roll in zip(tensors.outputs, tensors.inputs, strict=True)
        )
        sources.append(piece)
        owners += [len(sources) - 1] * len(found)
        labels += [window for window, _ in found]
        rolls += [roll for _, roll in found]
        if len(labels) >= WINDOWS:
            break
    labels += np.random.RandomState(0).randint(0, converter.output_depth, (8, STEPS)).tolist()
    back = converter.from_tensors(np.eye(converter.output_depth)[labels])
    return {
        "sources": join_sequences(sources),
        "owners": np.array(owners, np.int16),
        "rolls": np.array(rolls, np.int16),
        "labels": np.array(labels, np.int16),
        "back": join_sequences(in_order(sequence) for sequence in back),
    }


def convert_full_drums(pieces: Iterable[NoteSequence]) -> dict[str, np.ndarray]:
    """Converts pieces with the converter of 61 drums, and what it finds (and some random rolls) back."""
    converter = converter_of(NADE)
    converter.max_tensors_per_notesequence = None
    owners, rolls = [], []
    for number, piece in enumerate(pieces):
        tensors = converter.to_tensors(piece)
        for heard, played in zip(tensors.inputs, tensors.outputs, strict=True):
            assert (heard[:, :-1] == played).all()
            assert (heard[:, -1] == ~played.any(-1)).all()
        found = sorted(pack_flags(roll, np.int64).tolist() for roll in tensors.outputs)
        owners += [number] * len(found)
        rolls += found
    random = np.random.RandomState(0).rand(8, STEPS, converter.output_depth) < 0.1
    rolls += pack_flags(random, np.int64).tolist()
    back = converter.from_tensors(unpack_flags(np.array(rolls), converter.output_depth).astype(np.float32))
    return {
        "owners": np.array(owners, np.int16),
        "hits": np.array(rolls),
        "back": join_sequences(in_order(sequence) for sequence in back),
    }


def convert_grooves(pieces: Iterable[NoteSequence]) -> dict[str, np.ndarray]:
    """Converts as many pieces as have WINDOWS windows of two bars, with the converter of every groove configuration,
    and the windows (and some random rows) back.

    The outputs, which are those of all the two-bar converters, are stored once, and so is every first window's place.
    """
    golden: dict[str, np.ndarray] = {}
    pieces = list(itertools.islice(pieces, -(-WINDOWS // (GROOVE_EXCERPT_BARS // 2))))
    golden["sources"] = join_sequences(pieces)
    for name in GROOVES:
        converter = converter_of(name)
        found = [converter.to_tensors(piece) for piece in pieces]
        counts = np.array([len(tensors.outputs) for tensors in found], np.int16)
        outputs = np.array([window for tensors in found for window in tensors.outputs])
        golden |= pack_rows(name, np.array([window for tensors in found for window in tensors.inputs]))
        controls = np.array([window for tensors in found for window in tensors.controls])
        if name == HITS_CONTROL:
            golden["controls"] = pack_flags(controls)
        else:
            assert controls.shape[-1] == 0, f"{name} has controls"
        bars = outputs.shape[1] // 16
        packed = {f"counts_{bars}": counts} | pack_rows(f"outputs_{bars}", outputs)
        assert all((golden.get(key, array) == array).all() for key, array in packed.items()), f"{name} differs"
        golden |= packed
    for bars, name in ((2, GROOVES[0]), (4, FOUR_BARS)):
        windows = unpack_rows(f"outputs_{bars}", golden)
        rows = np.concatenate([windows, random_rows(8, windows.shape[1])])
        golden[f"back_{bars}"] = join_sequences(converter_of(name).from_tensors(rows))
    return golden


def labels_of(one_hot: np.ndarray, depths: tuple[int, ...]) -> np.ndarray:
    """Labels [..., steps, instruments] of arrays that hold one one-hot part for each instrument."""
    parts = np.split(np.asarray(one_hot), np.cumsum(depths)[:-1], -1)
    assert all((part.sum(-1) == 1).all() for part in parts), "not one-hot"
    return np.stack([part.argmax(-1) for part in parts], -1)


def convert_lines(pieces: Iterable[NoteSequence]) -> dict[str, np.ndarray]:
    """Converts pieces of songs with the converters of the melody and trio configurations, and all that they find (and
    some random labels) back."""
    pieces = list(pieces)
    golden: dict[str, np.ndarray] = {"sources": join_sequences(pieces)}
    rng = np.random.RandomState(0)
    for name, depths in ((MELODY_SMALL, (90,)), (LONG_MELODY, (90,)), (TRIO, (90, 90, 512))):
        converter = converter_of(name)
        converter.max_tensors_per_notesequence = None
        owners, windows = [], []
        for number, piece in enumerate(pieces):
            tensors = converter.to_tensors(piece)
            assert all((a == b).all() for a, b in zip(tensors.inputs, tensors.outputs, strict=True))
            found = [labels_of(window, depths).tolist() for window in tensors.outputs]
            owners += [number] * len(found)
            # Magenta's order of melodies is that of a set.
            windows += found if name == TRIO else sorted(found)
        windows = np.array(windows, np.int16)
        random = np.stack([rng.randint(0, depth, (4, windows.shape[1])) for depth in depths], -1)
        one_hot = np.concatenate(
            [np.eye(depth)[np.concatenate([windows, random])[..., k]] for k, depth in enumerate(depths)], -1
        )
        golden |= {
            f"{name}_owners": np.array(owners, np.int16),
            f"{name}_labels": windows,
            f"{name}_random": random.astype(np.int16),
            f"{name}_back": join_sequences(in_order(sequence) for sequence in converter.from_tensors(one_hot)),
        }
    return golden
