"""Files that the page makes: where they lie, as Gradio asks."""

from __future__ import annotations

import subprocess
import sys

import gradio.utils
import pytest
from gradio.utils import get_upload_folder

from core import limits
from ui import kept_files


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """Where Gradio keeps files, behind a link, as some machines have it."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "link"))
    kept_files._real.cache_clear()
    return tmp_path / "link"


def test_where_a_kept_file_lies_is_what_gradio_would_find(folder, tmp_path):
    kept = kept_files.keep_file(b"MThd", "clip.mid")
    assert kept.startswith(str(tmp_path / "real"))
    for place, is_in in ((folder, True), (get_upload_folder(), True), (kept, True), (tmp_path, True), ("/etc", False)):
        assert kept_files._look(kept, place) is is_in
        assert kept_files.is_in_or_equal(kept, place) is is_in
    beside = tmp_path / "rea"
    beside.mkdir()
    assert not kept_files.is_in_or_equal(kept, beside)


def test_of_all_other_paths_gradio_looks_itself(folder, tmp_path):
    kept = kept_files.keep_file(b"MThd", "clip.mid")
    stranger = tmp_path / "link" / "stranger"
    stranger.symlink_to("/etc/passwd")
    for path in (stranger, f"{kept}/../../../../etc/passwd", "/etc/passwd", f"{folder}/../x"):
        assert not kept_files.is_in_or_equal(path, folder)


def test_no_more_files_are_known_than_the_limit_says(folder, monkeypatch):
    monkeypatch.setattr(limits, "KNOWN_FILES", 3)
    kept = [kept_files.keep_file(bytes([n]), "a.mid") for n in range(5)]
    assert list(kept_files._known) == kept[2:]
    assert kept_files.is_in_or_equal(kept[0], folder)


def test_a_page_asks_us():
    from ui import page

    page.build()
    assert gradio.utils.is_in_or_equal is kept_files.is_in_or_equal


def test_a_browser_is_told_that_a_flac_is_a_sound():
    """Also where the machine has no table of such types, and Python's own has none for it."""
    code = "import mimetypes as m; m.knownfiles.clear(); import ui.kept_files; print(m.guess_type('a.flac')[0])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "audio/flac"
