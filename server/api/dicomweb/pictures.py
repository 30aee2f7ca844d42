"""Pictures for display (PS3.18 section 10.4.1.1.3 and 10.4.1.1.4)."""

from aiohttp import web

from server.api.dicomweb import request as asked
from server.api.dicomweb.answers import DICOMWEB, is_known, one_of, tagged
from server.dicomweb import Picture, etag
from server.store import Instance

_THUMBNAIL = 256


async def rendered(request: web.Request) -> web.Response:
    """A picture for display; `quality` from 1 to 100, `viewport` as WIDTH,HEIGHT or WIDTH,HEIGHT,LEFT,TOP,WIDTH,HEIGHT."""
    number = asked.frame_number(request.match_info.get("frame", "1"))
    return await _send_picture(request, await one_of(request), number, asked.picture(request))


async def thumbnail(request: web.Request) -> web.Response:
    """A small picture of a study, a series or an object; of the first photograph where there are several."""
    instances = await request.app[DICOMWEB].instances(asked.address(request))
    pictures = [one for one in instances if one.modality in ("XC", "DMS")] or instances
    viewport = request.query.get("viewport", f"{_THUMBNAIL},{_THUMBNAIL}")
    return await _send_picture(request, pictures[0], 1, asked.picture(request, viewport))


async def _send_picture(
    request: web.Request, instance: Instance, frame: int, wanted: Picture
) -> web.Response:
    headers = tagged(etag([instance], frame, wanted))
    if is_known(request, headers):
        return web.Response(status=304, headers=headers)
    data = await request.app[DICOMWEB].rendered(instance, frame, wanted)
    return web.Response(body=data, content_type=wanted.media_type, headers=headers)
