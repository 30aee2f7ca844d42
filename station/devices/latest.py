"""The newest of something, and nothing older: slots that any number of readers wait on.

All methods belong to one event loop.
"""

import asyncio
from typing import Generic, TypeVar

from station.protocol import Frame

T = TypeVar("T")


class _Slot:
    """What both slots share: readers that wait for the next change, and an end."""

    def __init__(self) -> None:
        self._closed = False
        self._waiters: set[asyncio.Future[None]] = set()

    @property
    def closed(self) -> bool:
        """Whether nothing further will come."""
        return self._closed

    def close(self) -> None:
        """Let every waiting reader go with `EOFError`; safe to call twice."""
        self._closed = True
        self._wake()

    async def _change(self) -> None:
        """Wait for the next `_wake`; raises `EOFError` after `close`."""
        if self._closed:
            raise EOFError("nothing further will come")
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)


class Latest(_Slot, Generic[T]):
    """One value with a revision; readers wait for a newer one than they have seen, so a slow one skips some."""

    def __init__(self, value: T | None = None) -> None:
        super().__init__()
        self._value = value
        self._revision = 0 if value is None else 1

    @property
    def value(self) -> T | None:
        """The newest value, or None before the first."""
        return self._value

    @property
    def revision(self) -> int:
        """Counts the values put so far."""
        return self._revision

    def put(self, value: T) -> None:
        """Replace the value and wake the readers; without effect after `close`."""
        if not self._closed:
            self._value = value
            self._revision += 1
            self._wake()

    async def next(self, after: int = 0) -> tuple[int, T]:
        """Revision and value, once the revision is greater than `after`; raises `EOFError` after `close`."""
        while self._closed or self._value is None or self._revision <= after:
            await self._change()
        return self._revision, self._value


class LatestFrame(_Slot):
    """The newest preview frame; the ones nobody fetched are counted."""

    def __init__(self) -> None:
        super().__init__()
        self._frame: Frame | None = None
        self._fetched = False
        self.received = 0
        """Frames put so far."""
        self.dropped = 0
        """Frames that were replaced before any reader fetched them."""

    @property
    def latest(self) -> Frame | None:
        """The newest frame, or None before the first; looking at it does not count as fetching."""
        return self._frame

    def put(self, frame: Frame) -> None:
        """Replace the newest frame; without effect after `close`."""
        if self._closed:
            return
        if self._frame is not None and not self._fetched:
            self.dropped += 1
        self._frame = frame
        self._fetched = False
        self.received += 1
        self._wake()

    async def get(self, after: int = -1) -> Frame:
        """The newest frame, once its `frame_id` is greater than `after`; raises `EOFError` after `close`."""
        while self._closed or self._frame is None or self._frame.header.frame_id <= after:
            await self._change()
        self._fetched = True
        return self._frame
