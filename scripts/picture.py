"""Takes the README's picture of the page, which is also the Space's thumbnail, from the running app:

    python scripts/picture.py [http://127.0.0.1:7860]

Needs Playwright (requirements-dev.txt) and a Chromium.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).resolve().parent.parent / "assets" / "thumbnail.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SIZE = {"width": 1280, "height": 860}


def main(address: str = "http://127.0.0.1:7860") -> None:
    """Generates four beats with seed 1 and plays the first."""
    executable = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE)
        page.goto(address)
        page.wait_for_selector("#generate")
        page.get_by_label("A new seed each time").uncheck()
        page.click("#generate")
        page.wait_for_selector("#card-4 .player [aria-label='Play']", timeout=120_000)
        page.locator("h1").click()
        page.keyboard.press("1")
        page.wait_for_timeout(1500)
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:2])
