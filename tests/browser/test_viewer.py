"""The viewer in a real browser, against the real application over a real store."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import BrowserContext, expect

from server.access import Scope
from server.events import BoothSeen, VisitChanged
from station.protocol import Conditions, Layer, Patient
from tests.browser.axe import violations
from tests.browser.pages import difference
from tests.browser.viewer_server import Server, running
from tests.fixtures.filled_store import (
    BLOT,
    BOOTH,
    FACE,
    HEIGHT,
    WIDTH,
    FilledVisit,
    blot_layers,
    fill_visit,
)

pytestmark = pytest.mark.browser


@pytest.fixture
async def server(chromium: BrowserContext, web_root: Path, tmp_path: Path) -> AsyncIterator[Server]:
    async with running(chromium, web_root, tmp_path) as server:
        yield server


@pytest.fixture
async def visit(server: Server) -> FilledVisit:
    return await fill_visit(server.store, server.archive)


async def test_nobody_gets_in_without_a_code_or_a_token(server: Server, visit: FilledVisit) -> None:
    page = server.page
    await page.open()
    await expect(page.page.get_by_label("Access token")).to_be_visible()
    await expect(page.visits).to_have_count(0)
    await page.sign_in("not a token")
    await expect(page.alert).to_contain_text("not valid")
    await page.sign_in(server.tokens.issue("doctor", [Scope.READ]))
    await expect(page.booths).to_have_count(1)


async def test_a_code_signs_in_once_and_leaves_no_trace_in_the_address(
    server: Server, visit: FilledVisit
) -> None:
    page, code = server.page, server.code()
    await page.open(code)
    await expect(page.booths).to_have_count(1)
    assert code not in page.page.url
    await page.page.reload()
    await expect(page.booths).to_have_count(1)
    await page.page.get_by_role("button", name="Sign out").click()
    await expect(page.page.get_by_label("Access token")).to_be_visible()
    await page.page.goto("about:blank")
    await page.open(code)
    await expect(page.alert).to_contain_text("used already")


async def test_a_visit_is_found_and_shown_with_layers(server: Server, visit: FilledVisit) -> None:
    page = server.page
    await page.open(server.code())
    await page.open_visits()
    await expect(page.visits).to_have_count(1)
    await expect(page.visits).to_contain_text("Claire Moreau")
    await page.open_visit(visit.study)
    bare = await page.photo.pixel(*BLOT)
    await page.layers.set("melanin", True)
    await page.photo.expect_data("layers", "skin melanin")
    weak = await page.photo.pixel(*BLOT)
    await page.layers.strength(100)
    await page.page.wait_for_timeout(100)
    strong = await page.photo.pixel(*BLOT)
    violet = (109, 63, 224)
    assert difference(strong, violet) < 20 < difference(weak, violet) < difference(bare, violet)
    await page.layers.set("melanin", False)
    await page.photo.expect_data("layers", "skin")
    assert await page.photo.pixel(*BLOT) == bare
    edge = await page.photo.pixel(0.5, 0.2515)
    assert edge[1] > edge[0] + 40, "the outline of the skin is green"


async def test_layers_that_were_not_made_are_greyed_with_the_reason(
    server: Server, visit: FilledVisit
) -> None:
    page = await server.at_visit(visit)
    await page.choose_light("cross_polarised")
    await page.photo.expect_data("shown", visit.stills[1])
    await expect(page.layers.switch("melanin")).to_have_count(0)
    await expect(page.page.get_by_text("Not made for this light").first).to_be_visible()


async def test_the_panel_says_where_a_layer_is_and_what_scale_it_needs(
    server: Server, visit: FilledVisit
) -> None:
    page = await server.at_visit(visit)
    panel = page.page.locator("layer-panel")
    await expect(panel).to_contain_text("Grade 2 of 4")
    await expect(panel).to_contain_text("too little detail, 5.2 px/mm where 10 are needed")
    await page.choose_light("parallel_polarised")
    await expect(panel).to_contain_text("Too little detail, 5.2 px/mm where 10 are needed")
    await expect(panel).to_contain_text("In the white picture")
    await expect(page.layers.switch("pores")).to_have_count(0)


async def test_a_mark_of_one_pixel_is_ringed_also_close_up_and_enlarged(server: Server) -> None:
    pore = np.zeros((HEIGHT, WIDTH), np.uint8)
    pore[HEIGHT // 2, WIDTH // 2] = 255
    pore[HEIGHT // 2 - 100, WIDTH // 2] = 120
    filled = await fill_visit(
        server.store, server.archive, layers={Layer.SKIN: blot_layers()[Layer.SKIN], Layer.PORES: pore}
    )
    page = server.page
    await page.open(server.code())
    await page.open_visits()
    await page.open_visit(filled.study)
    await page.layers.strength(100)
    await page.layers.set("pores", True)
    await page.photo.expect_data("layers", "skin pores")
    ring = (0.5 + 1.5 / WIDTH, 0.5)
    green = (40, 220, 60)
    assert difference(await page.photo.pixel(*ring), green) < 12
    unlikely = (0.5 + 1.5 / WIDTH, 0.5 - 100 / HEIGHT)
    assert difference(await page.photo.pixel(*unlikely), green) > 60
    await page.page.get_by_role("button", name="Face").click()
    await expect(page.photo.canvas).to_have_js_property("width", round(1.3 * FACE.width))
    await page.photo.expect_data("layers", "skin pores")
    x, y = (WIDTH / 2 - FACE.x) / FACE.width, (HEIGHT / 2 - FACE.y) / FACE.height
    near = ((x + 0.15) / 1.3 + 1.5 / (1.3 * FACE.width), (y + 0.15) / 1.3)
    assert difference(await page.photo.pixel(*near), green) < 12
    before = await page.photo.canvas.bounding_box()
    await page.page.get_by_role("button", name="Larger").click()
    after = await page.photo.canvas.bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] == pytest.approx(1.5 * before["width"], rel=0.01)


async def test_measures_and_quality_have_units_reasons_and_thresholds(
    server: Server, visit: FilledVisit
) -> None:
    page = await server.at_visit(visit)
    row = page.measures.locator('[data-measure="redness_area"]')
    await expect(row).to_contain_text("%")
    await expect(row.locator("td").first).to_have_text("4.21")
    await expect(page.measures).to_contain_text("not measurable")
    await expect(page.measures).to_contain_text("5.2 px/mm, needs 20")
    sharpness = page.quality.filter(has_text="Sharpness").first
    stored = await server.store.still(visit.stills[0])
    assert stored.quality is not None
    threshold = next(m.threshold for m in stored.quality.measures if m.name == "sharpness")
    await expect(sharpness).to_contain_text(f"{threshold:g}")
    await expect(page.page.get_by_text("not a medical device")).to_be_visible()


async def test_what_models_say_is_shown_with_its_doubt_and_what_is_absent(
    server: Server, visit: FilledVisit
) -> None:
    page = await server.at_visit(visit)
    severity = page.page.locator('[data-assessment="severity"]')
    await expect(severity).to_contain_text("of 4, moderate")
    await expect(severity).to_contain_text("Uncertain")
    await expect(severity).to_contain_text("61%")
    await expect(severity.locator('[data-state="absent"]')).to_contain_text("No model for it is installed")
    conditions = page.page.locator('[data-assessment="conditions"]')
    await expect(conditions.locator(".bars > span").first).to_have_text("Clogged pores nose")
    await expect(page.page.get_by_text("Phantom-trained reference weights").first).to_be_visible()
    await expect(page.measures.locator('[data-measure="acne_severity"]')).to_have_count(0)
    await expect(page.page.get_by_text("Needs ultraviolet light").first).to_be_visible()
    bare = await page.photo.pixel(*BLOT)
    await page.layers.set("severity", True)
    await page.photo.expect_data("layers", "skin severity")
    assert difference(await page.photo.pixel(*BLOT), bare) > 40


async def test_what_the_booth_recorded_is_told(server: Server) -> None:
    rested = Conditions(acclimatised_min=15, room_c=21.5, products="Sunscreen SPF 50, removed")
    reason = "The pose cannot be held better"
    filled = await fill_visit(server.store, server.archive, conditions=rested, again=reason)
    earlier, newer = filled.stills[0], filled.stills[-1]
    page = await server.at_visit(filled)
    preparation = page.page.locator('[data-facts="preparation"]')
    for told in (
        "Cleansed",
        "15\u202fmin",
        "21.5\u202f°C",
        "Humidity Not recorded",
        "Sunscreen SPF 50, removed",
    ):
        await expect(preparation).to_contain_text(told)
    white = page.page.locator('[role="tab"][data-light="white"]')
    await expect(white).to_contain_text("Shot anyway, taken again")
    await white.click()
    await page.photo.expect_data("shown", newer)
    await expect(page.page.locator('[data-note="override"]')).to_contain_text(reason)
    await page.page.get_by_role("button", name="Show the earlier picture").click()
    await page.photo.expect_data("shown", earlier)
    await expect(page.page.locator('[data-note="replaced"]')).to_contain_text("taken again")
    await expect(page.page.locator('[data-note="override"]')).to_have_count(0)
    await expect(white).to_have_attribute("aria-selected", "true")
    await expect(page.measures.locator('[data-measure="redness_area"]')).to_be_visible()
    assert await violations(page.page) == []
    await page.page.get_by_role("button", name="Show the newer picture").click()
    await page.photo.expect_data("shown", newer)
    await white.focus()
    await page.page.keyboard.press("ArrowRight")
    await page.photo.expect_data("shown", filled.stills[1])


async def test_the_lights_can_be_walked_with_the_keyboard(server: Server, visit: FilledVisit) -> None:
    page = await server.at_visit(visit)
    await page.page.locator('[role="tab"][aria-selected="true"]').focus()
    await page.page.keyboard.press("ArrowRight")
    await page.photo.expect_data("shown", visit.stills[1])
    await page.page.keyboard.press("ArrowLeft")
    await page.photo.expect_data("shown", visit.stills[0])


async def test_lists_follow_events(server: Server) -> None:
    page = server.page
    await page.open(server.code())
    await expect(page.page.get_by_text("No booth has connected yet")).to_be_visible()
    await page.open_visits()
    await expect(page.page.get_by_text("No visits yet")).to_be_visible()
    filled = await fill_visit(server.store, server.archive, patient=Patient(patient_id="P-77"))
    server.hub.publish(VisitChanged(booth_id=BOOTH, study_instance_uid=filled.study))
    await expect(page.visits).to_contain_text("P-77")
    await page.page.locator('nav [href="#/booths"]').click()
    await expect(page.booths).to_have_count(1)
    server.hub.publish(BoothSeen(booth_id=BOOTH, connected=True))
    await expect(page.booths).to_contain_text("Connected")


async def test_text_of_a_patient_is_never_markup(server: Server) -> None:
    name = "<img src=x onerror=alert(1)>"
    await fill_visit(server.store, server.archive, patient=Patient(patient_id=name))
    await server.page.open(server.code())
    await server.page.open_visits()
    await expect(server.page.visits).to_contain_text(name)
