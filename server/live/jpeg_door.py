"""Where booths send previews as JPEG, over ZeroMQ.

A message is a picture's number (8 bytes, big-endian) and the JPEG; the answer to it is its overlay, as on the data
channel of WHIP, whose `frame_id` is that number. Keys are proved at both ends (CurveZMQ): the context that the door is
given admits enrolled booths only, each under its id as the User-Id of its connection (ZeroMQ RFC 27).
"""

import asyncio
import logging
from typing import Self

import zmq
import zmq.asyncio

from server.errors import ConfigError, NotFound
from server.live.errors import LiveError
from server.live.hub import LiveHub
from server.live.jpeg_stream import JpegStream
from station.protocol import PreviewOverlay, encode_overlay

MAX_JPEG_BYTES = 4_000_000
_NUMBER_BYTES = 8
_QUEUE = 4  # messages that a connection may hold in either direction
_logger = logging.getLogger(__name__)


class JpegDoor:
    """Takes pictures for `hub` at `endpoint`; use it as an async context manager. `secret` is the server's key (Z85)."""

    def __init__(self, hub: LiveHub, context: zmq.asyncio.Context, endpoint: str, secret: bytes) -> None:
        self._hub = hub
        self._streams: dict[bytes, JpegStream] = {}
        self._socket: zmq.asyncio.Socket = context.socket(zmq.ROUTER)
        self._socket.linger = 0
        self._socket.set_hwm(_QUEUE)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_JPEG_BYTES)
        self._socket.curve_server = True
        self._socket.curve_secretkey = secret
        self._wanted = endpoint
        self._task: asyncio.Task[None] | None = None
        self.endpoint = ""
        """Where it is bound."""

    async def __aenter__(self) -> Self:
        try:
            self._socket.bind(self._wanted)
        except zmq.ZMQError as error:
            self._socket.close()
            raise ConfigError(f"previews cannot be taken at {self._wanted} (live.jpeg): {error}") from error
        self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self._task = asyncio.create_task(self._receive(), name="jpeg-door")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        for stream in self._streams.values():
            await stream.close()
        self._socket.close()

    async def _receive(self) -> None:
        while True:
            await asyncio.sleep(0)  # a socket with messages waiting does not let go of the loop by itself
            identity, *parts = await self._socket.recv_multipart(copy=False)
            if len(parts) != 2 or len(parts[0].bytes) != _NUMBER_BYTES:
                continue
            try:
                booth = str(parts[0].get("User-Id"))
                stream = self._stream(identity.bytes, booth)
            except (LiveError, NotFound, zmq.ZMQError) as error:
                _logger.debug("a picture is not taken: %s", error)
                continue
            stream.take(int.from_bytes(parts[0].bytes), parts[1].bytes)

    def _stream(self, identity: bytes, booth: str) -> JpegStream:
        """The stream of this connection; a booth's newest connection is its stream."""
        stream = self._streams.get(identity)
        if stream is None or stream.ended:
            self._streams = {name: one for name, one in self._streams.items() if not one.ended}
            stream = self._streams[identity] = self._hub.receive(
                booth, lambda told: self._answer(identity, told)
            )
        return stream

    def _answer(self, identity: bytes, message: PreviewOverlay) -> bool:
        sent = asyncio.ensure_future(
            self._socket.send_multipart([identity, encode_overlay(message)], zmq.DONTWAIT)
        )
        return sent.done() and sent.exception() is None
