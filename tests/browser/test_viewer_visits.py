"""A person's visits in the viewer: found by a search, laid over each other, and plotted over time."""

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.async_api import BrowserContext, Locator, expect

from station.protocol import Patient
from tests.browser.axe import violations
from tests.browser.pages import ViewerPage, difference
from tests.browser.viewer_server import Server, running
from tests.fixtures.filled_store import HEIGHT, WIDTH, FilledVisit, fill_visit
from tests.fixtures.kiosk_agent import portrait

pytestmark = pytest.mark.browser

Picture = NDArray[np.uint8]
DAY_S = 86_400.0
MOVED = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 3.0, 0.96)
GREEN = (30, 200, 60)
"""Colour of a mole that is there at the first visit and not at the second."""
MOLE = (400, 640)


@pytest.fixture
async def server(chromium: BrowserContext, web_root: Path, tmp_path: Path) -> AsyncIterator[Server]:
    smallest = {("white", "face", "melanin_index"): 0.02}
    async with running(chromium, web_root, tmp_path, smallest_changes=smallest) as server:
        yield server


def face() -> Picture:
    return np.ascontiguousarray(portrait(1280, HEIGHT)[:, 160 : 160 + WIDTH])


def earlier_face() -> Picture:
    """With a mole, and turned and smaller, so that only a registered picture has the mole at its place."""
    marked = face()
    cv2.circle(marked, MOLE, 14, GREEN, -1)
    moved = cv2.warpAffine(
        marked, cv2.invertAffineTransform(MOVED), (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, np.uint8)


async def two_visits(server: Server, earlier: Picture, later: Picture) -> FilledVisit:
    now = time.time()
    await fill_visit(server.store, server.archive, opened_at=now - 30 * DAY_S, pictures=[earlier] * 3)
    return await fill_visit(server.store, server.archive, opened_at=now - 60, pictures=[later] * 3)


async def compared(server: Server, earlier: Picture, later: Picture) -> ViewerPage:
    page = await server.at_visit(await two_visits(server, earlier, later))
    await page.choose_mode("compare")
    return page


def slider(page: ViewerPage) -> Locator:
    return page.page.locator('compare-stage input[type="range"]')


async def test_the_earlier_picture_lies_registered_under_the_slider(server: Server) -> None:
    page = await compared(server, earlier_face(), face())
    stage = page.compared
    await expect(stage.canvas).to_have_attribute("data-shown", re.compile(".+"))
    mole = (MOLE[0] / WIDTH, MOLE[1] / HEIGHT)
    await slider(page).fill("100")
    await stage.expect_data("boundary", "100")
    assert difference(await stage.pixel(*mole), GREEN) < 30, "the mole is where it was on the skin"
    await slider(page).fill("0")
    await stage.expect_data("boundary", "0")
    assert difference(await stage.pixel(*mole), GREEN) > 60
    await slider(page).press("ArrowRight")
    await expect(slider(page)).to_have_attribute("aria-valuetext", re.compile("1.%? before"))
    await slider(page).press("End")
    await stage.expect_data("boundary", "100")
    await stage.canvas.click(position={"x": 5, "y": 50})
    await stage.expect_data("boundary", "0")
    await expect(page.page.locator("compare-view .told")).to_contain_text("of the face’s width")
    assert await violations(page.page) == []


async def test_pictures_that_do_not_fit_are_shown_apart_and_it_is_said_why(server: Server) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    page = await compared(server, noise, face())
    warning = page.page.locator('[data-compare="apart"]')
    await expect(warning).to_contain_text("shown side by side")
    await expect(warning.locator("strong")).not_to_be_empty()
    await expect(page.page.locator("pair-stage img")).to_have_count(2)
    await expect(page.page.locator("compare-stage")).to_have_count(0)
    assert await violations(page.page) == []


async def test_without_an_earlier_visit_the_page_says_so(server: Server) -> None:
    page = await server.at_visit(await fill_visit(server.store, server.archive))
    await page.choose_mode("compare")
    await expect(page.page.locator('[data-compare="none"]')).to_contain_text("No earlier visit")
    await expect(page.page.locator('[data-history="none"]')).to_contain_text("only visit")
    nameless = await fill_visit(server.store, server.archive, patient=Patient())
    await page.open_visits()
    await page.open_visit(nameless.study)
    await page.choose_mode("compare")
    await expect(page.page.locator('[data-compare="none"]')).to_contain_text("no patient ID")


async def test_the_history_of_a_measure_is_plotted_with_the_band_of_its_repeatability(server: Server) -> None:
    page = await server.at_visit(await two_visits(server, face(), face()))
    card = page.page.locator("history-card")
    await card.get_by_label("Measure").select_option("melanin_index")
    await expect(card.get_by_role("img")).to_have_attribute(
        "aria-label", re.compile(r"Melanin index, Face: 2 visits")
    )
    await expect(card.locator("canvas")).to_be_visible()
    await expect(card.locator('[data-band="known"]')).to_contain_text("± 0.0200")
    await card.get_by_label("Region").select_option("nose")
    await expect(card.locator('[data-band="unknown"]')).to_be_visible()
    await card.get_by_text("As a table").click()
    await expect(card.locator("tbody tr")).to_have_count(2)
    await expect(card.locator("tbody tr").last).to_contain_text("0.534")
    await expect(card.locator("tbody tr").last).to_contain_text("this visit")


async def test_the_lights_lie_side_by_side_and_are_enlarged_together_by_keys(server: Server) -> None:
    page = await server.at_visit(await fill_visit(server.store, server.archive))
    await page.choose_mode("lights")
    canvases = page.page.locator("light-grid canvas")
    await expect(canvases).to_have_count(3)
    await page.page.locator("light-grid .stage").first.focus()
    await page.page.keyboard.press("+")
    await page.page.keyboard.press("ArrowLeft")
    for index in range(3):
        await expect(canvases.nth(index)).to_have_attribute("style", re.compile(r"scale\(1\.5\)"))
    styles = {await canvases.nth(index).get_attribute("style") for index in range(3)}
    assert len(styles) == 1, "all show the same part"
    await page.page.keyboard.press("0")
    await expect(canvases.first).to_have_attribute("style", re.compile(r"scale\(1\)"))
    assert await violations(page.page) == []


async def test_visits_are_searched_as_one_types(server: Server) -> None:
    now = time.time() - 60  # the stills that follow are in the past too: work in the future is not due
    await fill_visit(server.store, server.archive, opened_at=now)
    kim = Patient(patient_id="P-9", patient_name="김^지우")
    await fill_visit(server.store, server.archive, booth="two", patient=kim, opened_at=now - 40 * DAY_S)
    page = server.page
    await page.open(server.code())
    await page.open_visits()
    await expect(page.visits).to_have_count(2)
    field = page.page.get_by_label("Patient’s name or ID")
    await field.press_sequentially("지우")
    await expect(page.visits).to_have_count(1)
    await expect(page.visits).to_contain_text("P-9")
    await expect(page.page.get_by_role("status")).to_contain_text("1 visit")
    await field.fill("nobody")
    await expect(page.page.get_by_text("Nothing found")).to_be_visible()
    assert await violations(page.page) == []
    await page.page.get_by_role("button", name="Clear").click()
    await expect(page.visits).to_have_count(2)
    await page.page.locator("visit-search select").select_option("two")
    await expect(page.visits).to_contain_text("P-9")
    await page.page.locator("visit-search select").select_option("")
    day = time.strftime("%Y-%m-%d", time.localtime(now - 2 * DAY_S))
    await page.page.get_by_label("From").fill(day)
    await expect(page.visits).to_contain_text("P-1047")
    await expect(page.visits).to_have_count(1)


async def test_what_cannot_be_loaded_is_said_and_asked_for_again(server: Server) -> None:
    visit = await fill_visit(server.store, server.archive)
    page = server.page
    await page.open(server.code())
    await page.booths.first.wait_for()
    await page.page.route("**/api/visits*", lambda route: route.abort())
    await page.page.route("**/api/visits/*", lambda route: route.abort())
    await page.open_visits()
    for address in ("#/visits", f"#/visits/{visit.study}"):
        await page.page.goto(f"{server.url}/{address}")
        await expect(page.alert).to_contain_text("The server does not answer")
        assert await violations(page.page) == []
    await page.page.unroute("**/api/visits/*")
    await page.alert.get_by_role("button", name="Try again").click()
    await expect(page.page.get_by_role("heading", level=1)).to_contain_text("Claire Moreau")
    await expect(page.alert).to_have_count(0)
