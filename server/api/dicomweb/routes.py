"""The routes of DICOMweb (PS3.18 chapter 10): QIDO-RS and WADO-RS over the server's own store and archive."""

from aiohttp import hdrs, web

from server.access import Scope
from server.api.about import About, Parameter, choice, header, text, whole
from server.api.dicomweb import request as asked
from server.api.dicomweb.answers import DICOM, JSON, LONGEST_LIST, MULTIPART, ROOT, answered
from server.api.dicomweb.pictures import rendered, thumbnail
from server.api.dicomweb.retrieve import bulkdata, frames, retrieve
from server.api.dicomweb.search import metadata, searching
from server.api.routes import Handler, Route, route
from server.dicomweb.attributes import MATCHED
from server.store import Level

_STUDY = ROOT + "/studies/{study}"
_SERIES = _STUDY + "/series/{series}"
_INSTANCE = _SERIES + "/instances/{instance}"
_ALLOWED = {
    hdrs.ACCESS_CONTROL_ALLOW_METHODS: "GET, HEAD",
    hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "Authorization, Accept, If-None-Match",
    hdrs.ACCESS_CONTROL_MAX_AGE: "86400",
}

_ACCEPT = text("accept", LONGEST_LIST, "counts before the header Accept")
_REFUSED = (400, 406, 503)
_SEARCH = About(
    parameters=(
        whole("limit", 0, 99_999_999, 200, "500 at most are sent"),
        whole("offset", 0, 10_000_000, 0),
        text("includefield", LONGEST_LIST, "`all`, or keywords or tags"),
        choice("fuzzymatching", ("true", "false")),
        *(text(keyword, LONGEST_LIST, "as PS3.18 section 8.3.4.1 matches") for keyword in MATCHED),
    ),
    sends=JSON[:1],
    problems=_REFUSED,
)


def _kept(*sends: str, parameters: tuple[Parameter, ...] = ()) -> About:
    """Of a route that answers with what never changes under its address."""
    return About(
        parameters=(_ACCEPT, header(hdrs.IF_NONE_MATCH), *parameters),
        sends=sends,
        success=(200, 304),
        problems=_REFUSED,
    )


_OBJECTS = _kept(MULTIPART, DICOM)
_METADATA = _kept(JSON[0])
_VALUES = _kept(MULTIPART, "application/octet-stream", "image/jls", "image/jpeg")
_PICTURE = _kept(
    *asked.PICTURES,
    parameters=(
        whole("quality", 1, 100, 90),
        text("viewport", 64, "WIDTH,HEIGHT or WIDTH,HEIGHT,LEFT,TOP,WIDTH,HEIGHT"),
    ),
)


def routes() -> list[Route]:
    """The routes of the service."""
    searches = {
        f"{ROOT}/studies": Level.STUDY,
        f"{ROOT}/series": Level.SERIES,
        f"{ROOT}/instances": Level.INSTANCE,
        f"{_STUDY}/series": Level.SERIES,
        f"{_STUDY}/instances": Level.INSTANCE,
        f"{_SERIES}/instances": Level.INSTANCE,
    }
    found = [_reading(path, searching(level), _SEARCH) for path, level in searches.items()]
    for path in (_STUDY, _SERIES, _INSTANCE):
        found.append(_reading(path, retrieve, _OBJECTS))
        found.append(_reading(f"{path}/metadata", metadata, _METADATA))
        found.append(_reading(f"{path}/thumbnail", thumbnail, _PICTURE))
    found += [
        _reading(f"{_INSTANCE}/rendered", rendered, _PICTURE),
        _reading(_INSTANCE + "/frames/{frames}", frames, _VALUES),
        _reading(_INSTANCE + "/frames/{frame}/rendered", rendered, _PICTURE),
        _reading(_INSTANCE + "/bulkdata/{tag}", bulkdata, _VALUES),
        route("OPTIONS", ROOT + "/{path:.*}", preflight, Scope.PUBLIC, about=About(success=(204,))),
    ]
    return found


async def preflight(_request: web.Request) -> web.Response:
    """What a page of another origin may ask; a token opens the doors, not a cookie."""
    return web.Response(status=204, headers=_ALLOWED)


def _reading(path: str, handler: Handler, about: About) -> Route:
    return route("GET", path, answered(handler), Scope.READ, about=about)
