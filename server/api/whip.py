"""WHIP: a booth posts the offer of its preview (RFC 9725)."""

from server.access import Scope
from server.api.routes import Route
from server.api.signalling import session_routes
from server.live import LiveHub, Session


def routes() -> tuple[Route, ...]:
    """`/whip/{booth}` and its sessions; the token's subject must be the booth."""
    return session_routes("whip", Scope.PUBLISH, _publish)


async def _publish(hub: LiveHub, booth: str, sdp: str) -> Session:
    return await hub.publish(booth, sdp)
