"""A UDP socket to one receiver or group."""

import asyncio
import socket
from ipaddress import IPv4Address
from typing import cast

from station.errors import DeviceUnavailable

_MULTICAST_TTL = 8
_REFUSAL_S = 0.05
"""Time in which a machine on the same network says that nobody listens."""


class Endpoint(asyncio.DatagramProtocol):
    """Sends datagrams, and remembers that the other side refused one."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._refused: Exception | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._ended = asyncio.Event()

    @classmethod
    async def open(cls, host: str, port: int, interface: IPv4Address | None) -> "Endpoint":
        """An endpoint for this address; raises `DeviceUnavailable` where no network leads there."""
        channel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            channel.setblocking(False)
            channel.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _MULTICAST_TTL)
            if interface is not None:
                channel.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface.packed)
                channel.bind((str(interface), 0))
            channel.connect((host, port))
        except OSError as error:
            channel.close()
            raise DeviceUnavailable(
                f"no network leads to the lights at {host}: {error.strerror}; check lights.host and lights.interface"
            ) from error
        loop = asyncio.get_running_loop()
        _, endpoint = await loop.create_datagram_endpoint(lambda: cls(f"{host}:{port}"), sock=channel)
        return endpoint

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def error_received(self, exc: Exception) -> None:
        """Remember it for the next `check`."""
        self._refused = exc

    def connection_lost(self, exc: Exception | None) -> None:
        """Let `close` return."""
        self._ended.set()

    async def heard(self) -> None:
        """Wait for a refusal of what was sent; raises `DeviceUnavailable` if one comes."""
        await asyncio.sleep(_REFUSAL_S)
        self.check()

    def check(self) -> None:
        """Raise `DeviceUnavailable` if a datagram was refused since the last call."""
        refused, self._refused = self._refused, None
        if refused is not None:
            raise DeviceUnavailable(
                f"nobody receives E1.31 at {self._name} ({refused}): check the node's power, cable and address"
            )

    def send(self, data: bytes) -> None:
        """Send a datagram; without effect after `close`."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data)

    async def close(self) -> None:
        """Close the socket once everything is sent; safe to call twice."""
        if self._transport is not None:
            self._transport.close()
            await self._ended.wait()
