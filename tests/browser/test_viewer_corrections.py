"""Corrections in the viewer: asked for in words, done by the real corrector, told with the visit."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from server.access import Scope
from tests.browser.viewer_server import Server, running
from tests.browser.visit_pages import looked_at, opened
from tests.fixtures.corrected_visits import OTHER, correcting
from tests.fixtures.dicom_objects import PATIENT

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture
async def server(chromium: BrowserContext, web_root: Path, tmp_path: Path) -> AsyncIterator[Server]:
    async with running(chromium, web_root, tmp_path) as server:
        yield server


async def test_who_may_only_read_is_offered_no_correction(server: Server) -> None:
    _, visit = await opened(server, Scope.READ)
    await expect(visit.locator("light-strip")).to_be_visible()
    await expect(visit.locator("[data-action=correct]")).to_have_count(0)


async def test_a_visit_is_moved_to_who_was_photographed(server: Server) -> None:
    shot, visit = await opened(server, Scope.READ, Scope.CORRECT)
    await visit.locator("[data-action=correct]").click()
    dialog = visit.locator("correct-dialog dialog")
    await expect(dialog).to_contain_text("Now: Tarou Yamada · P-1")
    await expect(dialog.locator("[name=patient_id]")).to_have_value(PATIENT.patient_id)
    await looked_at(server, "details")
    await dialog.locator("[value=move]").check()
    await expect(dialog.locator("[name=patient_id]")).to_have_value("")
    await expect(dialog).to_contain_text("withdrawn wherever they went")
    await dialog.locator("[name=patient_id]").fill(OTHER.patient_id)
    family, given = OTHER.patient_name.split("^")
    await dialog.locator("[name=family]").fill(family)
    await dialog.locator("[name=given]").fill(given)
    await dialog.locator("[name=patient_birth_date]").fill("2999-01-01")
    await dialog.locator("[name=reason]").fill("one line too low")
    await dialog.locator("[data-action=confirm]").click()
    await expect(dialog.locator("[role=alert]")).to_contain_text("birth date")
    await looked_at(server, "refused")
    await dialog.locator("[name=patient_birth_date]").fill("1990-01-01")
    await dialog.locator("[data-action=confirm]").click()
    await expect(visit.locator("[data-note=correcting]")).to_be_visible()
    await expect(visit.locator("[data-action=correct]")).to_be_disabled()
    async with correcting(server.store, server.archive):
        await expect(visit.locator("h1")).to_contain_text("Moreau")
    await expect(visit.locator("[data-note=correcting]")).to_have_count(0)
    now = (await server.store.visit(shot.study)).patient
    assert (now.patient_id, now.patient_birth_date) == (OTHER.patient_id, "19900101")


async def test_how_a_name_is_written_in_other_scripts_stays(server: Server) -> None:
    shot, visit = await opened(server, Scope.READ, Scope.CORRECT)
    await visit.locator("[data-action=correct]").click()
    dialog = visit.locator("correct-dialog dialog")
    await expect(dialog.get_by_label("Family name", exact=True)).to_have_value("Yamada")
    await expect(dialog.get_by_label("Given name, ideographic")).to_have_value("太郎")
    await dialog.get_by_label("Given name", exact=True).fill("Taro")
    await dialog.locator("[name=reason]").fill("as in the passport")
    await dialog.locator("[data-action=confirm]").click()
    async with correcting(server.store, server.archive):
        await expect(visit.locator("h1")).to_contain_text("Taro Yamada")
    now = (await server.store.visit(shot.study)).patient
    assert now.patient_name == "Yamada^Taro=山田^太郎=やまだ^たろう"


async def test_orders_that_cannot_be_read_are_asked_for_again(server: Server) -> None:
    _, visit = await opened(server, Scope.READ, Scope.CORRECT)
    page = server.page.page
    await page.route("**/api/orders", lambda route: route.abort())
    await visit.locator("[data-action=correct]").click()
    dialog = visit.locator("correct-dialog dialog")
    await dialog.locator("[value=order]").check()
    await expect(dialog.locator("[role=alert]")).to_contain_text("The server does not answer")
    await expect(dialog).not_to_contain_text("Asking for the orders")
    await looked_at(server, "no-orders")
    await page.unroute("**/api/orders")
    await dialog.get_by_role("button", name="Try again").click()
    await expect(dialog.locator("[role=alert]")).to_have_count(0)
    await expect(dialog).to_contain_text("worklist has no order")


async def test_a_rejected_picture_is_told_in_the_history_only(server: Server) -> None:
    shot, visit = await opened(server, Scope.ADMIN)
    await visit.locator("[data-action=correct]").click()
    dialog = visit.locator("correct-dialog dialog")
    await dialog.locator("[value=reject]").check()
    await dialog.locator("[name=cause]").select_option("motion_blur")
    await dialog.locator("[name=reason]").fill("she blinked")
    await looked_at(server, "reject")
    await dialog.locator("[data-action=confirm]").click()
    async with correcting(server.store, server.archive):
        strip = visit.locator("light-strip button")
        await expect(strip).to_have_count(1)
    await visit.locator(".corrections summary").click()
    await expect(visit.locator(".corrections")).to_contain_text("Blurred by motion")
    await expect(visit.locator(".corrections")).to_contain_text("she blinked")
    await expect(visit.locator(".corrections img")).to_have_count(1)
    await looked_at(server, "history")
    assert (await server.store.find_still(shot.stills[0])).rejected_by  # type: ignore[union-attr]
