"""Routes that say who may use them, and the middleware that holds them to it."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from aiohttp import hdrs, web

from server.access import Grant, Scope
from server.api.about import About
from server.api.login import Sessions
from server.api.settings import SETTINGS
from server.errors import AccessDenied

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_SAFE_METHODS = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})


@dataclass(frozen=True)
class Route:
    """One door of the HTTP interface."""

    method: str
    path: str
    handler: Handler
    scope: Scope
    answer: object = None
    """Type of the JSON it answers with, for the OpenAPI document."""
    about: About = field(default_factory=About)
    """The rest of what that document tells."""


GRANT = web.RequestKey("grant", Grant)
"""What the caller of this request may do; absent on PUBLIC routes."""
SCOPES = web.AppKey("scopes", dict[web.AbstractRoute, Scope])
"""Scope of every registered route."""
DECLARED = web.AppKey("declared", list[Route])
"""The routes as they were declared."""
SESSIONS = web.AppKey("sessions", Sessions)
"""Checks the tokens of this server and the cookies of signed-in browsers."""
SESSION_COOKIE = "dermabooth_session"
"""Holds the token of a signed-in browser."""


class UndeclaredRoute(RuntimeError):
    """A route was added to the application without a scope."""


def route(
    method: str,
    path: str,
    handler: Handler,
    scope: Scope,
    *,
    answer: object = None,
    about: About | None = None,
) -> Route:
    """A route that asks `scope` of its caller; `answer` is the type of the JSON it answers with."""
    return Route(method.upper(), path, handler, scope, answer, about or About())


def add_routes(app: web.Application, routes: Iterable[Route]) -> None:
    """Register `routes` with their scopes; a GET also answers HEAD."""
    scopes = app.setdefault(SCOPES, {})
    for one in routes:
        added = app.router.add_route(one.method, one.path, one.handler)
        scopes[added] = one.scope
        app.setdefault(DECLARED, []).append(one)
        if one.method == hdrs.METH_GET:
            scopes[app.router.add_route(hdrs.METH_HEAD, one.path, one.handler)] = one.scope


def undeclared(app: web.Application) -> list[str]:
    """Routes of `app` that no scope was declared for, as "METHOD path"."""
    scopes = app.get(SCOPES, {})
    return [_name(one) for one in app.router.routes() if one not in scopes]


async def refuse_undeclared(app: web.Application) -> None:
    """Start-up hook: raises `UndeclaredRoute` that names every route without a scope."""
    if missing := undeclared(app):
        raise UndeclaredRoute(f"declare a scope with server.api.route for: {', '.join(missing)}")


@web.middleware
async def access(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let the request pass if its token allows the route's scope.

    The token comes as `Authorization: Bearer` or, for browsers, in the session cookie. A cookie counts for a
    write or a WebSocket only if the `Origin` header names this server, so that no other page can use it.
    """
    scope = _scope_of(request)
    if scope is None:
        return await handler(request)
    if scope is Scope.PUBLIC:
        return await handler(request)
    grant = _grant_of(request)
    if grant is None:
        raise AccessDenied("sign in, or send a token as `Authorization: Bearer`")
    request[GRANT] = grant
    if not grant.allows(scope):
        raise web.HTTPForbidden(text=f"this needs a token with the scope `{scope}`")
    return await handler(request)


def same_origin(request: web.Request) -> bool:
    """Whether the `Origin` header names this server; a request without one is no browser's cross-site request."""
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is None or origin == f"{request.scheme}://{request.host}":
        return True
    return origin in request.app[SETTINGS].origins


def bearer(request: web.Request) -> str | None:
    """The token in the Authorization header, or None."""
    kind, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None


def _scope_of(request: web.Request) -> Scope | None:
    """Scope of the matched route; None for the router's own 404 and 405."""
    if request.match_info.http_exception is not None:
        return None
    scope = request.app[SCOPES].get(request.match_info.route)
    if scope is None:
        raise UndeclaredRoute(_name(request.match_info.route))
    return scope


def _grant_of(request: web.Request) -> Grant | None:
    if (token := bearer(request)) is not None:
        return request.app[SESSIONS].verify_token(token)
    cookie = request.cookies.get(SESSION_COOKIE)
    if cookie is None or (_needs_origin(request) and not same_origin(request)):
        return None
    return request.app[SESSIONS].verify(cookie)


def _needs_origin(request: web.Request) -> bool:
    upgrade = request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
    return upgrade or request.method not in _SAFE_METHODS


def _name(one: web.AbstractRoute) -> str:
    path = one.resource.canonical if one.resource is not None else "?"
    return f"{one.method} {path}"
