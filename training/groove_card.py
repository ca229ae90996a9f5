"""What the cards of groove models say: how near they come to the drummers of the test split, beside baselines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.catalog import Model
from core.converters.drums import CLASS_NAMES
from core.trained_model import TrainedModel
from training import groove_dataset, groove_evaluate
from training.data import Data
from training.groove_evaluate import MEDIAN, Agreement, Composition, Hits, Take
from training.settings import TrainingSettings

DATA, ARCHIVES = groove_dataset.NAME, f"--data {groove_dataset.ARCHIVE}"
ABOUT_DATA = f"""{groove_dataset.CITATION} Its own split; 4-4 takes only;
windows of two bars at a hop of one bar. Ten drummers on one electronic kit, so this model knows their habits and
little else."""
ABOUT = """Configuration `{config}` (after GrooVAE, Gillick et al. 2019): a bidirectional LSTM encoder of
{encoder} units, a latent of {z_size} dimensions and an LSTM decoder of {decoder} units. {task}
The decoder is told at every step what the encoder hears. Unlike the published models it gives no conditional means
but a distribution of {bins} bins for each velocity and each offset, learnt at hits only; the temperature says how far
from its median to play."""
HUMANISING = "It hears which drums are struck and when, not how."
TAPPING = "It hears when something is struck, and with what timing, not which drum nor how loud."
ADDING = "It hears all drums but the closed hi-hat as they were played."
# Of the feel that a model plays: the safest, the page's own, and draws as wide as its distributions.
PAGE = 0.5
TEMPERATURES = (MEDIAN, PAGE, 1.0)
NAMES = {MEDIAN: "median (temperature 0.01)", PAGE: "page's default (temperature 0.5)", 1.0: "temperature 1.0"}


def about(model: Model) -> str:
    """The network and what it is made for."""
    hparams, converter = model.config.hparams, model.config.data_converter
    return ABOUT.format(
        config=model.config.name,
        encoder=" and ".join(map(str, hparams.enc_rnn_size)),
        decoder=" and ".join(map(str, hparams.dec_rnn_size)),
        z_size=hparams.z_size,
        bins=hparams.feel_bins,
        task=HUMANISING if converter.humanize else TAPPING if converter.tapify else ADDING,
    )


def changes(settings: TrainingSettings) -> list[str]:
    """Those of `augment` that are made, and what else is hidden."""
    return [
        f"{share:.0%} {what}"
        for share, what in (
            (settings.drop_class, "with one drum taken out"),
            (settings.thin, "of the taps with only the louder steps (35 to 100 % of all), all of them timed anew"),
            (settings.dropout, "of the outputs of each decoder layer hidden"),
        )
        if share
    ]


def quality_table(model: Model, settings: TrainingSettings, data: Data, cache: Path | None = None) -> str:
    """Hits, timing and dynamics beside the drummers' on the test split, and what baselines score.

    `data` has the Groove MIDI Dataset's zip; nothing is kept in `cache`, since whole takes are played.
    """
    del settings, cache
    train = Hits.together(take.hits for take in groove_evaluate.takes(data.groove, "train"))
    test = groove_evaluate.takes(data.groove, "test")
    trained, converter = TrainedModel(model.config, checkpoint_dir_or_path=model.path), model.config.data_converter
    true = Hits.together(take.hits for take in test)
    lines = [
        f"Test split: all {len(test)} takes in 4-4, {len(true):,} hits (the loudest of each drum at each sixteenth), "
        "none of them used in",
        "training or to choose the weights. Timing in milliseconds, velocity of 127; MAE is the mean absolute error, "
        "spread the",
        "standard deviation, KL that of the drummers' histogram from what was played, in nats.",
        "",
    ]
    if converter.humanize:
        lines += _humanising(trained, train, true, test)
    elif converter.tapify:
        lines += _tapping(trained, train, true, test)
    else:
        lines += _adding(trained, train, true, test, converter.add_class)
    return "\n".join(lines)


def _humanising(trained: TrainedModel, train: Hits, true: Hits, test: Sequence[Take]) -> list[str]:
    kept = {NAMES[t]: groove_evaluate.keeping_notes(trained, test, t) for t in TEMPERATURES}
    composed = {NAMES[t]: groove_evaluate.composing(trained, test, t) for t in TEMPERATURES}
    return [
        "**Keeping the notes** (the page's default): takes put on the grid in one velocity, and played.",
        "",
        *_feel(kept, groove_evaluate.baselines(train, true)),
        "",
        "The baselines: the model's task with the hits given, done with tables over the training split, with dice, and "
        "with its",
        "most similar two bars.",
        "",
        "**Its own hits** (the reference's behaviour, `keep_notes` off), from the same input:",
        "",
        *_hits(composed),
    ]


def _tapping(trained: TrainedModel, train: Hits, true: Hits, test: Sequence[Take]) -> list[str]:
    composed = {NAMES[t]: groove_evaluate.composing(trained, test, t) for t in TEMPERATURES}
    usual = groove_evaluate.composition(true, groove_evaluate.usual_drums(train, true))
    drums = [
        f"| {name} | "
        + " | ".join(f"{made.recall(drum):.2f}, {made.precision(drum):.2f}" for made in (*composed.values(), usual))
        + " |"
        for drum, name in enumerate(CLASS_NAMES)
    ]
    return [
        "**From taps to drums**: the rhythm of each take, as taps with the drummer's timing in one velocity.",
        "",
        *_hits(composed, {"the drums most often struck at each step of the bar": usual}),
        "",
        "| recall, precision | " + " | ".join((*NAMES.values(), "most often struck")) + " |",
        "|---|" + "---|" * (len(NAMES) + 1),
        *drums,
        "",
        "Feel of the hits that both the model and the drummer play. The model hears the timing of the taps, which the "
        "baselines do",
        "not, so its timing cannot be held against theirs; they are measured at all of the drummers' hits.",
        "",
        *_feel({name: made.feel() for name, made in composed.items()}, groove_evaluate.baselines(train, true)),
    ]


def _adding(trained: TrainedModel, train: Hits, true: Hits, test: Sequence[Take], drum: int) -> list[str]:
    composed = {NAMES[t]: groove_evaluate.composing(trained, test, t, keep_notes=True) for t in TEMPERATURES}
    eighths = groove_evaluate.composition(true, groove_evaluate.eighths(true, drum))
    with_drum = sum(bool((take.hits.drum == drum).any()) for take in test)
    return [
        f"**Adding the {CLASS_NAMES[drum]}** to takes without it (`keep_notes` on: all else stays). {with_drum} of "
        f"the {len(test)} takes have one; what",
        "the model adds to the others counts as wrong.",
        "",
        *_hits(composed, {"every eighth note": eighths}, drum),
        "",
        "Feel of the hits that both the model and the drummer play. The model hears the timing and the velocities of "
        "the other drums,",
        "which the baselines do not; they are measured at all of the drummers' hits of this drum.",
        "",
        *_feel(
            {name: made.feel(drum) for name, made in composed.items()},
            groove_evaluate.baselines(train, true, drum),
        ),
    ]


def _hits(
    composed: dict[str, Composition], baselines: dict[str, Composition] | None = None, drum: int | None = None
) -> list[str]:
    named = [(f"**{name}**", made) for name, made in composed.items()] + list((baselines or {}).items())
    return [
        "| hits | recall | precision | hits of the drummers | hits played |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {made.recall(drum):.3f} | {made.precision(drum):.3f} | {made.count(made.true, drum):,} "
            f"| {made.count(made.own, drum):,} |"
            for name, made in named
        ),
    ]


def _feel(played: dict[str, Agreement], baselines: dict[str, Agreement]) -> list[str]:
    drummers = next(iter(baselines.values()))
    named = [(f"**{name}**", found) for name, found in played.items()] + list(baselines.items())
    return [
        "| feel | timing MAE | velocity MAE | timing spread | velocity spread | timing KL | velocity KL |",
        "|---|---|---|---|---|---|---|",
        f"| the drummers | | | {drummers.true_timing_spread:.1f} | {drummers.true_velocity_spread:.1f} | | |",
        *(
            f"| {name} | {a.timing_error:.2f} | {a.velocity_error:.2f} | {a.timing_spread:.1f} "
            f"| {a.velocity_spread:.1f} | {a.timing_divergence:.3f} | {a.velocity_divergence:.3f} |"
            for name, a in named
        ),
    ]
