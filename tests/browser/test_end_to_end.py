"""The running demo as people see it: booth page and viewer in a real browser, nothing between them replaced."""

import asyncio
import base64

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.async_api import BrowserContext, expect

from dermabooth.demo.outcome import KINDS
from phantom import Stage
from server.pipeline import STEPS
from server.store import Archive, Store, WorkState
from tests.browser.pages import KioskPage, Picture, ViewerPage
from tests.fixtures.demo import Demo, person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

BOOTH = "sim-1"
SKIN = (47, 191, 143)
"""Colour of the outline of the skin."""
PREVIEW = (640, 360)
LIGHTS = 4
"""Pictures of a visit under the standard recipe."""
_ANALYSED_MS = 90_000
_READ = """(canvas) => {
    const context = canvas.getContext("2d");
    const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
    let text = "";
    for (let at = 0; at < data.length; at += 8192) {
        text += String.fromCharCode(...data.subarray(at, at + 8192));
    }
    return { width, height, rgba: btoa(text), overlay: canvas.dataset.overlay === "true" };
}"""


async def pixels(picture: Picture, *, overlay: bool = False) -> NDArray[np.uint8]:
    """What the canvas shows now, (height, width, 3); with `overlay` once that is a frame with its overlay."""
    async with asyncio.timeout(30):
        while not (shown := await picture.canvas.evaluate(_READ))["overlay"] and overlay:
            await asyncio.sleep(0.05)
    rgba = np.frombuffer(base64.b64decode(shown["rgba"]), np.uint8)
    return rgba.reshape(shown["height"], shown["width"], 4)[:, :, :3]


async def outlined(page: KioskPage | ViewerPage, picture: Picture, on: bool) -> NDArray[np.bool_]:
    """Where the picture has the colour of the skin's outline, with its layer on or off."""
    await page.layers.set("skin", on)
    distance = np.abs((await pixels(picture, overlay=True)).astype(int) - SKIN).max(axis=2)
    return np.asarray(distance < 40)


def check_outline(shown: NDArray[np.bool_], hidden: NDArray[np.bool_], demo: Demo) -> None:
    """The outline is there only when asked for, and it is that of the face."""
    assert hidden.sum() < 20 < 300 < shown.sum()
    stage = Stage.open(person(dark=False), demo.data / "station" / "cache", *PREVIEW, eyes_closed=True)
    x, y, width, height = (side * shown.shape[1] / PREVIEW[0] for side in stage.frame(0.0)[1])
    rows, columns = np.nonzero(shown)
    left, right = np.percentile(columns, (2, 98))
    top, bottom = np.percentile(rows, (2, 98))
    assert abs((left + right) / 2 - (x + width / 2)) < 0.2 * width
    assert top < y + 0.4 * height
    assert bottom > y + 0.8 * height
    assert 0.5 * width < right - left < 1.8 * width


async def test_the_booths_page_shows_the_overlay_on_the_live_picture(
    demo: Demo, chromium: BrowserContext
) -> None:
    page = KioskPage(await chromium.new_page(), demo.kiosk)
    await page.open()
    await page.watch()
    await page.picture.expect_data("overlay", "true")
    shown, hidden = await outlined(page, page.picture, True), await outlined(page, page.picture, False)
    check_outline(shown, hidden, demo)
    await expect(page.quality.first).to_be_visible()
    await page.page.goto("about:blank")


async def test_the_capture_button_makes_a_stored_visit(demo: Demo, chromium: BrowserContext) -> None:
    page = KioskPage(await chromium.new_page(), demo.kiosk)
    await page.open()
    await page.start_visit("P-E2E")
    await expect(page.ended).to_contain_text("The visit is finished.", timeout=_ANALYSED_MS)
    study = await page.study()
    await page.go("state")
    for index in range(LIGHTS):
        await expect(page.stills.nth(index)).to_have_attribute("data-stage", "analysed", timeout=_ANALYSED_MS)
    await page.page.goto("about:blank")
    await check_stored(demo, study, "P-E2E")


async def check_stored(demo: Demo, study: str, patient_id: str) -> None:
    """The visit is complete in database and archive."""
    store, archive = Store.open(demo.database), Archive(demo.data / "server" / "archive")
    try:
        visit = await store.visit(study)
        assert (visit.patient.patient_id, visit.complete) == (patient_id, True)
        assert len(await store.stills(study)) == LIGHTS
        work = await store.work(study)
        assert [status.state for status in work] == [WorkState.DONE] * LIGHTS * len(STEPS)
        instances = await store.instances(study)
        assert all(archive.resolve(instance.path).is_file() for instance in instances)
        kinds = [instance.kind for instance in instances]
        assert [kinds.count(kind) for kind in KINDS] == [LIGHTS] * len(KINDS)
    finally:
        await store.close()


async def test_the_viewer_signs_in_once_and_shows_live_picture_and_visit(
    demo: Demo, chromium: BrowserContext
) -> None:
    page = ViewerPage(await chromium.new_page(), demo.viewer)
    await page.open(demo.code)
    await page.booths.first.wait_for()
    await page.open_booth(BOOTH)
    await expect(page.live.canvas).to_have_attribute("data-overlay", "true")
    await expect(page.page.locator(".judged verdict-badge")).to_be_visible(timeout=20_000)
    shown, hidden = await outlined(page, page.live, True), await outlined(page, page.live, False)
    check_outline(shown, hidden, demo)
    await page.open_visits()
    await check_visit_page(page, demo)
    await page.page.get_by_role("button", name="Sign out").click()
    await expect(page.page.get_by_label("Access token")).to_be_visible()
    await page.page.goto("about:blank")
    await page.open(demo.code)
    await expect(page.alert).to_contain_text("used already")


async def check_visit_page(page: ViewerPage, demo: Demo) -> None:
    """The demo's own visit: photos, masks over them, measures with units."""
    await page.open_visit(demo.outcome["study_instance_uid"])
    lights = page.page.locator('[role="tab"][data-light]')
    await expect(lights).to_have_count(LIGHTS)
    await page.layers.set("skin", True)
    await page.photo.expect_data("layers", "skin")
    with_mask = await pixels(page.photo)
    await page.layers.set("skin", False)
    await page.photo.expect_data("layers", "")
    without = await pixels(page.photo)
    assert with_mask.std() > 20
    assert (np.abs(with_mask.astype(int) - without).max(axis=2) > 30).sum() > 300
    (melanin,) = (
        measure["value"]
        for measure in demo.outcome["measures"]
        if (measure["name"], measure["light"], measure["region"]) == ("melanin", "white", "face")
    )
    row = page.measures.locator('[data-measure="melanin"]')
    await expect(row).to_contain_text(f"{melanin:#.3g}")
    await page.choose_light("cross_polarised")
    await expect(page.page.get_by_text("Measures Cross-polarised, front")).to_be_visible()
