"""DICOMweb (PS3.18 chapter 10): QIDO-RS and WADO-RS over the server's own store and archive."""

import functools
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

import msgspec
from aiohttp import hdrs, web

from server.access import Scope
from server.api import dicomweb_request as asked
from server.api.about import About, Parameter, choice, header, text, whole
from server.api.multipart import Part, length_of, new_boundary, send_file, send_parts
from server.api.problems import host_name
from server.api.routes import Handler, Route, route
from server.api.settings import SETTINGS
from server.dicomweb import (
    Accepted,
    BadRequest,
    Busy,
    DicomWeb,
    Frames,
    NotAcceptable,
    Picture,
    etag,
)
from server.dicomweb.attributes import MATCHED
from server.errors import BadImage
from server.store import Instance, Level

ROOT = "/dicom-web"
DICOMWEB = web.AppKey("dicomweb", DicomWeb)

_DICOM = "application/dicom"
_MULTIPART = "multipart/related"
_JSON = ("application/dicom+json", "application/json")
_STUDY = ROOT + "/studies/{study}"
_SERIES = _STUDY + "/series/{series}"
_INSTANCE = _SERIES + "/instances/{instance}"
_THUMBNAIL = 256
_LONGEST_LIST = 2048
_ALLOWED = {
    hdrs.ACCESS_CONTROL_ALLOW_METHODS: "GET, HEAD",
    hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "Authorization, Accept, If-None-Match",
    hdrs.ACCESS_CONTROL_MAX_AGE: "86400",
}

