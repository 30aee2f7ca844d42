"""A bad network for every WebRTC connection of a process: packets out of it are lost, delayed or all swallowed."""

import asyncio
import random
from typing import Any

from aioice.ice import StunProtocol


class Link:
    """Below everything: media, its control packets, data channels and connectivity checks alike."""

    def __init__(self, seed: int) -> None:
        self.loss = 0.0
        """Share of the packets that is lost."""
        self.delay_s = 0.0
        self.dead = False
        self._chance = random.Random(seed)

    def lay(self) -> None:
        """Put the link below this process's connections, for as long as it runs."""
        link = self

        async def send_data(self: Any, data: bytes, addr: tuple[str, int]) -> None:
            link._send(self.transport, data, addr)

        def send_stun(self: Any, message: Any, addr: tuple[str, int]) -> None:
            link._send(self.transport, bytes(message), addr)

        for own in (send_data, send_stun):
            getattr(StunProtocol, own.__name__)  # raises where aioice has none
            setattr(StunProtocol, own.__name__, own)

    def set(self, *, loss: float = 0.0, delay_ms: float = 0.0, dead: bool = False) -> None:
        """How bad it is from now on."""
        self.loss, self.delay_s, self.dead = loss, delay_ms / 1000, dead

    def _send(self, transport: asyncio.DatagramTransport, data: bytes, addr: tuple[str, int]) -> None:
        if self.dead or (self.loss and self._chance.random() < self.loss):
            return
        if self.delay_s:
            asyncio.get_running_loop().call_later(self.delay_s, _deliver, transport, data, addr)
        else:
            transport.sendto(data, addr)


def _deliver(transport: asyncio.DatagramTransport, data: bytes, addr: tuple[str, int]) -> None:
    if not transport.is_closing():
        transport.sendto(data, addr)
