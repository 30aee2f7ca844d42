"""Live viewing in the audit trail: whoever watches a booth sees the patient of the visit that is open there."""

import logging

from aiohttp import web

from server.api.auditing import RequestAudit
from server.audit import Actor
from server.errors import NotFound, ServerError
from server.events import Event, VisitChanged
from server.live import LiveHub, Session

log = logging.getLogger(__name__)


class Watching:
    """Who watches which booth. A visit that is opened there while they do is recorded as well, or they see no more of it."""

    def __init__(self, audit: RequestAudit, live: LiveHub) -> None:
        self._audit = audit
        self._live = live
        self._watchers: dict[Session, Actor] = {}

    async def begins(self, actor: Actor, booth: str) -> None:
        """Record that somebody is about to watch. Raises `AuditUnavailable`: then nothing is shown."""
        await self._audit.watches(actor, booth)

    async def goes_on(self, actor: Actor, session: Session) -> None:
        """Remember who watches, as long as they do."""
        self._watchers = {one: who for one, who in self._watchers.items() if self._lasts(one)}
        self._watchers[session] = actor
        await self._record(session, actor)

    async def heard(self, event: Event) -> None:
        """A visit was opened: those who watch its booth see its patient from now on."""
        if not isinstance(event, VisitChanged):
            return
        for session, actor in list(self._watchers.items()):
            if session.booth == event.booth_id and self._lasts(session):
                await self._record(session, actor)

    async def _record(self, session: Session, actor: Actor) -> None:
        try:
            await self._audit.watches(actor, session.booth)
        except ServerError as error:
            log.error("a viewer is shut out: nobody can record it", extra={"cause": str(error)})
            if self._lasts(session):
                await self._live.end(session.booth, session.session_id)

    def _lasts(self, session: Session) -> bool:
        try:
            self._live.session(session.booth, session.session_id)
        except NotFound:
            return False
        return True


WATCHING = web.AppKey("watching", Watching)
"""Without it nothing is recorded."""
