"""One CURVE connection to the server; lost once, it is replaced, never mended."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import zmq
import zmq.asyncio
from zmq.utils.monitor import parse_monitor_message

from station.protocol import (
    CREDIT,
    MAX_MESSAGE_BYTES,
    ErrorCode,
    ProtocolError,
    Refused,
    ServerMessage,
    StationMessage,
    decode_server,
    encode,
)
from station.transport.keys import KeyPair
from station.transport.timing import Timing

_WATCHED = (
    zmq.EVENT_HANDSHAKE_SUCCEEDED
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_DISCONNECTED
    | zmq.EVENT_CLOSED
)
_SEND_QUEUE = 8 * CREDIT
_NOT_ENROLLED = "the server does not know the key of this booth: enrol its public key there"
_WRONG_SERVER = "the server does not answer to the configured server key, or it is no dermabooth server"


class ConnectionLost(Exception):
    """The connection is of no further use; `refused` says why, where the server did."""

    def __init__(self, text: str, refused: Refused | None = None) -> None:
        super().__init__(text)
        self.refused = refused


class Connection:
    """A connection whose two ends have proved their keys."""

    def __init__(self, socket: zmq.asyncio.Socket, monitor: zmq.asyncio.Socket, timing: Timing) -> None:
        self._socket = socket
        self._monitor = monitor
        self._timing = timing
        self.said_at = asyncio.get_running_loop().time()
        """When the last message was sent, on the loop's clock."""

    async def send(self, message: StationMessage, part: memoryview | None = None) -> None:
        """Send a message; `part` is not copied: leave it until the server has taken it. Raises `ConnectionLost`."""
        parts = [encode(message)] if part is None else [encode(message), part]
        try:
            await self._socket.send_multipart(parts, copy=part is None)
        except zmq.ZMQError as error:
            raise ConnectionLost(f"the server does not read: {error}") from error
        self.said_at = asyncio.get_running_loop().time()

    async def receive(self) -> ServerMessage:
        """The next message; raises `ConnectionLost` after too long a silence or for what is no message."""
        try:
            async with asyncio.timeout(self._timing.silence_s):
                parts = await self._socket.recv_multipart()
            if len(parts) != 1:
                raise ConnectionLost("the server sent what is no message")
            return decode_server(parts[0])
        except TimeoutError:
            raise ConnectionLost(f"no word from the server for {self._timing.silence_s:g} s") from None
        except ProtocolError as error:
            raise ConnectionLost(f"the server sent what is no message: {error}") from error

    async def wait_lost(self) -> None:
        """Raise `ConnectionLost` when the connection breaks."""
        while await self._next_event() == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            pass
        raise ConnectionLost("the connection to the server broke")

    async def ensure_connected(self) -> None:
        """Return once both ends have proved their keys; raises `ConnectionLost`."""
        try:
            async with asyncio.timeout(self._timing.silence_s):
                event = await self._next_event()
        except TimeoutError:
            raise ConnectionLost("the server cannot be reached") from None
        if event == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
            raise ConnectionLost(_NOT_ENROLLED, Refused(code=ErrorCode.UNKNOWN_BOOTH, message=_NOT_ENROLLED))
        if event in (zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL, zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL):
            raise ConnectionLost(_WRONG_SERVER)
        if event != zmq.EVENT_HANDSHAKE_SUCCEEDED:
            raise ConnectionLost("the server cannot be reached")

    async def _next_event(self) -> int:
        return int(parse_monitor_message(await self._monitor.recv_multipart())["event"])


@asynccontextmanager
async def open_connection(
    context: zmq.asyncio.Context, endpoint: str, keys: KeyPair, server_key: bytes, timing: Timing
) -> AsyncIterator[Connection]:
    """A new connection; raises `ConnectionLost` if there is none to be had."""
    socket: zmq.asyncio.Socket = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.curve_serverkey = server_key
    socket.curve_publickey, socket.curve_secretkey = keys.public, keys.secret
    # A lost connection takes its queue with it: what the server did not acknowledge is offered again.
    socket.setsockopt(zmq.RECONNECT_IVL, -1)
    socket.setsockopt(zmq.IMMEDIATE, 1)
    socket.setsockopt(zmq.SNDHWM, _SEND_QUEUE)
    socket.setsockopt(zmq.SNDTIMEO, round(timing.silence_s * 1000))
    socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
    socket.setsockopt(zmq.TCP_KEEPALIVE, 1)
    monitor: zmq.asyncio.Socket = socket.get_monitor_socket(_WATCHED)
    monitor.linger = 0
    try:
        socket.connect(endpoint)
        connection = Connection(socket, monitor, timing)
        await connection.ensure_connected()
        yield connection
    finally:
        # In this order: the monitored end says farewell and would wait for a listener that is gone.
        socket.disable_monitor()
        monitor.close()
        socket.close()
