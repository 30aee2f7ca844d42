"""What WHIP and WHEP have in common: an offer is posted, a session answers to PATCH and DELETE."""

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from server.access import Scope
from server.api.about import About, header
from server.api.problems import problem
from server.api.rates import count
from server.api.routes import GRANT, SCOPES, Handler, Route, route
from server.live import MAX_SDP_BYTES, LiveError, LiveHub, MalformedOffer, Session, read_fragment

LIVE = web.AppKey("live", LiveHub)
"""The previews of this process."""

_SDP = "application/sdp"
_FRAGMENT = "application/trickle-ice-sdpfrag"
_OFFER = About(takes=_SDP, sends=(_SDP,), success=(201,), problems=(409, 413, 415, 422, 429, 503))
_TRICKLE = About(
    takes=_FRAGMENT,
    parameters=(header(hdrs.IF_MATCH, "ETag of the session"),),
    success=(204,),
    problems=(412, 413, 415, 422, 428, 429),
)
_ENDED = About(sends=("application/octet-stream",), problems=(429,))
Answerer = Callable[[web.Request, str, str], Awaitable[Session]]
"""Of the request, its booth and the offer."""


def session_routes(prefix: str, scope: Scope, answerer: Answerer) -> tuple[Route, ...]:
    """The routes of `/{prefix}/{booth}` and of the sessions below it (RFC 9725 section 4)."""
    endpoint, session = f"/{prefix}/{{booth}}", f"/{prefix}/{{booth}}/{{session}}"
    return (
        route(hdrs.METH_POST, endpoint, _answered(_poster(prefix, answerer)), scope, about=_OFFER),
        route(hdrs.METH_GET, endpoint, _answered(_endpoint), scope, about=About(success=(204,))),
        route(hdrs.METH_OPTIONS, endpoint, _answered(_options), Scope.PUBLIC, about=_ENDED),
        route(hdrs.METH_PATCH, session, _answered(_trickle), scope, about=_TRICKLE),
        route(hdrs.METH_DELETE, session, _answered(_end), scope, about=_ENDED),
        route(hdrs.METH_GET, session, _answered(_nothing), scope, about=About(success=(204,))),
        route(hdrs.METH_OPTIONS, session, _answered(_options), Scope.PUBLIC, about=_ENDED),
    )


def _answered(handler: Handler) -> Handler:
    """`handler` with the live plane's errors as problems, for callers who do not come too often."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if GRANT in request:
            count(request, request[GRANT].subject)
        try:
            return await handler(request)
        except LiveError as error:
            response = problem(error.status, "the live plane refuses", str(error))
            if error.retry_after_s is not None:
                response.headers[hdrs.RETRY_AFTER] = str(error.retry_after_s)
            return response

    return handle


def _poster(prefix: str, answerer: Answerer) -> Handler:
    async def post(request: web.Request) -> web.Response:
        booth = _booth(request)
        sdp = await _body(request, _SDP)
        session = await answerer(request, booth, sdp)
        headers = {hdrs.LOCATION: f"/{prefix}/{booth}/{session.session_id}", hdrs.ETAG: session.etag}
        response = web.Response(status=201, text=session.answer, content_type=_SDP, headers=headers)
        for server in request.app[LIVE].ice_servers:
            for link in server.links():
                response.headers.add(hdrs.LINK, link)
        return response

    return post


async def _trickle(request: web.Request) -> web.Response:
    """Candidates as they are found: 204. ICE restarts are refused with 422."""
    booth, session_id = _booth(request), request.match_info["session"]
    etag = request.app[LIVE].session(booth, session_id).etag
    match = request.headers.get(hdrs.IF_MATCH)
    if match is None:
        return problem(428, "If-Match is needed", "send the ETag of the session")
    if match == "*":
        return problem(422, "ICE restart is not served", "end this session and post a new offer")
    if match != etag:
        return problem(412, "the ETag is stale", "send the ETag of the session")
    fragment = read_fragment(await _body(request, _FRAGMENT))
    await request.app[LIVE].trickle(booth, session_id, fragment)
    return web.Response(status=204)


async def _end(request: web.Request) -> web.Response:
    await request.app[LIVE].end(_booth(request), request.match_info["session"])
    return web.Response(status=200)


async def _endpoint(request: web.Request) -> web.Response:
    """GET: nothing. HEAD: what a POST would answer with, as WHEP players ask (draft-ietf-wish-whep)."""
    if request.method == hdrs.METH_HEAD:
        return web.Response(status=200, content_type=_SDP)
    return web.Response(status=204)


async def _nothing(request: web.Request) -> web.Response:
    return web.Response(status=204)


async def _options(request: web.Request) -> web.Response:
    methods = sorted({one.method for one in request.match_info.route.resource or ()} - {hdrs.METH_HEAD})
    return web.Response(
        status=200,
        headers={
            "Accept-Post": _SDP,
            "Accept-Patch": _FRAGMENT,
            hdrs.ALLOW: ", ".join(methods),
            hdrs.ACCESS_CONTROL_ALLOW_METHODS: ", ".join(methods),
            hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "Authorization, Content-Type, If-Match",
            hdrs.ACCESS_CONTROL_MAX_AGE: "600",
        },
    )


def _booth(request: web.Request) -> str:
    """The booth in the path; only its own token publishes for it, or the administrator's."""
    booth, grant = request.match_info["booth"], request[GRANT]
    publishing = request.app[SCOPES][request.match_info.route] is Scope.PUBLISH
    if publishing and grant.subject != booth and Scope.ADMIN not in grant.scopes:
        raise web.HTTPForbidden(text="this token was issued to another booth")
    return booth


async def _body(request: web.Request, content_type: str) -> str:
    if request.content_type != content_type:
        raise web.HTTPUnsupportedMediaType(text=f"send {content_type}")
    if (request.content_length or 0) > MAX_SDP_BYTES:
        raise web.HTTPRequestEntityTooLarge(MAX_SDP_BYTES, request.content_length or 0)
    try:
        return (await request.read()).decode()
    except UnicodeDecodeError as error:
        raise MalformedOffer("the body is not UTF-8") from error
