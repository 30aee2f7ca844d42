"""A visit on the kiosk's page with the simulated booth behind it, and a picture of each screen."""

import random
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from playwright.async_api import expect

from station.calibration import CalibrationRecord, DailyCheck, Drift, NamedRecord, append_history
from station.calibration.drift import DriftLimits
from station.protocol import Verdict
from tests.browser.pages import KioskPage

Take = Callable[[str], Awaitable[None]]
"""Takes a picture of the page and calls it so."""

TODAY = (
    "patient_id,patient_name,birth_date,sex,scheduled,accession_number,description\n"
    "P-1047,Moreau^Claire,1984-02-29,F,09:00,A-4711,Before treatment\n"
    "P-1112,Kim^Ji-woo,1996-07-03,F,09:20,A-4712,Melasma follow-up\n"
    "P-0983,Keller^Anton,1971-11-18,M,09:40,A-4713,First visit\n"
    "P-1120,Diallo^Awa,1990-05-21,F,10:00,A-4714,Rosacea follow-up\n"
    "P-1047,Moreau^Claire,1984-02-29,F,10:30,A-4716,After treatment\n"
    "P-1131,Rossi^Elena,2001-01-09,F,11:00,A-4717,First visit\n"
)
BEFORE, AFTER = "A-4711", "A-4716"
"""Barcodes of the two visits of one person: at the second, the first one lies over the picture."""
PROTOCOL = """name = "face"
views = ["front", "neck"]
recipe = "recipe.toml"
preparation = "cleansed"
"""
BRIEF = ("kiosk-ready", "kiosk-sequence", "kiosk-framing")
"""Screens that change by themselves: a picture of them has no time to lose."""
_DAY_S = 86_400.0
_RAISE = "Raise the face into the guide."
_TAKEN = re.compile("taken|stored|examined|analysed")
_VIEW_MS = 180_000
"""Longest time for the subject to take a pose and for its lights to be played, on a busy machine."""


def files(configs: Path) -> dict[str, str]:
    """What the pictured booth has beside its configuration: names and contents.

    Its visits have no ultraviolet light, which a busy machine leaves out, its lights are slow enough to be pictured, and its
    guide for the neck is where the simulated subject never is.
    """
    recipe, _, _ = (configs / "lighting" / "standard.toml").read_text().partition("# Ultraviolet")
    before, _, after = (configs / "quality" / "normal.toml").read_text().rpartition("y = 0.486")
    assert "[guide.neck]" in before[-60:]
    return {
        "today.csv": TODAY,
        "protocol.toml": PROTOCOL,
        "recipe.toml": recipe.replace("settle_s = 0.05", "settle_s = 3.0"),
        "quality.toml": f"{before}y = 0.32{after}",
    }


def earlier_checks(kept: NamedRecord, days: int, path: Path) -> None:
    """Write a history of daily checks in which a lamp aged until it was changed, so that the plots have something to show."""
    dice = random.Random(7)
    for day in range(days, 0, -1):
        ageing = max(0.0, 6.0 * (days - day) / (0.6 * days)) if day > 0.4 * days else 0.0
        figures = tuple(_figures(kept.record, ageing, dice))
        found = DailyCheck(
            checked_at=time.time() - day * _DAY_S,
            rig=kept.record.rig,
            calibration=kept.id,
            made_by="sim-1",
            verdict=max((figure.verdict for figure in figures), key=list(Verdict).index),
            figures=figures,
        )
        append_history(found, path)


def _figures(record: CalibrationRecord, ageing: float, dice: random.Random) -> Iterator[Drift]:
    limits = DriftLimits()
    for colour in record.colours:
        yield _figure(f"colour/{colour.light}", None, abs(dice.gauss(0.12, 0.04)), "dE2000", limits.colour)
    for index, lamp in enumerate(record.lamps):
        drift = abs(dice.gauss(0.3, 0.15)) + (ageing if index == 0 else 0.0)
        level = sum(lamp.level_per_s) / len(lamp.level_per_s)
        yield _figure(f"lamp/{lamp.light}", level, drift, "%", limits.lamp)


