"""What the cards of trio models say: what those of melodies do, of two data sets."""

from __future__ import annotations

from training import groove_dataset, line_card, pop909
from training.settings import TrainingSettings

DATA = f"{pop909.NAME}; {groove_dataset.NAME}"
ARCHIVES = f"{line_card.ARCHIVES} --data {groove_dataset.ARCHIVE}"
ABOUT_DATA = f"""{line_card.ABOUT_DATA}
The bass is the lowest line of the songs' piano, folded by octaves into the range of a bass. The songs have no drums:
those are eight bars in a loop from the {groove_dataset.CITATION} The drummer of a stretch is drawn by
the song's number, from the same split. So bass and melody belong together here, and drums go with anything."""
about, quality_table = line_card.about, line_card.quality_table


def changes(settings: TrainingSettings) -> list[str]:
    """Those of `augment` that are made."""
    drummers = f"another clip's drummer in {settings.exchange_drums:.0%}" if settings.exchange_drums else ""
    return [*line_card.changes(settings), *([drummers] if drummers else [])]
