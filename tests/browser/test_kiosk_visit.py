"""A visit at the booth's page: from the worklist to the review, by touch, by keyboard and by barcode scanner."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import BrowserContext, expect

from station.errors import InvalidTransition
from station.kiosk import Step, UplinkStatus, VisitRequest, make_kiosk
from station.protocol import BodySite, CodedConcept, Preparation, Verdict, View
from tests.browser.pages import KioskPage
from tests.fixtures.close_ups import CHEEK, SCOPE
from tests.fixtures.kiosk_walk import Walk, WalkingAgent
from tests.fixtures.web import serving

pytestmark = pytest.mark.browser

FOREHEAD = BodySite(code=CodedConcept(value="68698007", scheme="SCT", meaning="Skin of forehead"))
FIRST = "Reflection on the left cheek: dab it dry or powder it, and switch off other lamps."
TEXT = """() => {
    const texts = [];
    const collect = (root) => {
        for (const node of root.querySelectorAll("*")) {
            texts.push(...[...node.attributes].map((one) => one.value), node.value ?? "");
            if (node.shadowRoot) {
                texts.push(node.shadowRoot.textContent);
                collect(node.shadowRoot);
            }
        }
    };
    collect(document);
    return JSON.stringify([texts, location.href, document.title, { ...localStorage }, { ...sessionStorage }]);
}"""


@dataclass
class Booth:
    agent: WalkingAgent
    page: KioskPage

    async def to_review(self) -> None:
        """Walk through a visit of one view."""
        await self.page.start_visit("P-1")
        await self.page.screen("framing").wait_for()
        self.agent.green()
        await self.page.shoot.click()
        for _ in range(3):
            self.agent.gate.release()
        await self.page.screen("review").wait_for()


@pytest.fixture
async def booth(
    chromium: BrowserContext, web_root: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Booth]:
    walk = getattr(request, "param", Walk(gated=True, verdicts=(Verdict.PASS, Verdict.FAIL, Verdict.WARN)))
    agent = WalkingAgent(walk)
    async with agent.running(), serving(make_kiosk(agent, web_root)) as url:
        page = KioskPage(await chromium.new_page(), url)
        await page.open()
        await page.screen("start").wait_for()
        yield Booth(agent, page)
        await page.page.goto("about:blank")


async def test_a_visit_from_the_list_to_its_end(booth: Booth) -> None:
    page = booth.page
    await page.entries.nth(1).click()
    await expect(page.screen("preparation")).to_contain_text("Amélie Lefèvre · P-1048 · born 23 May 1974")
    await expect(page.page.get_by_label("Site on the body")).to_have_count(0)
    await page.page.get_by_label("With make-up").check()
    await page.page.get_by_label("Temperature, °C").fill("21,5")
    await page.page.get_by_label("Humidity").fill("45")
    await page.page.get_by_label("One minute more").click(click_count=2)
    await page.page.get_by_label("Products used").fill("sunscreen")
    await page.start.click()
    await page.screen("framing").wait_for()
    (request,) = booth.agent.requests
    assert (request.worklist_key, request.patient.patient_id) == ("2", "P-1048")
    assert request.preparation is Preparation.MAKE_UP
    told = request.conditions
    assert (told.acclimatised_min, told.room_c, told.humidity_pct, told.products) == (
        2,
        21.5,
        45,
        "sunscreen",
    )
    await expect(page.page.locator(".patient")).to_contain_text("Amélie Lefèvre P-1048")
    booth.agent.green()
    await page.shoot.click()
    lighting = page.page.locator('light-sequence li[data-stage="lighting"]')
    for left, light in ((3, "white"), (2, "cross_polarised"), (1, "parallel_polarised")):
        await expect(lighting).to_have_attribute("data-light", light)
        await expect(page.screen("sequence")).to_contain_text(re.compile(rf"{left} pictures? to go"))
        booth.agent.gate.release()
    await expect(page.thumbs).to_have_count(3)
    await page.finish.click()
    booth.agent.change(uplink=UplinkStatus(connected=True, pending=3))
    await expect(page.ended).to_have_text("The visit is finished. 3 pictures are on their way to the server.")


async def test_the_operator_says_where_a_close_up_is_of_and_sees_when_it_is_in_place(booth: Booth) -> None:
    page, site = booth.page, booth.page.page.get_by_label("Site on the body")
    state = booth.agent.state.value
    assert state is not None
    protocol = msgspec.structs.replace(state.protocol, sites=(FOREHEAD, CHEEK))
    booth.agent.change(protocol=protocol, dermoscope=SCOPE)
    await page.walk_in("P-1")
    await expect(site.locator("option")).to_have_text(["Not told", "Skin of forehead", "Skin of cheek, left"])
    await page.speak("fr")
    options = page.page.locator('select[name="site"] option')
    await expect(options).to_have_text(["Non précisé", "Peau du front", "Peau de la joue, gauche"])
    await page.speak("en")
    await site.select_option(label="Skin of cheek, left")
    await page.start.click()
    await page.screen("framing").wait_for()
    (request,) = booth.agent.requests
    assert request.site == 1
    await expect(page.screen("framing").locator(".pose")).to_have_text(
        "Bring the dermoscope to the place and focus."
    )
    booth.agent.green()
    await expect(page.screen("framing").locator(".now")).to_contain_text("look, then shoot")


async def test_what_to_mend_now_is_told_first(booth: Booth) -> None:
    page = booth.page
    await page.start_visit()
    await page.screen("framing").wait_for()
    booth.agent.want(FIRST, "Tilt the chin down.")
    await expect(page.screen("framing").locator(".now")).to_have_text(FIRST)
    await expect(page.screen("framing").locator(".then li")).to_have_text(["Tilt the chin down."])
    await expect(page.shoot).to_have_count(0)
    booth.agent.green(0.8)
    await expect(page.screen("framing").locator(".now")).to_have_text("Good. Hold still.")
    await expect(page.page.locator("ready-ring")).to_be_visible()
    await expect(page.shoot).to_be_visible()
    booth.agent.green(None)
    await expect(page.page.locator("ready-ring")).to_have_count(0)


async def test_a_picture_in_spite_of_the_gate_needs_a_reason(booth: Booth) -> None:
    page = booth.page
    await page.start_visit()
    await page.screen("framing").wait_for()
    booth.agent.want(FIRST)
    await page.page.locator('[data-action="anyway"]').click()
    shoot = page.page.locator('[data-action="shoot-anyway"]')
    await shoot.click()
    await expect(page.alert).to_have_text("Choose a reason, or say it in words.")
    await page.page.get_by_label("It is the skin itself").check()
    await page.page.get_by_label("In words").fill("scar on the cheek")
    await shoot.click()
    await page.screen("sequence").wait_for()
    assert booth.agent.reasons == ["It is the skin itself: shine, scars, lesions: scar on the cheek"]
    for _ in range(3):
        booth.agent.gate.release()
    await page.screen("review").wait_for()
    await expect(page.screen("review")).to_contain_text("Shot anyway: It is the skin itself")


async def test_the_review_shows_each_picture_and_takes_one_again(booth: Booth) -> None:
    page = booth.page
    await booth.to_review()
    review = page.screen("review")
    await expect(review).to_contain_text("1 picture should be taken again.")
    await expect(page.thumbs.locator("verdict-badge")).to_have_text(["Good", "Retake", "Usable"])
    await expect(page.thumbs.nth(1)).to_have_attribute("aria-pressed", "true")
    row = review.locator('tr[data-measure="specular_reflection"]')
    await expect(row).to_contain_text("23.4\u202f%")
    await expect(row).to_contain_text("20\u202f%")
    await expect(review).to_contain_text(FIRST)
    await page.page.locator('[data-action="again"]').click()
    await expect(page.screen("framing")).to_contain_text("Taken again: Cross-polarised")
    booth.agent.green()
    await page.shoot.click()
    await expect(page.screen("sequence")).to_contain_text("1 picture to go")
    booth.agent.gate.release()
    await expect(page.thumbs.locator("verdict-badge")).to_have_text(["Good", "Good", "Usable"])
    await page.choose(1)
    await expect(review).to_contain_text("Taken again once")


async def test_a_picture_is_enlarged_and_moved_by_wheel_keys_and_drag(booth: Booth) -> None:
    page = booth.page
    await booth.to_review()
    await page.choose(0)
    stage = page.large.locator(".stage")
    await stage.focus()
    await page.page.keyboard.press("+")
    await expect(page.large).to_have_attribute("data-scale", "1.50")
    await expect(page.large.locator("canvas.part")).to_be_visible()
    before = await page.large.locator(".moved").evaluate("(one) => one.style.transform")
    await page.page.keyboard.press("ArrowRight")
    after = await page.large.locator(".moved").evaluate("(one) => one.style.transform")
    assert before != after
    await stage.hover()
    await page.page.mouse.wheel(0, -400)
    await expect(page.large).not_to_have_attribute("data-scale", "1.50")
    await page.page.mouse.down()
    await page.page.mouse.move(400, 400)
    await page.page.mouse.up()
    assert await page.large.locator(".moved").evaluate("(one) => one.style.transform") != after
    await page.page.keyboard.press("0")
    await expect(page.large).to_have_attribute("data-scale", "1.00")


async def test_a_scanned_code_picks_the_entry_wherever_the_focus_is(booth: Booth) -> None:
    page = booth.page
    await page.page.get_by_label("Family name").focus()
    await page.scan("ACC-7732")
    await expect(page.screen("preparation")).to_contain_text("Amélie Lefèvre")


async def test_an_unknown_code_becomes_the_patients_number(booth: Booth) -> None:
    page = booth.page
    family = page.page.get_by_label("Family name")
    await family.fill("Marsh")
    await page.scan("H-99812")
    await expect(page.patient_id).to_have_value("H-99812")
    await expect(page.screen("start")).to_contain_text("Scanned H-99812: not on today’s list")
    await page.scan("x" * 65)
    await expect(page.screen("start")).to_contain_text("is no patient ID")


async def test_a_reload_shows_the_screen_where_the_visit_stands(booth: Booth) -> None:
    page = booth.page
    await page.start_visit("P-1")
    for step in ("framing", "sequence", "review"):
        await page.screen(step).wait_for()
        await page.page.reload()
        await page.screen(step).wait_for()
        if step == "framing":
            booth.agent.green()
            await page.shoot.click()
        elif step == "sequence":
            for _ in range(3):
                booth.agent.gate.release()
    await page.finish.click()
    await page.screen("start").wait_for()
    await page.page.reload()
    await page.screen("start").wait_for()


@pytest.mark.parametrize("end", [Step.FINISHED, Step.ABORTED, Step.FAILED])
async def test_nothing_of_the_patient_stays_after_the_visit(booth: Booth, end: Step) -> None:
    page = booth.page
    await page.entries.nth(1).click()
    await page.start.click()
    await page.screen("framing").wait_for()
    booth.agent.green()
    await page.shoot.click()
    for _ in range(3):
        booth.agent.gate.release()
    await page.screen("review").wait_for()
    booth.agent.change(worklist=type(booth.agent.state.value.worklist)())  # type: ignore[union-attr]
    if end is Step.FINISHED:
        await page.finish.click()
    elif end is Step.ABORTED:
        await page.stop_visit()
    else:
        booth.agent.fail("the camera does not answer")
    await expect(page.ended).to_have_attribute("data-ended", end.value)
    kept = json.dumps(json.loads(await page.page.evaluate(TEXT)), ensure_ascii=False)
    visit = booth.agent.state.value.visit  # type: ignore[union-attr]
    assert visit is not None
    for mark in ("Lefèvre", "Amélie", "P-1048", "1974", visit.study_instance_uid):
        assert mark not in kept
    assert await page.page.locator("canvas").count() == 0


async def test_a_visit_is_stopped_only_after_asking(booth: Booth) -> None:
    page = booth.page
    await page.start_visit()
    await page.screen("framing").wait_for()
    await page.page.locator('[data-action="abort"]').click()
    await page.page.get_by_role("button", name="Go on").click()
    await expect(page.screen("framing")).to_be_visible()
    await page.stop_visit()
    await expect(page.ended).to_contain_text("The visit was stopped.")


async def test_numbers_that_cannot_be_are_refused_where_they_stand(booth: Booth) -> None:
    page = booth.page
    await page.walk_in()
    await page.page.get_by_label("Humidity").fill("140")
    await page.start.click()
    await expect(page.alert).to_have_text("Enter a number from 0 to 100.")
    assert booth.agent.requests == []


async def test_what_the_booth_refuses_is_said(booth: Booth, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(request: VisitRequest) -> str:
        raise InvalidTransition("the lamp is being changed")

    monkeypatch.setattr(booth.agent, "start_visit", refuse)
    await booth.page.start_visit()
    await expect(booth.page.alert).to_have_text("The lamp is being changed.")
    await expect(booth.page.start).to_be_enabled()


async def test_that_nobody_answers_is_said_in_the_language_that_is_chosen_later(booth: Booth) -> None:
    await booth.page.page.route("**/visit", lambda route: route.abort())
    await booth.page.start_visit()
    await expect(booth.page.alert).to_contain_text("The booth’s program does not answer.")
    await booth.page.speak("fr")
    await expect(booth.page.alert).to_contain_text("Le programme de la cabine ne répond pas.")


async def test_the_button_stays_in_sight_however_much_is_to_be_mended(booth: Booth) -> None:
    page = booth.page
    await page.page.set_viewport_size({"width": 768, "height": 1024})
    await page.start_visit("P-1")
    await page.speak("fr")
    booth.agent.want(FIRST, "Tilt the chin down.", "Hair covers the forehead: tie or clip it back.")
    await expect(page.screen("framing").locator(".then li")).to_have_count(2)
    button = page.page.locator('[data-action="anyway"]')
    await expect(button).to_be_in_viewport(ratio=1)
    await page.page.locator('[data-fold="measures"] summary').click()
    await page.page.mouse.wheel(0, 4000)
    await expect(button).to_be_in_viewport(ratio=1)


async def test_a_first_visit_asks_for_nothing_that_is_not_there(booth: Booth) -> None:
    page, errors = booth.page, list[str]()
    page.page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    async with page.page.expect_response("**/visit/ghost/front"):
        await page.start_visit("P-1")
    await expect(page.screen("framing")).to_contain_text("No earlier picture of this view.")
    assert errors == []


async def test_the_whole_visit_works_by_keyboard_alone(booth: Booth) -> None:
    page, keys = booth.page, booth.page.page.keyboard
    await page.page.locator("nav button").first.focus()
    await tab_to(page, "start-screen", '[data-entry="1"]')
    await keys.press("Enter")
    await expect(page.heading).to_be_focused()
    await tab_to(page, "preparation-screen", '[data-action="start"]')
    await keys.press("Enter")
    await expect(page.screen("framing").locator("h1")).to_be_focused()
    booth.agent.green()
    await tab_to(page, "framing-screen", '[data-action="shoot"]')
    await keys.press("Enter")
    await expect(page.screen("sequence").locator("h1")).to_be_focused()
    for _ in range(3):
        booth.agent.gate.release()
    await expect(page.screen("review").locator("h1")).to_be_focused()
    await tab_to(page, "review-screen", '[data-action="finish"]')
    await keys.press("Enter")
    await expect(page.screen("start").locator("h1")).to_be_focused()


async def tab_to(page: KioskPage, screen: str, control: str) -> None:
    """Press Tab until the control has the focus."""
    wanted = page.page.locator(screen).locator(control)
    for _ in range(60):
        await page.page.keyboard.press("Tab")
        if await wanted.evaluate("(one) => one.getRootNode().activeElement === one"):
            return
    raise AssertionError(f"{control} cannot be reached by Tab")


@pytest.mark.parametrize("booth", [Walk(gated=True, views=(View.FRONT, View.LEFT_45))], indirect=True)
async def test_every_view_is_asked_for_in_turn(booth: Booth) -> None:
    page = booth.page
    await page.start_visit()
    for view, place in (("Front", "View 1 of 2"), ("Left 45°", "View 2 of 2")):
        await expect(page.screen("framing").locator("h1")).to_have_text(view)
        await expect(page.screen("framing")).to_contain_text(place)
        await expect(page.page.locator("svg.guide")).to_be_visible()
        booth.agent.green()
        await page.shoot.click()
        for _ in range(3):
            booth.agent.gate.release()
    await expect(page.thumbs).to_have_count(6)


async def test_targets_are_large_enough_for_a_finger(booth: Booth) -> None:
    page = booth.page
    await booth.to_review()
    small = """() => {
        const found = [];
        const collect = (root) => {
            for (const one of root.querySelectorAll("*")) {
                const { width, height } = one.getBoundingClientRect();
                if (one.matches("button, select, input, summary") && width > 0 && Math.min(width, height) < 44) {
                    found.push(one.outerHTML.slice(0, 80));
                }
                if (one.shadowRoot) {
                    collect(one.shadowRoot);
                }
            }
        };
        collect(document);
        return found;
    }"""
    assert await page.page.evaluate(small) == []
    for primary in (page.finish, page.page.locator('[data-action="again"]')):
        box = await primary.bounding_box()
        assert box is not None
        assert box["height"] >= 60
