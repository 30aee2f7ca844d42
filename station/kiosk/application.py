"""The kiosk's web application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
from aiohttp import WSCloseCode, hdrs, web

from station.devices import Latest
from station.kiosk.answers import AGENT, json_answer
from station.kiosk.calibration import add_calibration_routes
from station.kiosk.contract.agent import KioskAgent
from station.kiosk.contract.booth import BoothState
from station.kiosk.ghost import add_ghost_route
from station.kiosk.guard import Audience, add_headers, add_route, guard, problem, refuse_undeclared
from station.kiosk.picture import LivePicture
from station.kiosk.visits import add_visit_routes
from station.kiosk.worklist import add_worklist_routes

PICTURE = web.AppKey("picture", LivePicture)
WEB_ROOT = web.AppKey("web_root", Path)
_SOCKETS: web.AppKey[set[web.WebSocketResponse]] = web.AppKey("sockets")

_MAX_BODY = 16 * 1024
_MAX_WATCHERS = 8
_SEND_LIMIT_S = 5.0
_HEARTBEAT_S = 5.0
_CLOSE_LIMIT_S = 2.0


def make_kiosk(agent: KioskAgent, web_root: Path) -> web.Application:
    """The kiosk of `agent`; `web_root` holds the built pages. Bind it to loopback only.

    `GET /` page, `GET /state` booth state, `GET /live` WebSocket, `/visit` and what is below it: `visits.py`,
    `/worklist/search`.
    On `/live` text messages are `BoothState` as JSON, binary ones pictures as `picture.pack` makes them.
    """
    app = web.Application(middlewares=[guard], client_max_size=_MAX_BODY)
    app[AGENT], app[WEB_ROOT], app[_SOCKETS] = agent, web_root, set()
    add_route(app, "GET", "/", page, Audience.SHELL)
    add_route(app, "GET", "/assets/{name:[A-Za-z0-9._-]+}", asset, Audience.SHELL)
    add_route(app, "GET", "/state", state, Audience.OPERATOR)
    add_route(app, "GET", "/live", live, Audience.OPERATOR)
    add_visit_routes(app)
    add_ghost_route(app)
    add_calibration_routes(app)
    add_worklist_routes(app)
    app.on_startup.append(refuse_undeclared)
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(_close_sockets)
    app.cleanup_ctx.append(_picture)
    return app


async def page(request: web.Request) -> web.StreamResponse:
    """The page itself."""
    path = request.app[WEB_ROOT] / "kiosk.html"
    if not path.is_file():
        return problem(503, "the pages have not been built", "run `make setup`, then reload")
    return web.FileResponse(path, headers={hdrs.CACHE_CONTROL: "no-cache"})


async def asset(request: web.Request) -> web.StreamResponse:
    """A script or style sheet of the page; names carry a hash, so they may be kept."""
    path = request.app[WEB_ROOT] / "assets" / request.match_info["name"]
    if not path.is_file():
        return problem(404, "no such file", "reload the page: it was updated")
    return web.FileResponse(path, headers={hdrs.CACHE_CONTROL: "public, max-age=31536000, immutable"})


async def state(request: web.Request) -> web.Response:
    """The booth's state now."""
    return json_answer(_state(request).value)


async def live(request: web.Request) -> web.StreamResponse:
    """Pictures and states, newest first, until the page goes away."""
    sockets = request.app[_SOCKETS]
    if len(sockets) >= _MAX_WATCHERS:
        return problem(503, "too many pages watch this booth", "close the other kiosk pages")
    socket = web.WebSocketResponse(
        timeout=_CLOSE_LIMIT_S, heartbeat=_HEARTBEAT_S, max_msg_size=1024, compress=False
    )
    await socket.prepare(request)
    sockets.add(socket)
    try:
        async with request.app[PICTURE].watch() as pictures:
            await _feed(socket, _state(request), pictures)
    finally:
        sockets.discard(socket)
        await socket.close()
    return socket


async def _feed(socket: web.WebSocketResponse, states: Latest[BoothState], pictures: Latest[bytes]) -> None:
    senders = {
        asyncio.create_task(_send_states(socket, states)),
        asyncio.create_task(_send_pictures(socket, pictures)),
        asyncio.create_task(_drain(socket)),
    }
    try:
        await asyncio.wait(senders, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in senders:
            task.cancel()
        await asyncio.gather(*senders, return_exceptions=True)


async def _send_states(socket: web.WebSocketResponse, states: Latest[BoothState]) -> None:
    revision = 0
    with contextlib.suppress(EOFError, ConnectionError, TimeoutError):
        while True:
            revision, value = await states.next(revision)
            async with asyncio.timeout(_SEND_LIMIT_S):
                await socket.send_str(msgspec.json.encode(value).decode())


async def _send_pictures(socket: web.WebSocketResponse, pictures: Latest[bytes]) -> None:
    revision = pictures.revision
    with contextlib.suppress(EOFError, ConnectionError, TimeoutError):
        while True:
            revision, picture = await pictures.next(revision)
            async with asyncio.timeout(_SEND_LIMIT_S):
                await socket.send_bytes(picture)


async def _drain(socket: web.WebSocketResponse) -> None:
    async for _ in socket:
        pass


def _state(request: web.Request) -> Latest[BoothState]:
    return request.app[AGENT].state


async def _picture(app: web.Application) -> AsyncIterator[None]:
    app[PICTURE] = LivePicture(app[AGENT])
    yield
    await app[PICTURE].close()


async def _close_sockets(app: web.Application) -> None:
    await asyncio.gather(
        *(
            socket.close(code=WSCloseCode.GOING_AWAY, message=b"the booth is closing")
            for socket in app[_SOCKETS]
        )
    )
