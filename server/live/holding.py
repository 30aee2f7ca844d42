"""Coded frames that wait for their overlay, for viewers who want both at once."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from server.live.fanout import Packet


@dataclass(frozen=True, slots=True)
class _Held:
    packet: Packet
    key: bool
    until: float


class Hold:
    """Hands frames on in their order, each once the overlay of it or of a later one is out, at the latest after a deadline.

    Run `run` beside it: it hands on what nobody answers for.
    """

    def __init__(
        self,
        onward: Callable[[Packet, bool], None],
        *,
        deadline_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._onward = onward
        self._deadline_s = deadline_s
        self._clock = clock
        self._frames: deque[_Held] = deque()
        self._filled = asyncio.Event()
        self._settled = -1
        self.late = 0
        """Frames that went on at their deadline, without an overlay."""

    def offer(self, packet: Packet, key: bool) -> None:
        """Take a frame; it leaves at its deadline, so that no more than those of one deadline are ever held."""
        self._frames.append(_Held(packet, key, self._clock() + self._deadline_s))
        self._filled.set()
        self._release_until(self._settled)

    def settle(self, pts: int) -> None:
        """The overlay of the frame of this presentation time is out."""
        self._settled = max(self._settled, pts)
        self._release_until(self._settled)

    async def run(self) -> None:
        """Hand on each frame whose time is up; runs until it is cancelled."""
        while True:
            await self._filled.wait()
            if self._frames:  # it may have gone since the event was set
                await asyncio.sleep(max(self._frames[0].until - self._clock(), 0))
            while self._frames and self._frames[0].until <= self._clock():
                self.late += 1
                self._release()

    def _release_until(self, pts: int) -> None:
        while self._frames and (self._frames[0].packet.pts or 0) <= pts:
            self._release()

    def _release(self) -> None:
        held = self._frames.popleft()
        if not self._frames:
            self._filled.clear()
        self._onward(held.packet, held.key)
