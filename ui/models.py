"""The menus of models: those in the box, those that Magenta published, and the owner's own.

The catalogue brings libraries that take seconds to import, so what the menus say of its models stands here; a test
sees to it that both agree.
"""

from __future__ import annotations

from dataclasses import dataclass

from core import settings
from ui import texts
from ui.languages import Text


@dataclass(frozen=True)
class Choice:
    """A model on a menu: its id, what it plays ('drums', 'melody' or 'band'), the bars of its clips, and what it does:
    'sample', 'interpolate', and for drums that are there 'humanise', 'tap' or 'hi-hat'."""

    id: str
    plays: str
    bars: int
    does: tuple[str, ...]
    megabytes: int = 0

    @property
    def label(self) -> Text:
        """Its line on the menus."""
        source, name = self.id.split("/", 1)
        if source == "bundled":
            return texts.IN_THE_BOX.filled(what=texts.BUNDLED[name])
        what = texts.PLAYS_BARS[self.plays].filled(bars=self.bars)
        if source == "local":
            return texts.YOURS.filled(name=name, what=what)
        return texts.PUBLISHED.filled(megabytes=self.megabytes, name=name, what=what)


NEW_AND_BLENDS = ("sample", "interpolate")
BUNDLED = (
    Choice("bundled/drums_2bar.lokl", "drums", 2, ("sample",)),
    Choice("bundled/drums_2bar.hikl", "drums", 2, NEW_AND_BLENDS),
    Choice("bundled/melody_2bar", "melody", 2, NEW_AND_BLENDS),
    Choice("bundled/melody_16bar", "melody", 16, NEW_AND_BLENDS),
    Choice("bundled/trio_16bar", "band", 16, NEW_AND_BLENDS),
    Choice("bundled/groove_2bar_humanize", "drums", 2, ("humanise",)),
    Choice("bundled/groove_2bar_tap", "drums", 2, ("tap",)),
    Choice("bundled/groove_2bar_add_closed_hh", "drums", 2, ("hi-hat",)),
)
PUBLISHED = (
    Choice("magenta/cat-drums_2bar_small.lokl", "drums", 2, NEW_AND_BLENDS, 19),
    Choice("magenta/cat-drums_2bar_small.hikl", "drums", 2, NEW_AND_BLENDS, 19),
    Choice("magenta/nade-drums_2bar_full", "drums", 2, NEW_AND_BLENDS, 58),
    Choice("magenta/cat-mel_2bar_big", "melody", 2, NEW_AND_BLENDS, 538),
    Choice("magenta/hierdec-mel_16bar", "melody", 16, NEW_AND_BLENDS, 704),
    Choice("magenta/hierdec-trio_16bar", "band", 16, NEW_AND_BLENDS, 2000),
    Choice("magenta/groovae_4bar", "drums", 4, ("sample", "humanise"), 16),
    Choice("magenta/groovae_2bar_humanize", "drums", 2, (*NEW_AND_BLENDS, "humanise"), 16),
    Choice("magenta/groovae_2bar_tap_fixed_velocity", "drums", 2, ("tap",), 16),
    Choice("magenta/groovae_2bar_add_closed_hh", "drums", 2, ("hi-hat",), 16),
    Choice("magenta/groovae_2bar_hits_control", "drums", 2, ("humanise",), 17),
)


def choices() -> tuple[Choice, ...]:
    """All models that the page offers; the owner's own stand last."""
    own = settings.from_environment().own_checkpoints
    return BUNDLED + PUBLISHED + (_own() if own else ())


def offered(does: str) -> list[Choice]:
    """Those that do something, the ones in the box first."""
    return [choice for choice in choices() if does in choice.does]


def menu(does: str) -> list[tuple[Text, str]]:
    """What `gr.Dropdown` takes: label and id of each."""
    return [(choice.label, choice.id) for choice in offered(does)]


def published_menu(does: str) -> list[tuple[Text, str]]:
    """The same without those in the box."""
    return [(choice.label, choice.id) for choice in offered(does) if choice not in BUNDLED]


def choice_of(model: str) -> Choice | None:
    """The model with this id, if the page offers it."""
    return next((choice for choice in choices() if choice.id == model), None)


def blending(plays: str, bars: int) -> list[Choice]:
    """Those that blend such clips; the one in the box comes first."""
    return [choice for choice in offered("interpolate") if (choice.plays, choice.bars) == (plays, bars)]


def _own() -> tuple[Choice, ...]:
    from core.catalog import CATALOG

    found = []
    for model in CATALOG.values():
        if model.source == "local":
            converter = model.config.data_converter
            if not model.config.is_groove:
                does = NEW_AND_BLENDS
            else:
                does = ("tap" if converter.tapify else "hi-hat" if converter.add_class is not None else "humanise",)
            found.append(Choice(model.id, model.plays, model.bars, does))
    return tuple(found)
