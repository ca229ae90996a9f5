"""Events that show what they have several times, each time more of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import gradio as gr


class Telling:
    """The values of an event's outputs, as they come.

    What was shown once is given again with all that follows: the page patches what it was given before, so a file that
    is skipped afterwards would be lost to its button.
    """

    def __init__(self, components: Sequence[gr.blocks.Block]) -> None:
        """`components` are the event's outputs."""
        self._components = components
        self._shown: dict[gr.blocks.Block, object] = {}

    def with_more(self, values: Mapping[gr.blocks.Block, object]) -> list:
        """The outputs' values with these, new or instead of earlier ones; nothing for those that have none yet."""
        told = self._shown | values
        # A player that is given its sound again begins anew.
        self._shown = {component: value for component, value in told.items() if not isinstance(component, gr.Audio)}
        # Gradio changes the updates that it is given.
        return [dict(v) if isinstance(v := told.get(c, gr.skip()), dict) else v for c in self._components]
