"""The calibration page: which record holds, a check from the guide to the verdict, and its history to see and to read."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from station.kiosk import CalibrationCheck, CalibrationStatus, CheckPoint, make_kiosk
from tests.browser.axe import violations
from tests.browser.pages import KioskPage
from tests.fixtures.kiosk_agent import Script, ScriptedAgent
from tests.fixtures.web import serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

NOW = time.time()
DAY_S = 86_400.0
RECORD = "left-20260921-8d12ac5d"


def lamp(drift: float, advice: str = "") -> CheckPoint:
    verdict = "fail" if drift > 15 else "warn" if drift > 5 else "pass"
    return CheckPoint(
        name="lamp/white",
        value=200 * (1 - drift / 100),
        reference=200.0,
        drift=drift,
        unit="%",
        verdict=verdict,
        advice=advice,
        warn=5.0,
        fail=15.0,
    )


SCALE = CheckPoint(
    name="scale", value=6.06, reference=6.06, drift=0.01, unit="%", verdict="pass", warn=0.5, fail=2.0
)
CHECKS = tuple(
    CalibrationCheck(at=NOW - day * DAY_S, verdict="pass", points=(lamp(4.0 - day), SCALE))
    for day in (3, 2, 1)
)


@dataclass
class Booth:
    agent: ScriptedAgent
    page: Page

    def calibrate(self, **values: Any) -> None:
        """Change the state of the calibration."""
        now = self.agent._now.calibration
        self.agent.change(calibration=msgspec.structs.replace(now, **values))

    @property
    def button(self) -> Locator:
        return self.page.locator('[data-action="check"]')

    def row(self, name: str) -> Locator:
        return self.page.locator(f'tbody[data-quantity="{name}"]')


@pytest.fixture
async def booth(chromium: BrowserContext, web_root: Path) -> AsyncIterator[Booth]:
    agent = ScriptedAgent(Script())
    agent.checks = CHECKS
    agent.change(
        calibration=CalibrationStatus(record=RECORD, made_at=NOW - 60 * DAY_S, expires_at=NOW + DAY_S)
    )
    async with agent.running(), serving(make_kiosk(agent, web_root)) as url:
        kiosk = KioskPage(await chromium.new_page(), url)
        await kiosk.open()
        await kiosk.go("calibration")
        yield Booth(agent, kiosk.page)
        await kiosk.page.goto("about:blank")


async def test_a_check_goes_from_the_guide_to_the_verdict(booth: Booth) -> None:
    page = booth.page
    await expect(page.get_by_text(RECORD)).to_be_visible()
    await expect(page.get_by_text("all four markers in sight")).to_be_visible()
    await booth.button.click()
    await expect(page.get_by_text("White light")).to_be_visible()
    await expect(booth.button).to_have_count(0)
    booth.calibrate(running="reading")
    await expect(page.get_by_text("Reading the pictures")).to_be_visible()
    found = (lamp(16.0, "Wipe the chart, the grey card and the lens, then check again."), SCALE)
    booth.agent.checks = (*CHECKS, CalibrationCheck(at=NOW, verdict="fail", points=found))
    booth.calibrate(running="", checked_at=NOW, verdict="fail", points=found)
    await expect(booth.row("lamp/white")).to_contain_text("168")
    await expect(booth.row("lamp/white")).to_contain_text("16\u202f%")
    await expect(booth.row("lamp/white")).to_contain_text("Out of limits")
    await expect(booth.row("lamp/white")).to_contain_text("Wipe the chart")
    await expect(booth.row("scale")).to_contain_text("In order")
    await expect(page.locator("drift-chart .mark").first).to_be_visible()
    await expect(page.locator("drift-chart .mark.fail")).to_have_count(1)


async def test_every_quantity_has_a_picture_and_the_same_as_a_table(booth: Booth) -> None:
    charts = booth.page.locator("drift-chart svg")
    await expect(charts).to_have_count(2)
    summary = await charts.first.get_attribute("aria-label")
    assert summary is not None
    assert summary.startswith("Lamp output, White: 3 checks, the last 3\u202f% on ")
    assert "Warns from 5\u202f%, fails from 15\u202f%." in summary
    figure = booth.page.locator("figure").first
    for text in ("Drift (%)", "Day of the check", "warn", "fail"):
        await expect(figure.locator("svg text", has_text=text).first).to_be_visible()
    await figure.locator("summary").click()
    await expect(figure.locator("tbody tr")).to_have_count(3)
    await expect(figure.locator("tbody tr").first).to_contain_text("3\u202f%")


async def test_without_a_record_the_page_says_what_is_refused(booth: Booth) -> None:
    booth.agent.change(calibration=CalibrationStatus(problem="no calibration record of this booth"))
    await expect(booth.page.get_by_text("No calibration record of this booth.")).to_be_visible()
    await expect(booth.page.get_by_text("Sizes in millimetres")).to_be_visible()
    await expect(booth.page.get_by_text("Ultraviolet pictures")).to_be_visible()
    await expect(booth.button).to_be_disabled()


async def test_a_record_taken_up_meanwhile_is_said_on_both_pages(booth: Booth) -> None:
    await expect(booth.page.get_by_text("Taken up by the booth")).to_have_count(0)
    booth.calibrate(record="left-20261121-00c0ffee", taken_up_at=NOW)
    await expect(booth.page.get_by_text("Record left-20261121-00c0ffee is valid")).to_be_visible()
    await expect(booth.page.get_by_text("Taken up by the booth")).to_be_visible()
    await KioskPage(booth.page, "").go("state")
    await expect(booth.page.get_by_text("Taken up by the booth")).to_be_visible()


async def test_a_check_that_failed_or_was_refused_says_why(booth: Booth) -> None:
    booth.calibrate(failed="the markers lie on one line: show the sheet from the front")
    await expect(booth.page.get_by_role("alert")).to_contain_text("show the sheet from the front")
    booth.calibrate(failed="")
    booth.agent.check_calibration()  # somebody else was quicker
    booth.calibrate(running="")
    await expect(booth.button).to_be_enabled()


@pytest.mark.parametrize("language", ["en", "fr", "ko"])
async def test_the_verdict_is_in_sight_on_a_tablet(booth: Booth, language: str) -> None:
    await booth.page.set_viewport_size({"width": 768, "height": 1024})
    await booth.page.locator("language-switch select").select_option(language)
    booth.calibrate(checked_at=NOW, verdict="fail", points=(lamp(16.0), SCALE))
    await expect(booth.row("lamp/white")).to_be_visible()
    table = booth.page.locator(".wide")
    assert await table.evaluate("(one) => one.scrollWidth - one.clientWidth") <= 0


@pytest.mark.parametrize("language", ["en", "fr", "ko"])
async def test_the_page_breaks_no_rule_of_accessibility(booth: Booth, language: str) -> None:
    await booth.page.locator("language-switch select").select_option(language)
    booth.calibrate(checked_at=NOW, verdict="warn", points=(lamp(6.0), SCALE))
    await booth.page.locator("figure summary").first.click()
    for scheme in ("light", "dark"):
        await booth.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert await violations(booth.page) == [], scheme
