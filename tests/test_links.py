"""Share links in a real browser: made on one server, opened on another that has just started."""

from __future__ import annotations

import http.server
import io
import json
import re
import threading
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from core.__main__ import main
from core.clip import to_midi
from core.recipe import Recipe
from tests.test_page import (
    PATIENCE,
    ROOT,
    browser,  # noqa: F401 (a fixture)
    choose_example,
    download,
    generate,
    serving,
    set_number,
    visit,
    wait_for_text,
)

PANEL = "[role=tabpanel]:visible"
LOKL, HIKL, HUMANIZE = "bundled/drums_2bar.lokl", "bundled/drums_2bar.hikl", "bundled/groove_2bar_humanize"


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """Where links are made."""
    with serving(ROOT, tmp_path_factory.mktemp("home")) as address:
        yield address


@pytest.fixture(scope="module")
def other(tmp_path_factory) -> Iterator[str]:
    """Another server, that knows nothing of the first."""
    with serving(ROOT, tmp_path_factory.mktemp("other")) as address:
        yield address


@contextmanager
def sharing(browser: Browser, address: str) -> Iterator[Page]:  # noqa: F811
    """A visit that may use the clipboard."""
    with visit(browser, address, viewport={"width": 1280, "height": 1000}) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield page


def copied(page: Page, place: str) -> str:
    page.click(f"#{place}-link .copy")
    expect(page.locator(f"#{place}-link [role=status]")).to_contain_text("Copied")
    return page.evaluate("navigator.clipboard.readText()")


def elsewhere(link: str, address: str, other: str) -> str:
    assert link.startswith(f"{address}/?jam=")
    return link.replace(address, other)


def set_in(page: Page, label: str, value: str) -> None:
    number = page.locator(PANEL).get_by_label(f"number input for {label}")
    number.fill(value)
    number.blur()


def test_a_set_of_samples(browser, address, other):  # noqa: F811
    with sharing(browser, address) as page:
        set_number(page, "Number of clips", "3")
        set_in(page, "Temperature", "0.8")
        set_in(page, "Tempo (qpm)", "97")
        page.get_by_label("Same region of the latent space").check()
        seed = generate(page)
        midis = [download(page, f"#card-{number} .midi") for number in (1, 2, 3)]
        link = copied(page, "sample")
    with sharing(browser, elsewhere(link, address, other)) as page:
        wait_for_text(page, "#said", rf"3 clips made with seed {seed} in")
        expect(page.locator(".card:visible")).to_have_count(3)
        assert [download(page, f"#card-{number} .midi") for number in (1, 2, 3)] == midis
        page.wait_for_selector("#card-1 audio", state="attached")
        panel = page.locator(PANEL)
        values = {label: number_of(panel, label) for label in ("Number of clips", "Temperature", "Tempo (qpm)")}
        assert values == {"Number of clips": "3", "Temperature": "0.8", "Tempo (qpm)": "97"}
        expect(page.get_by_label("Same region of the latent space")).to_be_checked()
        expect(page.get_by_label("Seed", exact=True)).to_have_value(str(seed))
        expect(page.locator("#opened")).to_be_hidden()
        # Ready to be changed: the same again, then less of it.
        set_number(page, "Number of clips", "2")
        assert generate(page) == seed
        assert [download(page, f"#card-{number} .midi") for number in (1, 2)] == midis[:2]
        assert copied(page, "sample") != link.replace(address, other)


def number_of(panel, label: str) -> str:
    return panel.get_by_label(f"number input for {label}").input_value()


