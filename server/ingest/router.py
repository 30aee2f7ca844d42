"""The ROUTER socket that booths connect to, encrypted and guarded (CurveZMQ; ZAP, ZeroMQ RFC 27)."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import cast

import zmq
import zmq.asyncio

from server.errors import ConfigError
from server.ingest.gatekeeper import Gatekeeper
from server.ingest.keys import ServerKeys
from server.ingest.parts import Parts
from station.protocol import CHUNK_BYTES, CREDIT, ServerMessage, encode

INBOX = 4 * CREDIT
"""Messages of one booth that may wait; an honest one never has more than its credit and a few words under way."""
_MAX_PART_BYTES = 2 * CHUNK_BYTES
_SEND_QUEUE = 256


class Router:
    """The bound socket with its gatekeeper; `run` lets connections in, `receive` and `send` carry messages.

    `booth_of` tells the booth that owns a public key of 32 bytes; `on_refused` is told the address of another, and why it
    may not come in. A part over twice the chunk size never enters memory: ZeroMQ cuts that connection.
    Raises `ConfigError` if the endpoint is taken.
    """

    def __init__(
        self,
        endpoint: str,
        keys: ServerKeys,
        booth_of: Callable[[bytes], Awaitable[str | None]],
        on_refused: Callable[[str, str], None],
        *,
        handshake_s: float,
    ) -> None:
        self._context = zmq.asyncio.Context()
        self._gatekeeper = Gatekeeper(self._context, booth_of, on_refused)
        self._socket: zmq.asyncio.Socket = self._context.socket(zmq.ROUTER)
        self._set_options(keys, handshake_s)
        try:
            self._socket.bind(endpoint)
        except zmq.ZMQError as error:
            self.close()
            raise ConfigError(f"stills cannot be received at {endpoint}: {error}") from error
        self.endpoint = self._socket.get_string(zmq.LAST_ENDPOINT).rstrip("\0")
        """Where booths connect, with the port that was bound."""

    async def run(self) -> None:
        """Decide who may connect, until cancelled."""
        await self._gatekeeper.run()

    def close(self) -> None:
        """Let go of the endpoint."""
        self._socket.close()
        self._gatekeeper.close()
        self._context.term()

    async def receive(self) -> Iterator[tuple[bytes, Parts]]:
        """Routing id and parts of the next message, and of those that have arrived behind it."""
        first = await self._socket.recv_multipart(copy=False)
        return self._with_waiting(first)

    def send(self, identity: bytes, message: ServerMessage) -> bool:
        """Whether the message was handed over; a booth that is gone or does not read gets none."""
        parts = [identity, encode(message)]
        # Done at once, because it may not wait.
        sent = cast("asyncio.Future[object]", self._socket.send_multipart(parts, flags=zmq.NOBLOCK))
        return sent.exception() is None

    def _set_options(self, keys: ServerKeys, handshake_s: float) -> None:
        router = self._socket
        router.linger = 0
        router.curve_server = True
        router.curve_publickey, router.curve_secretkey = keys.public, keys.secret
        router.setsockopt(zmq.ZAP_DOMAIN, b"dermabooth")
        # Without this, a gatekeeper that is gone would mean that everybody may come in.
        router.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
        router.setsockopt(zmq.ROUTER_MANDATORY, 1)
        router.setsockopt(zmq.MAXMSGSIZE, _MAX_PART_BYTES)
        router.setsockopt(zmq.RCVHWM, INBOX)
        router.setsockopt(zmq.SNDHWM, _SEND_QUEUE)
        router.setsockopt(zmq.HANDSHAKE_IVL, round(handshake_s * 1000))
        router.setsockopt(zmq.TCP_KEEPALIVE, 1)

    def _with_waiting(self, first: list[zmq.Frame]) -> Iterator[tuple[bytes, Parts]]:
        """At most as many as one booth may have waiting."""
        direct: zmq.Socket[bytes] = zmq.Socket.shadow(self._socket.underlying)
        yield first[0].bytes, first[1:]
        with contextlib.suppress(zmq.Again):
            for _ in range(CREDIT):
                identity, *parts = direct.recv_multipart(zmq.NOBLOCK, copy=False)
                yield identity.bytes, parts
