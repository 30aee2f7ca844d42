"""Errors as RFC 9457 problems, each with what to do next; and the headers of every response."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from aiohttp import hdrs, web

from server import errors
from server.api.routes import Handler
from server.api.settings import SETTINGS
from station.protocol import ProtocolError

_log = logging.getLogger(__name__)

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An RFC 9457 problem."""

    title: str
    status: int
    detail: str = ""
    """What the caller can do."""


@dataclass(frozen=True)
class _Answer:
    status: int
    title: str
    headers: tuple[tuple[str, str], ...] = ()


_ANSWERS: dict[type[Exception], _Answer] = {
    errors.AccessDenied: _Answer(401, "not signed in", ((hdrs.WWW_AUTHENTICATE, "Bearer"),)),
    errors.NotFound: _Answer(404, "not found"),
    errors.Conflict: _Answer(409, "conflict"),
    errors.BadImage: _Answer(422, "the picture cannot be used"),
    errors.InferenceUnavailable: _Answer(503, "the analysis is away", ((hdrs.RETRY_AFTER, "5"),)),
    errors.StoreUnavailable: _Answer(503, "the database is away", ((hdrs.RETRY_AFTER, "5"),)),
    errors.StorageFull: _Answer(507, "no space left"),
    ProtocolError: _Answer(400, "malformed request"),
    msgspec.MsgspecError: _Answer(400, "malformed request"),
    UnicodeDecodeError: _Answer(400, "malformed request"),
}


def problem(
    status: int, title: str, detail: str = "", headers: Mapping[str, str] | None = None
) -> web.Response:
    """The response for a problem."""
    body = msgspec.json.encode(Problem(title=title, status=status, detail=detail))
    return web.Response(body=body, status=status, content_type="application/problem+json", headers=headers)


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into a problem; what nobody expected becomes a 500 without details."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        return _of_http(error)
    except Exception as error:  # noqa: BLE001  the boundary to the caller: everything gets an answer
        answer = _answer_to(error)
        if answer is not None:
            return problem(answer.status, answer.title, str(error), dict(answer.headers))
        _log.exception("request failed", extra={"method": request.method})
        return problem(500, "internal error", "the server's log says more; try again")


@web.middleware
async def own_host(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests for another host name: a page that rebinds its name to this address gets nothing."""
    # Not `request.host`: for a request without the header it asks the name service, and the loop waits.
    if host_name(request.headers.get(hdrs.HOST, "")) not in request.app[SETTINGS].hosts:
        return problem(421, "unknown host name", "set `http.public_url` in the server's configuration to it")
    return await handler(request)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Response hook: the security headers, and no caching unless the handler said so."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")


def host_name(host: str) -> str:
    """The name in a Host header, without its port."""
    return host if host.endswith("]") else host.rsplit(":", 1)[0]


def _of_http(error: web.HTTPException) -> web.Response:
    if error.status < 400:
        raise error
    kept = (hdrs.ALLOW, hdrs.RETRY_AFTER, hdrs.WWW_AUTHENTICATE, hdrs.LOCATION, hdrs.ACCEPT)
    headers = {str(name): error.headers[name] for name in kept if name in error.headers}
    title = HTTPStatus(error.status).phrase.lower()
    default = f"{error.status}: {error.reason}"
    return problem(error.status, title, "" if error.text in (None, default) else str(error.text), headers)


def _answer_to(error: Exception) -> _Answer | None:
    for kind in type(error).__mro__:
        if kind in _ANSWERS:
            return _ANSWERS[kind]
    return None
