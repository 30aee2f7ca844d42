"""The viewer for everybody: WCAG 2.2 AA on every page, by keyboard, on a tablet, in three languages."""

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from server.api import LivePreview
from tests.browser.axe import violations
from tests.browser.viewer_server import Server, running
from tests.fixtures.filled_store import FilledVisit, fill_visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

TABLETS = ((820, 1180), (1180, 820))
LEAST_TARGET_PX = 24
"""WCAG 2.2, 2.5.8."""
_SMALL_TARGETS = """(least) => {
    const found = [];
    const look = (root) => root.querySelectorAll("*").forEach((one) => {
        if (one.shadowRoot) look(one.shadowRoot);
        if (!one.matches("a[href], button, select, input, summary, [tabindex='0']")) return;
        const { width, height } = (one.closest("label") ?? one).getBoundingClientRect();
        const inText = one.matches("td a");
        if (width > 0 && !inText && (width < least || height < least) && !one.matches(".skip"))
            found.push(`${one.localName}.${one.className} ${width}x${height}`);
    });
    look(document);
    return found;
}"""
_OVERFLOW = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
_FOCUS = """() => {
    let one = document.activeElement;
    while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
    return one?.dataset.action ?? one?.dataset.layer ?? one?.dataset.mode ?? one?.className ?? "";
}"""


@pytest.fixture
async def server(chromium: BrowserContext, web_root: Path, tmp_path: Path) -> AsyncIterator[Server]:
    async with running(chromium, web_root, tmp_path) as server:
        yield server


@pytest.fixture
async def visit(server: Server) -> FilledVisit:
    """The second of two visits of one person, at a booth that is live."""
    await fill_visit(server.store, server.archive, opened_at=time.time() - 30 * 86_400)
    server.board.now = {"one": LivePreview(width=1280, height=720, received=9, answered=9, latency_ms=30.0)}
    return await fill_visit(server.store, server.archive, again="The pose cannot be held better")


async def walk(server: Server, visit: FilledVisit) -> AsyncIterator[str]:
    """Every page and state, by name, from the sign-in on."""
    page = server.page.page
    await server.page.open()
    await page.locator("sign-in form").wait_for()
    yield "sign-in"
    await page.goto("about:blank")
    await server.page.open(server.code())
    await server.page.booths.first.wait_for()
    yield "wall"
    await server.page.open_booth("one")
    await page.locator("live-stage").wait_for()
    yield "live"
    await server.page.open_visits()
    await server.page.visits.first.wait_for()
    yield "visits"
    await server.page.open_visit(visit.study)
    yield "visit"
    await server.page.choose_mode("lights")
    await page.locator("light-grid canvas[data-shown]").last.wait_for()
    yield "lights"
    await server.page.choose_mode("compare")
    await expect(server.page.compared.canvas).to_have_attribute("data-shown", re.compile(".+"))
    yield "compare"


async def check(page: Page, where: str) -> None:
    assert await violations(page) == [], where
    assert await page.evaluate(_SMALL_TARGETS, LEAST_TARGET_PX) == [], where
    assert await page.evaluate(_OVERFLOW) <= 0, f"{where} scrolls sideways"


async def test_every_page_is_accessible_in_english(server: Server, visit: FilledVisit) -> None:
    async for where in walk(server, visit):
        await check(server.page.page, where)
        assert await server.page.page.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize(("language", "size"), [("fr", TABLETS[0]), ("ko", TABLETS[1])])
async def test_every_page_is_accessible_on_a_tablet_in_its_language(
    server: Server, visit: FilledVisit, language: str, size: tuple[int, int]
) -> None:
    page = server.page.page
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    remember = f"localStorage.setItem('dermabooth-language', '{language}')"
    await page.add_init_script(f"if (location.protocol === 'http:') {remember}")
    async for where in walk(server, visit):
        await check(page, f"{where} in {language}")
        assert await page.locator("html").get_attribute("lang") == language


async def test_dark_pages_have_the_same_contrast(server: Server, visit: FilledVisit) -> None:
    await server.page.page.emulate_media(color_scheme="dark")
    async for where in walk(server, visit):
        assert await violations(server.page.page) == [], where


async def test_the_language_is_chosen_once_and_dates_and_numbers_follow(
    server: Server, visit: FilledVisit
) -> None:
    page = await server.at_visit(visit)
    await page.speak("fr")
    await expect(page.page.get_by_role("button", name="Se déconnecter")).to_be_visible()
    await expect(page.measures.locator('[data-measure="redness_area"] td').first).to_have_text("4,21")
    await expect(page.page.locator('[data-note="override"]')).to_contain_text(
        "La pose ne peut pas être mieux tenue"
    )
    await expect(page.measures).to_contain_text("5,2 px/mm, il en faut 20")
    await page.page.reload()
    await expect(page.page.get_by_role("heading", name="Mesures")).to_be_visible()
    await page.speak("ko")
    await expect(page.page.get_by_role("heading", level=1)).to_have_text("Moreau Claire · P-1047")
    await expect(page.page.locator(".title .small")).to_contain_text(re.compile(r"20\d\d\. \d+\. \d+\."))
    assert await page.page.title() == "촬영 기록 · dermabooth"


async def test_layers_zoom_and_modes_are_worked_by_the_keyboard_alone(
    server: Server, visit: FilledVisit
) -> None:
    page = await server.at_visit(visit)
    keyboard = page.page.keyboard
    await page.page.reload()
    await expect(page.photo.canvas).to_have_attribute("data-shown", re.compile(".+"))
    await keyboard.press("Tab")
    assert await page.page.evaluate(_FOCUS) == "skip primary"
    await keyboard.press("Enter")
    seen: list[str] = []
    for _ in range(24):
        await keyboard.press("Tab")
        seen.append(await page.page.evaluate(_FOCUS))
        if seen[-1] == "melanin":
            break
    assert seen[1:5] == ["report", "one", "lights", "compare"], seen
    assert "stage " in seen
    await keyboard.press("Space")
    await page.photo.expect_data("layers", "skin melanin")
    await page.page.locator("still-stage .stage").focus()
    await keyboard.press("+")
    await expect(page.photo.canvas).to_have_attribute("style", re.compile(r"scale\(1\.5\)"))
    before = await page.photo.canvas.get_attribute("style")
    await keyboard.press("ArrowRight")
    assert await page.photo.canvas.get_attribute("style") != before
    await keyboard.press("0")
    await expect(page.photo.canvas).to_have_attribute("style", re.compile(r"scale\(1\)"))
