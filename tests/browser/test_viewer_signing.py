"""Signing in the viewer: who may, what is asked first, what is told afterwards, and when it has to be done again."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from server.access import Scope
from server.store import Cause, Unwanted
from tests.browser.viewer_server import Server, running
from tests.browser.visit_pages import looked_at, opened
from tests.fixtures.corrected_visits import corrected
from tests.fixtures.signed_visits import SIGNER

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture
async def server(chromium: BrowserContext, web_root: Path, tmp_path: Path) -> AsyncIterator[Server]:
    async with running(chromium, web_root, tmp_path) as server:
        yield server


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
    await expect(visit.locator("[data-state=signed]")).to_contain_text("Minji")
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
