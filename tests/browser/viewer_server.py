"""The viewer in a browser over the real application and a real store."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import BrowserContext

from server.access import Tokens
from server.api import ApiParts, ApiSettings, EventHub, LivePreview, LoginCodes, make_api
from server.store import Archive, Store
from tests.browser.pages import ViewerPage
from tests.fixtures.filled_store import FilledVisit, open_store
from tests.fixtures.web import serving


@dataclass
class Board:
    """A board that a test writes on."""

    now: dict[str, LivePreview] = field(default_factory=dict)

    def previews(self) -> Mapping[str, LivePreview]:
        return self.now


@dataclass
class Server:
    """A running server and a page of it."""

    page: ViewerPage
    url: str
    tokens: Tokens
    store: Store
    archive: Archive
    hub: EventHub
    board: Board

    def code(self) -> str:
        """Signs in once."""
        return LoginCodes(self.tokens).new()

    async def at_visit(self, visit: FilledVisit) -> ViewerPage:
        """The page with this visit open."""
        await self.page.open(self.code())
        await self.page.open_visits()
        await self.page.open_visit(visit.study)
        return self.page


@asynccontextmanager
async def running(
    chromium: BrowserContext, web_root: Path, folder: Path, **settings: Mapping[tuple[str, str, str], float]
) -> AsyncIterator[Server]:
    """A server over an empty store in `folder`, with `settings` beside the built pages."""
    store, archive = open_store(folder)
    tokens, board = Tokens.open(folder / "keys"), Board()
    hub = EventHub(board)
    parts = ApiParts(ApiSettings(web_root, **settings), tokens, store, archive, hub)  # type: ignore[arg-type]
    async with serving(make_api(parts)) as url:
        page = ViewerPage(await chromium.new_page(), url)
        yield Server(page, url, tokens, store, archive, hub, board)
        await page.page.goto("about:blank")
    await store.close()
