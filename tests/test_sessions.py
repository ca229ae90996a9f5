"""What is kept of each visit."""

from __future__ import annotations

import asyncio

import gradio as gr
import pytest
from gradio.state_holder import SessionState, StateHolder

from ui import page
from ui.sessions import Session

PICTURE = "data:image/png;base64," + "A" * 50_000


@pytest.fixture
def app() -> gr.Blocks:
    """Two functions that end in a menu, a picture and a State: one of them changes what can be chosen."""
    with gr.Blocks() as app:
        button, menu, picture, count = gr.Button(), gr.Dropdown(["1"]), gr.HTML(), gr.State(0)
        button.click(lambda: None, None, [menu, picture, count])
    return app


def answer(app: gr.Blocks, session: SessionState, *values: object) -> list:
    """What a visitor gets when the function gives these values."""
    return asyncio.run(app.postprocess_data(app.fns[0], list(values), session))


def changed_often(app: gr.Blocks, session: SessionState) -> SessionState:
    for number in range(5):
        answer(app, session, gr.update(choices=["1", str(number)]), gr.update(visible=True), number)
        answer(app, session, "1", PICTURE, number)
    return session


def test_a_component_that_is_changed_again_and_again_stays_one(app):
    session = changed_often(app, Session(app))
    assert session.blocks_config.blocks.keys() == app.blocks.keys()
    assert all(number == block._id for number, block in session.blocks_config.blocks.items())
    usual = changed_often(app, SessionState(app))
    assert len(usual.blocks_config.blocks) > len(app.blocks), "Gradio does this itself now, so we need not"


def test_what_was_changed_is_remembered_for_this_visit_only(app):
    session, other = changed_often(app, Session(app)), Session(app)
    menu, _, count = app.fns[0].outputs
    assert session[menu._id].choices == [("1", "1"), ("4", "4")] and session[count._id] == 4
    assert other[menu._id].choices == [("1", "1")] and other[count._id] == 0
    # A value that was not among the first choices.
    assert asyncio.run(app.preprocess_data(_taking(app, menu), ["4"], session)) == ["4"]
    with pytest.raises(gr.Error, match="not in the list of choices"):
        asyncio.run(app.preprocess_data(_taking(app, menu), ["4"], other))


def _taking(app: gr.Blocks, menu: gr.Dropdown):
    function = app.fns[0]
    function.inputs = [menu]
    return function


def test_nothing_that_was_shown_is_kept(app):
    session = changed_often(app, Session(app))
    assert PICTURE not in str(session.config_values)
    assert PICTURE in str(changed_often(app, SessionState(app)).config_values)


def test_the_page_and_its_endpoints_keep_little(monkeypatch):
    built = page.build()
    holder = StateHolder()
    holder.set_blocks(built)
    assert type(holder["somebody"]) is Session
    from gradio import route_utils

    assert route_utils.SessionState is Session
