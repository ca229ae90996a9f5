"""Recipes performed in a process beside this one: the side that asks, and, from `answer` on, the other.

The page is quick while music is made, and TensorFlow is imported while Gradio is.
"""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from core import limits
from core.beside import Beside, serve
from core.engine import MOST_ASKED
from core.remote import LostError, Message, Messages, RemoteEngine

if TYPE_CHECKING:
    from core.performance import Performance
    from core.recipe import Recipe

# The last message of a warm-up.
WARM = "warm"


class Apart(RemoteEngine):
    """An engine in a process of its own."""

    def __init__(self) -> None:
        """Starts it; raises `OSError` where that is not allowed."""
        self._beside = Beside(__name__)

    def asking(self, recipe: Recipe) -> contextlib.AbstractContextManager[Messages]:
        """See `RemoteEngine.asking`."""
        return self._beside.asking(recipe)

    def warm_up(self, model_id: str) -> None:
        """See `core.studio.warm_up`."""
        with contextlib.suppress(LostError), self._beside.asking(model_id) as messages:
            while messages.get() is None:
                pass

    def loaded_models(self) -> tuple[str, ...]:
        """Those of when it last told anything."""
        return self._beside.loaded


def answer(asked: Recipe | str, tell: Callable[[Message], None], stop: threading.Event) -> Performance | str:
    """Performs a recipe, or warms up the model with an id; raises what `core.studio.perform` does."""
    from core import studio

    if isinstance(asked, str):
        studio.warm_up(asked)
        return WARM
    return studio.perform(asked, lambda share, what: tell((share, what)), stop)


def main() -> None:
    """Performs what it is asked on standard input until that ends."""

    def prepare() -> tuple:
        gc.disable()
        from core import studio

        gc.enable()
        # What has been imported stays for good.
        gc.freeze()
        studio.warm_up(MOST_ASKED[0])
        return answer, studio.loaded_models

    serve(prepare, limits.REQUESTS_AT_ONCE)
