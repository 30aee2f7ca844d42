"""The real application over a real store, and ways to ask it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from server.access import Scope, Tokens
from server.api import ApiParts, ApiSettings, EventHub, LivePreview, make_api
from server.orders import Keeper
from server.store import Archive, Store
from tests.fixtures.filled_store import open_store
from tests.fixtures.web import serving


class Board:
    """A board that a test writes on."""

    def __init__(self) -> None:
        self.now: dict[str, LivePreview] = {}

    def previews(self) -> dict[str, LivePreview]:
        return self.now


@dataclass
class Api:
    """A running server."""

    url: str
    http: aiohttp.ClientSession
    tokens: Tokens
    store: Store
    archive: Archive
    hub: EventHub
    board: Board

    def bearer(self, *scopes: Scope) -> dict[str, str]:
        """Headers with a token of these scopes."""
        return {"Authorization": f"Bearer {self.tokens.issue('test', scopes)}"}

    @property
    def reader(self) -> dict[str, str]:
        """Headers of somebody who may read."""
        return self.bearer(Scope.READ)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    pages = tmp_path / "pages"
    (pages / "assets").mkdir(parents=True)
    (pages / "index.html").write_text("<!doctype html><title>viewer</title>")
    (pages / "assets" / "viewer-1.js").write_text("0")
    store, archive = open_store(tmp_path)
    tokens, board = Tokens.open(tmp_path / "keys"), Board()
    hub = EventHub(board)
    smallest = {("white", "forehead", "melanin_index"): 0.02}
    settings = ApiSettings(pages, version="0.1.0", smallest_changes=smallest)
    orders = Keeper(tmp_path / "worklist.json", "RIS")
    parts = ApiParts(settings, tokens, store, archive, hub, orders=orders)
    async with serving(make_api(parts)) as url, aiohttp.ClientSession() as http:
        yield Api(url, http, tokens, store, archive, hub, board)
    await store.close()
