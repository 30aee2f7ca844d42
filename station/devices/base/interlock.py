"""The contract of every interlock: whether ultraviolet light may shine as far as the booth's door and covers go."""

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from station.errors import DeviceError

READ_LIMIT_S = 0.5
"""Time an interlock has to answer; silence beyond it reads unsafe."""
POLL_S = 0.05
"""Time between two looks while a lamp shines."""


@dataclass(frozen=True)
class InterlockReading:
    """What an interlock says now."""

    safe: bool
    reason: str = ""
    """Why not, and what to do; empty if safe."""


class Interlock(ABC):
    """The booth's interlock; use it as an async context manager, in one event loop.

    Whatever is not a clear yes reads unsafe: a broken wire, silence, a wrong answer, a closed object. An interlock that
    has failed is reached anew at the next reading. A driver fills `_do_connect`, `_do_disconnect` and `_do_read`; no two
    of them run at once.
    """

    fitted = True
    """Whether there is an interlock at all."""

    def __init__(self) -> None:
        self._open = False
        self._connected = False
        self._wire = asyncio.Lock()
        self._last = InterlockReading(False, "the interlock has not been read yet: wait a moment")

    @property
    def last(self) -> InterlockReading:
        """The newest reading, for showing; a lamp is never lit by it."""
        return self._last

    async def __aenter__(self) -> Self:
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the interlock; it reads unsafe from then on. Safe to call twice."""
        self._open = False
        async with self._wire:
            await self._let_go()
        self._last = InterlockReading(False, "the interlock is not open")

    async def read(self) -> InterlockReading:
        """What the interlock says now; never raises because of the instrument, and answers within `READ_LIMIT_S`."""
        if not self._open:
            return InterlockReading(False, "the interlock is not open")
        try:
            async with asyncio.timeout(READ_LIMIT_S), self._wire:
                reading = await self._asked()
        except TimeoutError:
            reading = InterlockReading(
                False, f"the interlock gave no answer within {READ_LIMIT_S:g} s: check its power and cable"
            )
        self._last = reading
        return reading

    async def until_unsafe(self) -> str:
        """Return the reason once the interlock no longer reads safe; looks every `POLL_S`."""
        while (reading := await self.read()).safe:
            await asyncio.sleep(POLL_S)
        return reading.reason

    async def _asked(self) -> InterlockReading:
        try:
            if not self._connected:
                await self._do_connect()
                self._connected = True
            reason = await self._do_read()
        except DeviceError as error:
            await self._let_go()
            return InterlockReading(False, str(error))
        except BaseException:
            await self._let_go()  # half an answer may wait on the line
            raise
        return InterlockReading(not reason, reason)

    async def _let_go(self) -> None:
        self._connected = False
        await self._do_disconnect()

    @abstractmethod
    async def _do_connect(self) -> None:
        """Reach the interlock, or raise `DeviceUnavailable` with what the operator should do."""

    @abstractmethod
    async def _do_disconnect(self) -> None:
        """Let go of whatever `_do_connect` took; called often, also when nothing was taken. Must not raise."""

    @abstractmethod
    async def _do_read(self) -> str:
        """Empty if safe, else why not and what to do; raise `DeviceUnavailable` if that cannot be told."""
