"""Changes to windows that leave them music. To drums: new pairs of bars, drums taken out, hats played on the ride, and
hits left out. To melodies: other keys. To trios: other keys, and other drummers.

They help the model that reconstructs, which should know more patterns than ten drummers played. The model that
samples is trained on the windows as they are, since it should play what drummers play.
"""

from __future__ import annotations

import numpy as np

from core.converters.drums import CLASS_NAMES, NUM_CLASSES, hits_to_labels, labels_to_hits
from core.converters.groove import HITS, OFFSETS, ROW, VELOCITIES
from core.converters.melody import FIRST_PITCH_LABEL
from core.converters.melody import NUM_LABELS as NUM_MELODY_LABELS
from core.converters.windows import STEPS_PER_BAR


def mix_bars(labels: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Gives a share of the windows [batch, steps] the last bar of another window in the batch."""
    mixed = labels.copy()
    chosen = np.flatnonzero(rng.random(len(labels)) < share)
    mixed[chosen, -STEPS_PER_BAR:] = labels[rng.integers(len(labels), size=len(chosen)), -STEPS_PER_BAR:]
    return mixed


def drop_class(labels: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Takes one random class out of a share of the windows [batch, steps]."""
    keep = np.full(len(labels), 2**NUM_CLASSES - 1)
    chosen = rng.random(len(labels)) < share
    keep[chosen] -= 1 << rng.integers(NUM_CLASSES, size=chosen.sum())
    return labels & keep[:, None].astype(labels.dtype)


def swap_cymbals(labels: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Plays the closed hi-hat's part on the ride, and the ride's on the hi-hat, in a share of the windows [batch,
    steps]."""
    hat, ride = CLASS_NAMES.index("closed hi-hat"), CLASS_NAMES.index("ride")
    chosen = rng.random(len(labels)) < share
    hits = labels_to_hits(labels[chosen])
    hits[..., [hat, ride]] = hits[..., [ride, hat]]
    swapped = labels.copy()
    swapped[chosen] = hits_to_labels(hits)
    return swapped


def thin(labels: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Leaves out up to a third of the hits, at random, in a share of the windows [batch, steps]."""
    chosen = rng.random(len(labels)) < share
    hits = labels_to_hits(labels[chosen])
    leave_out = rng.random((chosen.sum(), 1, 1)) / 3
    thinned = labels.copy()
    thinned[chosen] = hits_to_labels(hits & (rng.random(hits.shape) >= leave_out))
    return thinned


def transpose(labels: np.ndarray, semitones: int, rng: np.random.Generator) -> np.ndarray:
    """Moves the lines of each clip [batch, steps, lines] up or down together, by up to so many semitones, all equally
    likely; clips that would leave the range of pitches stay."""
    begins = labels >= FIRST_PITCH_LABEL
    moved = labels + np.where(begins, rng.integers(-semitones, semitones + 1, len(labels))[:, None, None], 0)
    fits = np.where(begins, (moved >= FIRST_PITCH_LABEL) & (moved < NUM_MELODY_LABELS), True).all((1, 2))
    return np.where(fits[:, None, None], moved, labels)


def exchange(labels: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Gives a share of the clips [batch, steps] what another clip of the batch plays."""
    exchanged = labels.copy()
    chosen = np.flatnonzero(rng.random(len(labels)) < share)
    exchanged[chosen] = labels[rng.integers(len(labels), size=len(chosen))]
    return exchanged


def drop_drum(rows: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Takes one random class out of a share of groove windows [batch, steps, 27 or more]."""
    dropped = rows.copy()
    for window in np.flatnonzero(rng.random(len(rows)) < share):
        dropped[window, :, rng.integers(NUM_CLASSES) : ROW : NUM_CLASSES] = 0
    return dropped


def as_played_on_a_table(rows: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """What somebody might tap of groove windows [batch, steps, 27 or more]: in a share of them only the louder steps,
    35 to 100 % of all, and never with a drummer's own offsets: off by a little more, or all on the grid.

    The converter's taps are every step that any drum is struck on. A model that has only seen those takes a tapped
    kick and snare for the whole rhythm and adds nothing between.
    """
    tapped = rows.copy()
    struck = tapped[..., HITS].any(-1)
    loudness = tapped[..., VELOCITIES].max(-1) + rng.normal(0, 0.25, struck.shape)
    ranks = np.argsort(np.argsort(np.where(struck, -loudness, np.inf), -1), -1)
    kept = np.where(rng.random(len(rows)) < share, rng.uniform(0.35, 1, len(rows)), 1)
    tapped[..., :ROW] *= (ranks < np.ceil(kept[:, None] * struck.sum(-1, keepdims=True)))[..., None]
    offsets = tapped[..., OFFSETS] + rng.normal(0, 0.15, (*struck.shape, 1))
    on_grid = rng.random((len(rows), 1, 1)) < 0.3
    tapped[..., OFFSETS] = np.where(tapped[..., HITS].astype(bool) & ~on_grid, np.clip(offsets, -1, 1), 0)
    return tapped
