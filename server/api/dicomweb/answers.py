"""What all answers of DICOMweb share: validators, addresses, and the status codes of what is refused."""

import functools

from aiohttp import hdrs, web

from server.api.dicomweb import request as asked
from server.api.problems import host_name
from server.api.routes import Handler
from server.api.settings import SETTINGS
from server.dicomweb import BadRequest, DicomWeb, NotAcceptable
from server.errors import BadImage, Busy
from server.store import Instance

ROOT = "/dicom-web"
DICOMWEB = web.AppKey("dicomweb", DicomWeb)
DICOM = "application/dicom"
MULTIPART = "multipart/related"
JSON = ("application/dicom+json", "application/json")
LONGEST_LIST = 2048
"""Characters of a list in an address."""


async def one_of(request: web.Request) -> Instance:
    """The one object that the address names."""
    return (await request.app[DICOMWEB].instances(asked.address(request)))[0]


def answered(handler: Handler) -> Handler:
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


def tagged(tag: str) -> dict[str, str]:
    """Headers of an answer that never changes under its address; `tag` is of what is sent, in this form."""
    return {hdrs.ETAG: f'"{tag}"', hdrs.CACHE_CONTROL: "private, no-cache", hdrs.VARY: hdrs.ACCEPT}


def is_known(request: web.Request, headers: dict[str, str]) -> bool:
    """Whether the caller has it already."""
    return headers[hdrs.ETAG].strip('"') in (tag.value for tag in request.if_none_match or ())


def root_of(request: web.Request) -> str:
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


def address_of(root: str, one: Instance) -> str:
    """Where an object is found."""
    return (
        f"{root}/studies/{one.study_instance_uid}/series/{one.series_instance_uid}"
        f"/instances/{one.sop_instance_uid}"
    )
