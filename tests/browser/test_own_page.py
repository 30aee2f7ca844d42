"""The page of docs/how-to/draw-overlays-on-your-own-page.md draws each overlay on its own frame."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web
from numpy.typing import NDArray
from playwright.async_api import BrowserContext, Page

from server.access import Scope, Tokens
from server.live import Analysis, LiveHub
from station.protocol import Box, Face, Layer
from tests.browser.test_live import filming
from tests.fixtures.web import serving
from tests.integration.live.server_process import make_app
from tests.integration.live.stamp import number_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "draw-overlays-on-your-own-page.md"
STRIPES = 8
_READ = """() => {
    const canvas = document.querySelector("canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let text = "";
    for (let at = 0; at < data.length; at += 8192) {
        text += String.fromCharCode(...data.subarray(at, at + 8192));
    }
    return { width: canvas.width, pixels: btoa(text) };
}"""


async def outline_number(booth: str, rgb: NDArray[np.uint8]) -> Analysis:
    """Skin in the stripe that the number painted in the picture asks for."""
    height, width = rgb.shape[:2]
    skin = np.zeros((height, width), np.uint8)
    stripe = number_in(rgb) % STRIPES
    skin[height // 3 : height - 20, stripe * width // STRIPES + 5 : (stripe + 1) * width // STRIPES - 5] = 255
    return Analysis(Face(box=Box(0, 0, width, height)), {Layer.SKIN: skin}, 1.0)


def own_page(whep: str, token: str) -> str:
    """The page as an integrator fills it in."""
    found = re.search(r"```html\n(.+?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    page = found[1].replace("http://127.0.0.1:8480/whep/booth-1", whep).replace("TOKEN", token)
    assert whep in page
    assert token in page
    return page


@pytest.fixture
async def page(chromium: BrowserContext, tmp_path: Path) -> AsyncIterator[Page]:
    """The page, from another origin than the server's, with a booth that films numbers."""
    tokens = Tokens.open(tmp_path)
    async with LiveHub(outline_number) as hub, serving(make_app(hub, tokens)) as url:
        text = own_page(f"{url}/whep/one", tokens.issue("my-page", [Scope.READ]))
        elsewhere = web.Application()

        async def show(request: web.Request) -> web.Response:
            return web.Response(text=text, content_type="text/html")

        elsewhere.router.add_get("/", show)
        async with filming(f"{url}/whip/one", tokens), serving(elsewhere) as address:
            async with asyncio.timeout(30):
                while not any(one.live for one in hub.state().booths):
                    await asyncio.sleep(0.05)
            opened = await chromium.new_page()
            await opened.goto(address)
            yield opened
            await opened.goto("about:blank")


async def drawn(page: Page) -> tuple[int, int] | None:
    """Number painted in the picture, and the stripe that is outlined; None without an outline."""
    read = await page.evaluate(_READ)
    picture = np.frombuffer(base64.b64decode(read["pixels"]), np.uint8).reshape(-1, read["width"], 4)[
        :, :, :3
    ]
    if picture.shape[1] < 600:
        return None
    lower = picture[picture.shape[0] // 3 + 10 :].astype(int)
    green = (lower[:, :, 1] > 230) & (lower[:, :, 0] < 60)
    if green.sum() < 100:
        return None
    number = number_in(np.ascontiguousarray(picture))
    return number, int(np.argmax([part.sum() for part in np.array_split(green, STRIPES, axis=1)]))


async def test_the_page_draws_each_overlay_on_its_own_frame(page: Page) -> None:
    pairs: dict[int, int] = {}
    async with asyncio.timeout(200):
        while len(pairs) < 25:
            pairs.update([pair] if (pair := await drawn(page)) else [])
    assert pairs == {number: number % STRIPES for number in pairs}


def test_it_is_short() -> None:
    assert len(own_page("http://x/whep/one", "t").splitlines()) < 40
