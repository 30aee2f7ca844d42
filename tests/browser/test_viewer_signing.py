"""Signing in the viewer: who may, what is asked first, what is told afterwards, and when it has to be done again."""

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Locator, expect

from server.access import Person, Scope
from server.store import Cause, Unwanted
from tests.browser.axe import violations
from tests.browser.viewer_server import Server, running
from tests.fixtures.corrected_visits import BOOTH, Shot, corrected, shoot
from tests.fixtures.signed_visits import SIGNER

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

_SLOW_MS = 30_000


@pytest.fixture
async def server(chromium: BrowserContext, web_root: Path, tmp_path: Path) -> AsyncIterator[Server]:
    async with running(chromium, web_root, tmp_path) as server:
        yield server


async def opened(server: Server, *scopes: Scope, person: Person | None = None) -> tuple[Shot, Locator]:
    """A visit, and the page with it as somebody with these scopes sees it."""
    await server.store.note_booth(BOOTH, "dermabooth 0.1.0", 1.0)
    visit = await shoot(server.store, server.archive)
    page = server.page.page
    await server.page.open()
    await page.locator("sign-in input").fill(server.tokens.issue("kim", scopes, person=person))
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


async def test_who_may_only_read_sees_that_nobody_has_signed(server: Server) -> None:
    shot, visit = await opened(server, Scope.READ)
    await expect(visit.locator("[data-state=unsigned]")).to_contain_text("Not signed")
    await expect(visit.locator("[data-action=sign]")).to_have_count(0)
    link = visit.locator("[data-action=report]")
    await expect(link).to_have_attribute("href", f"/api/visits/{shot.study}/report")


async def test_a_visit_is_signed_and_asks_for_it_again_when_it_changes(server: Server) -> None:
    shot, visit = await opened(server, Scope.READ, Scope.SIGN, person=SIGNER)
    await visit.locator("[data-action=sign]").click()
    dialog = visit.locator("sign-dialog dialog")
    await expect(dialog).to_contain_text("Minji")
    await expect(dialog).to_contain_text(SIGNER.organization)
    await looked_at(server, "sign")
    await dialog.locator("[data-action=confirm]").click()
    assert (await server.store.signatures.state(shot.study)).signatures == (), "not before it was looked at"
    await dialog.locator("[name=seen]").check()
    await dialog.locator("[data-action=confirm]").click()
    await expect(visit.locator("[data-state=signed]")).to_contain_text("Minji", timeout=_SLOW_MS)
    await expect(visit.locator("[data-action=sign]")).to_have_count(0)
    [made] = (await server.store.signatures.state(shot.study)).signatures
    link = visit.locator("[data-action=report]")
    await expect(link).to_have_attribute("href", f"/api/visits/{shot.study}/signatures/{made.id}/report")
    await looked_at(server, "signed")
    asked = await server.store.corrections.reject(
        Unwanted(
            sop_instance_uid=shot.stills[1],
            study_instance_uid=shot.study,
            cause=Cause.MOTION_BLUR,
            reason="she blinked",
            by="kim",
            at=time.time(),
        )
    )
    await corrected(server.store, server.archive, [asked])
    await server.page.page.reload()
    await expect(visit.locator("[data-state=changed]")).to_contain_text("Changed since it was signed")
    await expect(visit.locator("[data-action=sign]")).to_be_enabled()
    await visit.locator("signature-card summary").click()
    await expect(visit.locator("signature-card details")).to_contain_text("withdrawn")
    await looked_at(server, "changed")


async def test_what_changed_meanwhile_is_not_signed(server: Server) -> None:
    shot, visit = await opened(server, Scope.READ, Scope.SIGN, person=SIGNER)
    await visit.locator("[data-action=sign]").click()
    dialog = visit.locator("sign-dialog dialog")
    await server.store.corrections.reject(
        Unwanted(
            sop_instance_uid=shot.stills[1],
            study_instance_uid=shot.study,
            cause=Cause.MOTION_BLUR,
            reason="she blinked",
            by="lee",
            at=time.time(),
        )
    )
    await dialog.locator("[name=seen]").check()
    await dialog.locator("[data-action=confirm]").click()
    await expect(dialog.locator("[role=alert]")).to_contain_text("correction of this visit is under way")
    await looked_at(server, "hindered")
