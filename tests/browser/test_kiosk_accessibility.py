"""Every screen of the booth's page by axe-core: WCAG 2.2 A and AA, in three languages, light and dark."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import BrowserContext, expect

from station.kiosk import InstrumentStatus, Phase, make_kiosk
from station.protocol import Verdict, View
from tests.browser.axe import violations
from tests.browser.pages import KioskPage
from tests.fixtures.kiosk_walk import Walk, WalkingAgent
from tests.fixtures.web import serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@dataclass
class Booth:
    agent: WalkingAgent
    page: KioskPage

    async def check(self, screen: str) -> None:
        """Fail with axe's findings, if there are any."""
        for scheme in SCHEMES:
            await self.page.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert await violations(self.page.page) == [], f"{screen}, {scheme}"

    async def shoot(self) -> None:
        """Play the lights."""
        self.agent.green()
        await self.page.shoot.click()
        for _ in range(3):
            self.agent.gate.release()


@pytest.fixture
async def booth(chromium: BrowserContext, web_root: Path) -> AsyncIterator[Booth]:
    verdicts = (Verdict.FAIL, Verdict.WARN, Verdict.PASS)
    agent = WalkingAgent(Walk(gated=True, views=(View.FRONT, View.LEFT_45), verdicts=verdicts))
    async with agent.running(), serving(make_kiosk(agent, web_root)) as url:
        page = KioskPage(await chromium.new_page(), url)
        await page.open()
        yield Booth(agent, page)
        await page.page.goto("about:blank")


@pytest.mark.parametrize("language", ["en", "fr", "ko"])
async def test_no_screen_breaks_a_rule(booth: Booth, language: str) -> None:
    page, agent = booth.page, booth.agent
    await page.speak(language)
    await booth.check("start")
    await page.entries.nth(2).click()
    await page.screen("preparation").wait_for()
    await booth.check("preparation")
    await page.start.click()
    await page.screen("framing").wait_for()
    agent.want("Tilt the chin down.", "Hair covers the forehead: tie or clip it back.")
    await expect(page.screen("framing").locator(".then li")).to_have_count(1)
    for fold in ("measures", "layers"):
        await page.page.locator(f'[data-fold="{fold}"] summary').click()
    await booth.check("framing")
    await page.page.locator('[data-action="anyway"]').click()
    await booth.check("reason")
    await page.page.keyboard.press("Escape")
    await page.page.locator('[data-action="abort"]').click()
    await booth.check("stop")
    await page.page.keyboard.press("Escape")
    agent.green(None)
    await page.shoot.wait_for()
    await booth.check("ready")
    await page.shoot.click()
    await page.screen("sequence").wait_for()
    await booth.check("sequence")
    for _ in range(3):
        agent.gate.release()
    await page.screen("framing").wait_for()
    await booth.shoot()
    await page.screen("review").wait_for()
    await page.page.locator("still-measures summary").click()
    await booth.check("review")
    await page.finish.click()
    await page.screen("start").wait_for()
    await booth.check("finished")
    for name in ("state", "live"):
        await page.go(name)
        await booth.check(name)
    await page.go("")
    agent.change(phase=Phase.FAULT, problem="the camera does not answer: check its cable")
    await page.alert.wait_for()
    await booth.check("fault")


async def test_the_language_is_chosen_on_the_page_and_remembered(booth: Booth) -> None:
    page = booth.page
    await expect(page.page.locator("html")).to_have_attribute("lang", "en")
    await page.speak("fr")
    await expect(page.heading).to_have_text("Qui est le suivant\u00a0?")
    await page.page.reload()
    await expect(page.heading).to_have_text("Qui est le suivant\u00a0?")
    await expect(page.page.locator("html")).to_have_attribute("lang", "fr")
    await page.speak("ko")
    await expect(page.heading).to_have_text("다음은 누구입니까?")
    assert await page.page.evaluate("Object.keys(localStorage)") == ["dermabooth-language"]


async def test_the_browsers_language_is_taken_up(chromium: BrowserContext, web_root: Path) -> None:
    agent = WalkingAgent()
    async with agent.running(), serving(make_kiosk(agent, web_root)) as url:
        tab = await chromium.new_page()
        await tab.add_init_script("Object.defineProperty(navigator, 'languages', { value: ['ko-KR', 'en'] })")
        page = KioskPage(tab, url)
        await page.open()
        await expect(page.heading).to_have_text("다음은 누구입니까?")
        await tab.goto("about:blank")


async def test_what_the_booth_says_is_translated_or_marked_as_english(booth: Booth) -> None:
    page = booth.page
    await page.start_visit()
    await page.screen("framing").wait_for()
    await page.speak("fr")
    booth.agent.want("Hair covers the forehead: tie or clip it back.", "Nobody has translated this.")
    framing = page.screen("framing")
    told = "Des cheveux couvrent le front\u00a0: attachez-les en arrière."
    await expect(framing.locator(".now")).to_have_text(told)
    await expect(framing.locator('.then [lang="en"]')).to_have_text("Nobody has translated this.")
    booth.agent.want("1.4 stops too dark: raise the lamp power or the exposure time.")
    await expect(framing.locator(".now")).to_contain_text("Trop sombre de 1,4 IL")
    booth.agent.fail("the camera does not answer: check its cable")
    lock = InstrumentStatus(name="interlock", driver="modbus", ready=True, detail="safe")
    booth.agent.change(instruments=(lock,))
    await page.go("state")
    await expect(page.page.locator("state-page")).to_contain_text("modbus · sûr")
