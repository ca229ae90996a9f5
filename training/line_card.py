"""What the cards of melody and trio models say: how well they reconstruct held-out songs, and what their samples are
like beside those."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.catalog import Model
from core.converters import trio
from core.decoding import decoding_of, draws_of
from core.trained_model import TrainedModel
from training import evaluate, pop909
from training.data import Data
from training.settings import TrainingSettings

DATA, ARCHIVES = pop909.NAME, f"--pop909 {pop909.ARCHIVE}"
ABOUT_DATA = f"""{pop909.CITATION}
The melody track, warped to the annotated beats and laid on sixteenths; windows at a hop of one bar, repeats inside a
stretch of a song left out. The split is ours, by the song's number modulo 10: 0 test, 1 validation, the rest training.
Left out: songs in compound metre, bars that have not four beats, and songs whose beats do not fit their melody. One
style of pop songs, so this model knows that style and little else."""
ABOUT = """Configuration `{config}` (MusicVAE, Roberts et al. 2018): {encoder}, a latent of {z_size} dimensions and
{decoder}. {bars} bars of 4-4, one step a sixteenth note. No velocities and no timing off the grid: those are not in
this model family."""
SAMPLES = 500
TEMPERATURES = (0.2, 0.5, 0.8, 1.0)
FIGURES = (
    ("notes a bar", lambda s: " / ".join(f"{each:.2f}" for each in s.density)),
    ("compass in semitones", lambda s: " / ".join(f"{each:.1f}" for each in s.compass)),
    ("share of notes in the clip's best-fitting key", lambda s: f"{s.in_key:.3f}"),
    ("share of bars that repeat an earlier one", lambda s: f"{s.repeated_bars:.3f}"),
    (
        "share of strong beats on which bass and melody are consonant",
        lambda s: "" if s.consonance is None else f"{s.consonance:.3f}",
    ),
    ("distinct clips in 1,000", lambda s: f"{s.distinct_in_1000:.0f}"),
)


def about(model: Model) -> str:
    """The network."""
    hparams = model.config.hparams
    widths = " and ".join(map(str, hparams.enc_rnn_size))
    encoder = f"a bidirectional LSTM encoder of {widths} units"
    if hparams.reads_bars:
        encoder = f"a feed-forward encoder of {widths} units, that reads bars and then the row of them"
    decoder = f"an LSTM decoder of {' and '.join(map(str, hparams.dec_rnn_size))} units"
    if model.config.is_hierarchical:
        decoder = f"a conductor and {decoder[3:]}, bar by bar"
    return ABOUT.format(
        config=model.config.name, encoder=encoder, decoder=decoder, z_size=hparams.z_size, bars=model.bars
    )


def changes(settings: TrainingSettings) -> list[str]:
    """Those of `augment` that are made."""
    return [f"moved by up to {settings.transpose} semitones up or down"] if settings.transpose else []


def quality_table(model: Model, settings: TrainingSettings, data: Data, cache: Path | None = None) -> str:
    """Reconstruction of the test songs, and samples beside them."""
    del settings
    converter = model.config.data_converter.all_windows()
    if isinstance(converter, trio.TrioConverter):
        test = pop909.trio_windows(data.pop909, data.groove, "test", converter, cache)
    else:
        test = pop909.melody_windows(data.pop909, "test", converter, cache)
    trained = TrainedModel(model.config, 100, model.path)
    r = evaluate.reconstruct(trained.config, trained.weights, test)
    named = [("", r.teacher_forced, r.free_running)]
    if len(r.free_running_of) > 1:
        named += [
            (f" of the {part}", *each)
            for part, *each in zip(trio.PARTS, r.teacher_forced_of, r.free_running_of, strict=True)
        ]
    described = [evaluate.describe_lines(test)]
    decoding = decoding_of(trained.config)(trained.weights)
    for temperature in TEMPERATURES:
        z = trained.sample_latents(SAMPLES, seed=0)
        steps = trained.config.data_converter.slice_steps
        described.append(
            evaluate.describe_lines(np.array(decoding.decode(z, draws_of(0, range(SAMPLES), temperature), steps)))
        )
    titles = " | ".join(f"temperature {temperature}" for temperature in TEMPERATURES)
    return "\n".join(
        [
            f"Test songs: {len(test)} windows of {model.bars} bars, none of them used in training or to choose the "
            "weights.",
            "",
            "| reconstruction of the test songs | |",
            "|---|---|",
            *(f"| accuracy{part}, teacher-forced, all steps | {forced:.3f} |" for part, forced, _ in named),
            *(f"| accuracy{part}, free-running (greedy from mu), all steps | {free:.3f} |" for part, _, free in named),
            f"| accuracy, free-running, steps with events | {r.free_running_on_hits:.3f} |",
            f"| accuracy of “no event” everywhere, all steps | {r.silence_baseline:.3f} |",
            f"| F1 of onsets (step and pitch), free-running | {r.hits_f1:.3f} |",
            f"| KL of the posterior from the prior | {r.kl:.1f} nats, {r.kl_bits:.0f} bits |",
            f"| cross-entropy at mu | {r.cross_entropy:.1f} nats a clip |",
            "",
            f"| {SAMPLES} samples from the prior | test songs | {titles} |",
            "|---|---|" + "---|" * len(TEMPERATURES),
            *(f"| {what} | " + " | ".join(map(form, described)) + " |" for what, form in FIGURES if form(described[0])),
        ]
    )
