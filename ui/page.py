"""The page put together, and how it is served."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from core import limits
from ui import sample, texts

ASSETS = Path(__file__).resolve().parent.parent / "assets"
SHOWN_THEME = "() => document.body.classList.contains('dark') ? 'dark' : 'light'"


def build() -> gr.Blocks:
    """The whole page as Gradio Blocks; imports no TensorFlow."""
    with gr.Blocks(
        title=texts.TITLE,
        analytics_enabled=False,
        delete_cache=(limits.FILE_CHECK_SECONDS, limits.FILE_AGE_SECONDS),
    ) as page:
        theme = gr.Textbox("light", visible=False)
        gr.HTML(f'<header class="masthead"><h1>{texts.TITLE}</h1><p>{texts.TAGLINE}</p></header>')
        with gr.Tabs(), gr.Tab(texts.SAMPLE_TAB):
            sample.build(theme)
        gr.HTML(f'<footer class="colophon">{texts.FOOTER}</footer>')
        page.load(None, None, theme, js=SHOWN_THEME, api_visibility="private")
    page.queue(max_size=limits.QUEUE_SIZE)
    return page


def look() -> dict:
    """What `launch` needs to make the page look as designed."""
    theme = gr.themes.Base(
        primary_hue=gr.themes.colors.orange,
        neutral_hue=gr.themes.colors.slate,
        font=["Inter", "ui-sans-serif", "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "SFMono-Regular", "monospace"],
        radius_size=gr.themes.sizes.radius_lg,
    )
    return {"theme": theme, "css_paths": [ASSETS / "style.css"]}