_ACCEPT = text("accept", _LONGEST_LIST, "counts before the header Accept")
_REFUSED = (400, 406, 503)
_SEARCH = About(
    parameters=(
        whole("limit", 0, 99_999_999, 200, "500 at most are sent"),
        whole("offset", 0, 10_000_000, 0),
        text("includefield", _LONGEST_LIST, "`all`, or keywords or tags"),
        choice("fuzzymatching", ("true", "false")),
        *(text(keyword, _LONGEST_LIST, "as PS3.18 section 8.3.4.1 matches") for keyword in MATCHED),
    ),
    sends=_JSON[:1],
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


_OBJECTS = _kept(_MULTIPART, _DICOM)
_METADATA = _kept(_JSON[0])
_VALUES = _kept(_MULTIPART, "application/octet-stream", "image/jls", "image/jpeg")
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
    found = [_reading(path, _searching(level), _SEARCH) for path, level in searches.items()]
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


async def search(request: web.Request, level: Level) -> web.Response:
    """Search for studies, series or instances (QIDO-RS)."""
    if not any(one.takes(name) for one in asked.accept(request) for name in _JSON):
        raise NotAcceptable(f"results are sent as {_JSON[0]}")
    names = {"study": "StudyInstanceUID", "series": "SeriesInstanceUID"}
    under = {names[name]: asked.uid(request, name) for name in names if name in request.match_info}
    service, root = request.app[DICOMWEB], _root(request)
    found = await service.search(level, request.query.items(), under, root)
    response = web.Response(body=msgspec.json.encode(found.results), content_type=_JSON[0])
    if found.more:
        response.headers.add("Warning", f'299 {root}: "There are additional results that can be requested"')
    if found.fuzzy:
        text = "The fuzzymatching parameter is not supported. Only literal matching has been performed."
        response.headers.add("Warning", f'299 {root}: "{text}"')
    return response


async def retrieve(request: web.Request) -> web.StreamResponse:
    """The objects of a study or series, or one (WADO-RS)."""
    service, accepted = request.app[DICOMWEB], asked.accept(request)
    instances = await service.instances(asked.address(request))
    chosen = [(one, await service.choose(one, accepted)) for one in instances]
    wanted = [(one, syntax) for one, syntax in chosen if syntax is not None]
    if not wanted:
        raise NotAcceptable(
            'objects are sent as multipart/related; type="application/dicom"; transfer-syntax=*'
        )
    headers = _tagged(etag([one for one, _ in wanted], [syntax for _, syntax in wanted]))
    if _is_known(request, headers):
        return web.Response(status=304, headers=headers)
    bodies = [functools.partial(_object, request, one, syntax) for one, syntax in wanted]
    if len(wanted) == 1 and not asked.is_multipart(accepted, _DICOM):
        return await _send_one(request, await bodies[0](), headers)
    return await _send_all(request, _DICOM, bodies, await _stored_parts(request, wanted), headers)


async def metadata(request: web.Request) -> web.Response:
    """The attributes of objects as DICOM JSON, large values by reference."""
    if not any(one.takes(name) for one in asked.accept(request) for name in _JSON):
        raise NotAcceptable(f"metadata is sent as {_JSON[0]}")
    service = request.app[DICOMWEB]
    instances, root = await service.instances(asked.address(request)), _root(request)
    headers = _tagged(etag(instances, "metadata", root))
    if _is_known(request, headers):
        return web.Response(status=304, headers=headers)
    told = [await service.metadata(one, _address_of(root, one)) for one in instances]
    return web.Response(body=b"[" + b",".join(told) + b"]", content_type=_JSON[0], headers=headers)


async def frames(request: web.Request) -> web.StreamResponse:
    """Frames of an object, numbered from 1 and parted by commas: as stored, or decoded."""
    text = request.match_info["frames"]
    if len(text) > _LONGEST_LIST:
        raise BadRequest("the list of frames is too long")
    numbers = [asked.frame_number(one) for one in text.split(",")]
    instance, accepted = await _one(request), asked.accept(request)
    made = await request.app[DICOMWEB].frames(instance, numbers, accepted)
    return await _send_frames(request, instance, made, accepted)


async def bulkdata(request: web.Request) -> web.StreamResponse:
    """A large value that metadata refers to."""
    tag = request.match_info["tag"]
    if len(tag) != 8 or not all(digit in "0123456789abcdefABCDEF" for digit in tag):
        raise BadRequest("bulk data is named by a tag of eight hexadecimal digits")
    instance, accepted = await _one(request), asked.accept(request)
    made = await request.app[DICOMWEB].bulk(instance, tag, accepted)
    return await _send_frames(request, instance, made, accepted)


async def rendered(request: web.Request) -> web.Response:
    """A picture for display; `quality` from 1 to 100, `viewport` as WIDTH,HEIGHT or WIDTH,HEIGHT,LEFT,TOP,WIDTH,HEIGHT."""
    number = asked.frame_number(request.match_info.get("frame", "1"))
    return await _send_picture(request, await _one(request), number, asked.picture(request))


async def thumbnail(request: web.Request) -> web.Response:
    """A small picture of a study, a series or an object; of the first photograph where there are several."""
    instances = await request.app[DICOMWEB].instances(asked.address(request))
    pictures = [one for one in instances if one.modality in ("XC", "DMS")] or instances
    viewport = request.query.get("viewport", f"{_THUMBNAIL},{_THUMBNAIL}")
    return await _send_picture(request, pictures[0], 1, asked.picture(request, viewport))


async def _send_picture(
    request: web.Request, instance: Instance, frame: int, wanted: Picture
) -> web.Response:
    headers = _tagged(etag([instance], frame, wanted))
    if _is_known(request, headers):
        return web.Response(status=304, headers=headers)
    data = await request.app[DICOMWEB].rendered(instance, frame, wanted)
    return web.Response(body=data, content_type=wanted.media_type, headers=headers)


async def _send_frames(
    request: web.Request, instance: Instance, made: Frames, accepted: Sequence[Accepted]
) -> web.StreamResponse:
    kind = f"{made.media_type}; transfer-syntax={made.transfer_syntax}"
    place = _address_of(_root(request), instance)
    headers = _tagged(etag([instance], made.media_type, made.sizes))
    try:
        parts, begin = list[Part](), 0
        for size in made.sizes:
            parts.append(
                Part(((hdrs.CONTENT_TYPE, kind), (hdrs.CONTENT_LOCATION, place)), made.path, size, begin)
            )
            begin += size
        if len(parts) == 1 and not asked.is_multipart(accepted, made.media_type):
            return await send_file(request, parts[0], request.app[DICOMWEB].run, headers)
        bodies = [functools.partial(_ready, part) for part in parts]
        return await _send_all(request, made.media_type, bodies, parts, headers)
    finally:
        made.path.unlink(missing_ok=True)


async def _ready(part: Part) -> Part:
    return part


async def _object(request: web.Request, instance: Instance, syntax: str) -> Part:
    body = await request.app[DICOMWEB].body(instance, syntax)
    status = await request.app[DICOMWEB].run(body.path.stat)
    headers = (
        (hdrs.CONTENT_TYPE, f"{_DICOM}; transfer-syntax={body.transfer_syntax}"),
        (hdrs.CONTENT_LOCATION, _address_of(_root(request), instance)),
    )
    return Part(headers, body.path, status.st_size, scratch=body.scratch)


async def _stored_parts(request: web.Request, wanted: Sequence[tuple[Instance, str]]) -> list[Part] | None:
    """The parts, where all are files of the archive; None if one has to be made."""
    parts = list[Part]()
    for one, syntax in wanted:
        if not await request.app[DICOMWEB].is_stored(one, syntax):
            return None
        parts.append(await _object(request, one, syntax))
    return parts


async def _send_all(
    request: web.Request,
    media_type: str,
    bodies: Sequence[Callable[[], Awaitable[Part]]],
    known: Sequence[Part] | None,
    headers: dict[str, str],
) -> web.StreamResponse:
    boundary = new_boundary()
    length = None if known is None else length_of(known, boundary)
    run = request.app[DICOMWEB].run
    return await send_parts(
        request, media_type, _one_by_one(bodies), run, length=length, headers=headers, boundary=boundary
    )


async def _one_by_one(bodies: Sequence[Callable[[], Awaitable[Part]]]) -> AsyncGenerator[Part, None]:
    for body in bodies:
        part = await body()
        try:
            yield part
        finally:
            if part.scratch:
                part.path.unlink(missing_ok=True)


async def _send_one(request: web.Request, part: Part, headers: dict[str, str]) -> web.StreamResponse:
    try:
        return await send_file(request, part, request.app[DICOMWEB].run, headers)
    finally:
        if part.scratch:
            part.path.unlink(missing_ok=True)


async def _one(request: web.Request) -> Instance:
    return (await request.app[DICOMWEB].instances(asked.address(request)))[0]


def _reading(path: str, handler: Handler, about: About) -> Route:
    return route("GET", path, _answered(handler), Scope.READ, about=about)


def _searching(level: Level) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await search(request, level)

    handle.__doc__ = search.__doc__
    return handle


def _answered(handler: Handler) -> Handler:
    """The handler with the status codes of PS3.18 for what this service refuses."""

    @functools.wraps(handler)
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except BadRequest as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        except NotAcceptable as error:
            raise web.HTTPNotAcceptable(text=str(error)) from error
        except Busy as error:
            raise web.HTTPServiceUnavailable(text=str(error), headers={hdrs.RETRY_AFTER: "2"}) from error
        except BadImage as error:
            raise web.HTTPInternalServerError(text=str(error)) from error

    return handle


def _tagged(tag: str) -> dict[str, str]:
    return {hdrs.ETAG: f'"{tag}"', hdrs.CACHE_CONTROL: "private, no-cache", hdrs.VARY: hdrs.ACCEPT}


def _is_known(request: web.Request, headers: dict[str, str]) -> bool:
    return headers[hdrs.ETAG].strip('"') in (tag.value for tag in request.if_none_match or ())


def _root(request: web.Request) -> str:
    """The address of the service as the caller knows it, behind a TLS proxy too."""
    for origin in request.app[SETTINGS].origins:
        if origin.partition("://")[2] == request.host:
            return f"{origin}{ROOT}"
    return f"{request.scheme}://{_host(request)}{ROOT}"


def _host(request: web.Request) -> str:
    """With its port: dicomweb-client leaves it out of the header."""
    came_in_by = request.get_extra_info("sockname")
    if host_name(request.host) != request.host or not came_in_by or came_in_by[1] in (80, 443):
        return request.host
    return f"{request.host}:{came_in_by[1]}"


def _address_of(root: str, one: Instance) -> str:
    return (
        f"{root}/studies/{one.study_instance_uid}/series/{one.series_instance_uid}"
        f"/instances/{one.sop_instance_uid}"
    )
