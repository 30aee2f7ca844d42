"""What the handlers work with, under typed keys, and the JSON they answer with."""

import msgspec
from aiohttp import web

from server.store import Archive, Store
from station.protocol import is_uid

STORE = web.AppKey("store", Store)
ARCHIVE = web.AppKey("archive", Archive)

_encoder = msgspec.json.Encoder()


def json_response(value: object, *, status: int = 200) -> web.Response:
    """`value` as JSON."""
    return web.Response(body=_encoder.encode(value), status=status, content_type="application/json")


def uid_in_path(request: web.Request, name: str) -> str:
    """The DICOM UID in the path; raises 404 for anything else."""
    uid = request.match_info[name]
    if not is_uid(uid):
        raise web.HTTPNotFound(text=f"`{name}` is not a DICOM UID")
    return uid


def number_in_query(request: web.Request, name: str, default: float, low: float, high: float) -> float:
    """A number in the query, within bounds; raises 400 that names them."""
    text = request.query.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise web.HTTPBadRequest(text=f"`{name}` must be a number from {low:g} to {high:g}")
    return value


def text_in_query(request: web.Request, name: str, longest: int) -> str:
    """A text in the query, empty if there is none; raises 400 for one that is too long or holds control characters."""
    text = request.query.get(name, "").strip()
    if len(text) > longest or not (text.isprintable() or not text):
        raise web.HTTPBadRequest(text=f"`{name}` must have at most {longest} printable characters")
    return text
