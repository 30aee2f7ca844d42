"""What the kiosk's routes share: the agent, bodies in, JSON out."""

from typing import TypeVar

import msgspec
from aiohttp import web

from station.kiosk.contract.agent import KioskAgent

AGENT: web.AppKey[KioskAgent] = web.AppKey("agent")

T = TypeVar("T")


async def read_body(request: web.Request, kind: type[T]) -> T:
    """The body of a request, an empty one as `{}`; raises `ValueError` that says what is wrong with it."""
    body = await request.read() or b"{}"
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def json_answer(value: object, status: int = 200) -> web.Response:
    """Anything that msgspec encodes."""
    return web.Response(body=msgspec.json.encode(value), content_type="application/json", status=status)
