"""How the page looks, wide and on a phone, by day and by night, in both languages: pictures to look at in
`test-results/looks`, and what can be checked without eyes."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.test_page import ROOT, address, browser, visit  # noqa: F401 (fixtures)

FOLDER = ROOT / "test-results" / "looks"
SHAPES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
# By tab: an example to try and what its result brings.
RESULTS = {"sample": ("beats", "#card-4"), "interpolate": ("rock", "#path"), "groove": ("clave", "#after")}
# Visible elements that are wider than their own box or stand beyond the page's edge, and buttons that overlap.
FAULTS = """() => {
  const shown = [...document.querySelectorAll('button, label, h1, h3, p, figcaption, .info-text')]
    .filter(e => e.checkVisibility({opacityProperty: true, visibilityProperty: true}) && e.innerText?.trim());
  const named = e => `${e.tagName} “${e.innerText.trim().slice(0, 40)}”`;
  const faults = [];
  for (const e of shown) {
    const box = e.getBoundingClientRect(), words = document.createRange();
    words.selectNodeContents(e);
    const text = words.getBoundingClientRect();
    const turned = e.querySelector('.icon');
    if (!turned && (text.right > box.right + 2 || text.left < box.left - 2)) faults.push(`cut off: ${named(e)}`);
    if (box.right > innerWidth + 1 && !e.closest('.view, [role=tablist]')) faults.push(`beyond the edge: ${named(e)}`);
  }
  const buttons = shown.filter(e => e.tagName === 'BUTTON' && !e.closest('.overflow-menu, .view'));
  buttons.forEach((a, i) => buttons.slice(i + 1).forEach(b => {
    if (a.contains(b) || b.contains(a)) return;
    const [p, q] = [a.getBoundingClientRect(), b.getBoundingClientRect()];
    const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const high = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (wide > 2 && high > 2) faults.push(`overlapping: ${named(a)} and ${named(b)}`);
  }));
  if (document.documentElement.scrollWidth > innerWidth + 1) faults.push('the page scrolls sideways');
  return faults;
}"""
# What is said of pictures counts as well; Gradio's own labels for screen readers are English.
WORDS = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (e.checkVisibility() && !e.closest('script, style, footer:not(.colophon)')) {
      found.push(walker.currentNode.data.trim());
    }
  }
  for (const e of document.querySelectorAll('img[alt]')) if (e.checkVisibility()) found.push(e.alt);
  return found.filter(Boolean);
}"""
# Names and terms that are the same in Chinese.
NAMES = re.compile(
    r"Latent Jam|MusicVAE|GrooVAE|Roberts|Gillick|Groove MIDI Dataset|POP909|Magenta|MIDI|DAW|zip|qpm|MB|clave"
    r"|common.complete|Space|API|MCP|Boom bap|Break|Second line|Trap|tresillo|drums_2bar\.\w+|groove_2bar_\w+|cat-\S+",
    re.IGNORECASE,
)


# Every pair of a shape, a scheme and a language.
@pytest.mark.parametrize(
    ("shape", "scheme", "language"),
    [
        ("desktop", "light", "en-US"),
        ("desktop", "dark", "zh-CN"),
        ("phone", "dark", "en-US"),
        ("phone", "light", "zh-CN"),
    ],
)
def test_looks(browser, address, shape, scheme, language):  # noqa: F811
    FOLDER.mkdir(parents=True, exist_ok=True)
    settings = {"viewport": SHAPES[shape], "color_scheme": scheme, "locale": language}
    with visit(browser, address, **settings) as page:
        for number, (tab, (example, result)) in enumerate(RESULTS.items()):
            page.get_by_role("tab").nth(number).click()
            name = f"{tab}-{shape}-{scheme}-{language[:2]}"
            page.locator(f"[data-try={example}]").wait_for()
            check(page, language, FOLDER / f"{name}-empty.png")
            page.click(f"[data-try={example}]")
            page.wait_for_selector(f"{result} img")
            page.wait_for_selector(f"{result} .play-pause-button")
            page.wait_for_selector("#opened", state="hidden")
            # What is shown is there before the request is over.
            page.wait_for_selector("#stop", state="hidden")
            check(page, language, FOLDER / f"{name}.png")


def check(page: Page, language: str, picture) -> None:
    page.mouse.move(0, 0)
    page.screenshot(path=picture, full_page=True)
    assert page.evaluate(FAULTS) == [], picture
    violations = Axe().run(page).response["violations"]
    serious = [v for v in violations if v["impact"] in ("serious", "critical")]
    assert not serious, [(v["id"], [node["html"] for node in v["nodes"]]) for v in serious]
    words = page.evaluate(WORDS)
    assert len(words) > 20
    for text in words:
        if language == "en-US":
            assert not re.search(r"[\u4e00-\u9fff]|__i18n__", text), text
        else:
            assert not re.search(r"[A-Za-z]{3,}|__i18n__", NAMES.sub("", text)), text


def test_faults_are_seen(browser, address):  # noqa: F811
    with visit(browser, address) as page:
        assert page.evaluate(FAULTS) == []
        page.add_style_tag(content="* { transition: none !important }")
        page.evaluate("document.querySelector('#generate').style.transform = 'translate(1200px)'")
        found = " ".join(page.evaluate(FAULTS))
        assert "beyond the edge" in found
        page.evaluate("document.querySelector('#generate').style.transform = 'translateY(20px)'")
        page.evaluate("document.querySelector('#surprise').style.transform = 'translateY(-20px)'")
        assert "overlapping" in " ".join(page.evaluate(FAULTS))
        page.evaluate("document.querySelector('header p').style.color = '#ddd'")
        page.evaluate("document.querySelector('#generate').style.transform = ''")
        serious = [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] == "serious"]
        assert serious == ["color-contrast"]
