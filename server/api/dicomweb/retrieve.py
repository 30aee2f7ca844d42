"""Objects, frames and large values, as stored or decoded (PS3.18 section 10.4.1.1)."""

import functools
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from aiohttp import hdrs, web

from server.api.dicomweb import request as asked
from server.api.dicomweb.answers import (
    DICOM,
    DICOMWEB,
    LONGEST_LIST,
    address_of,
    is_known,
    one_of,
    root_of,
    tagged,
)
from server.api.multipart import Part, length_of, new_boundary, send_file, send_parts
from server.dicomweb import Accepted, BadRequest, Frames, NotAcceptable, etag
from server.store import Instance


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
    headers = tagged(etag([one for one, _ in wanted], [syntax for _, syntax in wanted]))
    if is_known(request, headers):
        return web.Response(status=304, headers=headers)
    bodies = [functools.partial(_object, request, one, syntax) for one, syntax in wanted]
    if len(wanted) == 1 and not asked.is_multipart(accepted, DICOM):
        return await _send_one(request, await bodies[0](), headers)
    return await _send_all(request, DICOM, bodies, await _stored_parts(request, wanted), headers)


async def frames(request: web.Request) -> web.StreamResponse:
    """Frames of an object, numbered from 1 and parted by commas: as stored, or decoded."""
    text = request.match_info["frames"]
    if len(text) > LONGEST_LIST:
        raise BadRequest("the list of frames is too long")
    numbers = [asked.frame_number(one) for one in text.split(",")]
    instance, accepted = await one_of(request), asked.accept(request)
    made = await request.app[DICOMWEB].frames(instance, numbers, accepted)
    return await _send_frames(request, instance, made, accepted)


async def bulkdata(request: web.Request) -> web.StreamResponse:
    """A large value that metadata refers to."""
    tag = request.match_info["tag"]
    if len(tag) != 8 or not all(digit in "0123456789abcdefABCDEF" for digit in tag):
        raise BadRequest("bulk data is named by a tag of eight hexadecimal digits")
    instance, accepted = await one_of(request), asked.accept(request)
    made = await request.app[DICOMWEB].bulk(instance, tag, accepted)
    return await _send_frames(request, instance, made, accepted)


async def _send_frames(
    request: web.Request, instance: Instance, made: Frames, accepted: Sequence[Accepted]
) -> web.StreamResponse:
    kind = f"{made.media_type}; transfer-syntax={made.transfer_syntax}"
    place = address_of(root_of(request), instance)
    headers = tagged(etag([instance], made.media_type, made.sizes))
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
        (hdrs.CONTENT_TYPE, f"{DICOM}; transfer-syntax={body.transfer_syntax}"),
        (hdrs.CONTENT_LOCATION, address_of(root_of(request), instance)),
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
