"""WHEP: a viewer posts an offer and gets a booth's live picture (draft-ietf-wish-whep)."""

from server.access import Scope
from server.api.routes import Route
from server.api.signalling import session_routes
from server.live import LiveHub, Session


def routes() -> tuple[Route, ...]:
    """`/whep/{booth}` and its sessions."""
    return session_routes("whep", Scope.READ, _watch)


async def _watch(hub: LiveHub, booth: str, sdp: str) -> Session:
    return await hub.watch(booth, sdp)