def test_a_path_between_two_uploads(browser, address, other, tmp_path, rock_beat, half_time_beat):  # noqa: F811
    for name, clip in (("a", rock_beat), ("b", half_time_beat)):
        (tmp_path / f"{name}.mid").write_bytes(to_midi(clip))
    with sharing(browser, address) as page:
        page.get_by_role("tab", name="Interpolate").click()
        for slot in "ab":
            page.set_input_files(f"#slot-{slot} input[type=file]", tmp_path / f"{slot}.mid")
            expect(page.locator(f"#slot-{slot} .roll img")).to_be_visible()
        set_in(page, "Steps", "4")
        set_in(page, "Tempo (qpm)", "93")
        page.get_by_label("Begin and end with A and B as they are").uncheck()
        page.click("#interpolate")
        wait_for_text(page, "#interpolate-said", r"4 steps made with seed 1 in")
        midi = download(page, "#path .midi")
        described = [page.get_attribute(f"#slot-{slot} .roll img", "alt") for slot in "ab"]
        link = copied(page, "path")
    with sharing(browser, elsewhere(link, address, other)) as page:
        expect(page.locator("#interpolate-said")).to_contain_text("4 steps made with seed 1 in")
        assert download(page, "#path .midi") == midi
        assert [page.get_attribute(f"#slot-{slot} .roll img", "alt") for slot in "ab"] == described
        panel = page.locator(PANEL)
        page.wait_for_timeout(1500)
        assert (number_of(panel, "Steps"), number_of(panel, "Tempo (qpm)")) == ("4", "93")
        expect(page.get_by_label("Begin and end with A and B as they are")).not_to_be_checked()
        page.click("#interpolate")
        page.wait_for_timeout(500)
        wait_for_text(page, "#interpolate-said", r"4 steps made with seed 1 in")
        assert download(page, "#path .midi") == midi, "pressing the button again gives another path"

        # The zip has everything, and its recipe plays again on the command line.
        name, data = download(page, "#path-zip")
        assert name == "drums_2bar.hikl_1.zip"
        zipfile.ZipFile(io.BytesIO(data)).extractall(tmp_path / "zip")
        suffixes = sorted({path.suffix for path in (tmp_path / "zip").iterdir()})
        assert suffixes == [".json", ".mid", ".mp3", ".png", ".svg", ".wav"]
        assert len(list((tmp_path / "zip").iterdir())) == 5 * 5 + 1
        assert main(["play", str(tmp_path / "zip" / "recipe.json"), "--output-dir", str(tmp_path / "again")]) == 0
        again = {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()}
        assert again == {path.name: path.read_bytes() for path in (tmp_path / "zip").glob("*.mid")}
        assert again["drums_2bar.hikl.mid"] == midi[1]


