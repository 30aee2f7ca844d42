"""The newest value of something, with a revision to wait on."""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """A slot that holds one value; readers wait for a revision newer than the one they have seen.

    Older values are never kept, so a slow reader skips them. All methods belong to one event loop.
    """

    def __init__(self, value: T | None = None) -> None:
        self._value = value
        self._revision = 0 if value is None else 1
        self._closed = False
        self._waiters: set[asyncio.Future[None]] = set()

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
        while not self._closed:
            if self._value is not None and self._revision > after:
                return self._revision, self._value
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                await waiter
            finally:
                self._waiters.discard(waiter)
        raise EOFError("no further value will come")

    def close(self) -> None:
        """Let every waiting reader go with `EOFError`; safe to call twice."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
