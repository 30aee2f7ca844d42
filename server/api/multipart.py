"""Bodies of many files, read as they are sent: multipart/related (RFC 2387), or one file alone."""

import contextlib
import secrets
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar

from aiohttp import hdrs, web

P = ParamSpec("P")
T = TypeVar("T")

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Part:
    """One part: some bytes of a file."""

    headers: tuple[tuple[str, str], ...]
    path: Path
    size: int
    begin: int = 0
    scratch: bool = False
    """The file is deleted once it is sent."""


class Runner(Protocol):
    """Runs what reads files, off the event loop."""

    async def __call__(self, look: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `look`."""


async def send_parts(
    request: web.Request,
    media_type: str,
    parts: AsyncGenerator[Part, None],
    run: Runner,
    *,
    length: int | None,
    headers: dict[str, str],
    boundary: str,
) -> web.StreamResponse:
    """Send parts of one media type as they are made; `length` is that of the whole body, where it is known.

    What goes wrong before the first part is there becomes an answer; later, the connection breaks.
    """
    response = web.StreamResponse(headers=headers)
    response.headers[hdrs.CONTENT_TYPE] = f'multipart/related; type="{media_type}"; boundary={boundary}'
    response.content_length = length
    async with contextlib.aclosing(parts):
        part = await anext(parts, None)
        with _broken_off(request):
            await response.prepare(request)
            while part is not None and request.method != hdrs.METH_HEAD:
                await response.write(_head(part, boundary))
                await _send_file(response, part, run)
                await response.write(b"\r\n")
                part = await anext(parts, None)
            if request.method != hdrs.METH_HEAD:
                await response.write(_tail(boundary))
            await response.write_eof()
    return response


async def send_file(
    request: web.Request, part: Part, run: Runner, headers: dict[str, str]
) -> web.StreamResponse:
    """Send one part alone."""
    response = web.StreamResponse(headers={**dict(part.headers), **headers})
    response.content_length = part.size
    with _broken_off(request):
        await response.prepare(request)
        if request.method != hdrs.METH_HEAD:
            await _send_file(response, part, run)
        await response.write_eof()
    return response


def new_boundary() -> str:
    """A line that no part holds."""
    return f"dermabooth-{secrets.token_hex(16)}"


def length_of(parts: Sequence[Part], boundary: str) -> int:
    """Bytes of a whole body."""
    return sum(len(_head(part, boundary)) + part.size + 2 for part in parts) + len(_tail(boundary))


@contextlib.contextmanager
def _broken_off(request: web.Request) -> Iterator[None]:
    """Close the connection if the body ends early: the status has been sent, and half a body must not look whole."""
    try:
        yield
    except BaseException:
        if request.transport is not None:
            request.transport.abort()
        raise


def _head(part: Part, boundary: str) -> bytes:
    lines = [f"--{boundary}", *(f"{name}: {value}" for name, value in part.headers), "", ""]
    return "\r\n".join(lines).encode()


def _tail(boundary: str) -> bytes:
    return f"--{boundary}--\r\n".encode()


async def _send_file(response: web.StreamResponse, part: Part, run: Runner) -> None:
    file = await run(part.path.open, "rb")
    try:
        await run(file.seek, part.begin)
        left = part.size
        while left:
            chunk = await run(file.read, min(left, _CHUNK))
            if not chunk:
                raise ConnectionResetError("a file of the archive is shorter than it was")
            left -= len(chunk)
            await response.write(chunk)
    finally:
        file.close()