def test_a_groove_in_an_iframe(browser, address, other):  # noqa: F811
    with sharing(browser, address) as page:
        page.get_by_role("tab", name="Groove").click()
        choose_example(page, "slot-groove", "Boom bap")
        set_in(page, "Timing", "0.7")
        set_in(page, "Tempo (qpm)", "101")
        page.get_by_label("Build on the input's dynamics").check()
        page.click("#groove")
        wait_for_text(page, "#groove-said", "played with seed 1 in")
        midi = download(page, "#after .midi")
        link = copied(page, "groove")
    query = elsewhere(link, address, other).split("?", 1)[1]
    context = browser.new_context(accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    with page_around(other) as around:
        page.goto(f"{around}/jam?{query}")
        the_frame_shows_the_groove(page, other, query, midi)
    context.close()


@contextmanager
def page_around(address: str) -> Iterator[str]:
    """A page like a Space's: on another host, with the app in a frame that gets the page's own parameters."""

    class Around(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            script = f"document.querySelector('iframe').src = '{address}/' + location.search"
            self.wfile.write(f"<iframe style='width:100%;height:900px'></iframe><script>{script}</script>".encode())

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Around) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def the_frame_shows_the_groove(page: Page, other: str, query: str, midi: tuple[str, bytes]) -> None:
    frame = page.frame_locator("iframe")
    expect(frame.locator("#groove-said")).to_contain_text("played with seed 1 in")
    expect(frame.locator("#slot-groove figcaption")).to_contain_text("Boom bap")
    with page.expect_download() as waiting:
        frame.locator("#after .midi").click()
    assert (waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()) == midi
    panel = frame.locator(PANEL)
    page.wait_for_timeout(1500)
    assert (number_of(panel, "Timing"), number_of(panel, "Tempo (qpm)")) == ("0.7", "101")
    expect(frame.get_by_label("Build on the input's dynamics")).to_be_checked()
    # The frame may not write to the clipboard, so the link is shown to be copied by hand.
    frame.locator("#groove-link .copy").click()
    field = frame.locator("#groove-link .link")
    expect(field).to_be_visible()
    assert field.input_value() == f"{other}/?{query}"
    assert field.evaluate("f => f.value.slice(f.selectionStart, f.selectionEnd) === f.value")
    expect(frame.locator("#groove-link [role=status]")).to_contain_text("did not let the page copy")


@pytest.mark.parametrize(
    ("jam", "sentence"),
    [
        ("AnjaBcFRCoAg", "damaged or incomplete"),
        ("", "another version|damaged"),
        ("%00<script>alert(1)</script>", "damaged"),
        (Recipe("sample", "bundled/trumpet", 1).to_string(), "bundled/trumpet, which this page does not offer"),
        (Recipe("sample", LOKL, 1, 16).to_string(), "makes 16 clips, and the page shows at most 8"),
        (Recipe("sample", HUMANIZE, 1).to_string(), "does not offer"),
    ],
)
def test_a_wrong_link_gets_a_sentence_and_a_normal_page(browser, other, jam, sentence):  # noqa: F811
    with visit(browser, f"{other}/?jam={jam}") as page:
        expect(page.locator("#opened .notice.wrong")).to_contain_text(re.compile(sentence))
        expect(page.locator("#said")).to_contain_text("Nothing here yet")
        page.click("#generate")
        wait_for_text(page, "#said", "4 clips made with seed")


def test_settings_beyond_the_sliders_open_too(browser, other):  # noqa: F811
    recipe = Recipe("sample", "bundled/melody_2bar", 4, 1, 1.93, qpm=250.5, bars=3)
    with visit(browser, f"{other}/?jam={recipe.to_string()}") as page:
        wait_for_text(page, "#said", "1 clip made with seed 4 in")
        midi = download(page, "#card-1 .midi")
        panel = page.locator(PANEL)
        assert (number_of(panel, "Temperature"), number_of(panel, "Tempo (qpm)")) == ("1.93", "250.5")
        expect(page.get_by_label("Bars a clip")).to_have_value("3")
        assert generate(page) == 4
        assert download(page, "#card-1 .midi") == midi


def test_other_visits_ask_for_nothing(browser, other):  # noqa: F811
    with visit(browser, other) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "queue/join" in request.url else None)
        page.reload()
        page.wait_for_selector("#generate")
        page.wait_for_timeout(1500)
        assert asked == []
        expect(page.locator("#opened")).to_be_hidden()


@pytest.mark.parametrize(
    ("environment", "headers", "expected"),
    [
        ({"SPACE_HOST": "anna-jam.hf.space"}, {}, "https://anna-jam.hf.space/"),
        ({}, {"X-Forwarded-Host": "jam.example", "X-Forwarded-Proto": "https"}, "https://jam.example/"),
        (
            {"GRADIO_ROOT_PATH": "/jam"},
            {"X-Forwarded-Host": "music.example", "X-Forwarded-Proto": "https"},
            "https://music.example/jam/",
        ),
    ],
)
def test_the_links_address_is_the_public_one(tmp_path, environment, headers, expected):
    from tests.test_page import ask

    with serving(ROOT, tmp_path, **environment) as address:
        opener = urllib.request.build_opener()
        opener.addheaders = list(headers.items())
        urllib.request.install_opener(opener)
        try:
            ended = ask(address, 1)
        finally:
            urllib.request.install_opener(urllib.request.build_opener())
    links = re.findall(r'"link": "(http.*?)"', json.dumps(ended))
    assert len(links) == 1
    assert links[0].startswith(f"{expected}?jam=")