def _figure(name: str, then: float | None, drift: float, unit: str, limits: tuple[float, float]) -> Drift:
    warn, fail = limits
    return Drift(
        name=name,
        then=then,
        now=drift if then is None else then * (1 - drift / 100),
        drift=drift,
        unit=unit,
        warn=warn,
        fail=fail,
        verdict=Verdict.PASS if drift < warn else Verdict.WARN,
    )


async def first_visit(page: KioskPage) -> None:
    """A visit of which the booth remembers the poses."""
    await page.scan(BEFORE)
    await page.start.click()
    await _against_the_gate(page, _nothing)
    await page.screen("review").wait_for(timeout=_VIEW_MS)
    await page.finish.click()
    await page.ended.wait_for()


async def second_visit(page: KioskPage, take: Take) -> None:
    """From the list to the end, each screen taken."""
    await take("kiosk-start")
    await _prepare(page, take)
    await _frame(page, take)
    await page.screen("review").wait_for(timeout=_VIEW_MS)
    await _review(page, take)
    await _take_again(page)
    await page.finish.click()
    await expect(page.ended).to_contain_text("The visit is finished.")


async def _prepare(page: KioskPage, take: Take) -> None:
    await page.scan(AFTER)
    form = page.screen("preparation")
    await form.locator('[name="acclimatised"]').fill("15")
    await form.locator('[name="room_c"]').fill("21.5")
    await form.locator('[name="humidity_pct"]').fill("45")
    await form.locator('[name="products"]').fill("Sunscreen SPF 50, removed with micellar water")
    await form.locator('[name="products"]').blur()
    await take("kiosk-preparation")
    await page.start.click()


async def _frame(page: KioskPage, take: Take) -> None:
    """The view that shoots itself, then the one whose pose the simulated subject cannot take."""
    await page.screen("framing").locator(".now.good").wait_for(timeout=_VIEW_MS)
    await page.page.locator('canvas.ghost[data-shown="true"]').wait_for()
    await take("kiosk-ready")
    await _against_the_gate(page, take)


async def _against_the_gate(page: KioskPage, take: Take) -> None:
    """What is to mend in the view of the neck, the shot in spite of it, and its lights."""
    framing = page.screen("framing")
    await expect(framing.locator(".now")).to_have_text(_RAISE, timeout=_VIEW_MS)
    await take("kiosk-framing")
    await page.page.locator('[data-action="anyway"]').click()
    await page.page.get_by_text("The pose cannot be held better").click()
    await take("kiosk-reason")
    await page.page.locator('[data-action="shoot-anyway"]').click()
    await page.screen("sequence").wait_for()
    await expect(page.stills.nth(0)).to_have_attribute("data-stage", _TAKEN)
    await take("kiosk-sequence")


async def _nothing(_name: str) -> None:
    """Takes no picture."""


async def _review(page: KioskPage, take: Take) -> None:
    await page.choose(0)
    for _ in range(3):
        await page.large.locator('[data-action="larger"]').click()
    await expect(page.large.locator("canvas.part")).to_be_visible()
    await take("kiosk-zoom")


async def _take_again(page: KioskPage) -> None:
    """The first picture once more; it shoots itself."""
    await page.choose(0)
    await page.page.locator('[data-action="again"]').click()
    await page.screen("framing").wait_for()
    await page.screen("review").wait_for(timeout=_VIEW_MS)


async def booth_pages(page: KioskPage, take: Take) -> None:
    """The pages beside the visit."""
    await page.go("calibration")
    check = page.page.locator('[data-action="check"]')
    await check.click()
    await check.wait_for(state="detached")
    await check.wait_for(timeout=_VIEW_MS)
    await expect(page.page.locator("drift-chart")).to_have_count(9)
    await page.page.locator("#history").evaluate(
        "(heading) => scrollTo(0, heading.getBoundingClientRect().top + scrollY - 70)"
    )
    await take("kiosk-calibration")
    await page.go("state")
    await take("kiosk-state")
