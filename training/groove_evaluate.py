"""What the cards of groove models state: how near a model comes to a drummer's timing and dynamics on takes that it
never heard, beside what a table of averages, dice, or the nearest training example would have played.

Timing is measured in milliseconds after the sixteenth-note step that a hit belongs to. A take counts as one hit for
each (step, drum), the loudest, like the network's own input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import tensorflow as tf

from core.converters.drums import CLASS_PITCHES, DRUM_INSTRUMENT, NUM_CLASSES
from core.converters.groove import HITS, OFFSETS, REDUCED, ROLAND, PitchClasses, as_taps, rows_of
from core.converters.windows import STEPS_PER_BAR, STEPS_PER_QUARTER, bars_up
from core.network import encoder
from core.network.groove_decoder import GrooveDecoder
from core.note_sequences import NoteSequence
from core.trained_model import TrainedModel
from training import groove_dataset
from training.families import GrooveFamily, previous_rows

# The lowest temperature: medians of timing and dynamics, and the likeliest hits.
MEDIAN = 0.01
CONSTANT_VELOCITY = 80
# Averages of fewer hits than this say little: the drum's own average is used instead.
ENOUGH_HITS = 20
NEIGHBOUR_STEPS = 2 * STEPS_PER_BAR


@dataclass(frozen=True)
class Hits:
    """The hits of one take or of many: arrays with an entry a hit, in the order of the music.

    `late` is how many milliseconds a hit comes after its step; velocities are MIDI's. `take` says which take it is in.
    """

    step: np.ndarray
    drum: np.ndarray
    late: np.ndarray
    velocity: np.ndarray
    take: np.ndarray

    def __len__(self) -> int:
        """How many there are."""
        return len(self.step)

    def __getitem__(self, chosen: np.ndarray) -> Hits:
        """Those at some places."""
        return Hits(*(getattr(self, field.name)[chosen] for field in fields(self)))

    @classmethod
    def together(cls, takes: Iterable[Hits]) -> Hits:
        """The hits of all takes; they are numbered in this order."""
        takes = list(takes)
        parts = [np.concatenate([getattr(hits, field.name) for hits in takes]) for field in fields(cls)[:-1]]
        return cls(*parts, np.repeat(np.arange(len(takes)), [len(hits) for hits in takes]))

    def keys(self) -> np.ndarray:
        """A number for each (take, step, drum)."""
        return (self.take.astype(np.int64) << 32) + self.step * NUM_CLASSES + self.drum


def hits_of(sequence: NoteSequence, classes: PitchClasses) -> Hits:
    """The hits of a sequence in one tempo, the loudest for each (step, drum), the first of equals."""
    qpm = sequence.tempos[0].qpm
    class_of = {pitch: number for number, pitches in enumerate(classes) for pitch in pitches}
    notes = sorted((note for note in sequence.notes if note.pitch in class_of), key=lambda note: note.start_time)
    place = np.array([note.start_time for note in notes]) * qpm / 60
    if sequence.ticks_per_quarter:
        # Back to the ticks of the file: in seconds a note halfway between two steps may fall on either side.
        place = np.round(place * sequence.ticks_per_quarter) / sequence.ticks_per_quarter
    place *= STEPS_PER_QUARTER
    step = np.floor(place + 0.5).astype(np.int64)
    drum = np.array([class_of[note.pitch] for note in notes], np.int64)
    velocity = np.array([note.velocity for note in notes], np.int64)
    order = np.lexsort([-velocity, drum, step])
    found = Hits(step, drum, (place - step) * step_ms(qpm), velocity, np.zeros_like(step))[order]
    return found[np.unique(found.keys(), return_index=True)[1]]


def step_ms(qpm: float) -> float:
    """Length of a step in milliseconds."""
    return 60_000 / qpm / STEPS_PER_QUARTER


@dataclass(frozen=True)
class Agreement:
    """How what was played compares with a drummer: mean absolute errors, and the spread (standard deviation and
    divergence of the histograms, in nats) beside the drummer's own. Timing in ms, velocity of 127."""

    hits: int
    timing_error: float
    velocity_error: float
    timing_spread: float
    true_timing_spread: float
    velocity_spread: float
    true_velocity_spread: float
    timing_divergence: float
    velocity_divergence: float


