"""The newest preview frame, and nothing older."""

import asyncio

from station.protocol import Frame


class LatestFrame:
    """A mailbox with one slot: the newest frame wins, the ones nobody fetched are counted.

    Any number of readers wait in `get`. All methods belong to one event loop.
    """

    def __init__(self) -> None:
        self._frame: Frame | None = None
        self._fetched = False
        self._closed = False
        self._waiters: set[asyncio.Future[None]] = set()
        self.received = 0
        """Frames put so far."""
        self.dropped = 0
        """Frames that were replaced before any reader fetched them."""

    @property
    def latest(self) -> Frame | None:
        """The newest frame, or None before the first; looking at it does not count as fetching."""
        return self._frame

    @property
    def closed(self) -> bool:
        """Whether no further frame will come."""
        return self._closed

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
        while not self._closed:
            if self._frame is not None and self._frame.header.frame_id > after:
                self._fetched = True
                return self._frame
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                await waiter
            finally:
                self._waiters.discard(waiter)
        raise EOFError("the preview has ended")

    def close(self) -> None:
        """Let every waiting reader go with `EOFError`."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
