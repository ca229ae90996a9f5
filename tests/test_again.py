"""What is there again after a reload, examples that run on a click, and the page as an installed app."""

from __future__ import annotations

import io
import json
import re
import urllib.request

import pytest
from PIL import Image
from playwright.sync_api import expect

from core.errors import SettingError
from core.recipe import Recipe
from tests.test_page import address, browser, download, generate, visit  # noqa: F401 (fixtures)
from ui import tries

KEPT = "latent-jam"


def shows(page, place: str) -> None:
    page.wait_for_selector(f"{place} img")
    page.wait_for_selector("#opened", state="hidden")


def test_what_was_made_is_there_again_after_a_reload(browser, address):  # noqa: F811
    with visit(browser, address) as page:
        seed = generate(page)
        sampled = download(page, "#card-2 .midi")
        page.get_by_role("tab").nth(2).click()
        page.click("[data-try=boom]")
        shows(page, "#after")
        page.wait_for_selector("#after .midi")
        played = download(page, "#after .midi")
        page.reload()
        shows(page, "#after")
        # The tab of the last result is open, and its clip is in its place.
        expect(page.get_by_role("tab").nth(2)).to_have_attribute("aria-selected", "true")
        page.wait_for_selector("#slot-groove img")
        assert download(page, "#after .midi") == played
        page.get_by_role("tab").nth(0).click()
        shows(page, "#card-4")
        assert f"seed {seed} " in page.inner_text("#said")
        assert download(page, "#card-2 .midi") == sampled


def test_what_was_made_since_a_link_was_opened_is_there_again(browser, address):  # noqa: F811
    recipe = Recipe("sample", "bundled/drums_2bar.lokl", 11, 2)
    with visit(browser, f"{address}/?jam={recipe.to_string()}") as page:
        shows(page, "#card-2")
        page.get_by_label("A new seed each time").check()
        seed = generate(page)
        page.reload()
        shows(page, "#card-2")
        assert f"seed {seed} " in page.inner_text("#said")


@pytest.mark.parametrize("kept", ["{", "7", json.dumps({"sample": "garbage", "last": "sample"}), '{"last": "sample"}'])
def test_what_a_browser_keeps_is_not_trusted(browser, address, kept):  # noqa: F811
    with visit(browser, address) as page:
        page.evaluate("([name, kept]) => localStorage.setItem(name, kept)", [KEPT, kept])
        page.reload()
        page.wait_for_selector("#generate")
        page.wait_for_selector("#opened", state="hidden")
        assert page.locator(".notice.wrong").count() == 0
        expect(page.locator("[data-try=beats]")).to_be_visible()


@pytest.mark.parametrize("name", [name for of_operation in tries.TRIES.values() for name in of_operation])
def test_examples_are_recipes(name):
    recipe = tries.recipe(name)
    assert name in tries.TRIES[recipe.operation]
    assert recipe.model.startswith("bundled/")


@pytest.mark.parametrize("name", ["", "nothing", None, 7, ["beats"], "beats\n"])
def test_other_examples_are_refused(name):
    with pytest.raises(SettingError, match="There is no example"):
        tries.recipe(name)


def test_the_page_can_be_installed(browser, address):  # noqa: F811
    with visit(browser, address) as page:
        href = page.get_attribute('link[rel="manifest"]', "href")
    manifest = json.load(urllib.request.urlopen(f"{address}/{href.lstrip('./')}"))
    assert manifest["name"] == "Latent Jam" and manifest["display"] == "standalone"
    for icon in manifest["icons"]:
        width = int(re.match(r"\d+", icon["sizes"])[0])
        picture = Image.open(io.BytesIO(urllib.request.urlopen(f"{address}{icon['src']}").read()))
        assert picture.size == (width, width)
