"""The booth's own disk: a still is taken once it is here, and stays until the server has it."""

import asyncio
import contextlib
import errno
import fcntl
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Self, TypeVar

from station.durable import make_folder, replace_file
from station.errors import ConfigError, SpoolDamaged, SpoolFull
from station.protocol import MAX_STILL_BYTES, Encoding, StillOffer, VisitClosed, VisitOpened
from station.still import TakenStill
from station.transport.still_files import StillFiles, is_whole, read_into
from station.transport.visit_files import SpooledVisit, VisitFiles, with_stored

DEFAULT_MAX_BYTES = 20 << 30
"""Bytes of stills that a spool takes unless told otherwise."""
_SIZES = "still-bytes"
_LAST_STILLS = 16

T = TypeVar("T")
R = TypeVar("R")


class Spool:
    """Stills and visits that the server does not have yet, in one folder of one process.

    What a method made durable survives the end of the process or of the power at any later point. Files are touched
    on the threads `spool-write` and `spool-read`; what is in the spool is known without looking at the disk.
    """

    def __init__(self, folder: Path, lock: int, *, max_bytes: int, encoding: Encoding) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self._lock = lock
        self._encoding = encoding
        self._still_files = StillFiles(folder / "stills")
        self._visit_files = VisitFiles(folder / "visits")
        stills, damaged_stills = self._still_files.scan()
        visits, damaged_visits = self._visit_files.scan()
        self.damaged = (*damaged_stills, *damaged_visits)
        """Names of folders that are not what was written; they are kept for a person to look at."""
        self._stills = {still.offer.sop_instance_uid: still for still in stills}
        self._visits = {visit.study_instance_uid: visit for visit in visits}
        numbers = [still.sequence for still in stills] + [visit.sequence for visit in visits]
        self._next = 1 + max(numbers, default=0)
        self._sizes = deque([_told_size(folder), *(s.offer.size for s in stills)], _LAST_STILLS)
        self._puts = 0
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="spool-write")
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="spool-read")

    @classmethod
    def open(
        cls, folder: Path, *, max_bytes: int = DEFAULT_MAX_BYTES, encoding: Encoding = Encoding.RAW
    ) -> Self:
        """The spool in this folder with what an earlier run left; blocks. Raises `ConfigError` if another uses it, or if the
        disk does not let it be used.
        """
        try:
            make_folder(folder)
            lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(f"the spool {folder} cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return cls(folder, lock, max_bytes=max_bytes, encoding=encoding)
        except BlockingIOError as error:
            os.close(lock)
            raise ConfigError(f"another station uses the spool {folder}") from error
        except OSError as error:
            os.close(lock)
            raise ConfigError(f"the spool {folder} cannot be read: {error.strerror}") from error
        except BaseException:
            os.close(lock)
            raise

    async def close(self) -> None:
        """Wait for running writes and let go of the folder."""
        if self._lock < 0:
            return
        lock, self._lock = self._lock, -1
        for executor in (self._writer, self._reader):
            await asyncio.to_thread(executor.shutdown)
        os.close(lock)

    # Stills

    @property
    def used_bytes(self) -> int:
        """Bytes of all stills in the spool."""
        return sum(still.offer.size for still in list(self._stills.values()))

    @property
    def still_bytes(self) -> int:
        """Bytes of the largest of the last stills, known over restarts; 0: none was taken yet."""
        return max(list(self._sizes))

    async def put(self, still: TakenStill) -> StillOffer:
        """Make a still durable before returning; from then on it counts as taken.

        Raises `SpoolFull` with folder and bytes needed, `SpoolDamaged` if the disk fails, `MalformedMessage` for a
        still that no server takes, or `ValueError` if its UID is in the spool already.
        """
        self._puts += 1
        self._quiet.clear()
        try:
            return await self._write(self._put, still)
        finally:
            self._puts -= 1
            if self._puts == 0:
                self._quiet.set()

    async def quiet(self) -> None:
        """Return once no still is being made durable: for work on the disk that the patient in the chair need not wait for."""
        await self._quiet.wait()

    def _put(self, still: TakenStill) -> StillOffer:
        if still.sop_instance_uid in self._stills:
            raise ValueError(f"the spool already holds {still.sop_instance_uid}")
        room = self.max_bytes - self.used_bytes
        spooled = self._still_files.write(self._take_number(), still, self._encoding, room)
        self._stills[still.sop_instance_uid] = spooled
        self._note_size(spooled.offer.size)
        return spooled.offer

    def _note_size(self, size: int) -> None:
        before = self.still_bytes
        self._sizes.append(size)
        if self.still_bytes != before:
            # Only for a forecast: the still itself is on disk.
            with contextlib.suppress(OSError):
                replace_file(self.folder / _SIZES, str(self.still_bytes).encode())

    def pending(self) -> tuple[StillOffer, ...]:
        """The stills that the server does not have, in the order they were taken."""
        return tuple(still.offer for still in list(self._stills.values()))

    async def read_into(self, sop_instance_uid: str, offset: int, buffer: memoryview) -> int:
        """Fill `buffer` with the bytes of a still from `offset` on; the number of them. Raises `SpoolDamaged`."""
        still = self._stills[sop_instance_uid]
        return await self._on(self._reader, lambda: read_into(still, offset, buffer))

    async def is_whole(self, sop_instance_uid: str) -> bool:
        """Whether the bytes on disk still have the hash that they were written with."""
        still = self._stills[sop_instance_uid]
        return await self._on(self._reader, lambda: is_whole(still))

    async def forget(self, sop_instance_uid: str) -> None:
        """Let go of a still that the server has; an unknown one is no error."""
        await self._write(self._forget, sop_instance_uid)

    def _forget(self, sop_instance_uid: str) -> None:
        still = self._stills.get(sop_instance_uid)
        if still is None:
            return
        visit = self._visits.get(still.offer.study_instance_uid)
        if visit is not None:
            # A full disk must not keep a stored still from making room.
            with contextlib.suppress(OSError):
                self._visit_files.note_stored(visit, still.offer)
            self._visits[visit.study_instance_uid] = with_stored(visit, still.offer)
        self._still_files.remove(still)
        del self._stills[sop_instance_uid]

    # Visits

    async def open_visit(self, message: VisitOpened) -> None:
        """Make the opening of a visit durable; again is harmless. Raises `SpoolFull` or `SpoolDamaged`.

        A visit of the same UID that was given up before its first still makes room for it.
        """
        await self._write(self._open_visit, message)

    def _open_visit(self, message: VisitOpened) -> None:
        before = self._visits.get(message.study_instance_uid)
        if before is not None and (before.closed is None or before.closed.stills or before.opened == message):
            return
        visit = self._visit_files.write(self._take_number(), message)
        self._visits[visit.study_instance_uid] = visit
        if before is not None:
            self._visit_files.remove(before)

    async def close_visit(self, message: VisitClosed) -> None:
        """Make the end of an open visit durable; raises `KeyError`, `SpoolFull` or `SpoolDamaged`."""
        await self._write(self._close_visit, message)

    def _close_visit(self, message: VisitClosed) -> None:
        visit = self._visits[message.study_instance_uid]
        self._visit_files.close(visit, message)
        self._visits[visit.study_instance_uid] = replace(visit, closed=message)

    def visits(self) -> tuple[SpooledVisit, ...]:
        """The visits whose end the server does not know, in the order they were opened."""
        return tuple(self._visits.values())

    def taken(self, study_instance_uid: str) -> tuple[str, ...]:
        """SOP Instance UIDs of every still of a visit in the spool that was taken, stored ones first."""
        visit = self._visits.get(study_instance_uid)
        stored = () if visit is None else visit.stored
        waiting = [o.sop_instance_uid for o in self.pending() if o.study_instance_uid == study_instance_uid]
        return tuple(dict.fromkeys((*stored, *waiting)))

    def standing(self, study_instance_uid: str) -> tuple[str, ...]:
        """Those of `taken` that none was taken again for: one of each view and light."""
        visit = self._visits.get(study_instance_uid)
        replaced = set() if visit is None else set(visit.replaced)
        replaced |= {o.replaces for o in self.pending() if o.replaces is not None}
        return tuple(uid for uid in self.taken(study_instance_uid) if uid not in replaced)

    async def forget_visit(self, study_instance_uid: str, sequence: int | None = None) -> None:
        """Let go of a visit whose end the server knows; an unknown one is no error.

        With its `sequence` only that one, and none that began anew under its UID.
        """
        await self._write(self._forget_visit, (study_instance_uid, sequence))

    def _forget_visit(self, named: tuple[str, int | None]) -> None:
        visit = self._visits.get(named[0])
        if visit is not None and named[1] in (None, visit.sequence):
            self._visit_files.remove(visit)
            del self._visits[visit.study_instance_uid]

    def _take_number(self) -> int:
        number, self._next = self._next, self._next + 1
        return number

    async def _write(self, work: Callable[[T], R], argument: T) -> R:
        return await self._on(self._writer, lambda: self._reported(work, argument))

    async def _on(self, executor: ThreadPoolExecutor, work: Callable[[], R]) -> R:
        # A cancelled caller must not leave with the work half done: the spool's own picture would be wrong.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(executor, work))

    def _reported(self, work: Callable[[T], R], argument: T) -> R:
        try:
            return work(argument)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise SpoolFull(f"the disk of {self.folder} is full: free space on it") from error
            raise SpoolDamaged(f"the disk of {self.folder} fails: {error.strerror}") from error


def _told_size(folder: Path) -> int:
    try:
        text = (folder / _SIZES).read_text("ascii")[:20]
    except (OSError, UnicodeDecodeError):
        return 0
    size = int(text) if text.isdecimal() else 0
    return size if size <= MAX_STILL_BYTES else 0  # a spoilt forecast must not keep every visit from starting
