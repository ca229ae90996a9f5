"""How each bundled model is trained."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class TrainingSettings:
    """One training run. KL amounts are in bits, learning rates per step.

    The loss is cross-entropy + beta · max(KL − free_bits, 0), with beta = max_beta · (1 − beta_rate^step) (MusicVAE
    section 3.3 and Magenta's schedule).
    """

    config: str
    free_bits: float
    max_beta: float
    beta_rate: float
    batch_size: int = 64
    learning_rate: float = 1.5e-3
    min_learning_rate: float = 2e-5
    decay_rate: float = 0.9998
    warmup_steps: int = 300
    grad_clip: float = 1.0
    # Share of previous samples hidden from the decoder, so that it listens to z and survives its own mistakes.
    sample_dropout: float = 0.0
    # Share of clips changed before they are learnt: see training/augment.py.
    mix_bars: float = 0.0
    drop_class: float = 0.0
    swap_cymbals: float = 0.0
    # Melodies are moved up or down by up to so many semitones.
    transpose: int = 0
    # Share of trios that get the drummer of another.
    exchange_drums: float = 0.0
    # For taps: share of windows of which only the louder steps are tapped.
    thin: float = 0.0
    # Share of each decoder layer's outputs hidden (groove).
    dropout: float = 0.0
    average_decay: float = 0.999
    # "accuracy" for a model that reconstructs, "evidence" for one that samples.
    keep_best_by: str = "evidence"
    seed: int = 1
    # "sketch", "decoder" or, for all of the model, "": see training/sketch.py.
    phase: str = ""
    steps: int = 20_000
    # The phases to go through before.
    before: tuple[TrainingSettings, ...] = ()
    # How much wider samples are drawn than the clips lie: see training/prior.py.
    prior_spread: float = 1.0
    # What the card should say that the settings do not.
    note: str = ""


MODELS: dict[str, TrainingSettings] = {
    "drums_2bar.hikl": TrainingSettings(
        config="cat-drums_2bar_small",
        free_bits=130,
        max_beta=0.1,
        beta_rate=0.0,
        batch_size=32,
        decay_rate=0.99985,
        sample_dropout=0.4,
        mix_bars=0.25,
        drop_class=0.15,
        swap_cymbals=0.1,
        thin=0.25,
        keep_best_by="accuracy",
    ),
    "drums_2bar.lokl": TrainingSettings(
        config="cat-drums_2bar_small",
        free_bits=16,
        max_beta=0.5,
        beta_rate=0.9995,
        decay_rate=0.9998,
        sample_dropout=0.1,
        note="The first 4,000 steps decayed by 0.9996.",
    ),
}


def _after_a_sketch(decoder: TrainingSettings, **sketch: float) -> TrainingSettings:
    """A run in which a decoder learns from a sketch, whose own run differs from it as given."""
    return replace(decoder, phase="decoder", before=(replace(decoder, phase="sketch", **sketch),))


MODELS["melody_2bar"] = _after_a_sketch(
    TrainingSettings(
        config="cat-mel_2bar_small",
        free_bits=120,
        max_beta=0.1,
        beta_rate=0.0,
        steps=3_500,
        learning_rate=2e-3,
        decay_rate=0.9992,
        warmup_steps=100,
        average_decay=0.998,
        sample_dropout=0.4,
        transpose=6,
        keep_best_by="accuracy",
        note=(
            "These weights were made by a forerunner of that code: the sketch had two hidden layers of 1,024 and did "
            "not read bars, learning rates fell to zero in straight lines, and the prior was fitted at the end."
        ),
    ),
    steps=800,
    batch_size=256,
    learning_rate=1e-3,
    decay_rate=0.998,
    grad_clip=10.0,
)
MODELS["melody_16bar"] = _after_a_sketch(
    TrainingSettings(
        config="melody_16bar",
        free_bits=50,
        max_beta=0.8,
        beta_rate=0.9985,
        steps=4_000,
        batch_size=8,
        learning_rate=2e-3,
        decay_rate=0.999,
        warmup_steps=100,
        average_decay=0.995,
        sample_dropout=0.3,
        transpose=6,
        keep_best_by="accuracy",
        # Drawn as wide as the clips lie, samples have a quarter fewer notes than songs.
        prior_spread=1.3,
        note=(
            "These weights came of several runs: 800 steps of a sketch with annealing to beta 0.6, then 3,000 steps of "
            "the decoder, which began from 400 with a conductor that was learnt, at learning rates that fell from "
            "2e-3 to 2e-4 with one rise between. Samples are drawn 1.3 times as wide as the clips lie."
        ),
    ),
    steps=2_000,
    batch_size=64,
    learning_rate=3e-3,
    decay_rate=0.998,
    grad_clip=10.0,
)
MODELS["trio_16bar"] = replace(
    MODELS["melody_16bar"],
    config="trio_16bar",
    free_bits=150,
    max_beta=0.4,
    exchange_drums=0.5,
    steps=3_200,
    decay_rate=0.9989,
    prior_spread=1.0,
    note=(
        "These weights came of several runs: 600 steps of a sketch, then 2,200 steps of the decoder, which began from "
        "200 with a conductor that was learnt, at learning rates that fell from 2e-3 to 2e-4 with one rise between; "
        "80 % of the clips got the drummer of another."
    ),
    before=tuple(
        replace(phase, config="trio_16bar", free_bits=150, max_beta=0.4, steps=1_400, exchange_drums=0.5)
        for phase in MODELS["melody_16bar"].before
    ),
)
MODELS |= {
    name: TrainingSettings(
        config=name,
        free_bits=16,
        max_beta=0.2,
        beta_rate=0.0,
        learning_rate=1e-3,
        decay_rate=0.9997,
        drop_class=0.2,
        sample_dropout=0.3,
        dropout=0.4,
        keep_best_by="validation loss",
    )
    for name in ("groove_2bar_humanize", "groove_2bar_tap", "groove_2bar_add_closed_hh")
}
MODELS["groove_2bar_tap"] = replace(MODELS["groove_2bar_tap"], thin=0.75)


def for_config(name: str) -> TrainingSettings:
    """How a model of a configuration is trained on music of one's own: one of our own sizes as the bundled model is,
    one of Magenta's with Magenta's amounts of KL and annealing, in batches that two cores can bear."""
    ours = [settings for settings in MODELS.values() if settings.config == name and name in MODELS]
    if ours:
        return replace(ours[0], note="", before=tuple(replace(phase, note="") for phase in ours[0].before))
    is_melody = name.startswith("cat-mel")
    is_long = name.startswith("hierdec")
    return TrainingSettings(
        config=name,
        free_bits=0 if is_melody else 256 if is_long else 48,
        max_beta=0.5 if name.endswith("big") else 0.2,
        beta_rate=0.99999 if is_melody else 0.0,
        batch_size=32,
        learning_rate=1e-3,
        min_learning_rate=1e-5,
        decay_rate=0.9999,
        transpose=5 if is_melody or is_long else 0,
        dropout=0.4 if name.startswith("groovae") else 0.0,
    )
