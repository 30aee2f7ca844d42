"""The web application of the live process."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from server.access import Tokens
from server.api import (
    booths,
    corrections,
    dicomweb,
    events,
    health,
    history,
    openapi,
    outbox,
    pages,
    session,
    signatures,
    stills,
    visits,
)
from server.api.alignment import Alignments
from server.api.auditing import AUDIT, RequestAudit, note_refusals, record_access
from server.api.corrections import ORDERS
from server.api.dicomweb import DICOMWEB
from server.api.events import HUB, EventHub
from server.api.health import CHECKS, Check
from server.api.history import ALIGNMENTS
from server.api.login import LoginCodes, RateLimit, Sessions
from server.api.problems import add_headers, own_host, problems
from server.api.rates import count_strangers, cross_origin
from server.api.renditions import RENDITIONS, Renditions
from server.api.resources import ARCHIVE, STORE
from server.api.routes import SESSIONS, Route, access, add_routes, refuse_undeclared
from server.api.session import CODES, LIMIT
from server.api.settings import SETTINGS, ApiSettings
from server.api.signatures import SIGNING
from server.audit import Auditor
from server.dicomweb import DicomWeb
from server.orders import Keeper
from server.signing import SigningDesk
from server.store import Archive, Store

_MAX_BODY = 64 * 1024
_NOUNS = (
    pages,
    health,
    session,
    booths,
    visits,
    stills,
    history,
    corrections,
    signatures,
    dicomweb,
    outbox,
    events,
    openapi,
)


@dataclass(frozen=True)
class ApiParts:
    """What the application is made of; the caller opens and closes store and archive."""

    settings: ApiSettings
    tokens: Tokens
    store: Store
    archive: Archive
    hub: EventHub
    checks: Mapping[str, Check] = field(default_factory=dict)
    """Further health checks by name."""
    auditor: Auditor | None = None
    audit_repeat_after_s: float = 300.0
    """See `RequestAudit`."""
    institution: str = ""
    """Heads the reports for people."""
    orders: Keeper | None = None
    """Where the hospital's worklist lies; None: it has none."""


def make_api(parts: ApiParts, extra: Iterable[Route] = ()) -> web.Application:
    """The application with the routes of this room and `extra` ones; start-up fails on an undeclared route."""
    middlewares = [cross_origin, problems, own_host, count_strangers, note_refusals, access, record_access]
    app = web.Application(middlewares=middlewares, client_max_size=_MAX_BODY)
    _add_parts(app, parts)
    _add_desks(app, parts)
    for noun in _NOUNS:
        add_routes(app, noun.routes())
    add_routes(app, extra)
    app.on_startup.append(refuse_undeclared)
    app.on_response_prepare.append(add_headers)
    app.cleanup_ctx.append(_sampling)
    app.on_shutdown.append(_end_events)
    return app


def _add_parts(app: web.Application, parts: ApiParts) -> None:
    """What the handlers are given."""
    app[SETTINGS] = parts.settings
    app[STORE], app[ARCHIVE], app[HUB] = parts.store, parts.archive, parts.hub
    app[CHECKS] = dict(parts.checks)
    if parts.auditor is not None:
        app[AUDIT] = RequestAudit(parts.auditor, parts.store, repeat_after_s=parts.audit_repeat_after_s)
    if parts.orders is not None:
        app[ORDERS] = parts.orders


def _add_desks(app: web.Application, parts: ApiParts) -> None:
    """What the application has of its own."""
    app[SESSIONS], app[CODES] = Sessions(parts.tokens), LoginCodes(parts.tokens)
    app[LIMIT], app[RENDITIONS], app[ALIGNMENTS] = RateLimit(), Renditions(), Alignments()
    app[SIGNING] = SigningDesk(
        parts.store,
        parts.archive,
        institution=parts.institution,
        software=f"dermabooth {parts.settings.version}",
    )
    app[DICOMWEB] = DicomWeb(parts.store, parts.archive)


async def _sampling(app: web.Application) -> AsyncIterator[None]:
    task = asyncio.create_task(app[HUB].sample(), name="live-state")
    yield
    task.cancel()
    await asyncio.wait({task})
    app[RENDITIONS].close()
    app[DICOMWEB].close()


async def _end_events(app: web.Application) -> None:
    app[HUB].close()
