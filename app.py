"""Latent Jam: serves the page. The entry point on a Space and on your own machine."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from pathlib import Path

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("LATENT_JAM_APART", "on")
# Before each request Gradio asks Matplotlib for its backend, which otherwise is looked for with all of pyplot.
os.environ.setdefault("MPLBACKEND", "agg")
# Of our own, because it is swept.
own_folder = f"latent-jam-{getattr(os, 'getuid', str)()}"
os.environ.setdefault("GRADIO_TEMP_DIR", str(Path(tempfile.gettempdir()) / own_folder))

from core import engine, logs, memory  # noqa: E402 (the settings above are read at import)
from core.errors import LatentJamError  # noqa: E402
from ui.quick_start import quick_imports  # noqa: E402

memory.keep_little()
logs.write_to_standard_error()
try:
    # Makes ready while Gradio is imported.
    engine.chosen()
except LatentJamError as error:
    # The owner has set something that cannot be used.
    raise SystemExit(str(error)) from None

with quick_imports():
    # Only ZeroGPU Spaces have this package, and it must come before Gradio's own modules.
    with contextlib.suppress(ImportError):
        import spaces

        # Such a Space is stopped unless some function may ask for its GPU. Nothing here ever does.
        spaces.disable_gradio_auto_wrap()
        spaces.GPU(lambda: None)

    # Gradio imports it with the first request while we draw the first picture, and two threads at once break it.
    import matplotlib.artist  # noqa: F401

    from core import limits
    from ui import page, settings
    from ui.serving import Serving

chosen = settings.read()
try:
    demo = page.build(chosen)
except LatentJamError as error:
    raise SystemExit(str(error)) from None
serving = Serving(demo, chosen.metrics)


def warm_everything() -> None:
    """Loads what the first Generate needs, so that nobody waits for it, then what the next clicks do."""
    from core import examples, export, making

    # What plays makes the first model ready by itself.
    beat = examples.load(examples.names("drums")[0])
    with contextlib.suppress(LatentJamError):
        export.clip_file(beat, "png")
        export.clip_file(beat, export.PREVIEW)
    serving.why_silent = export.why_silent()
    for model in engine.MOST_ASKED:
        engine.warm_up(model)
    making.move_out()
    memory.settle()
    serving.is_warm = True


def main() -> None:
    """Serves until it is stopped; GRADIO_SERVER_NAME and GRADIO_SERVER_PORT choose the address."""
    demo.launch(
        prevent_thread_lock=True,
        max_file_size=limits.MAX_UPLOAD_BYTES,
        run_history=chosen.run_history,
        enable_monitoring=chosen.monitoring,
        mcp_server=chosen.mcp_server,
        state_session_capacity=limits.VISITS,
        app_kwargs=serving.app_kwargs(),
        footer_links=["api", "settings"],
        **page.look(),
    )
    threading.Thread(target=warm_everything, daemon=True).start()
    demo.block_thread()


if __name__ == "__main__":
    main()
