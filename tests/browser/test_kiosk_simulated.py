"""Visits on the booth's page with the simulated booth behind it, nothing between them replaced."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from dermabooth import resources
from station.agent import StationAgent
from station.config import StationConfig
from station.kiosk import Step
from tests.browser.pages import KioskPage
from tests.fixtures.booth import sim_sections
from tests.fixtures.booth_run import is_ready, running, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
_STEP_MS = 240_000
"""Longest time for the subject to take a pose, on a busy machine."""
_FILES = {
    "recipe.toml": 'name = "two"\n'
    + "".join(
        f'[[steps]]\nlight = "{light}"\npower = 0.5\nsettle_s = 0.05\nexposure = {{ time_s = 0.01 }}\n'
        for light in ("white", "cross_polarised")
    ),
    "protocol.toml": 'name = "t"\nviews = ["front", "left_45"]\nrecipe = "recipe.toml"\n',
    "today.csv": "patient_id,patient_name,scheduled,accession_number\nP-77,Doe^Jane,09:00,ACC-1\n",
    "station.toml": f'booth_id = "sim-1"\nprotocol = "protocol.toml"\nquality = "{ROOT}/configs/quality/normal.toml"\n',
}


@dataclass
class Booth:
    agent: StationAgent
    page: KioskPage


@pytest.fixture
async def booth(chromium: BrowserContext, web_root: Path, tmp_path: Path) -> AsyncIterator[Booth]:
    for name, text in _FILES.items():
        (tmp_path / name).write_text(text)
    camera, lights = sim_sections(seed=2)
    overrides = {
        "data": tmp_path / "data",
        "camera": {**camera, "preview_width": 640, "preview_height": 360},
        "lights": lights,
        "preview": {"hints_hz": 10},
        "visit": {"pace": "guided", "auto_shoot_s": 2.0},
        "worklist": {"file": tmp_path / "today.csv"},
        "kiosk": {"port": 0},
    }
    config = StationConfig.load(tmp_path / "station.toml", overrides)
    async with running(config, web_root, resources.face_model()) as agent:
        await until(agent, is_ready)
        page = KioskPage(await chromium.new_page(), agent.kiosk_url)
        await page.open()
        yield Booth(agent, page)
        await page.page.goto("about:blank")


async def through_the_poses(page: KioskPage) -> None:
    """From the worklist to the review; every shot comes by itself."""
    await page.entries.first.wait_for()  # the booth reads its list beside everything else
    await page.scan("ACC-1")
    await page.start.click()
    await page.screen("review").wait_for(timeout=_STEP_MS)


async def test_a_visit_shoots_itself_is_reviewed_and_taken_again_in_part(booth: Booth) -> None:
    page = booth.page
    await through_the_poses(page)
    await expect(page.thumbs).to_have_count(4)
    await page.choose(3)
    await page.page.locator('[data-action="again"]').click()
    await page.screen("framing").filter(has_text="Taken again: Cross-polarised").wait_for()
    await page.screen("review").wait_for(timeout=_STEP_MS)
    await page.choose(3)
    await expect(page.screen("review")).to_contain_text("Taken again once")
    await page.finish.click()
    await expect(page.ended).to_contain_text("The visit is finished.")
    await expect(page.entries.first).to_contain_text("Photographed")
    state = booth.agent.state.value
    assert state is not None
    assert state.visit is not None
    assert (state.visit.step, state.visit.complete) == (Step.FINISHED, True)


async def test_the_last_visit_lies_over_the_picture(booth: Booth, tmp_path: Path) -> None:
    page = booth.page
    await through_the_poses(page)
    await page.finish.click()
    await page.ended.wait_for()
    while not list((tmp_path / "data" / "memory").rglob("*.png")):
        await page.page.wait_for_timeout(50)
    async with page.page.expect_response("**/visit/ghost/front") as answer:
        await page.scan("ACC-1")
        await page.start.click()
    assert (await answer.value).status == 200
    await page.stop_visit()
    await expect(page.ended).to_have_attribute("data-ended", "aborted")
