"""Events to pages, over a WebSocket: hints to look again, and the live state of the booths."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import msgspec
from aiohttp import WSCloseCode, web

from server.access import Scope
from server.api.about import About
from server.api.board import LivePreview, PreviewBoard
from server.api.routes import Route, route
from server.events import BoothJudged, BoothSeen, Event
from station.protocol import PreviewVerdict

_QUEUE = 64
_MAX_CLIENTS = 64
_SEND_LIMIT_S = 5.0
_HEARTBEAT_S = 10.0
_SAMPLE_S = 1.0


class LiveState(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Which booths are there and what they send; comes first on every connection and then as it changes."""

    connected: dict[str, bool]
    previews: dict[str, LivePreview]
    judged: dict[str, PreviewVerdict]
    """How booths judge their previews themselves."""


Notice = Event | LiveState


class EventHub:
    """Fans events out to every connected page; a page that falls behind is let go and comes back by itself."""

    def __init__(self, board: PreviewBoard) -> None:
        self._board = board
        self._clients: set[asyncio.Queue[bytes | None]] = set()
        self._connected: dict[str, bool] = {}
        self._judged: dict[str, PreviewVerdict] = {}

    @property
    def connected(self) -> Mapping[str, bool]:
        """Whether a booth's uplink is open, as far as events have told."""
        return self._connected

    @property
    def clients(self) -> int:
        """Number of connected pages."""
        return len(self._clients)

    def publish(self, event: Notice) -> None:
        """Tell every page, of verdicts with the next live state; never waits. It fits as the listener of an `EventReceiver`."""
        if isinstance(event, BoothSeen):
            self._connected[event.booth_id] = event.connected
            if not event.connected:
                self._judged.pop(event.booth_id, None)
        if isinstance(event, BoothJudged):
            self._note_judged(event)
            return
        data = msgspec.json.encode(event)
        for client in list(self._clients):
            try:
                client.put_nowait(data)
            except asyncio.QueueFull:
                self._let_go(client)

    def state(self) -> LiveState:
        """The live state now."""
        return LiveState(
            connected=dict(self._connected),
            previews=dict(self._board.previews()),
            judged=dict(self._judged),
        )

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[asyncio.Queue[bytes | None]]:
        """Encoded events in order; None ends the subscription."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUE)
        queue.put_nowait(msgspec.json.encode(self.state()))
        self._clients.add(queue)
        try:
            yield queue
        finally:
            self._clients.discard(queue)

    async def sample(self) -> None:
        """Publish the live state whenever it has changed, once a second, until cancelled."""
        last: LiveState | None = None
        while True:
            await asyncio.sleep(_SAMPLE_S)
            if self._clients and (state := self.state()) != last:
                self.publish(state)
                last = state

    def close(self) -> None:
        """End every subscription; safe to call twice."""
        for client in list(self._clients):
            self._let_go(client)

    def _note_judged(self, event: BoothJudged) -> None:
        if event.preview is None:
            self._judged.pop(event.booth_id, None)
        else:
            self._judged[event.booth_id] = event.preview

    def _let_go(self, client: asyncio.Queue[bytes | None]) -> None:
        self._clients.discard(client)
        while not client.empty():
            client.get_nowait()
        client.put_nowait(None)


HUB = web.AppKey("hub", EventHub)


def routes() -> list[Route]:
    """The route of the events."""
    return [route("GET", "/api/events", events, Scope.READ, about=About(success=(101,), problems=(400, 503)))]


async def events(request: web.Request) -> web.StreamResponse:
    """A WebSocket of JSON text messages: `LiveState` first, then events; their `type` names them."""
    hub = request.app[HUB]
    if hub.clients >= _MAX_CLIENTS:
        raise web.HTTPServiceUnavailable(
            text="too many pages are connected; close some", headers={"Retry-After": "10"}
        )
    socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S, max_msg_size=1024)
    await socket.prepare(request)
    async with hub.subscribe() as queue:
        await _feed(socket, queue)
    await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
    return socket


async def _feed(socket: web.WebSocketResponse, queue: asyncio.Queue[bytes | None]) -> None:
    tasks = {asyncio.create_task(_send(socket, queue)), asyncio.create_task(_drain(socket))}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _send(socket: web.WebSocketResponse, queue: asyncio.Queue[bytes | None]) -> None:
    with contextlib.suppress(ConnectionError, TimeoutError):
        while (data := await queue.get()) is not None:
            async with asyncio.timeout(_SEND_LIMIT_S):
                await socket.send_str(data.decode())


async def _drain(socket: web.WebSocketResponse) -> None:
    async for _ in socket:
        pass
