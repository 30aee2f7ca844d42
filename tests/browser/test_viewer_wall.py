"""The wall of booths: state, picture and last verdict of each, and what it says when there is nothing or no answer."""

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Locator, Route, expect

from server.api import LivePreview
from server.events import BoothJudged, BoothSeen
from station.protocol import PreviewVerdict, Verdict, VisitOpened, new_uid
from tests.browser.axe import violations
from tests.browser.viewer_server import Server, running
from tests.fixtures.filled_store import fill_visit
from tests.fixtures.kiosk_agent import three_lights

pytestmark = pytest.mark.browser


@pytest.fixture
async def server(chromium: BrowserContext, web_root: Path, tmp_path: Path) -> AsyncIterator[Server]:
    async with running(chromium, web_root, tmp_path) as server:
        yield server


def card(server: Server, booth: str) -> Locator:
    return server.page.page.locator(f'booth-card [data-booth="{booth}"]')


async def test_every_booth_shows_its_state_and_the_verdict_on_its_last_still(server: Server) -> None:
    now = time.time()
    filled = await fill_visit(server.store, server.archive, booth="north", opened_at=now - 7300)
    await fill_visit(server.store, server.archive, booth="south", opened_at=now - 86_400 * 3)
    await server.store.note_booth("west", "", now - 86_400)
    server.board.now = {"north": LivePreview(width=1280, height=720)}
    for booth, connected in (("north", True), ("south", False)):
        server.hub.publish(BoothSeen(booth_id=booth, connected=connected))
    page = server.page
    await page.open(server.code())
    await expect(page.booths).to_have_count(3)
    await expect(page.page.locator("booth-wall header")).to_contain_text(
        re.compile("3 booths\\s*1 live\\s*1 away")
    )
    for booth, state, told in (
        ("north", "live", "Live"),
        ("south", "away", "Away"),
        ("west", "seen", "Seen yesterday"),
    ):
        await expect(card(server, booth)).to_have_attribute("data-state", state)
        await expect(card(server, booth)).to_contain_text(told)
    still = await server.store.still(filled.stills[-1])
    assert still.quality is not None
    word = {"pass": "Good", "warn": "Usable", "fail": "Retake"}[still.quality.verdict.value]
    verdict = card(server, "north").get_by_role("group", name="Quality of the last picture")
    await expect(verdict).to_contain_text(word)
    await expect(verdict).to_contain_text("Parallel-polarised, 2 hours ago, checked by the server")
    await expect(card(server, "west")).to_contain_text("No picture yet")
    server.hub.publish(BoothSeen(booth_id="west", connected=True))
    await expect(card(server, "west")).to_have_attribute("data-state", "connected")
    assert await violations(page.page) == []


async def test_the_whole_card_leads_to_the_booth_and_its_visit_to_the_visit(server: Server) -> None:
    filled = await fill_visit(server.store, server.archive, booth="north")
    page = server.page
    await page.open(server.code())
    await card(server, "north").get_by_role("link", name="Claire Moreau").click()
    await expect(page.page).to_have_url(re.compile(re.escape(f"#/visits/{filled.study}")))
    await page.page.go_back()
    await card(server, "north").locator(".cover").click(force=True)
    await expect(page.page).to_have_url(re.compile("#/booths/north"))
    await expect(page.page.get_by_text("sends no live picture")).to_be_visible()


async def test_a_booths_page_says_how_it_judges_its_preview(server: Server) -> None:
    await fill_visit(server.store, server.archive, booth="north")
    page = server.page
    await page.open(server.code())
    await card(server, "north").get_by_role("link", name="Booth north").click()
    judged = page.page.get_by_role("region", name="Picture quality now")
    await expect(judged).to_contain_text("does not judge its preview")
    advice = "The picture is too dark: raise the exposure time or the light"
    server.hub.publish(
        BoothJudged(booth_id="north", preview=PreviewVerdict(verdict=Verdict.FAIL, advice=(advice,)))
    )
    await expect(judged.get_by_role("listitem")).to_contain_text("The picture is too dark")
    await expect(judged.locator("verdict-badge")).to_contain_text("Not ready")
    assert await violations(page.page) == []


async def test_a_visit_that_has_just_begun_does_not_hide_the_last_verdict(server: Server) -> None:
    await fill_visit(server.store, server.archive, booth="north", opened_at=time.time() - 3700)
    started = VisitOpened(study_instance_uid=new_uid(), opened_at=time.time(), protocol=three_lights())
    await server.store.open_visit("north", started)
    await server.page.open(server.code())
    await expect(card(server, "north")).to_contain_text("under way, pictures here: 0 of 3")
    await expect(card(server, "north")).to_contain_text("1 hour ago, checked by the server")


async def test_an_empty_wall_says_how_to_start_a_booth(server: Server) -> None:
    await server.page.open(server.code())
    await expect(server.page.page.get_by_text("No booth has connected yet")).to_be_visible()
    await expect(server.page.page.locator("booth-wall code")).to_have_text("dermabooth station")
    assert await violations(server.page.page) == []


async def test_a_failure_is_said_and_can_be_tried_again(server: Server) -> None:
    await fill_visit(server.store, server.archive, booth="north")
    page = server.page.page

    async def fail(route: Route) -> None:
        await route.fulfill(
            status=503,
            content_type="application/problem+json",
            json={
                "title": "away",
                "status": 503,
                "detail": "the database does not answer; see `dermabooth doctor`",
            },
        )

    await page.route("**/api/booths", fail)
    await server.page.open(server.code())
    await expect(server.page.alert).to_contain_text("The database does not answer")
    assert await violations(page) == []
    await server.page.speak("fr")
    await expect(server.page.alert).to_contain_text("La base de données ne répond pas")
    await page.unroute("**/api/booths")
    await server.page.alert.get_by_role("button", name="Réessayer").click()
    await expect(card(server, "north")).to_be_visible()
    await expect(server.page.alert).to_have_count(0)