def agreement(true: Hits, late: np.ndarray, velocity: np.ndarray) -> Agreement:
    """Compares what was played at the hits of a drummer."""
    return Agreement(
        hits=len(true),
        timing_error=float(np.abs(true.late - late).mean()),
        velocity_error=float(np.abs(true.velocity - velocity).mean()),
        timing_spread=float(np.std(late)),
        true_timing_spread=float(np.std(true.late)),
        velocity_spread=float(np.std(velocity)),
        true_velocity_spread=float(np.std(true.velocity)),
        timing_divergence=divergence(true.late, late, 40, (-80, 80)),
        velocity_divergence=divergence(true.velocity, velocity, 32, (0, 128)),
    )


def divergence(true: np.ndarray, played: np.ndarray, bins: int, bounds: tuple[float, float]) -> float:
    """KL(true || played) of the histograms in nats, one added to every bin."""
    p, q = (np.histogram(numbers, bins, bounds)[0] + 1 for numbers in (true, played))
    p, q = p / p.sum(), q / q.sum()
    return float((p * np.log(p / q)).sum())


class Habits:
    """What drummers do on average: tables over the hits of the training split."""

    def __init__(self, hits: Hits) -> None:
        """Counts the hits."""
        self.hits = hits
        self.feel = np.stack([hits.late, hits.velocity], -1)
        self._orders = {}
        for name, cells in (("drum", hits.drum), ("place", self.cells(hits))):
            counts = np.bincount(cells, minlength=NUM_CLASSES * STEPS_PER_BAR)
            self._orders[name] = np.argsort(cells, kind="stable"), np.cumsum(counts) - counts, counts

    @staticmethod
    def cells(hits: Hits) -> np.ndarray:
        """A number for each (drum, step of the bar)."""
        return hits.drum * STEPS_PER_BAR + hits.step % STEPS_PER_BAR

    def _means(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        order, starts, counts = self._orders[name]
        sums = np.concatenate([np.zeros((1, 2)), np.cumsum(self.feel[order], 0)])
        return (sums[starts + counts] - sums[starts]) / np.maximum(counts, 1)[:, None], counts

    def usual(self) -> np.ndarray:
        """The average feel, (late, velocity)."""
        return self.feel.mean(0)

    def of_drum(self, hits: Hits) -> np.ndarray:
        """The average feel [hits, 2] of each one's drum."""
        return self._means("drum")[0][hits.drum]

    def of_place(self, hits: Hits) -> np.ndarray:
        """The average feel [hits, 2] of each one's drum at its step of the bar."""
        means, counts = self._means("place")
        cells = self.cells(hits)
        return np.where(counts[cells, None] >= ENOUGH_HITS, means[cells], self.of_drum(hits))

    def drawn(self, hits: Hits, rng: np.random.Generator) -> np.ndarray:
        """A training hit's feel [hits, 2] for each, drawn among those of its drum at its step of the bar."""
        (places, starts, counts), cells = self._orders["place"], self.cells(hits)
        (drums, drum_starts, drum_counts) = self._orders["drum"]
        chance = rng.random(len(hits))
        near = places[np.minimum(starts[cells] + (chance * counts[cells]).astype(int), len(places) - 1)]
        far = drums[np.minimum(drum_starts[hits.drum] + (chance * drum_counts[hits.drum]).astype(int), len(drums) - 1)]
        return self.feel[np.where(counts[cells] > 0, near, far)]

    def nearest(self, hits: Hits) -> np.ndarray:
        """The feel [hits, 2] of the two training bars whose hits differ least; of the place where they have none."""
        theirs, ours = _windows(self.hits), _windows(hits)
        known, asked = theirs.hits.astype(np.float32), ours.hits.astype(np.float32)
        neighbour = (known.sum(1) - 2 * asked @ known.T).argmin(1)[ours.window]
        feel = theirs.feel[neighbour, ours.cell]
        return np.where(theirs.hits[neighbour, ours.cell][:, None], feel, self.of_place(hits))


@dataclass(frozen=True)
class _Windows:
    """Two-bar windows: hits bool [windows, cells], feel [windows, cells, 2], and where each hit is."""

    hits: np.ndarray
    feel: np.ndarray
    window: np.ndarray
    cell: np.ndarray


def _windows(hits: Hits) -> _Windows:
    key = (hits.take.astype(np.int64) << 32) + hits.step // NEIGHBOUR_STEPS
    _, window = np.unique(key, return_inverse=True)
    cell = hits.step % NEIGHBOUR_STEPS * NUM_CLASSES + hits.drum
    shape = window.max() + 1, NEIGHBOUR_STEPS * NUM_CLASSES
    struck, feel = np.zeros(shape, bool), np.zeros((*shape, 2))
    struck[window, cell] = True
    feel[window, cell] = np.stack([hits.late, hits.velocity], -1)
    return _Windows(struck, feel, window, cell)


def baselines(train: Hits, test: Hits, drum: int | None = None, seed: int = 0) -> dict[str, Agreement]:
    """What the simplest ways of humanising score at all hits, or at those of one drum."""
    habits, rng = Habits(train), np.random.default_rng(seed)
    place = habits.of_place(test)
    played = {
        "on the grid, the mean velocity": np.broadcast_to([0, habits.usual()[1]], place.shape),
        "mean of each drum": habits.of_drum(test),
        "mean of each drum and step of the bar": place,
        "the same and half of a drawn residual": place + (habits.drawn(test, rng) - place) / 2,
        "drawn from each drum and step of the bar": habits.drawn(test, rng),
        "the nearest two bars of the training split": habits.nearest(test),
    }
    chosen = _of_drum(test, drum)
    return {name: agreement(test[chosen], *feel[chosen].T) for name, feel in played.items()}


def usual_drums(train: Hits, test: Hits) -> Hits:
    """The simplest drums to a rhythm: wherever something is struck, the drums that are struck there more often than
    not, at this step of the bar, when anything is struck at all. On the grid, in no velocity."""
    drums = np.zeros((STEPS_PER_BAR, NUM_CLASSES))
    np.add.at(drums, (train.step % STEPS_PER_BAR, train.drum), 1)
    (_, steps), (takes, asked) = _struck(train), _struck(test)
    chance = drums / np.maximum(np.bincount(steps % STEPS_PER_BAR, minlength=STEPS_PER_BAR), 1)[:, None]
    place, drum = np.nonzero(chance[asked % STEPS_PER_BAR] > 0.5)
    return _on_the_grid(asked[place], drum, takes[place])


def eighths(test: Hits, drum: int) -> Hits:
    """One drum on every eighth note from the first step of each take to its last hit. On the grid, in no velocity."""
    takes, asked = _struck(test)
    last = np.array([asked[takes == take].max() for take in np.unique(takes)])
    steps = [np.arange(0, end + 1, STEPS_PER_QUARTER // 2) for end in last]
    counts = [len(each) for each in steps]
    steps = np.concatenate(steps)
    return _on_the_grid(steps, np.full(len(steps), drum), np.repeat(np.unique(takes), counts))


def _struck(hits: Hits) -> tuple[np.ndarray, np.ndarray]:
    """Take and step of every step at which anything is struck, each once."""
    return tuple(np.unique(np.stack([hits.take, hits.step]), axis=1))


def _on_the_grid(step: np.ndarray, drum: np.ndarray, take: np.ndarray) -> Hits:
    nothing = np.zeros(len(step))
    return Hits(step, drum, nothing, nothing, take)


def with_notes(qpm: float, hits: Hits, seconds: np.ndarray, velocity: np.ndarray) -> NoteSequence:
    """A sequence with a note for each hit, on the pitch by which a model knows its drum."""
    sequence = NoteSequence()
    sequence.tempos.add(qpm=qpm)
    for drum, start, loudness in zip(hits.drum, seconds, velocity, strict=True):
        sequence.notes.add(
            pitch=CLASS_PITCHES[drum],
            velocity=int(loudness),
            start_time=float(start),
            end_time=float(start) + step_ms(qpm) / 1000,
            instrument=DRUM_INSTRUMENT,
            is_drum=True,
        )
    return sequence


@dataclass(frozen=True)
class Take:
    """A drummer's take: its tempo and its hits."""

    qpm: float
    hits: Hits

    def straight(self) -> NoteSequence:
        """The take as a drum machine would play it: on the grid, in one velocity."""
        seconds = self.hits.step * step_ms(self.qpm) / 1000
        return with_notes(self.qpm, self.hits, seconds, np.full(len(seconds), CONSTANT_VELOCITY))

    def played(self, chosen: np.ndarray | slice = slice(None)) -> NoteSequence:
        """Some of the take's hits as the drummer played them."""
        hits = self.hits[chosen]
        return with_notes(self.qpm, hits, self._seconds(hits), hits.velocity)

    def taps(self) -> NoteSequence:
        """The take's rhythm as taps, by the converter's rule: the loudest hit of a step as one hit of the open hi-hat,
        all in one velocity."""
        notes = with_notes(self.qpm, self.hits, self._seconds(self.hits), self.hits.velocity).notes
        rows = as_taps(rows_of(notes, self.qpm, bars_up(int(self.hits.step.max()) + 2), REDUCED))
        step, drum = np.nonzero(rows[:, HITS])
        late = -rows[:, OFFSETS][step, drum] / 2 * step_ms(self.qpm)
        tapped = Hits(step, drum, late, np.full(len(step), CONSTANT_VELOCITY), np.zeros_like(step))
        return with_notes(self.qpm, tapped, self._seconds(tapped), tapped.velocity)

    def _seconds(self, hits: Hits) -> np.ndarray:
        return np.maximum(hits.step * step_ms(self.qpm) + hits.late, 0) / 1000


def takes(archive: Path, split: str) -> list[Take]:
    """The 4-4 takes of a split of the data set."""
    return [Take(t.tempos[0].qpm, hits_of(t, ROLAND)) for t in groove_dataset.takes(archive, split)]


def keeping_notes(model: TrainedModel, test: Sequence[Take], temperature: float, seed: int = 0) -> Agreement:
    """A model that humanises, at all the notes of straightened takes. The seed is another for each take."""
    late, velocity = [], []
    for number, take in enumerate(test):
        grooved = model.groove(take.straight(), temperature, keep_notes=True, seed=seed + number)
        feel = _feel_of_kept(take, grooved)
        late.append(feel[0])
        velocity.append(feel[1])
    true = Hits.together(take.hits for take in test)
    return agreement(true, np.concatenate(late), np.concatenate(velocity))


def _feel_of_kept(take: Take, grooved: NoteSequence) -> tuple[np.ndarray, np.ndarray]:
    """How late and how loud each hit of a take is in its grooved straight version. Kept notes of one pitch stay in
    order, so that the n-th note of a pitch is the n-th hit of the drum."""
    if len(grooved.notes) != len(take.hits):
        raise ValueError(f"{len(take.hits)} notes were to be kept, but there are {len(grooved.notes)}.")
    late, velocity = np.empty(len(take.hits)), np.empty(len(take.hits))
    for drum in np.unique(take.hits.drum):
        places = np.flatnonzero(take.hits.drum == drum)
        notes = [note for note in grooved.notes if note.pitch == CLASS_PITCHES[drum]]
        notes.sort(key=lambda note: note.start_time)
        late[places] = [1000 * note.start_time for note in notes] - take.hits.step[places] * step_ms(take.qpm)
        velocity[places] = [note.velocity for note in notes]
    return late, velocity


@dataclass(frozen=True)
class Composition:
    """A model's own hits beside a drummer's. `both` are the drummer's hits that the model plays too, `late` and
    `velocity` say how it plays them; `own` are the model's."""

    true: Hits
    own: Hits
    both: Hits
    late: np.ndarray
    velocity: np.ndarray

    def recall(self, drum: int | None = None) -> float:
        """The share of the drummer's hits that the model plays, of all drums or of one."""
        return self.count(self.both, drum) / max(self.count(self.true, drum), 1)

    def precision(self, drum: int | None = None) -> float:
        """The share of the model's hits that the drummer plays, of all drums or of one."""
        return self.count(self.both, drum) / max(self.count(self.own, drum), 1)

    def feel(self, drum: int | None = None) -> Agreement:
        """The feel of what both play, of all drums or of one."""
        chosen = _of_drum(self.both, drum)
        return agreement(self.both[chosen], self.late[chosen], self.velocity[chosen])

    @staticmethod
    def count(hits: Hits, drum: int | None = None) -> int:
        """How many hits there are, of all drums or of one."""
        return int(_of_drum(hits, drum).sum())


def _of_drum(hits: Hits, drum: int | None) -> np.ndarray:
    return np.full(len(hits), True) if drum is None else hits.drum == drum


def composing(
    model: TrainedModel, test: Sequence[Take], temperature: float, keep_notes: bool = False, seed: int = 0
) -> Composition:
    """A model playing its own hits, as GrooVAE does it, to what its encoder is meant to hear of each take; with
    `keep_notes` only the drum that it adds."""
    heard = _heard(model)
    played = []
    for number, take in enumerate(test):
        sequence = heard(take)
        # A take of nothing but the drum that is to be added has nothing to add it to.
        if sequence.notes:
            sequence = model.groove(sequence, temperature, keep_notes=keep_notes, seed=seed + number)
        played.append(hits_of(sequence, REDUCED))
    true, own = Hits.together(take.hits for take in test), Hits.together(played)
    return composition(true, own)


def composition(true: Hits, own: Hits) -> Composition:
    """Somebody's hits beside a drummer's."""
    _, in_true, in_own = np.intersect1d(true.keys(), own.keys(), assume_unique=True, return_indices=True)
    return Composition(true, own, true[in_true], own.late[in_own], own.velocity[in_own])


def _heard(model: TrainedModel) -> Callable[[Take], NoteSequence]:
    """What to play to a model of its kind."""
    converter = model.config.data_converter
    if converter.humanize:
        return Take.straight
    if converter.tapify:
        return Take.taps
    return lambda take: take.played(take.hits.drum != converter.add_class)


@dataclass(frozen=True)
class Residuals:
    """What a model's distributions leave unexplained, in standard deviations of a normal distribution.

    `accent` and `clock` are the correlations of velocities and of offsets between different drums struck at one step;
    `next_step` is that of the mean offsets of neighbouring steps. `memory` is the correlation of a clock, common to a
    step's drums, that would bring about `next_step` in music with so many hits a step. The spreads are 1 if the
    distributions are as wide as the drummers.
    """

    accent: float
    clock: float
    next_step: float
    memory: float
    velocity_spread: float
    timing_spread: float


def residuals(weights: dict[str, np.ndarray], family: GrooveFamily, windows: np.ndarray) -> Residuals:
    """Measures windows [count, steps, 28] under teacher forcing at mu. What was played becomes its quantile in the
    model's distribution, and the quantile a deviation of a normal distribution, as in `GrooveDecoder.sample`."""
    weights = {name: tf.constant(array, tf.float32) for name, array in weights.items()}
    decoder = GrooveDecoder.read(weights)

    @tf.function(reduce_retracing=True)
    def deviations(inputs, controls, rows, previous):
        mu, _ = encoder.encode(weights, inputs, tf.fill([tf.shape(rows)[0]], tf.shape(rows)[1]))
        return decoder.deviations(decoder.teacher_forced(mu, previous, controls), rows)

    struck, velocity, offset = [], [], []
    for batch in np.split(windows, range(256, len(windows), 256)):
        inputs, controls, rows = family.tensors(batch)
        found = deviations(inputs, controls, rows, previous_rows(rows))
        struck.append(rows[..., HITS] > 0)
        velocity.append(found[0].numpy())
        offset.append(found[1].numpy())
    struck, velocity, offset = (np.concatenate(arrays) for arrays in (struck, velocity, offset))
    clock = _correlation_of_drums(offset, struck)
    means = (offset * struck).sum(-1) / np.maximum(struck.sum(-1), 1)
    both = struck[:, :-1].any(-1) & struck[:, 1:].any(-1)
    before, after = means[:, :-1][both], means[:, 1:][both]
    # Each drum's own straying blurs the clock, and all the more the fewer drums are struck at a step; the covariance
    # of neighbours does not feel it.
    variance = clock * offset[struck].var()
    return Residuals(
        accent=_correlation_of_drums(velocity, struck),
        clock=clock,
        next_step=float(np.corrcoef(before, after)[0, 1]),
        memory=float(np.cov(before, after)[0, 1] / variance),
        velocity_spread=float(velocity[struck].std()),
        timing_spread=float(offset[struck].std()),
    )


def _correlation_of_drums(deviations: np.ndarray, struck: np.ndarray) -> float:
    """The correlation [windows, steps, 9] of different drums struck at one step, over all pairs of them."""
    window, step, first, second = np.nonzero(struck[..., :, None] & struck[..., None, :])
    different = first != second
    window, step, first, second = (places[different] for places in (window, step, first, second))
    return float(np.corrcoef(deviations[window, step, first], deviations[window, step, second])[0, 1])
