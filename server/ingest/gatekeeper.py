"""Decides who may connect: the ZAP handler of the ingest's own context (ZeroMQ RFC 27)."""

import logging
import struct
from collections.abc import Awaitable, Callable

import zmq
import zmq.asyncio
from zmq.utils import z85

KEY_PROPERTY = "X-Key"
"""Property of every message: the public key (Z85) that its connection was admitted with."""
_ENDPOINT = "inproc://zeromq.zap.01"
_VERSION = b"1.0"
_KEY_BYTES = 32
_log = logging.getLogger(__name__)


class Gatekeeper:
    """Admits a connection whose CURVE key `booth_of` knows, under that booth's id as its User-Id.

    `on_refused` is told the address of another one, and why it may not come in.
    """

    def __init__(
        self,
        context: zmq.asyncio.Context,
        booth_of: Callable[[bytes], Awaitable[str | None]],
        on_refused: Callable[[str, str], None] = lambda _who, _why: None,
    ) -> None:
        self._booth_of = booth_of
        self._on_refused = on_refused
        self._socket: zmq.asyncio.Socket = context.socket(zmq.REP)
        self._socket.linger = 0
        self._socket.bind(_ENDPOINT)

    async def run(self) -> None:
        """Answer until cancelled."""
        while True:
            request = await self._socket.recv_multipart()
            booth_id = await self._admitted(request)
            request_id = request[1] if len(request) > 1 else b""
            if booth_id is None:
                answer = [b"400", b"key is not enrolled", b"", b""]
            else:
                answer = [b"200", b"OK", booth_id.encode(), _properties(z85.encode(request[6]))]
            await self._socket.send_multipart([_VERSION, request_id, *answer])

    def close(self) -> None:
        """Admit nobody any more."""
        self._socket.close()

    async def _admitted(self, request: list[bytes]) -> str | None:
        # version, request id, domain, address, identity, mechanism, key
        if (
            len(request) != 7
            or request[0] != _VERSION
            or request[5] != b"CURVE"
            or len(request[6]) != _KEY_BYTES
        ):
            return None
        try:
            booth_id = await self._booth_of(request[6])
        except OSError:
            _log.exception("the folder of booth keys cannot be read")
            return None
        if booth_id is None:
            address = request[3].decode(errors="replace")
            _log.warning("connection with a key that is not enrolled", extra={"address": address})
            self._on_refused(address, "its key is not enrolled")
        return booth_id


def _properties(key: bytes) -> bytes:
    """ZMTP 3.0 metadata: length and name, length and value."""
    name = KEY_PROPERTY.encode()
    return struct.pack(f">B{len(name)}sI{len(key)}s", len(name), name, len(key), key)
