"""Whether the next visit still fits on the booth's disk, said before it is full."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from station.errors import SpoolDamaged, SpoolFull
from station.transport.spool import Spool
from station.transport.still_files import MANIFEST_ROOM

WARN_BELOW = 3
"""Whole visits that must fit, or the operator is told."""
LOOK_S = 2.0
"""Time between two looks at the disk."""


@dataclass(frozen=True, kw_only=True)
class Room:
    """Room for stills, as `SpoolRoom` saw it last; sizes in bytes."""

    used_bytes: int = 0
    limit_bytes: int = 0
    """The smaller of the spool's limit and what the disk has."""
    visits_left: int | None = None
    """Whole visits that still fit; None: no still was taken yet, so their size is not known."""
    problem: str = ""
    """The operator's sentence while room runs short; empty while there is enough."""


class SpoolRoom:
    """Looks at the disk below a spool, on the thread `spool-room`; `stills` is the number of them in a visit.

    A visit is taken to need what its number of stills did, each as large as the largest of the last ones.
    """

    def __init__(self, spool: Spool, stills: int) -> None:
        self.latest = Room()
        self._spool = spool
        self._stills = stills
        self._reach: int | None = None
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="spool-room")

    async def look(self) -> Room:
        """The room now. Raises `SpoolDamaged` if the disk does not answer."""
        loop = asyncio.get_running_loop()
        try:
            free = await loop.run_in_executor(self._executor, self._free_bytes)
        except OSError as error:
            text = f"the disk of {self._spool.folder} does not answer: {error.strerror}"
            raise SpoolDamaged(text) from error
        self._reach = self._spool.used_bytes + free
        self.latest = self._room(self._reach)
        return self.latest

    def check_visit(self) -> None:
        """Raise `SpoolFull`, with what to do, if a whole visit would not fit, as far as the disk was seen last."""
        if self._reach is None:
            return
        room = self._room(self._reach)
        if room.visits_left == 0:
            raise SpoolFull(room.problem)

    async def run(self, changed: Callable[[], None]) -> None:
        """Look again every `LOOK_S` until cancelled; `changed` is told of every other answer."""
        while True:
            before = self.latest
            try:
                await self.look()
            except SpoolDamaged as error:
                self.latest = Room(problem=str(error))
            if self.latest != before:
                changed()
            await asyncio.sleep(LOOK_S)

    def close(self) -> None:
        """End the thread."""
        self._executor.shutdown()

    def _free_bytes(self) -> int:
        disk = os.statvfs(self._spool.folder)
        return disk.f_bavail * disk.f_frsize

    def _room(self, reach: int) -> Room:
        """`reach`: bytes that stills could have on this disk, those that are there among them."""
        used = self._spool.used_bytes
        limit = min(self._spool.max_bytes, reach)
        if self._spool.still_bytes == 0:
            return Room(used_bytes=used, limit_bytes=limit)
        needed = self._stills * (self._spool.still_bytes + MANIFEST_ROOM)
        left = max(limit - used, 0) // needed
        problem = _problem(left, needed, limit - used, disk_full=reach < self._spool.max_bytes)
        return Room(used_bytes=used, limit_bytes=limit, visits_left=left, problem=problem)


def _problem(left: int, needed: int, room: int, *, disk_full: bool) -> str:
    if left >= WARN_BELOW:
        return ""
    more = "free space on the disk" if disk_full else "raise uplink.spool_gb"
    remedy = f"Connect the server and let it take the waiting stills, or {more}."
    if left == 0:
        return (
            f"No room for another visit on the booth's disk: {_gb(needed)} needed, {_gb(room)} left. {remedy}"
        )
    visits = "1 more visit" if left == 1 else f"{left} more visits"
    return f"Room for {visits} on the booth's disk. {remedy}"


def _gb(size: int) -> str:
    return f"{max(size, 0) / 1e9:.2f} GB"
