"""A folder as destination: files appear there whole, or not at all."""

import asyncio
import hashlib
import shutil
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from server.config.destinations import FolderSection
from server.durable import commit, partial_file, sync_folder
from server.errors import DestinationUnavailable, StorageFull
from server.outbox.contract import Fate, Outcome, Parcel
from station.protocol import is_uid

T = TypeVar("T")


class FolderDestination:
    """Files as STUDY/INSTANCE.dcm below a folder that exists: a mounted one that is away must not be made anew."""

    def __init__(self, section: FolderSection) -> None:
        self.name, self.confirms = section.name, True
        self._root = section.path
        self._timeout_s = section.timeout_s
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"outbox-{section.name}")

    async def send(self, parcels: Sequence[Parcel]) -> AsyncGenerator[Outcome, None]:
        """Write the files that are not there, one after the other; yields each as it is durable."""
        for parcel in parcels:
            await self._run(self._write, parcel)
            yield Outcome(parcel.sop_instance_uid, Fate.STORED)

    async def confirm(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        """Read the files again: committed is what has the hash of the local file."""
        return [await self._run(self._check, parcel) for parcel in parcels]

    async def close(self) -> None:
        """Let the thread end; a write that hangs is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[Parcel], T], parcel: Parcel) -> T:
        """The result of `work` on the thread of this folder; raises `DestinationUnavailable`."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await asyncio.get_running_loop().run_in_executor(self._pool, work, parcel)
        except TimeoutError as error:
            raise DestinationUnavailable(
                f"the folder did not answer within {self._timeout_s:g} s; see that it is mounted"
            ) from error
        except StorageFull as error:
            raise DestinationUnavailable("no space left in the folder; free space there") from error
        except OSError as error:
            raise DestinationUnavailable(f"the folder cannot be used: {error.strerror}") from error

    def _write(self, parcel: Parcel) -> None:
        target = self._target(parcel)
        if not self._root.is_dir():
            raise DestinationUnavailable("the folder does not exist; make it, or mount it")
        if _digest(target) == parcel.sha256:
            return
        if not target.parent.is_dir():
            target.parent.mkdir(exist_ok=True)
            sync_folder(self._root)
        for left in target.parent.glob(f".{target.name}.*"):
            left.unlink(missing_ok=True)
        with partial_file(target) as partial:
            shutil.copyfile(parcel.path, partial)
            commit(partial, target)

    def _check(self, parcel: Parcel) -> Outcome:
        if not self._root.is_dir():
            raise DestinationUnavailable("the folder does not exist; make it, or mount it")
        found = _digest(self._target(parcel))
        if found == parcel.sha256:
            return Outcome(parcel.sop_instance_uid, Fate.COMMITTED)
        reason = "the file is gone" if found is None else "the file has other bytes"
        return Outcome(parcel.sop_instance_uid, Fate.AGAIN, reason)

    def _target(self, parcel: Parcel) -> Path:
        """The place of a parcel, by its UIDs alone."""
        if not (is_uid(parcel.study_instance_uid) and is_uid(parcel.sop_instance_uid)):
            raise ValueError("not a DICOM UID")
        return self._root / parcel.study_instance_uid / f"{parcel.sop_instance_uid}.dcm"


def _digest(path: Path) -> str | None:
    """The SHA-256 of a file in hex; None: there is none."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None
