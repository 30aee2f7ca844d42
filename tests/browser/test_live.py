"""A booth's live picture in a real browser: every overlay is drawn on exactly the frame it was made from."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.async_api import BrowserContext, expect

from server.access import Scope, Tokens
from server.api import ApiParts, ApiSettings, EventHub, HubBoard, LoginCodes, make_api, whep, whip
from server.api.signalling import LIVE
from server.live import Analysis, LiveHub, Sync
from station.devices import LatestFrame
from station.protocol import Box, Face, Layer
from station.transport.webrtc import WebRtcPreviewSender
from tests.browser.pages import ViewerPage
from tests.fixtures.filled_store import open_store
from tests.fixtures.web import serving
from tests.integration.live.stamp import frame, number_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

STRIPES = 8
_READ = """(canvas) => {
    const { width, height, dataset } = canvas;
    const context = canvas.getContext("2d");
    const rows = (top, count) => {
        const { data } = context.getImageData(0, top, width, count);
        return btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));
    };
    const [stamp, lower] = [rows(0, 32), rows(Math.floor(height * 0.75), 4)];
    return { width, stamp, lower, overlay: dataset.overlay === "true" };
}"""


async def mark_number(booth: str, rgb: NDArray[np.uint8]) -> Analysis:
    """Redness in the stripe that the number painted in the picture asks for."""
    height, width = rgb.shape[:2]
    redness = np.zeros((height, width), np.uint8)
    stripe = number_in(rgb) % STRIPES
    redness[height // 2 :, stripe * width // STRIPES : (stripe + 1) * width // STRIPES] = 255
    return Analysis(Face(box=Box(0, 0, width, height)), {Layer.REDNESS: redness}, 1.0)


@dataclass
class Live:
    page: ViewerPage
    code: str
    hub: LiveHub


@pytest.fixture
async def live(chromium: BrowserContext, web_root: Path, tmp_path: Path) -> AsyncIterator[Live]:
    store, archive = open_store(tmp_path)
    tokens = Tokens.open(tmp_path / "keys")
    async with LiveHub(mark_number) as hub:
        parts = ApiParts(ApiSettings(web_root), tokens, store, archive, EventHub(HubBoard(hub)))
        app = make_api(parts, [*whip.routes(), *whep.routes()])
        app[LIVE] = hub
        async with serving(app) as url, filming(f"{url}/whip/one", tokens):
            page = ViewerPage(await chromium.new_page(), url)
            yield Live(page, LoginCodes(tokens).new(), hub)
            await page.page.goto("about:blank")
    await store.close()


@asynccontextmanager
async def filming(url: str, tokens: Tokens) -> AsyncIterator[None]:
    """A booth that sends numbered frames for as long as the context is open."""
    source = LatestFrame()

    async def film() -> None:
        for number in range(1, 10_000):
            source.put(frame(number, number))
            await asyncio.sleep(1 / 10)

    camera = asyncio.create_task(film())
    async with WebRtcPreviewSender(url, tokens.issue("one", [Scope.PUBLISH]), source):
        yield
    camera.cancel()
    await asyncio.wait({camera})


async def shown(page: ViewerPage) -> tuple[int, int] | None:
    """Number painted in the picture that is shown now, and its red stripe; None without an overlay."""
    read = await page.live.canvas.evaluate(_READ)
    stamp, lower = (
        np.frombuffer(base64.b64decode(read[name]), np.uint8).reshape(-1, read["width"], 4)[:, :, :3]
        for name in ("stamp", "lower")
    )
    red = (lower[:, :, 0].astype(int) - lower[:, :, 1]).mean(0)
    stripe = int(np.argmax([part.mean() for part in np.array_split(red, STRIPES)]))
    return (number_in(stamp), stripe) if read["overlay"] else None


async def test_every_overlay_is_drawn_on_its_own_frame(live: Live) -> None:
    page = live.page
    await page.open(live.code)
    await page.booths.first.wait_for()
    await page.open_booth("one")
    await expect(page.live.canvas).to_have_attribute("data-overlay", "true")
    await page.layers.set("redness", True)
    await page.layers.strength(100)
    await page.page.wait_for_timeout(200)
    pairs: dict[int, int] = {}
    async with asyncio.timeout(200):
        while len(pairs) < 40:
            pairs.update([pair] if (pair := await shown(page)) else [])
    assert pairs == {number: number % STRIPES for number in pairs}
    assert len(set(pairs.values())) >= STRIPES - 2, "the stripe moves"
    await expect(page.page.locator('[data-figure="match"]')).to_contain_text("%")


async def watch(live: Live) -> ViewerPage:
    """The booth's live picture, with its overlay."""
    await live.page.open(live.code)
    await live.page.booths.first.wait_for()
    await live.page.open_booth("one")
    await expect(live.page.live.canvas).to_have_attribute("data-overlay", "true")
    return live.page


