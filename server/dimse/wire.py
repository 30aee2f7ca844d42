"""Protocol data units (PS3.8 section 9.3) over a TCP or TLS connection, bounded in size and time.

A connection belongs to one thread; `cut` alone may be called from any other.
"""

import contextlib
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from server.dimse.reasons import Closed, Garbage, TooSlow, of_connecting

_HEADER = struct.Struct(">BxL")
_CHUNK = 65_536


class Pdu(IntEnum):
    """Types of protocol data units."""

    ASSOCIATE_RQ = 1
    ASSOCIATE_AC = 2
    ASSOCIATE_RJ = 3
    P_DATA = 4
    RELEASE_RQ = 5
    RELEASE_RP = 6
    ABORT = 7


_KINDS = frozenset(map(int, Pdu))


@dataclass(frozen=True)
class Bounds:
    """What the other side may cost."""

    pdu_bytes: int
    """Longest PDU that is taken."""
    timeout_s: float
    """For one whole PDU, in or out."""


class Wire:
    """A connection that carries PDUs."""

    def __init__(self, connection: socket.socket, bounds: Bounds) -> None:
        self._connection = connection
        self._ahead = bytearray()  # came, and is of no PDU that was asked for yet
        self.bounds = bounds
        self.until: float | None = None
        """Monotonic time at which sending ends, whatever still moves."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @classmethod
    def connect(
        cls,
        address: tuple[str, int],
        bounds: Bounds,
        *,
        timeout_s: float,
        tls: tuple[ssl.SSLContext, str] | None = None,
        opened: Callable[[socket.socket], None] = lambda _: None,
    ) -> Self:
        """A new connection; `tls` is the context and the name that the certificate must hold.

        `opened` is given the socket before the handshake. Raises `PeerUnavailable`.
        """
        connection: socket.socket | None = None
        try:
            connection = socket.create_connection(address, timeout_s)
            if tls is None:
                opened(connection)
                return cls(connection, bounds)
            context, name = tls
            connection = secured = context.wrap_socket(
                connection, server_hostname=name, do_handshake_on_connect=False
            )
            opened(secured)
            secured.do_handshake()
            return cls(connection, bounds)
        except (OSError, ValueError) as error:
            if connection is not None:
                connection.close()
            raise of_connecting(error, address, timeout_s) from error

    def send(self, kind: Pdu, *parts: bytes) -> None:
        """Send one PDU; raises `TooSlow` or `Closed`."""
        head = _HEADER.pack(kind, sum(map(len, parts)))
        with _told():
            self._connection.settimeout(self._time_to_send())
            self._connection.sendall(b"".join((head, *parts)))

    def receive(self, timeout_s: float | None = None) -> tuple[int, bytes]:
        """The type and content of the next PDU; raises `TooSlow`, `Closed` or `Garbage`."""
        timeout_s = self.bounds.timeout_s if timeout_s is None else timeout_s
        deadline = time.monotonic() + timeout_s
        kind, length = _HEADER.unpack(self._exactly(_HEADER.size, deadline))
        if kind not in _KINDS:
            raise Garbage(f"it sent {kind:#04x} where a PDU must begin", kind)
        if length > self.bounds.pdu_bytes:
            raise Garbage(f"it announced a PDU of {length} bytes; {self.bounds.pdu_bytes} are taken", kind)
        return kind, self._exactly(length, max(deadline, time.monotonic() + self.bounds.timeout_s))

    def cut(self) -> None:
        """End the connection at once, from any thread: whoever waits on it is freed."""
        with contextlib.suppress(OSError):
            # Not SSLSocket.shutdown, which takes the TLS layer from under a thread that uses it.
            socket.socket.shutdown(self._connection, socket.SHUT_RDWR)

    def close(self) -> None:
        """End the connection; harmless to repeat."""
        self.cut()
        self._connection.close()

    def _time_to_send(self) -> float:
        if self.until is None:
            return self.bounds.timeout_s
        left = self.until - time.monotonic()
        if left <= 0:
            raise TooSlow("it takes data too slowly")
        return min(left, self.bounds.timeout_s)

    def _exactly(self, size: int, deadline: float) -> bytes:
        with _told():
            while len(self._ahead) < size:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TooSlow("it did not answer in time")
                self._connection.settimeout(left)
                # Peers that write a PDU in two parts wait for this acknowledgement in between (40 ms).
                self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                part = self._connection.recv(_CHUNK)
                if not part:
                    raise Closed("it closed the connection")
                self._ahead += part
        taken = bytes(self._ahead[:size])
        del self._ahead[:size]
        return taken


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise TooSlow("it did not answer in time") from error
    except ssl.SSLError as error:
        raise Closed("it ended the TLS connection", error) from error
    except (OSError, ValueError) as error:
        raise Closed("it closed the connection", error) from error
