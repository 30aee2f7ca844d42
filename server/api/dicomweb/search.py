"""Search and metadata: attributes as DICOM JSON (PS3.18 sections 10.6 and 10.4.1.1.2)."""

import msgspec
from aiohttp import web

from server.api.dicomweb import request as asked
from server.api.dicomweb.answers import DICOMWEB, JSON, address_of, is_known, root_of, tagged
from server.api.routes import Handler
from server.dicomweb import NotAcceptable, etag
from server.store import Level


async def search(request: web.Request, level: Level) -> web.Response:
    """Search for studies, series or instances (QIDO-RS)."""
    if not any(one.takes(name) for one in asked.accept(request) for name in JSON):
        raise NotAcceptable(f"results are sent as {JSON[0]}")
    names = {"study": "StudyInstanceUID", "series": "SeriesInstanceUID"}
    under = {names[name]: asked.uid(request, name) for name in names if name in request.match_info}
    service, root = request.app[DICOMWEB], root_of(request)
    found = await service.search(level, request.query.items(), under, root)
    response = web.Response(body=msgspec.json.encode(found.results), content_type=JSON[0])
    if found.more:
        response.headers.add("Warning", f'299 {root}: "There are additional results that can be requested"')
    if found.fuzzy:
        text = "The fuzzymatching parameter is not supported. Only literal matching has been performed."
        response.headers.add("Warning", f'299 {root}: "{text}"')
    return response


def searching(level: Level) -> Handler:
    """The handler that searches at one level."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await search(request, level)

    handle.__doc__ = search.__doc__
    return handle


async def metadata(request: web.Request) -> web.Response:
    """The attributes of objects as DICOM JSON, large values by reference."""
    if not any(one.takes(name) for one in asked.accept(request) for name in JSON):
        raise NotAcceptable(f"metadata is sent as {JSON[0]}")
    service = request.app[DICOMWEB]
    instances, root = await service.instances(asked.address(request)), root_of(request)
    headers = tagged(etag(instances, "metadata", root))
    if is_known(request, headers):
        return web.Response(status=304, headers=headers)
    told = [await service.metadata(one, address_of(root, one)) for one in instances]
    return web.Response(body=b"[" + b",".join(told) + b"]", content_type=JSON[0], headers=headers)