def syncs(live: Live) -> list[str]:
    return [viewer.sync for viewer in live.hub.state().booths[0].viewers]


async def wait_for_syncs(live: Live, wanted: list[str]) -> None:
    async with asyncio.timeout(20):
        while syncs(live) != wanted:
            await asyncio.sleep(0.05)


async def test_the_wall_shows_booths_live_and_takes_no_more_than_forwarding(live: Live) -> None:
    page = live.page
    await page.open(live.code)
    await expect(page.page.locator("live-thumb video[data-playing]")).to_have_count(1)
    (viewer,) = live.hub.state().booths[0].viewers
    assert (viewer.sync, viewer.overlays) == (Sync.NOW, 0)
    assert viewer.forwarded > 0
    await page.open_visits()
    await wait_for_syncs(live, [])
    await page.page.emulate_media(reduced_motion="reduce")
    await page.page.locator('nav [href="#/booths"]').click()
    await page.booths.first.wait_for()
    await page.page.wait_for_timeout(1500)
    assert syncs(live) == []


async def test_frames_at_once_or_with_their_overlays_as_the_viewer_chooses(live: Live) -> None:
    page = await watch(live)
    await wait_for_syncs(live, [Sync.EXACT])
    await page.synchronise("now")
    async with asyncio.timeout(20):
        while syncs(live) != [Sync.NOW] or await page.live.canvas.get_attribute("data-overlay") != "true":
            await asyncio.sleep(0.05)
    await goes_on(page, await number_shown(page))


async def test_the_picture_can_be_frozen_enlarged_and_saved(live: Live) -> None:
    page = await watch(live)
    await page.live_action("freeze").click()
    await page.page.wait_for_timeout(200)
    frozen = await number_shown(page)
    await page.page.wait_for_timeout(700)
    assert await number_shown(page) == frozen
    async with page.page.expect_download() as coming:
        await page.live_action("snapshot").click()
    download = await coming.value
    assert download.suggested_filename.startswith("one 20")
    saved = cv2.imread(str(await download.path()))
    assert saved is not None
    assert number_in(np.asarray(saved, np.uint8)) == frozen
    await page.live_action("larger").click()
    await expect(page.live.canvas).to_have_attribute("style", re.compile(r"scale\(1\.5\)"))
    await page.live_action("freeze").click()
    await goes_on(page, frozen)


async def goes_on(page: ViewerPage, number: int) -> None:
    """Wait for a later picture than this one."""
    async with asyncio.timeout(20):
        while await number_shown(page) <= number:
            await asyncio.sleep(0.05)


async def number_shown(page: ViewerPage) -> int:
    """The number painted in the picture that is shown now."""
    read = await page.live.canvas.evaluate(_READ)
    return number_in(
        np.frombuffer(base64.b64decode(read["stamp"]), np.uint8).reshape(-1, read["width"], 4)[:, :, :3]
    )


async def test_a_frame_that_the_browser_cannot_give_is_left_out(live: Live) -> None:
    await live.page.page.add_init_script(
        """const Real = VideoFrame;
        let refused = 0;
        window.VideoFrame = class extends Real {
            constructor(source) {
                super(refused++ < 3 ? document.createElement("video") : source);
            }
        };"""
    )
    await live.page.open(live.code)
    await live.page.booths.first.wait_for()
    await live.page.open_booth("one")
    await expect(live.page.live.canvas).to_have_attribute("data-overlay", "true")


async def test_an_absent_booth_is_said(live: Live) -> None:
    await live.page.open(live.code)
    await live.page.booths.first.wait_for()
    await live.page.page.evaluate("location.hash = '#/booths/two'")
    await expect(live.page.page.get_by_text("sends no live picture")).to_be_visible()
