"""Frees what ended sessions leave behind."""

import asyncio
import gc
from typing import Final

PAUSE_S: Final = 2.0
"""From the end of a session to the sweep, and so the least time between two."""


class Sweep:
    """Collects garbage soon after sessions end.

    The parts of a session refer to each other and hold coders and pictures. Python's collector sees a few small objects
    where libraries hold megabytes, and would wait for many more of them.
    """

    def __init__(self) -> None:
        self._due = asyncio.Event()

    def due(self) -> None:
        """A session has ended."""
        self._due.set()

    async def run(self) -> None:
        """Sweep whenever it is due, until cancelled."""
        while True:
            await self._due.wait()
            await asyncio.sleep(PAUSE_S)
            self._due.clear()
            gc.collect()
