"""What comes of a recipe, and how it is told how far that is. Light: whoever shows a performance need not make one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.clip import Clip
    from core.recipe import Recipe

# Called with a share from 0 to 1 and the name of what is being done.
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Performance:
    """The clips that came of a recipe, and the joined music where the operation makes one."""

    recipe: Recipe
    clips: tuple[Clip, ...]
    joined: Clip | None = None
