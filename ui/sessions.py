"""What is kept of each visit of the page: less than Gradio keeps."""

from __future__ import annotations

from types import SimpleNamespace

import gradio.route_utils
import gradio.state_holder
from gradio.blocks import Block, Blocks
from gradio.components import State
from gradio.state_holder import SessionState


class Session(SessionState):
    """The components of one visit as they have become, and what its `gr.State`s hold.

    Gradio also writes down what each component shows, every picture with it, for links of its own, which are closed
    here: half a megabyte a visit and more with each picture, and a twentieth of a second when somebody comes.
    """

    def __init__(self, blocks: Blocks) -> None:
        """For a visit of `blocks`."""
        # Of no component the first thing is written down that it shows.
        super().__init__(SimpleNamespace(default_config=blocks.default_config, blocks=()))

    def __setitem__(self, key: int, value: object) -> None:
        """A component that takes the place of another takes its number, too. Gradio leaves it a number of its own, and
        then files it a second time under that, for as long as the visit lasts."""
        if isinstance(self.blocks_config.blocks.get(key), State):
            super().__setitem__(key, value)
            return
        if isinstance(value, Block):
            value._id = key
        self.blocks_config.blocks[key] = value

    def _update_config(self, key: int) -> None:
        """Nothing is written down."""

    def _update_value_in_config(self, key: int, value: object) -> None:
        """Nothing is written down."""


def keep_little_of_visits() -> None:
    """For the page, once. Whoever calls an endpoint without a visit gets one for that call."""
    gradio.state_holder.SessionState = gradio.route_utils.SessionState = Session
