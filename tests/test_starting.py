"""What is left out when a program starts, and that whoever asks for it still gets it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.test_page import ROOT


def run(code: str) -> list[str]:
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def test_neither_keras_nor_what_note_seq_brings_is_imported():
    code = (
        "import sys; from core import settings; settings.light_tensorflow(); import core.studio;"
        "print([name for name in ('keras', 'tf_keras', 'sklearn', 'bokeh', 'IPython') if name in sys.modules])"
    )
    assert run(code)[-1] == "[]"


def test_who_imports_note_seq_later_gets_all_of_it():
    code = (
        "from core.note_sequences import NoteSequence, melodies_lib; import note_seq;"
        "from note_seq import midi_io, sequences_lib;"
        "assert note_seq.NoteSequence is NoteSequence and note_seq.melodies_lib is melodies_lib;"
        "assert note_seq.midi_to_note_sequence is midi_io.midi_to_note_sequence;"
        "assert note_seq.sequences_lib is sequences_lib; print(hasattr(note_seq, 'nothing'))"
    )
    assert run(code)[-1] == "False"


def test_note_seq_that_is_there_already_is_taken():
    assert run("import note_seq; from core.note_sequences import NoteSequence; print(NoteSequence().notes)")[-1] == "[]"


def test_what_is_left_out_while_gradio_is_imported_is_there_afterwards():
    code = (
        "import inspect, jinja2, ssl; from ui.quick_start import quick_imports;"
        "before = inspect.getfile, jinja2.Template.__dict__['__new__'], ssl.create_default_context\n"
        "with quick_imports(): import gradio\n"
        "assert before == (inspect.getfile, jinja2.Template.__dict__['__new__'], ssl.create_default_context)\n"
        "import gc; assert gc.isenabled(); from gradio.cli import cli;"
        "print(jinja2.Template('{{ a }}').render(a=3), callable(cli))"
    )
    assert run(code)[-1] == "3 True"


def test_a_page_is_served_once_it_is_launched():
    code = (
        "from ui import page; built = page.build(); print(built.app);"
        "built.launch(prevent_thread_lock=True, quiet=True);"
        "import urllib.request; print(urllib.request.urlopen(built.local_url).status); built.close()"
    )
    lines = run(code)
    assert "None" in lines and "200" in lines


@pytest.mark.parametrize("module", ["apart", "making"])
def test_one_thread_works_at_a_product_in_a_process_beside(module):
    code = (
        f"import os, sys; from core import beside, {module}\n"
        "def prepare():\n"
        "    assert not {'numpy', 'tensorflow'} & set(sys.modules)\n"
        "    import numpy, threadpoolctl\n"
        "    threads = {pool['num_threads'] for pool in threadpoolctl.threadpool_info()}\n"
        "    print(threads, os.environ['TF_NUM_INTRAOP_THREADS'], file=sys.stderr, flush=True)\n"
        "    os._exit(0)\n"
        "beside.serve(prepare, 1)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert ran.stderr.splitlines()[-1] == "{1} 1"
