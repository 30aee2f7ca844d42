"""WHIP: a booth posts the offer of its preview (RFC 9725)."""

from aiohttp import web

from server.access import Scope
from server.api.routes import Route
from server.api.signalling import LIVE, session_routes
from server.live import Session


def routes() -> tuple[Route, ...]:
    """`/whip/{booth}` and its sessions; the token's subject must be the booth."""
    return session_routes("whip", Scope.PUBLISH, _publish)


async def _publish(request: web.Request, booth: str, sdp: str) -> Session:
    return await request.app[LIVE].publish(booth, sdp)
