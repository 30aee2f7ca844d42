"""The outbox in the viewer: what goes where, retry and park, and nothing that only some can see or press."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from server.access import Scope
from server.store import DeliverySearch, DeliveryState, Noted, Route
from tests.browser.axe import violations
from tests.browser.viewer_server import Server, running
from tests.fixtures.filled_store import FilledVisit, fill_visit
from tests.fixtures.outbox_stores import EVERY_KIND

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

REASON, NEXT_STEP = "no presentation context was accepted", "allow this SOP class there, then retry"
_OVERFLOW = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"


@pytest.fixture
async def server(chromium: BrowserContext, web_root: Path, tmp_path: Path) -> AsyncIterator[Server]:
    async with running(chromium, web_root, tmp_path) as server:
        yield server


@pytest.fixture
async def filled(server: Server) -> FilledVisit:
    """Nine objects that an archive refuses in part, three photographs that a folder keeps."""
    deliveries = server.store.deliveries
    deliveries.routes = (Route("pacs", EVERY_KIND), Route("disk", frozenset({"photo"})))
    visit = await fill_visit(server.store, server.archive)
    await note(server, "disk", DeliveryState.STORED)
    await note(server, "disk", DeliveryState.COMMITTED, claimed=DeliveryState.STORED)
    await note(server, "pacs", DeliveryState.PARKED, most=2)
    return visit


async def note(
    server: Server,
    destination: str,
    state: DeliveryState,
    *,
    claimed: DeliveryState = DeliveryState.WAITING,
    most: int = 99,
) -> None:
    """Let a destination answer for what is due there, at most so much of it."""
    deliveries = server.store.deliveries
    while held := await deliveries.claim(destination, claimed, "w", lease_s=60):
        chosen, rest = held[:most], held[most:]
        told = (REASON, NEXT_STEP) if state is DeliveryState.PARKED else ("", "")
        await deliveries.note("w", [Noted(one.id, state, 0.0, *told) for one in chosen])
        most -= len(chosen)
        if rest:
            await deliveries.release(destination, "w")
            return


def count(page: Page, destination: str, state: str) -> str:
    return f'destination-card [data-destination="{destination}"] [data-state="{state}"] dd'


async def signed_in(server: Server, *scopes: Scope) -> Page:
    """The outbox, opened with a token of these scopes."""
    await server.page.open()
    await server.page.sign_in(server.tokens.issue("test", scopes))
    await server.page.open_outbox()
    return server.page.page


async def test_destinations_and_objects_are_told_and_retried(server: Server, filled: FilledVisit) -> None:
    page = await signed_in(server, Scope.ADMIN)
    await expect(page.locator(count(page, "pacs", "parked"))).to_have_text("2")
    await expect(page.locator(count(page, "pacs", "waiting"))).to_have_text("7")
    await expect(page.locator(count(page, "disk", "committed"))).to_have_text("3")
    pacs, disk = (page.locator(f'[data-destination="{name}"]') for name in ("pacs", "disk"))
    await expect(pacs.locator("verdict-badge")).to_have_text("Needs attention")
    await expect(pacs.locator("[data-last]")).to_have_text("Nothing has arrived there yet")
    await expect(disk.locator("[data-last]")).to_have_text("Last success just now")
    assert await page.title() == "Outbox · dermabooth"

    await page.get_by_label("State").select_option("parked")
    rows = page.locator("delivery-row")
    await expect(rows).to_have_count(2)
    await expect(rows.first.locator("[data-reason]")).to_have_text(re.compile(REASON, re.IGNORECASE))
    await expect(rows.first.locator("[data-next-step]")).to_contain_text("What to do: Allow this SOP class")
    to_its_visit = rows.first.get_by_role("link", name="show its visit")
    await expect(to_its_visit).to_have_attribute("href", f"#/visits/{filled.study}")
    await rows.first.locator('[data-action="retry"]').click()
    await expect(page.locator(".told")).to_have_text("It is tried again within two seconds.")
    await expect(rows).to_have_count(1)
    await page.locator('[data-action="retry-parked"]').click()
    await expect(page.locator(".told")).to_have_text("1 object to pacs is tried again now.")
    await expect(page.get_by_text("No object fits this choice")).to_be_visible()
    await expect(page.locator(count(page, "pacs", "parked"))).to_have_text("0")

    await page.get_by_label("State").select_option("waiting")
    await expect(rows).to_have_count(9)
    await rows.first.locator('[data-action="park"]').click()
    await expect(rows).to_have_count(8)
    assert len(await server.store.deliveries.find(DeliverySearch(state=DeliveryState.PARKED))) == 1


async def test_what_happens_shows_by_itself_and_trouble_is_told(server: Server, filled: FilledVisit) -> None:
    page = await signed_in(server, Scope.ADMIN)
    await expect(page.locator(count(page, "pacs", "stored"))).to_have_text("0")
    await note(server, "pacs", DeliveryState.STORED)
    await expect(page.locator(count(page, "pacs", "stored"))).to_have_text("7")

    await page.route("**/api/outbox?*", lambda route: route.abort())
    alert = page.locator("outbox-page").get_by_role("alert")
    await expect(alert).to_contain_text("The server does not answer")
    await expect(page.locator("delivery-row")).to_have_count(12)
    assert await violations(page) == []
    await page.unroute("**/api/outbox?*")
    await alert.get_by_role("button", name="Try again").click()
    await expect(alert).to_have_count(0)


async def test_who_may_only_read_is_offered_no_button(server: Server, filled: FilledVisit) -> None:
    page = await signed_in(server, Scope.READ)
    await expect(page.locator("delivery-row")).to_have_count(12)
    await expect(page.get_by_text("Retry and park need an administrator’s token.")).to_be_visible()
    await expect(page.locator("outbox-page button")).to_have_count(0)


async def test_an_empty_outbox_says_how_to_begin(server: Server) -> None:
    page = await signed_in(server, Scope.READ)
    await expect(page.get_by_role("heading", name="Nothing is sent anywhere yet")).to_be_visible()
    assert await violations(page) == []


@pytest.mark.parametrize(
    ("language", "size", "scheme"),
    [("en", (390, 844), "light"), ("fr", (820, 1180), "dark"), ("ko", (1280, 800), "light")],
)
async def test_the_outbox_is_accessible(
    server: Server, filled: FilledVisit, language: str, size: tuple[int, int], scheme: str
) -> None:
    page = await signed_in(server, Scope.ADMIN)
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await server.page.speak(language)
    await expect(page.locator("delivery-row")).to_have_count(12)
    assert await violations(page) == []
    assert await page.evaluate(_OVERFLOW) <= 0
