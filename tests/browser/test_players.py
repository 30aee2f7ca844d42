"""Published WHIP and WHEP clients for browsers, on a page of another origin, at the server's doors."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import BrowserContext, Page

from server.access import Scope, Tokens
from server.live import LiveHub
from tests.fixtures.web import WEB, serving
from tests.integration.live.server_process import make_app, read_number

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PLAYERS = Path(__file__).parent / "players"
SIZE = {"width": 640, "height": 360}


@dataclass
class Live:
    page: Page
    hub: LiveHub
    tokens: Tokens
    url: str


@pytest.fixture(scope="module")
def players(web_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page with the clients, bundled by the vite that the product's pages are built with."""
    root = tmp_path_factory.mktemp("players")
    shutil.copytree(PLAYERS, root, dirs_exist_ok=True)
    (root / "node_modules").symlink_to(WEB / "node_modules")
    vite = WEB / "node_modules" / "vite" / "bin" / "vite.js"
    subprocess.run(["node", vite, "build"], cwd=root, check=True, capture_output=True, timeout=200)
    return root / "dist"


@pytest.fixture
async def live(chromium: BrowserContext, players: Path, tmp_path: Path) -> AsyncIterator[Live]:
    tokens = Tokens.open(tmp_path)
    pages = web.Application()
    pages.router.add_static("/", players)
    async with (
        LiveHub(read_number) as hub,
        serving(make_app(hub, tokens)) as url,
        serving(pages) as address,
    ):
        page = await chromium.new_page()
        await page.goto(f"{address}/index.html")
        yield Live(page, hub, tokens, url)
        await page.goto("about:blank")


async def until_live(hub: LiveHub, wanted: bool) -> None:
    async with asyncio.timeout(30):
        while any(one.live for one in hub.state().booths) is not wanted:
            await asyncio.sleep(0.02)


async def test_a_whip_client_publishes_and_a_whep_player_plays(live: Live) -> None:
    page, hub = live.page, live.hub
    sending, reading = (live.tokens.issue("one", [scope]) for scope in (Scope.PUBLISH, Scope.READ))
    await page.evaluate("([url, token]) => publish(url, token)", [f"{live.url}/whip/one", sending])
    await until_live(hub, True)
    await page.evaluate("([url, token]) => watch(url, token)", [f"{live.url}/whep/one", reading])
    await page.wait_for_function("() => shown().frames >= 20")
    shown = await page.evaluate("() => shown()")
    assert shown["width"] / shown["height"] == pytest.approx(SIZE["width"] / SIZE["height"], rel=0.02)
    assert hub.state().booths[0].viewers[0].forwarded >= 20
    await deletes(page, "() => leave()")
    async with asyncio.timeout(20):
        while hub.state().booths[0].viewers:
            await asyncio.sleep(0.02)
    await deletes(page, "() => finish()")
    await until_live(hub, False)


async def deletes(page: Page, what: str) -> None:
    """Do this, and see the session's end told and taken: a server would notice it by silence too."""
    async with page.expect_response(lambda answer: answer.request.method == "DELETE") as told:
        await page.evaluate(what)
    assert (await told.value).ok
