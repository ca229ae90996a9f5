"""On the page: a checkpoint that is fetched when it is chosen, and one trained on a folder of MIDI files."""

from __future__ import annotations

import re
import tarfile
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import note_seq
import numpy as np
import pytest
import tensorflow as tf

from core.clip import read_midi
from core.configs import CONFIG_MAP
from core.network import vae
from tests.test_own_music import song
from tests.test_page import ROOT, browser, download, generate, serving, visit  # noqa: F401 (browser is a fixture)
from training.__main__ import main

NAME = "cat-drums_2bar_small.lokl"
SLOW = "cat-drums_2bar_small.hikl"


def publish(folder: Path) -> None:
    """Puts a TF1 checkpoint with random full-size weights into an archive, as Magenta does."""
    rng = np.random.default_rng(0)
    shapes = vae.variable_shapes(CONFIG_MAP["cat-drums_2bar_small"])
    tensors = [rng.standard_normal(shape, np.float32) * np.float32(0.06) for shape in shapes.values()]
    names = [*shapes, "global_step"]
    prefix = folder / "model.ckpt"
    tf.raw_ops.SaveV2(
        prefix=str(prefix), tensor_names=names, shape_and_slices=[""] * len(names), tensors=[*tensors, np.int64(0)]
    )
    with tarfile.open(folder / f"{NAME}.tar", "w") as archive:
        for file in folder.glob("model.ckpt*"):
            archive.add(file, f"{NAME}/{file.name}")


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """The page, with a server of published checkpoints behind it and a checkpoint of the owner's."""
    published, home = tmp_path_factory.mktemp("published"), tmp_path_factory.mktemp("home")
    publish(published)
    midi = tmp_path_factory.mktemp("midi")
    for number in range(20):
        note_seq.sequence_proto_to_midi_file(song(number), midi / f"{number:02}.mid")
    trained = ["train", "--config", "cat-mel_2bar_small", "--midi", str(midi), "--runs", str(home), "--name", "mine"]
    assert main([*trained, "--steps", "2", "--batch-size", "4"]) == 0

    (published / f"{SLOW}.tar").write_bytes((published / f"{NAME}.tar").read_bytes())
    stopped = threading.Event()

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *arguments, **named) -> None:
            super().__init__(*arguments, directory=published, **named)

        def copyfile(self, source, outputfile) -> None:
            if SLOW in self.path:
                outputfile.write(source.read(1 << 16))
                outputfile.flush()
                stopped.wait(60)
            super().copyfile(source, outputfile)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = {
        "LATENT_JAM_CHECKPOINTS_URL": f"http://127.0.0.1:{server.server_port}",
        "LATENT_JAM_CACHE": str(home / "cache"),
        "LATENT_JAM_CHECKPOINTS": f"mine=cat-mel_2bar_small:{home / 'mine' / 'mine.safetensors'}",
    }
    with serving(ROOT, home, **settings) as address:
        yield address
    stopped.set()
    server.shutdown()


def choose(page, what: str) -> None:
    page.click("#sample-model input")
    page.get_by_role("option", name=what).click()


def test_a_published_checkpoint_is_fetched_and_plays(browser, address):  # noqa: F811
    with visit(browser, address) as page:
        choose(page, f"Magenta, 19 MB · {NAME}")
        generate(page)
        assert page.locator(".card:visible").count() == 4
        name, data = download(page, "#card-1 .midi")
        assert name == f"{NAME}_00.mid"
        assert read_midi(data).notes
        # What is not at the server gets a sentence, and what was made stays.
        choose(page, "Magenta, 58 MB · nade-drums_2bar_full")
        page.click("#generate")
        page.wait_for_selector("#said .notice.wrong")
        assert "404" in page.inner_text("#said")
        assert page.locator(".card:visible").count() == 4


def test_fetching_can_be_stopped(browser, address):  # noqa: F811
    with visit(browser, address) as page:
        choose(page, f"Magenta, 19 MB · {SLOW}")
        page.click("#generate")
        page.get_by_text(re.compile("Fetching .*MB")).first.wait_for()
        page.click("#stop")
        page.wait_for_selector("#said .notice.wrong")
        assert "was stopped" in page.inner_text("#said")
        assert not page.locator("#stop").is_visible()


def test_a_checkpoint_trained_on_a_folder_plays(browser, address):  # noqa: F811
    with visit(browser, address) as page:
        choose(page, "Yours · mine")
        generate(page)
        assert page.locator(".card:visible").count() == 4
        name, data = download(page, "#card-1 .midi")
        assert name == "mine_00.mid"
        assert data.startswith(b"MThd")
