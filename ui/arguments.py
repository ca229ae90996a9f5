"""What requests bring, looked at before they wait: programs, and people who mean harm, send anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import gradio as gr
from gradio.utils import get_upload_folder

from ui import texts
from ui.languages import Text

# No setting comes near, and from here on whole numbers and others are not the same.
LARGE = 2**53
MARK = "gradio.FileData"


def wrong_argument(inputs: Sequence[gr.components.Component], data: Sequence[object]) -> str:
    """A sentence on what of the data does not fit the components it is for; nothing if all does. Whether a value makes
    sense is for others to say."""
    if len(data) != len(inputs):
        return texts.WRONG_COUNT.said(expected=len(inputs), given=len(data))
    for component, value in zip(inputs, data, strict=True):
        is_file = isinstance(component, gr.File | gr.UploadButton)
        what = _wrong_file(value) if is_file else _wrong_kind(component, value)
        if what is texts.FILE_GONE:
            return what.said()
        if what:
            return texts.WRONG_ARGUMENT.said(name=getattr(component, "label", "") or "…", what=what)
    return ""


def _wrong_kind(component: gr.components.Component, value: object) -> Text | None:
    if value is None:
        return None
    if isinstance(component, gr.Checkbox):
        return None if isinstance(value, bool) else texts.YES_OR_NO
    if isinstance(component, gr.Number | gr.Slider):
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGE
        return None if is_number else texts.A_NUMBER
    if isinstance(component, gr.Textbox):
        return None if isinstance(value, str) else texts.A_TEXT
    if isinstance(component, gr.Dropdown | gr.Radio):
        return None if isinstance(value, str | int | float) else texts.A_CHOICE
    return None


def _wrong_file(value: object) -> Text | None:
    if value is None:
        return None
    path = value.get("path") if isinstance(value, dict) else None
    # Gradio tells files from other objects by this mark.
    mark = value.get("meta") if path else None
    if not isinstance(path, str) or not isinstance(mark, dict) or mark.get("_type") != MARK:
        return texts.A_FILE
    if path.startswith(("http://", "https://")):
        # Gradio fetches it, from public addresses only.
        return None
    try:
        found = Path(path).resolve()
        is_here = found.is_file() and found.is_relative_to(Path(get_upload_folder()).resolve())
    except (OSError, ValueError):
        is_here = False
    return None if is_here else texts.FILE_GONE
