"""Signing a browser in and out."""

import msgspec
from aiohttp import hdrs, web

from server.access import Grant, Scope
from server.api.about import About
from server.api.auditing import note_sign_out, record_sign_in
from server.api.login import SESSION_LIFETIME_S, LoginCodes, RateLimit
from server.api.resources import json_response
from server.api.routes import (
    GRANT,
    SESSION_COOKIE,
    SESSIONS,
    Route,
    bearer,
    route,
    same_origin,
)
from server.api.schemas import PersonInfo, SessionInfo, SignIn
from server.api.settings import SETTINGS
from server.errors import AccessDenied

CODES = web.AppKey("codes", LoginCodes)
LIMIT = web.AppKey("sign_in_limit", RateLimit)
_SIGN_IN = About(takes=SignIn, success=(201,), problems=(401, 403, 429))
_SIGN_OUT = About(success=(204,), problems=(403,))


def routes() -> list[Route]:
    """The routes of the session."""
    return [
        route("GET", "/api/session", show, Scope.READ, answer=SessionInfo),
        route("POST", "/api/session", sign_in, Scope.PUBLIC, answer=SessionInfo, about=_SIGN_IN),
        route("DELETE", "/api/session", sign_out, Scope.PUBLIC, about=_SIGN_OUT),
    ]


async def show(request: web.Request) -> web.Response:
    """Who is signed in."""
    return json_response(_info(request[GRANT]))


async def sign_in(request: web.Request) -> web.Response:
    """Exchange a token or a one-time code for a session cookie."""
    _refuse_foreign(request)
    address, limit = request.remote or "", request.app[LIMIT]
    if (wait_s := limit.wait_s(address)) > 0:
        raise web.HTTPTooManyRequests(
            text="too many failed sign-ins; wait a minute", headers={hdrs.RETRY_AFTER: str(int(wait_s) + 1)}
        )
    try:
        grant = await _grant(request)
    except AccessDenied:
        limit.failed(address)
        raise
    await record_sign_in(request, grant)
    response = json_response(_info(grant), status=201)
    response.set_cookie(
        SESSION_COOKIE,
        request.app[SESSIONS].open(grant),
        max_age=int(SESSION_LIFETIME_S),
        httponly=True,
        samesite="Strict",
        secure=request.app[SETTINGS].secure_cookie or request.scheme == "https",
        path="/",
    )
    return response


async def sign_out(request: web.Request) -> web.Response:
    """End the session of the cookie."""
    _refuse_foreign(request)
    if (cookie := request.cookies.get(SESSION_COOKIE)) is not None:
        ended = request.app[SESSIONS].end(cookie)
        if ended is not None:
            note_sign_out(request, ended)
    response = web.Response(status=204)
    response.del_cookie(SESSION_COOKIE, path="/")
    return response


async def _grant(request: web.Request) -> Grant:
    if (token := bearer(request)) is not None:
        return _reader(request.app[SESSIONS].verify_token(token))
    wanted = msgspec.json.decode(await request.read(), type=SignIn)
    if wanted.code:
        return request.app[CODES].redeem(wanted.code)
    if wanted.token:
        return _reader(request.app[SESSIONS].verify_token(wanted.token.strip()))
    raise AccessDenied("send a `code` or a `token`")


def _reader(grant: Grant) -> Grant:
    if not grant.allows(Scope.READ):
        raise AccessDenied("this token does not allow reading; ask for one with the scope `read`")
    return grant


def _refuse_foreign(request: web.Request) -> None:
    if not same_origin(request):
        raise web.HTTPForbidden(text="sign in from the server's own page")


def _info(grant: Grant) -> SessionInfo:
    person = None if grant.person is None else PersonInfo(**vars(grant.person))
    return SessionInfo(
        subject=grant.subject.partition("#")[0], scopes=tuple(sorted(grant.scopes)), person=person
    )
