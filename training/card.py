"""Model cards: what a model is, how it was trained, and the quality that was measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.catalog import Model
from core.trained_model import TrainedModel
from training import evaluate, groove_dataset
from training.settings import TrainingSettings

SAMPLES = 1000
TEMPERATURES = (0.5, 1.0)
TEMPLATE = """# {id}

Good for {good_for}. Configuration `{s.config}` (MusicVAE, Roberts et al. 2018): a bidirectional LSTM encoder of
{encoder} units, a latent of {z_size} dimensions and an LSTM decoder of {decoder} units over the 512 combinations
of nine drums. Two bars of 4-4, one step a sixteenth note. No velocities and no timing off the grid: those are not in
this model family.

**Data.** Groove MIDI Dataset 1.0.0 (Gillick, Roberts, Engel, Eck, Bamman: “Learning to Groove with Inverse Sequence
Transformations”, ICML 2019; https://g.co/magenta/groove-dataset), CC BY 4.0. Its own split; 4-4 takes only; windows
of two bars at a hop of one bar, repeats inside a take left out. Ten drummers, so this model knows their habits and
little else.

**Training.** {steps:,} steps of {s.batch_size} windows; Adam, learning rate {s.learning_rate:g} after
{s.warmup_steps} steps of warm-up, decaying by {s.decay_rate:g} a step; gradients clipped to norm {s.grad_clip:g};
free bits {s.free_bits:g}, beta {s.max_beta:g} (schedule rate {s.beta_rate:g}); {s.sample_dropout:.0%} of the
decoder's previous samples hidden.{changes}
The weights are the running average (decay {s.average_decay:g}) that was best on the validation split by {criterion}.
Made again by `python -m training train --model {name} --data groove-v1.0.0-midionly.zip`.

**Licence.** Weights: Apache-2.0. Attribution of the data as above.

## Measured quality

{table}

Measured by `python -m training evaluate --model {name} --data groove-v1.0.0-midionly.zip` with the half-precision
weights of this folder.
"""


def quality_table(model: Model, data: Path, cache: Path | None = None) -> str:
    """The measured quality of a model as Markdown: reconstruction of the test split, and samples beside it.

    `data` is the Groove MIDI Dataset's zip; windows are kept in the folder `cache`, if one is given.
    """
    converter = model.config.data_converter
    test = groove_dataset.label_windows(data, "test", converter.all_windows(), cache)
    trained = TrainedModel(model.config, 100, model.path)
    r = evaluate.reconstruct(model.config, trained.weights, test)
    lines = [
        f"Test split: {len(test)} windows of two bars, none of them used in training or to choose the weights.",
        "",
        "| reconstruction of the test split | |",
        "|---|---|",
        f"| accuracy, teacher-forced, all steps | {r.teacher_forced:.3f} |",
        f"| accuracy, free-running (greedy from mu), all steps | {r.free_running:.3f} |",
        f"| accuracy, free-running, steps with hits | {r.free_running_on_hits:.3f} |",
        f"| accuracy of “no hit” everywhere, all steps | {r.silence_baseline:.3f} |",
        f"| F1 of hits, free-running | {r.hits_f1:.3f} |",
        f"| KL of the posterior from the prior | {r.kl:.1f} nats, {r.kl_bits:.0f} bits |",
        f"| cross-entropy at mu | {r.cross_entropy:.1f} nats a clip |",
        "",
        f"| {SAMPLES} samples from the prior | test windows | "
        + " | ".join(f"temperature {t}" for t in TEMPERATURES)
        + " |",
        "|---|---|" + "---|" * len(TEMPERATURES),
    ]
    described = [evaluate.describe(test)]
    for temperature in TEMPERATURES:
        sequences = trained.sample(SAMPLES, converter.slice_steps, temperature, seed=0)
        described.append(evaluate.describe(np.array([_labels(sequence, converter) for sequence in sequences])))
    for what, name, form in (
        ("hits a bar", "hits_a_bar", "{:.2f}"),
        ("share with a kick on beat 1", "kick_on_one", "{:.3f}"),
        ("share with a back-beat snare (beats 2 and 4 of a bar)", "back_beat", "{:.3f}"),
        ("share near-empty (fewer than 4 hits)", "near_empty", "{:.3f}"),
        ("distinct clips in 1,000", "distinct_in_1000", "{:.0f}"),
    ):
        lines.append(f"| {what} | " + " | ".join(form.format(getattr(d, name)) for d in described) + " |")
    return "\n".join(lines)


def _labels(sequence, converter) -> np.ndarray:
    """Label window [steps] of a decoded sequence, silence at its ends included."""
    from core.converters.drums import CLASS_OF_PITCH
    from core.converters.windows import SECONDS_PER_STEP

    labels = np.zeros(converter.slice_steps, np.int64)
    for note in sequence.notes:
        labels[round(note.start_time / SECONDS_PER_STEP)] |= 1 << CLASS_OF_PITCH[note.pitch]
    return labels


def card(model: Model, settings: TrainingSettings, steps: int, table: str) -> str:
    """The whole card as Markdown."""
    s = settings
    changes = ", ".join(
        f"{share:.0%} {what}"
        for share, what in (
            (s.mix_bars, "with the last bar of another window"),
            (s.drop_class, "with one drum taken out"),
            (s.swap_cymbals, "with hi-hat and ride exchanged"),
            (s.thin, "with up to a third of the hits left out"),
        )
        if share
    )
    return TEMPLATE.format(
        id=model.id,
        name=model.name,
        good_for=model.good_for,
        encoder=" and ".join(map(str, model.config.hparams.enc_rnn_size)),
        decoder=" and ".join(map(str, model.config.hparams.dec_rnn_size)),
        z_size=model.config.hparams.z_size,
        steps=steps,
        changes=(f" Windows changed on the fly: {changes}." if changes else "") + (f" {s.note}" if s.note else ""),
        criterion="free-running accuracy" if s.keep_best_by == "accuracy" else "evidence bound",
        table=table,
        s=s,
    )
