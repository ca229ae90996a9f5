"""What the cards of drum models say: how well they reconstruct the test split, what their samples are like, and how
smoothly those blend that are made for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.catalog import Model
from core.converters.drums import CLASS_OF_PITCH, DrumsConverter
from core.converters.windows import SECONDS_PER_STEP
from core.note_sequences import NoteSequence
from core.trained_model import TrainedModel
from training import evaluate, groove_dataset, smoothness
from training.data import Data
from training.settings import TrainingSettings

DATA, ARCHIVES = groove_dataset.NAME, f"--data {groove_dataset.ARCHIVE}"
ABOUT_DATA = f"""{groove_dataset.CITATION} Its own split; 4-4 takes only;
windows of two bars at a hop of one bar, repeats inside a take left out. Ten drummers, so this model knows their
habits and little else."""
ABOUT = """Configuration `{config}` (MusicVAE, Roberts et al. 2018): a bidirectional LSTM encoder of
{encoder} units, a latent of {z_size} dimensions and an LSTM decoder of {decoder} units over the 512 combinations
of nine drums. Two bars of 4-4, one step a sixteenth note. No velocities and no timing off the grid: those are not in
this model family."""
SAMPLES = 1000
TEMPERATURES = (0.5, 1.0)


def about(model: Model) -> str:
    """The network."""
    hparams = model.config.hparams
    return ABOUT.format(
        config=model.config.name,
        encoder=" and ".join(map(str, hparams.enc_rnn_size)),
        decoder=" and ".join(map(str, hparams.dec_rnn_size)),
        z_size=hparams.z_size,
    )


def changes(settings: TrainingSettings) -> list[str]:
    """Those of `augment` that are made."""
    return [
        f"{share:.0%} {what}"
        for share, what in (
            (settings.mix_bars, "with the last bar of another window"),
            (settings.drop_class, "with one drum taken out"),
            (settings.swap_cymbals, "with hi-hat and ride exchanged"),
            (settings.thin, "with up to a third of the hits left out"),
        )
        if share
    ]


def quality_table(model: Model, settings: TrainingSettings, data: Data, cache: Path | None = None) -> str:
    """Reconstruction of the test split and samples beside it; for a model that reconstructs its blends, too.

    `data` has the Groove MIDI Dataset's zip.
    """
    test = groove_dataset.label_windows(data.groove, "test", model.config.data_converter.all_windows(), cache)
    trained = TrainedModel(model.config, 100, model.path)
    lines = [
        f"Test split: {len(test)} windows of two bars, none of them used in training or to choose the weights.",
        "",
        *_reconstruction(trained, test),
        "",
        *_samples(trained, test),
    ]
    if settings.keep_best_by == "accuracy":
        lines += ["", *_blends(trained, test)]
    return "\n".join(lines)


def _reconstruction(trained: TrainedModel, test: np.ndarray) -> list[str]:
    r = evaluate.reconstruct(trained.config, trained.weights, test)
    return [
        "| reconstruction of the test split | |",
        "|---|---|",
        f"| accuracy, teacher-forced, all steps | {r.teacher_forced:.3f} |",
        f"| accuracy, free-running (greedy from mu), all steps | {r.free_running:.3f} |",
        f"| accuracy, free-running, steps with hits | {r.free_running_on_hits:.3f} |",
        f"| accuracy of “no hit” everywhere, all steps | {r.silence_baseline:.3f} |",
        f"| F1 of hits, free-running | {r.hits_f1:.3f} |",
        f"| KL of the posterior from the prior | {r.kl:.1f} nats, {r.kl_bits:.0f} bits |",
        f"| cross-entropy at mu | {r.cross_entropy:.1f} nats a clip |",
    ]


def _samples(trained: TrainedModel, test: np.ndarray) -> list[str]:
    converter = trained.config.data_converter
    described = [evaluate.describe(test)]
    for temperature in TEMPERATURES:
        sequences = trained.sample(SAMPLES, converter.slice_steps, temperature, seed=0)
        described.append(evaluate.describe(np.array([_labels(sequence, converter) for sequence in sequences])))
    titles = " | ".join(f"temperature {temperature}" for temperature in TEMPERATURES)
    return [
        f"| {SAMPLES} samples from the prior | test windows | {titles} |",
        "|---|---|" + "---|" * len(TEMPERATURES),
        *(
            f"| {what} | " + " | ".join(form.format(getattr(d, name)) for d in described) + " |"
            for what, name, form in (
                ("hits a bar", "hits_a_bar", "{:.2f}"),
                ("share with a kick on beat 1", "kick_on_one", "{:.3f}"),
                ("share with a back-beat snare (beats 2 and 4 of a bar)", "back_beat", "{:.3f}"),
                ("share near-empty (fewer than 4 hits)", "near_empty", "{:.3f}"),
                ("distinct clips in 1,000", "distinct_in_1000", "{:.0f}"),
            )
        ),
    ]


def _blends(trained: TrainedModel, test: np.ndarray) -> list[str]:
    found = smoothness.blends(trained, test)
    ways = (found.model, found.mixed)

    def row(what: str, cells: list[str]) -> str:
        return f"| {what} | " + " | ".join(cells) + " |"

    def distances(shares: np.ndarray) -> str:
        return ", ".join(f"{share:.2f}" for share in shares)

    return [
        f"Blends of {found.pairs} random pairs of test clips in {smoothness.STEPS} steps, decoded greedily, beside the "
        "linear mix of the MusicVAE paper",
        "(each step of a clip is B's with the probability t, else A's). Distances are Hamming distances of hits.",
        "",
        "| blending | this model | linear mix |",
        "|---|---|---|",
        row("steps that come no nearer to A and no further from B", [f"{way.steady:.1%}" for way in ways]),
        row("steps that go away from A and come nearer to B", [f"{way.rising:.1%}" for way in ways]),
        row("distance from A at each step, as a share of that of B", [distances(way.from_start) for way in ways]),
        row("distance from B at each step, as a share of that of A", [distances(way.from_end) for way in ways]),
        row(
            "ends that are exactly the reconstructions of A and B", [f"{found.equal_ends} of {2 * found.pairs}", "all"]
        ),
    ]


def _labels(sequence: NoteSequence, converter: DrumsConverter) -> np.ndarray:
    """Label window [steps] of a decoded sequence, silence at its ends included."""
    labels = np.zeros(converter.slice_steps, np.int64)
    for note in sequence.notes:
        labels[round(note.start_time / SECONDS_PER_STEP)] |= 1 << CLASS_OF_PITCH[note.pitch]
    return labels
