"""Model cards: what a model is, how it was trained, and the quality that was measured.

What differs between families of models is in a module each, a `CardFamily`; the rest of a card is the same for all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from safetensors import safe_open

from core.catalog import Model
from training import band_card, drums_card, groove_card, line_card
from training.data import Data
from training.settings import TrainingSettings


class CardFamily(Protocol):
    """What a card says of one family of models."""

    # The data set in a line for the weights' metadata, in a paragraph for the card, and as arguments of the commands.
    DATA: str
    ABOUT_DATA: str
    ARCHIVES: str

    @staticmethod
    def about(model: Model) -> str:
        """What the network is, in sentences that follow what it is good for."""

    @staticmethod
    def changes(settings: TrainingSettings) -> list[str]:
        """What is done to windows before they are learnt, in words that follow “windows changed on the fly:”."""

    @staticmethod
    def quality_table(model: Model, settings: TrainingSettings, data: Data, cache: Path | None = None) -> str:
        """The measured quality as Markdown; `data` says where the data sets are, `cache` is a folder for windows."""


TEMPLATE = """# {id}

Good for {good_for}. {about}

**Data.** {about_data}

**Training.** {sketched}{steps} Batches of {s.batch_size} windows; Adam, learning rate {s.learning_rate:g} after
{s.warmup_steps} steps of warm-up, decaying by {s.decay_rate:g} a step; gradients clipped to norm {s.grad_clip:g};
free bits {s.free_bits:g}, beta {s.max_beta:g} (schedule rate {s.beta_rate:g}); {s.sample_dropout:.0%} of the
decoder's previous samples hidden.{changes}
The weights are the running average (decay {s.average_decay:g}) that was best on the validation split by {criterion}.
Trained by `python -m training train --model {name} {archives}`.

**Licence.** Weights: Apache-2.0. Attribution of the data as above.

## Measured quality

{table}

Measured by `python -m training evaluate --model {name} {archives}` with the half-precision
weights of this folder.
"""
CRITERIA = {
    "accuracy": "free-running accuracy",
    "evidence": "evidence bound",
    "validation loss": "cross-entropy at mu of hits, velocities and offsets",
}


def _sketched(settings: TrainingSettings) -> str:
    """What came before the last phase, in sentences."""
    if not settings.before:
        return ""
    (sketch,) = settings.before
    return (
        f"First a feed-forward sketch found the latent space (training/sketch.py): {sketch.steps:,} steps of "
        f"{sketch.batch_size} windows, learning rate {sketch.learning_rate:g}, decaying by {sketch.decay_rate:g}; free "
        f"bits {sketch.free_bits:g}, beta {sketch.max_beta:g}. Then the decoder learnt to play from its latents. "
    )


def family_of(model: Model) -> CardFamily:
    """What the card of a model needs that those of other families do not."""
    if model.config.is_groove:
        return groove_card
    return {"drums": drums_card, "melody": line_card, "band": band_card}[model.plays]


def card(model: Model, settings: TrainingSettings, table: str) -> str:
    """The whole card as Markdown; steps and score are those that the weights' file says."""
    family = family_of(model)
    with safe_open(model.path, "numpy") as file:
        metadata = file.metadata()
    changes = family.changes(settings)
    return TEMPLATE.format(
        id=model.id,
        name=model.name,
        good_for=model.good_for,
        about=family.about(model),
        about_data=family.ABOUT_DATA,
        archives=family.ARCHIVES,
        sketched=_sketched(settings),
        steps=f"{int(metadata['step']):,} steps." if "step" in metadata else "The number of steps was not recorded.",
        changes=(f" Windows changed on the fly: {', '.join(changes)}." if changes else "")
        + (f" {settings.note}" if settings.note else ""),
        criterion=CRITERIA[settings.keep_best_by]
        + (f" ({float(metadata['score']):.4g}; more is better)" if "score" in metadata else ""),
        table=table,
        s=settings,
    )
