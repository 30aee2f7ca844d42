"""A visit's page as somebody with certain scopes sees it."""

import os

from playwright.async_api import Locator

from server.access import Person, Scope
from tests.browser.axe import violations
from tests.browser.viewer_server import Server
from tests.fixtures.corrected_visits import BOOTH, Shot, shoot


async def opened(
    server: Server, *scopes: Scope, account: str = "dr.lee", person: Person | None = None
) -> tuple[Shot, Locator]:
    """A visit, and the page with it as this account sees it."""
    await server.store.note_booth(BOOTH, "dermabooth 0.1.0", 1.0)
    visit = await shoot(server.store, server.archive)
    page = server.page.page
    await server.page.open()
    await page.locator("sign-in input").fill(server.tokens.issue(account, scopes, person=person))
    await page.locator("sign-in button.primary").click()
    await page.locator("booth-wall").wait_for()
    await page.goto(f"{server.url}/#/visits/{visit.study}")
    await page.locator("visit-page h1").wait_for()
    return visit, page.locator("visit-page")


async def looked_at(server: Server, name: str) -> None:
    """Nothing keeps anybody from using the page as it is now, in light and in dark."""
    page = server.page.page
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await violations(page) == []
        if folder := os.environ.get("SCREENSHOTS"):
            await page.screenshot(path=f"{folder}/{name}-{scheme}.png")
