"""The page in a real browser: what a visitor does, and what they get."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, Page, expect, sync_playwright

from core import audio
from core.clip import from_sequence, join, read_midi, to_midi
from core.converters.drums import CLASS_OF_PITCH
from core.recipe import Recipe

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 1000 * int(os.environ.get("PATIENCE_SECONDS", "120"))
expect.set_options(timeout=PATIENCE)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def serving(folder: Path, home: Path, **environment: str) -> Iterator[str]:
    """Runs `python app.py` in `folder` on a free port until the block ends; yields the address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    settings = {"GRADIO_SERVER_PORT": str(port), "HOME": str(home), "GRADIO_TEMP_DIR": str(home / "gradio")}
    with (home / "app.log").open("w") as log:
        app = subprocess.Popen(
            [sys.executable, "app.py"], cwd=folder, env=os.environ | settings | environment, stdout=log, stderr=log
        )
        try:
            for _ in range(PATIENCE // 100):
                assert app.poll() is None, (home / "app.log").read_text()
                try:
                    urllib.request.urlopen(address)
                    break
                except OSError:
                    time.sleep(0.1)
            yield address
        finally:
            app.terminate()
            app.wait(20)


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    with serving(ROOT, tmp_path_factory.mktemp("home")) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@contextmanager
def visit(browser: Browser, address: str, **settings) -> Iterator[Page]:
    """A visit with an empty browser; fails if the page's scripts did."""
    context = browser.new_context(accept_downloads=True, **settings)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(address)
    # A link may have opened its own tab by now.
    page.wait_for_selector("#generate:visible, #interpolate:visible, #groove:visible")
    yield page
    context.close()
    assert not wrong


def generate(page: Page) -> int:
    """Presses Generate and waits for the result; returns the seed that was used."""
    # The same settings may well take as long as the last time, and then the page says the same: what tells is that
    # something moves there, and then no more.
    page.evaluate(
        """() => {
          window.moved = 0;
          new MutationObserver(() => { window.moved = performance.now(); })
            .observe(document.querySelector('#said'), {subtree: true, childList: true, attributes: true});
        }"""
    )
    page.click("#generate")
    page.wait_for_function(
        "() => window.moved && performance.now() - window.moved > 500 &&"
        " /^\\s*\\d+ clips? made with seed/.test(document.querySelector('#said').innerText)"
    )
    return int(re.search(r"seed (\d+)", page.inner_text("#said")).group(1))


def download(page: Page, selector: str) -> tuple[str, bytes]:
    with page.expect_download() as waiting:
        page.click(selector)
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def playhead(page: Page, card: str) -> float:
    """Where the playhead is, in pixels from the picture's left edge; −1 where there is none."""
    return page.eval_on_selector(
        f"{card} .playhead", "head => head.hidden ? -1 : new DOMMatrix(getComputedStyle(head).transform).m41"
    )


def test_a_playhead_follows_the_sound_and_keys_play(browser, address):
    with visit(browser, address, viewport={"width": 1280, "height": 900}) as page:
        generate(page)
        page.wait_for_selector("#card-2 .player [aria-label='Play']")
        assert playhead(page, "#card-2") == -1
        page.locator("h1").click()
        page.keyboard.press("2")
        page.wait_for_selector("#card-2 .player [aria-label='Pause']")
        page.wait_for_function("() => !document.querySelector('#card-2 .playhead').hidden")
        first = playhead(page, "#card-2")
        page.wait_for_timeout(600)
        assert playhead(page, "#card-2") > first + 5
        page.keyboard.press(" ")
        page.wait_for_selector("#card-2 .player [aria-label='Play']")

        sheet = page.locator("#card-2 .sheet")
        box = sheet.bounding_box()
        sheet.click(position={"x": box["width"] * 0.8, "y": 20})
        page.wait_for_function(
            "x => { const head = document.querySelector('#card-2 .playhead');"
            " return Math.abs(new DOMMatrix(getComputedStyle(head).transform).m41 - x) < 12 }",
            arg=box["width"] * 0.8,
        )
        # Two bars at 110 qpm and the tail last almost five seconds; a loop goes back before the tail.
        page.click("#card-2 .loop")
        page.locator("h1").click()
        page.keyboard.press(" ")
        page.wait_for_function(
            "x => { const head = document.querySelector('#card-2 .playhead');"
            " return new DOMMatrix(getComputedStyle(head).transform).m41 < x }",
            arg=box["width"] * 0.5,
        )
        assert page.locator("#card-2 .player [aria-label='Pause']").count() == 1

        before = page.inner_text("#said")
        page.keyboard.press("g")
        page.wait_for_function(
            "before => { const said = document.querySelector('#said').innerText;"
            " return said !== before && /made with seed/.test(said) }",
            arg=before,
        )


def test_generate_listen_and_take_the_midi(browser, address):
    with visit(browser, address, viewport={"width": 1280, "height": 900}) as page:
        heard: list[str] = []
        page.on("request", lambda request: heard.append(request.url) if request.url.endswith(".flac") else None)
        seed = generate(page)
        cards = page.locator(".card:visible")
        assert cards.count() == 4
        pictures = page.eval_on_selector_all(".card img", "images => images.map(i => [i.alt, i.naturalWidth, i.src])")
        assert len({source for _, _, source in pictures}) == 4
        for alt, width, _ in pictures:
            assert alt.startswith("2 bars of drums")
            assert width > 600

        midis = []
        for number in range(1, 5):
            name, data = download(page, f"#card-{number} .midi")
            assert name == f"drums_2bar.lokl_{number - 1:02d}.mid"
            assert mido.MidiFile(file=io.BytesIO(data)).length == pytest.approx(2 * 4 * 60 / 110, rel=1e-3)
            notes = from_sequence(read_midi(data), 2, 110.0).notes
            assert len(notes) >= 4
            assert all(note.is_drum and note.pitch in CLASS_OF_PITCH and note.start % 120 == 0 for note in notes)
            midis.append(data)
        assert len(set(midis)) == 4

        page.wait_for_selector("#card-1 audio", state="attached")
        page.wait_for_timeout(1000)
        assert len(set(heard)) == 4
        sound, rate = soundfile.read(io.BytesIO(urllib.request.urlopen(heard[0]).read()))
        assert len(sound) / rate == pytest.approx(2 * 4 * 60 / 110 + audio.TAIL_SECONDS, abs=0.01)
        # The browser takes away what the encoder put before and after, so the playhead is where the sound is.
        length = page.evaluate(
            "url => new Promise((resolve, reject) => { const sound = new Audio(url); sound.onerror = reject;"
            " sound.onloadedmetadata = () => resolve(sound.duration) })",
            heard[0],
        )
        assert length == pytest.approx(len(sound) / rate, abs=0.002)
        assert 0.05 < np.abs(sound).max() < 1
        assert np.sqrt((sound**2).mean()) > 0.005

        name, data = download(page, "#download-zip")
        assert name == f"drums_2bar.lokl_{seed}.zip"
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            kinds = [Path(name).suffix for name in archive.namelist()]
            assert Counter(kinds) == {".mid": 4, ".wav": 4, ".mp3": 4, ".png": 4, ".svg": 4, ".json": 1}
            assert archive.read("drums_2bar.lokl_02.mid") == midis[2]
            recipe = Recipe.from_string(json.loads(archive.read("recipe.json"))["recipe"])
        assert (recipe.seed, recipe.count, recipe.qpm) == (seed, 4, 110.0)


def wait_for_text(page: Page, selector: str, pattern: str) -> str:
    page.wait_for_function(
        "([selector, pattern]) => new RegExp(pattern).test(document.querySelector(selector).innerText)",
        arg=[selector, pattern],
    )
    return page.inner_text(selector)


def drums_of(data: bytes, bars: int, qpm: float) -> list:
    return list(from_sequence(read_midi(data), bars, qpm).notes)


def test_sample_two_blend_them_and_play_the_path_like_a_drummer(browser, address):
    with visit(browser, address, viewport={"width": 1280, "height": 1000}) as page:
        number = page.get_by_label("number input for Number of clips")
        number.fill("2")
        number.blur()
        page.get_by_label("A new seed each time").uncheck()
        generate(page)
        page.click("#card-1 .use-a")
        assert "Clip 1 is A" in wait_for_text(page, "#said", "is A on the Interpolate tab")
        page.click("#card-2 .use-b")
        expect(page.locator("#slot-a img")).to_be_visible()
        expect(page.locator("#slot-b img")).to_be_visible()
        page.click("#interpolate")
        wait_for_text(page, "#interpolate-said", r"6 steps made with seed \d+")
        assert page.get_attribute("#path img", "alt").startswith("12 bars of drums")
        name, joined = download(page, "#path .midi")
        assert name == "drums_2bar.hikl_path.mid"
        _, archive = download(page, "#path-zip")
        with zipfile.ZipFile(io.BytesIO(archive)) as file:
            assert sum(name.endswith(".mid") for name in file.namelist()) == 7
            first = drums_of(file.read("drums_2bar.hikl_00.mid"), 2, 110.0)
        page.get_by_role("tab", name="Sample").click()
        own = drums_of(download(page, "#card-1 .midi")[1], 2, 110.0)
        assert first == own, "the path does not begin with the visitor's own clip"
        page.get_by_role("tab", name="Interpolate").click()

        page.click("#path-uses .use-groove")
        expect(page.locator("#slot-groove img")).to_be_visible()
        page.click("#groove")
        wait_for_text(page, "#groove-said", r"12 bars played with seed 1 in")
        name, data = download(page, "#after .midi")
        assert name == "groove_2bar_humanize.mid"
        assert mido.MidiFile(file=io.BytesIO(data)).length == pytest.approx(12 * 4 * 60 / 110, abs=60 / 110 / 4)
        before, played = drums_of(joined, 12, 110.0), drums_of(data, 12, 110.0)
        assert Counter((round(n.start / 120), n.pitch) for n in played) == Counter(
            (n.start // 120, n.pitch) for n in before
        )
        assert len({note.velocity for note in played}) > 10
        assert np.mean([note.start % 120 != 0 for note in played]) > 0.5

        page.get_by_role("tab", name="Interpolate").click()
        page.click("#path-uses .use-a")
        expect(page.locator("#interpolate-said .notice.wrong")).to_contain_text("one step of the path")
        page.locator("#path-uses").get_by_label("Step").click()
        page.get_by_role("option", name="Step 3").click()
        page.click("#path-uses .use-a")
        expect(page.locator("#slot-a figcaption")).to_contain_text("hikl 3")


def test_blend_two_melodies_in_ten_steps(browser, address, tmp_path, rock_beat):
    with visit(browser, address, viewport={"width": 1280, "height": 1000}) as page:
        page.get_by_role("tab", name="Interpolate").click()
        for slot, name in (("a", "Walking home"), ("b", "Slow ballad")):
            choose_example(page, f"slot-{slot}", name)
            expect(page.locator(f"#slot-{slot} img")).to_have_attribute("alt", re.compile("2 bars of melody"))
        steps = page.get_by_label("number input for Steps")
        steps.fill("10")
        steps.blur()
        page.click("#interpolate")
        wait_for_text(page, "#interpolate-said", r"10 steps made with seed \d+")
        assert page.get_attribute("#path img", "alt").startswith("20 bars of melody")
        name, joined = download(page, "#path .midi")
        assert name == "melody_2bar_path.mid"
        notes = from_sequence(read_midi(joined), 20, 104.0).notes
        assert {(note.program, note.is_drum) for note in notes} == {(0, False)}
        assert max(note.end for note in notes) > 19 * 1920
        page.locator("#path-sound input").click()
        with page.expect_request(lambda request: request.url.endswith("/path.flac")):
            page.get_by_role("option", name="Flute").click()
        assert download(page, "#path .midi")[1] == joined, "the sound is for listening only"

        page.click("#path-uses .use-groove")
        expect(page.locator("#interpolate-said .notice.wrong")).to_contain_text("only drums can be played")
        (tmp_path / "beat.mid").write_bytes(to_midi(rock_beat))
        page.set_input_files("#slot-b input[type=file]", tmp_path / "beat.mid")
        expect(page.locator("#slot-b img")).to_have_attribute("alt", re.compile("2 bars of drums"))
        page.click("#interpolate")
        expect(page.locator("#interpolate-said .notice.wrong")).to_contain_text(
            "A is a melody of 2 bars and B is drums of 2"
        )


def choose_model(page: Page, name: str) -> None:
    page.get_by_label("Model").click()
    page.get_by_role("option", name=name).click()


def set_number(page: Page, label: str, value: str) -> None:
    number = page.get_by_label(f"number input for {label}")
    number.fill(value)
    number.blur()


def seconds_of(sound: bytes) -> float:
    with soundfile.SoundFile(io.BytesIO(sound)) as file:
        return file.frames / file.samplerate


def test_a_trio_is_sampled_heard_and_taken_apart(browser, address, tmp_path):
    with visit(browser, address, viewport={"width": 1280, "height": 1000}) as page:
        choose_model(page, "In the box · trio, 16 bars")
        set_number(page, "Number of clips", "2")
        generate(page)
        assert re.match("16 bars of drums: .*; of bass: .*; of melody: ", page.get_attribute("#card-1 img", "alt"))
        whole = from_sequence(read_midi(download(page, "#card-1 .midi")[1]), 16, 110.0)
        assert whole.plays == "band"
        page.wait_for_selector("#card-1 audio", state="attached")
        sounds = set()
        for part in ("Melody", "Bass", "Drums"):
            with page.expect_response(lambda response: re.search(r"clip_00_\w+\.flac$", response.url)) as heard:
                page.locator("#card-1 .parts").get_by_label(part).check()
            sounds.add(heard.value.body())
            name, data = download(page, "#card-1 .midi")
            assert name == f"clip_00_{part.lower()}.mid"
            alone = from_sequence(read_midi(data), 16, 110.0).parts
            assert list(alone) == [part.lower()]
            assert len(alone[part.lower()].notes) == len(whole.parts[part.lower()].notes)
        assert len(sounds) == 3
        assert all(34 < seconds_of(sound) < 38 for sound in sounds)
        archive = zipfile.ZipFile(io.BytesIO(download(page, "#download-zip")[1]))
        assert {f"trio_16bar_01_{part}.mid" for part in ("melody", "bass", "drums")} < set(archive.namelist())

        page.click("#card-1 .use-groove")
        expect(page.locator("#slot-groove img")).to_be_visible()
        page.click("#groove")
        wait_for_text(page, "#groove-said", r"16 bars played with seed \d+")
        before, after = (
            from_sequence(read_midi(download(page, f"#{roll} .midi")[1]), 16, 110.0).parts
            for roll in ("before", "after")
        )
        assert (after["melody"], after["bass"]) == (before["melody"], before["bass"])
        assert after["drums"] != before["drums"]


def test_blend_two_trios_one_of_them_a_midi_file(browser, address, tmp_path):
    from tests.test_trio_converter import band

    (tmp_path / "song.mid").write_bytes(to_midi(from_sequence(band(), 16, 90.0)))
    with visit(browser, address, viewport={"width": 1280, "height": 1000}) as page:
        choose_model(page, "In the box · trio, 16 bars")
        set_number(page, "Number of clips", "1")
        generate(page)
        page.click("#card-1 .use-a")
        page.get_by_role("tab", name="Interpolate").click()
        expect(page.locator("#slot-a img")).to_be_visible()
        page.get_by_label("16 bars: a melody or a trio").check()
        page.set_input_files("#slot-b input[type=file]", tmp_path / "song.mid")
        expect(page.locator("#slot-b .roll img")).to_have_attribute("alt", re.compile("16 bars of drums: .*bass"))
        set_number(page, "Steps", "3")
        page.click("#interpolate")
        wait_for_text(page, "#interpolate-said", r"3 steps made with seed \d+")
        assert page.get_attribute("#path img", "alt").startswith("48 bars of drums")
        set_number(page, "Steps", "7")
        page.click("#interpolate")
        expect(page.locator("#interpolate-said .notice.wrong")).to_contain_text("at most 6 steps, not 7")


def test_sampled_melodies(browser, address):
    with visit(browser, address) as page:
        choose_model(page, "In the box · melody, 2 bars")
        expect(page.locator("#sample-sound")).to_be_visible()
        # Of many seeds one gives a silent clip.
        page.get_by_label("A new seed each time").uncheck()
        page.get_by_label("Seed", exact=True).first.fill("7")
        assert generate(page) == 7
        for number in range(1, 5):
            assert page.get_attribute(f"#card-{number} img", "alt").startswith("2 bars of melody")
        name, data = download(page, "#card-1 .midi")
        assert name == "melody_2bar_00.mid"
        assert all(not note.is_drum for note in from_sequence(read_midi(data), 2, 110.0).notes)


def test_surprise_me_shows_every_stage(browser, address):
    with visit(browser, address, viewport={"width": 1280, "height": 1000}) as page:
        page.click("#surprise")
        wait_for_text(page, "#said", "12 bars from one to the other, and the same played")
        assert page.locator(".card:visible").count() == 4
        page.wait_for_selector("#surprise-played audio", state="attached")
        path, played = (download(page, f"#surprise-{stage} .midi")[1] for stage in ("path", "played"))
        assert path != played
        for tab, rolls in (("Interpolate", ["#slot-a", "#slot-b", "#path"]), ("Groove", ["#slot-groove", "#after"])):
            page.get_by_role("tab", name=tab).click()
            for roll in rolls:
                expect(page.locator(f"{roll} img")).to_be_visible()
        assert download(page, "#after .midi")[1] == played


def test_uploads_are_cut_and_bad_ones_get_a_sentence(browser, address, tmp_path, rock_beat, half_time_beat):
    (tmp_path / "two.mid").write_bytes(to_midi(join([rock_beat, half_time_beat])))
    (tmp_path / "bad.mid").write_bytes(b"not music")
    with visit(browser, address) as page:
        page.get_by_role("tab", name="Interpolate").click()
        page.set_input_files("#slot-a input[type=file]", tmp_path / "two.mid")
        expect(page.locator("#slot-a .windows button")).to_have_count(2)
        assert "6 kick" not in page.get_attribute("#slot-a .roll img", "alt")
        page.locator("#slot-a .windows button").nth(1).click()
        expect(page.locator("#slot-a .roll img")).to_have_attribute("alt", re.compile("8 ride"))
        page.set_input_files("#slot-a input[type=file]", tmp_path / "bad.mid")
        expect(page.locator("#slot-a .notice.wrong")).to_contain_text("“bad.mid” is not a MIDI file")
        assert "8 ride" in page.get_attribute("#slot-a .roll img", "alt"), "a bad upload threw a good clip away"
        page.click("#interpolate")
        expect(page.locator("#interpolate-said .notice.wrong")).to_contain_text("B is still empty")


def test_tap_a_rhythm_and_get_drums(browser, address):
    with visit(browser, address) as page:
        page.get_by_role("tab", name="Groove").click()
        page.get_by_text("Tap to drums").click()
        tempo = page.locator("#groove-tempo input[type=number]")
        tempo.fill("100")
        tempo.blur()
        page.click("#tap-pad .start")
        page.wait_for_timeout(250 + 4 * 60_000 / 100)
        for _ in range(14):
            page.keyboard.press("Space")
            page.wait_for_timeout(30_000 / 100)
        expect(page.locator("#slot-groove img")).to_have_attribute(
            "alt", re.compile(r"2 bars of drums: 1\d snare hits")
        )
        page.click("#groove")
        wait_for_text(page, "#groove-said", "2 bars played")
        notes = drums_of(download(page, "#after .midi")[1], 2, 100.0)
        assert len({note.pitch for note in notes}) >= 2, "one drum is no kit"


def test_endpoints_for_programs(address, tmp_path, rock_beat, half_time_beat):
    from gradio_client import Client, handle_file

    (tmp_path / "a.mid").write_bytes(to_midi(rock_beat))
    (tmp_path / "b.mid").write_bytes(to_midi(half_time_beat))
    a, b = handle_file(tmp_path / "a.mid"), handle_file(tmp_path / "b.mid")
    client = Client(address, verbose=False, download_files=tmp_path / "got")
    files, recipe = client.predict(num_outputs=2, seed=5, api_name="/sample")
    assert len(files) == 2
    assert Recipe.from_string(recipe).seed == 5
    joined, parts, recipe = client.predict(midi_a=a, midi_b=b, num_outputs=3, seed=1, api_name="/interpolate")
    assert len(parts) == 3
    first = drums_of(Path(parts[0]).read_bytes(), 2, 120.0)
    assert [(n.start, n.pitch, n.velocity) for n in first] == [(n.start, n.pitch, n.velocity) for n in rock_beat.notes]
    assert mido.MidiFile(joined).length == pytest.approx(12, abs=0.01)
    played, recipe = client.predict(midi=a, seed=1, temperature=0.3, api_name="/groove")
    assert len(drums_of(Path(played).read_bytes(), 2, 120.0)) == len(rock_beat.notes)
    assert Recipe.from_string(recipe).keep_notes
    with pytest.raises(Exception, match="The temperature must be a number from 0.01 to 2"):
        client.predict(midi=a, temperature=9, api_name="/groove")


def test_the_same_seed_plays_the_same_music(browser, address):
    with visit(browser, address) as page:
        seed = generate(page)
        first = download(page, "#card-2 .midi")[1]
        assert generate(page) != seed
        assert download(page, "#card-2 .midi")[1] != first
        page.get_by_label("A new seed each time").uncheck()
        page.get_by_label("Seed", exact=True).fill(str(seed))
        page.get_by_label("Seed", exact=True).blur()
        assert generate(page) == seed
        assert download(page, "#card-2 .midi")[1] == first
        page.click("#dice")
        expect(page.get_by_label("Seed", exact=True)).not_to_have_value(str(seed))


def test_fewer_clips_hide_the_other_cards(browser, address):
    with visit(browser, address) as page:
        generate(page)
        number = page.get_by_label("number input for Number of clips")
        number.fill("1")
        number.blur()
        generate(page)
        assert page.inner_text("#said").strip().startswith("1 clip made")
        expect(page.locator(".card:visible")).to_have_count(1)


def test_wrong_settings_get_a_sentence_and_lose_nothing(browser, address):
    with visit(browser, address) as page:
        generate(page)
        picture = page.get_attribute("#card-1 img", "src")
        page.get_by_label("A new seed each time").uncheck()
        seed = page.get_by_label("Seed", exact=True)
        seed.fill("-5")
        seed.blur()
        page.click("#generate")
        wrong = page.locator(".notice.wrong")
        expect(wrong).to_have_text("The seed must be a whole number from 0 to 4294967295, not -5.")
        expect(wrong).to_have_attribute("role", "alert")
        assert page.get_attribute("#card-1 img", "src") == picture
        assert page.locator(".card:visible").count() == 4
        seed.fill("5")
        seed.blur()
        assert generate(page) == 5
        assert "Traceback" not in page.content()


def test_a_phone_in_the_dark(browser, address):
    with visit(browser, address, viewport={"width": 390, "height": 844}, color_scheme="dark") as page:
        generate(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        box = page.locator("#card-1 img").bounding_box()
        assert 330 < box["width"] <= 390
        corner = page.eval_on_selector(
            "#card-1 img",
            "i => { const c = document.createElement('canvas'); c.width = c.height = 1;"
            " const g = c.getContext('2d'); g.drawImage(i, 0, 0, 1, 1, 0, 0, 1, 1);"
            " return [...g.getImageData(0, 0, 1, 1).data] }",
        )
        assert max(corner[:3]) < 80, "the picture is light on a dark page"


def choose_example(page: Page, slot: str, name: str) -> None:
    place = page.locator(f"#{slot}")
    place.locator(".example input").click()
    # The list of another place may still be fading.
    place.get_by_role("option", name=name, exact=True).click()
    expect(place.locator("figcaption")).to_contain_text(name)


def test_long_music_on_a_phone(browser, address):
    """Twelve bars scroll inside their cards, before and after together; the page stays as wide as the phone and at
    rest."""
    with visit(browser, address, viewport={"width": 390, "height": 844}) as page:
        page.get_by_role("tab", name="Interpolate").click()
        choose_example(page, "slot-a", "Boom bap")
        choose_example(page, "slot-b", "Train beat")
        page.click("#interpolate")
        wait_for_text(page, "#interpolate-said", "6 steps made")
        page.wait_for_selector("#path audio", state="attached")
        page.click("#path-uses .use-groove")
        page.click("#groove")
        wait_for_text(page, "#groove-said", "12 bars played")
        page.wait_for_selector("#after audio", state="attached")
        widths = set()
        for _ in range(20):
            page.wait_for_timeout(100)
            widths.add(page.evaluate("document.documentElement.scrollWidth"))
        assert max(widths) <= 390, "the page is wider than the phone, or flickers"
        before, after = page.locator("#before .view"), page.locator("#after .view")
        expect(after).to_have_class(re.compile("more"))
        before.evaluate("view => view.scrollLeft = 400")
        page.wait_for_function("document.querySelector('#after .view').scrollLeft === 400")
        after.evaluate("view => view.scrollLeft = view.scrollWidth")
        expect(before).not_to_have_class(re.compile("more"))


def test_a_damaged_model_gets_a_sentence_and_the_others_play(browser, tmp_path):
    for name in ("app.py", "core", "ui", "assets"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    weights = tmp_path / "assets" / "models" / "drums_2bar.lokl.safetensors"
    weights.write_bytes(weights.read_bytes()[:200_000])
    home = tmp_path / "home"
    home.mkdir()
    with serving(tmp_path, home) as address, visit(browser, address) as page:
        page.click("#generate")
        expect(page.locator(".notice.wrong")).to_contain_text("drums_2bar.lokl.safetensors is damaged")
        page.get_by_label("Model").click()
        page.get_by_role("option").nth(1).click()
        generate(page)
        assert page.locator(".card:visible").count() == 4
    assert "Traceback" not in (home / "app.log").read_text()


def test_without_fluidsynth_the_page_says_how_to_install_it(browser, tmp_path):
    (tmp_path / "fluidsynth.py").write_text("raise ImportError('no FluidSynth here')\n")
    with serving(ROOT, tmp_path, PYTHONPATH=str(tmp_path)) as address, visit(browser, address) as page:
        generate(page)
        expect(page.locator("#card-1 .silent")).to_contain_text("apt install fluidsynth")
        assert page.locator("audio").count() == 0
        assert download(page, "#card-1 .midi")[1].startswith(b"MThd")


def ask(address: str, number: int, **changes: object) -> dict:
    """Sends the page's request with some inputs changed, as no page would; returns how it ended."""
    config = json.load(urllib.request.urlopen(f"{address}/config"))
    generate_id = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == "generate")
    event = next(d for d in config["dependencies"] if [generate_id, "click"] in d["targets"])
    inputs = {"model": "bundled/drums_2bar.lokl", "count": 1, "temperature": 0.5, "same_z": False}
    inputs |= {"qpm": 110, "sound": 0, "seed": 1, "every_time": False, "theme": "light", "bars": None} | changes
    session = f"session{number}"
    request = {"data": list(inputs.values()), "fn_index": event["id"], "session_hash": session}
    post = urllib.request.Request(
        f"{address}/gradio_api/queue/join", json.dumps(request).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(post).close()
    with urllib.request.urlopen(f"{address}/gradio_api/queue/data?session_hash={session}", timeout=60) as events:
        for line in events:
            if b"process_completed" in line:
                return json.loads(line.removeprefix(b"data: "))
    raise AssertionError("the request never ended")


def test_requests_that_no_page_sends_are_refused_and_the_app_keeps_running(address):
    wrong = [
        {"count": 500},
        {"count": "many"},
        {"temperature": 0},
        {"temperature": "abc"},
        {"model": "bundled/trumpet"},
        {"model": "../../etc/passwd"},
        {"qpm": 1e9},
        {"sound": 127},
        {"seed": "abc"},
    ]
    for number, change in enumerate(wrong):
        ended = ask(address, number, **change)
        assert not ended["success"], change
        assert "Traceback" not in json.dumps(ended)
    for number, change in enumerate([{"seed": -1}, {"seed": 2**40}], 100):
        assert "The seed must be a whole number" in ask(address, number, **change)["output"]["data"][0]
    fine = ask(address, 200)
    assert fine["success"]
    assert "1 clip made with seed 1" in fine["output"]["data"][0]
