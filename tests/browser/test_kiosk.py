"""The booth's page in a real browser, against the real kiosk application: picture, layers, state and trouble."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from station.kiosk import (
    DiskStatus,
    InstrumentStatus,
    Phase,
    StillStage,
    StillStatus,
    UplinkStatus,
    VisitStatus,
    WorklistEntry,
    WorklistFound,
    WorklistStatus,
    make_kiosk,
)
from station.protocol import Light, Patient, View
from tests.browser.pages import KioskPage, Rgb, difference
from tests.fixtures.kiosk_agent import FACE, HEIGHT, WIDTH, Script, ScriptedAgent, portrait
from tests.fixtures.ports import free_port
from tests.fixtures.web import serving

pytestmark = pytest.mark.browser

OUTLINE = ((FACE.x + FACE.width / 2) / WIDTH, (FACE.y + FACE.height / 2 - 200) / HEIGHT)
"""The top of the ellipse that the overlay draws as skin."""
RED = ((FACE.x + FACE.width / 2 + 130) / WIDTH, (FACE.y + FACE.height / 2) / HEIGHT)
"""Where the overlay is strongest in redness."""


@dataclass
class Booth:
    agent: ScriptedAgent
    page: KioskPage


@pytest.fixture
async def booth(chromium: BrowserContext, web_root: Path) -> AsyncIterator[Booth]:
    agent = ScriptedAgent(Script(gated=True, step_s=0.05))
    async with agent.running(), serving(make_kiosk(agent, web_root)) as url:
        page = KioskPage(await chromium.new_page(), url)
        await page.open()
        yield Booth(agent, page)
        await page.page.goto("about:blank")


def truth(x: float, y: float) -> Rgb:
    red, green, blue = (int(value) for value in portrait()[int(y * HEIGHT), int(x * WIDTH)])
    return red, green, blue


async def settled_pixel(page: KioskPage, place: tuple[float, float]) -> Rgb:
    """The colour in a picture that is shown with its overlay; switches reach the canvas within their click."""
    async with asyncio.timeout(20):
        while (found := await page.picture.pixel_with_overlay(*place)) is None:
            await page.page.wait_for_timeout(20)
    return found


async def test_the_picture_is_the_cameras_and_the_overlay_is_drawn_on_it(booth: Booth) -> None:
    page = booth.page
    await page.watch()
    await page.picture.expect_data("overlay", "true")
    assert difference(await page.picture.pixel(0.5, 0.35), truth(0.5, 0.35)) < 30
    drawn = await settled_pixel(page, OUTLINE)
    assert drawn[1] > drawn[0] + 40, "the outline of the skin is green"
    await page.layers.set("skin", False)
    bare = await settled_pixel(page, OUTLINE)
    assert difference(bare, truth(*OUTLINE)) < 30
    assert difference(bare, drawn) > 40


async def test_maps_follow_their_switch_and_their_strength(booth: Booth) -> None:
    page = booth.page
    await page.watch()
    bare = await settled_pixel(page, RED)
    await page.layers.set("redness", True)
    await page.layers.strength(30)
    weak = await settled_pixel(page, RED)
    await page.layers.strength(100)
    strong = await settled_pixel(page, RED)
    assert difference(bare, truth(*RED)) < 30
    target = (227, 32, 79)
    assert difference(strong, target) < difference(weak, target) < difference(bare, target)
    assert difference(strong, target) < 70


async def test_pictures_go_on_without_overlays(chromium: BrowserContext, web_root: Path) -> None:
    agent = ScriptedAgent(Script(overlays=False))
    async with agent.running(), serving(make_kiosk(agent, web_root)) as url:
        page = KioskPage(await chromium.new_page(), url)
        await page.open()
        await page.watch()
        await page.picture.expect_data("overlay", "false")
        first = await page.picture.canvas.get_attribute("data-frame") or ""
        await expect(page.picture.canvas).not_to_have_attribute("data-frame", first)
        await page.page.goto("about:blank")


async def test_quality_is_told_in_words(booth: Booth) -> None:
    await booth.page.watch()
    failed = booth.page.quality.and_(booth.page.page.locator('[data-verdict="fail"]'))
    assert booth.agent.hints.value is not None
    advice = booth.agent.hints.value.advice[0]
    await expect(failed.first).to_contain_text(advice)
    await booth.page.go("")
    await expect(booth.page.page.get_by_text("not a medical device")).to_be_visible()


async def test_how_far_the_pictures_of_the_last_visit_are_is_told(booth: Booth) -> None:
    shares = {Light.WHITE: 0.62, Light.UV: 0.0}
    stills = tuple(
        StillStatus(
            view=View.FRONT, light=light, stage=StillStage.EXAMINED, sop_instance_uid="1.2.3", analysed=share
        )
        for light, share in shares.items()
    )
    visit = VisitStatus(study_instance_uid="1.2", opened_at=0.0, stills=stills, closed=True, complete=True)
    booth.agent.change(visit=visit)
    await booth.page.go("state")
    await expect(booth.page.stills.nth(0)).to_contain_text("Being analysed, 62\u202f%")
    await expect(booth.page.stills.nth(1)).to_contain_text("Quality checked")
    bar = booth.page.page.get_by_label("Analysis at the server")
    await expect(bar).to_have_js_property("value", 0.31)


async def test_the_state_of_disk_and_instruments_is_told(booth: Booth) -> None:
    camera = InstrumentStatus(name="camera", driver="genicam", ready=False, detail="check the cable")
    disk = DiskStatus(used_bytes=3, limit_bytes=4, visits_left=1, problem="the disk is nearly full")
    booth.agent.change(instruments=(camera,), disk=disk)
    await booth.page.go("state")
    state = booth.page.page.locator("state-page")
    await expect(state).to_contain_text("Camera · Not ready")
    await expect(state).to_contain_text("Check the cable.")
    await expect(state).to_contain_text("Room for 1 more visit")
    await expect(state).to_contain_text("The disk is nearly full.")


async def test_no_visit_can_begin_without_room_for_it(booth: Booth) -> None:
    booth.agent.change(disk=DiskStatus(visits_left=0, problem="the disk is full"))
    await expect(booth.page.page.get_by_text("The disk is full.")).to_be_visible()
    await expect(booth.page.page.locator('[data-action="continue"]')).to_be_disabled()


async def test_a_list_that_is_old_or_empty_is_said(booth: Booth) -> None:
    booth.agent.change(worklist=WorklistStatus(configured=True, problem="the file is missing"))
    start = booth.page.screen("start")
    await expect(start).to_contain_text("There is no list. The file is missing.")
    await expect(start).to_contain_text("Nobody is on today’s list.")
    booth.agent.change(worklist=WorklistStatus())
    await expect(start.get_by_text("Today’s list")).to_have_count(0)


async def test_faults_and_an_absent_server_are_said(booth: Booth) -> None:
    away = UplinkStatus(connected=False, pending=2)
    booth.agent.change(uplink=away, phase=Phase.FAULT, problem="The lamp does not answer: check its plug.")
    page = booth.page
    await expect(page.alert).to_have_text("The lamp does not answer: check its plug.")
    await expect(page.page.get_by_text("2 pictures on their way")).to_be_visible()
    await expect(page.screen("start")).to_have_count(0)


async def test_a_booth_without_its_camera_shows_no_old_picture(booth: Booth) -> None:
    page = booth.page
    await page.watch()
    booth.agent.preview.close()
    booth.agent.change(phase=Phase.FAULT, problem="the camera does not answer: check its cable")
    await expect(page.picture.canvas).not_to_have_attribute("data-frame", re.compile(".+"))
    assert await page.picture.pixel(0.5, 0.35) == (0, 0, 0)
    await page.go("")
    await expect(page.alert).to_have_text("The camera does not answer: check its cable.")


async def test_preparing_is_told_and_is_no_fault(booth: Booth) -> None:
    booth.agent.change(phase=Phase.STARTING, problem="preparing the simulated subject: 40%")
    await expect(booth.page.page.get_by_text("Preparing the simulated subject: 40%")).to_be_visible()
    await expect(booth.page.alert).to_have_count(0)


async def test_what_the_server_does_not_take_is_said(booth: Booth) -> None:
    parked = UplinkStatus(connected=True, pending=1, parked=1, parked_because="retake it")
    booth.agent.change(uplink=parked)
    await expect(booth.page.page.get_by_text("does not take it: retake it")).to_be_visible()


async def test_the_page_comes_back_after_the_booths_program_was_away(
    chromium: BrowserContext, web_root: Path
) -> None:
    agent, port = ScriptedAgent(), free_port()
    async with agent.running():
        async with serving(make_kiosk(agent, web_root), port) as url:
            page = KioskPage(await chromium.new_page(), url)
            await page.open()
            await page.screen("start").wait_for()
        await expect(page.alert).to_contain_text("does not answer")
        async with serving(make_kiosk(agent, web_root), port):
            await expect(page.alert).to_have_count(0)
            await page.page.goto("about:blank")


async def test_somebody_who_is_not_in_the_list_is_found_in_the_hospital(booth: Booth) -> None:
    entries = [
        WorklistEntry(
            key=f"k{number}",
            patient=Patient(patient_id="P-9", patient_name="Kim^Ji-woo=김^지우"),
            accession_number=f"ACC-{number}",
            description="Facial photography",
        )
        for number in (1, 2)
    ]
    booth.agent.change(worklist=WorklistStatus(configured=True, searchable=True, told_at=1.0))
    start, page = booth.page.screen("start"), booth.page.page
    await page.get_by_role("searchbox").fill("kim")
    booth.agent.found = WorklistFound(entries=tuple(entries))
    await page.locator('[data-action="search"]').click()
    await expect(start.locator("[data-entry]")).to_have_count(2)
    booth.agent.found = WorklistFound()
    await booth.page.scan("P-unknown")
    await expect(start).to_contain_text("Nobody was found")
    await expect(page.locator('[name="patient_id"]')).to_have_value("P-unknown")
    booth.agent.found = WorklistFound(entries=(entries[1],))
    await booth.page.scan("ACC-2")
    await booth.page.screen("preparation").wait_for()
    assert booth.agent.searches == ["kim", "P-unknown", "ACC-2"]
    await expect(booth.page.screen("preparation")).to_contain_text("Ji-woo Kim")
