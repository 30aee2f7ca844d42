"""The files that a tethered camera made: kept as they came, within a bound, under the name of their still."""

import logging
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from station.devices.base import FolderRoom
from station.devices.gphoto2.tether import CameraFile
from station.durable import make_folder, sync_folder, write_file
from station.errors import DeviceError

SETTING = "camera.originals_gb"
NEARLY_FULL = 0.9
"""Share of the limit above which the log says so."""

_TIME = re.compile(r"\d{8}T\d{6}\.\d{6}Z-")
"""What the files of one picture have in common."""
_log = logging.getLogger(__name__)


class Originals:
    """A folder of originals; every method blocks, and all are called from one thread.

    A file is called `TIME-NAME`, UTC and the camera's own name for it, and `UID-TIME-NAME` once its picture is a still: the
    SOP Instance UID that every result of it names. No still's file is deleted here: the booth sends decoded pictures, so that its
    folder may be the only place of a raw file. A full folder takes no further picture until files are moved away.

    Every method raises `DeviceError`, with what to do, where the disk does not do what is asked.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._seen = 0
        self._used = self._largest = 0
        self._warned = False
        self.room: FolderRoom | None = None
        """As of the last look; None before the first."""

    def look(self) -> FolderRoom:
        """The room now; the folder is made where there is none."""
        try:
            make_folder(self._folder)
            changed = self._folder.stat().st_mtime_ns
            if changed != self._seen:
                self._used, self._largest = _weighed(self._folder)
                self._seen = changed
            disk = os.statvfs(self._folder)
        except OSError as error:
            raise DeviceError(
                f"the folder of the camera's originals, {self._folder}, does not answer: {error.strerror}"
            ) from error
        reach = self._used + disk.f_bavail * disk.f_frsize
        room = self.room = FolderRoom(
            folder=self._folder,
            used_bytes=self._used,
            limit_bytes=min(self._max_bytes, reach),
            still_bytes=self._largest,
            disk_full=reach < self._max_bytes,
            setting=SETTING,
        )
        self._warn(room)
        return room

    def check(self) -> None:
        """Raise `DeviceError` where the files of one more picture would not fit."""
        room = self.look()
        if room.fits(1) == 0:
            raise DeviceError(f"No room for another picture of the camera. {room.remedy}")

    def keep(self, files: Iterable[CameraFile], taken_at: float) -> list[Path]:
        """Write the files of a picture byte for byte, durably; `taken_at` in seconds since 1970 UTC."""
        taken = datetime.fromtimestamp(taken_at, UTC)
        kept = [self._write(file, f"{taken:%Y%m%dT%H%M%S.%f}Z-{Path(file.name).name}") for file in files]
        self._seen = 0  # what was written just now may have the folder's time of before
        self.look()
        return kept

    def drop(self, kept: Iterable[Path]) -> None:
        """Delete the files of a picture that is nobody's: it was only measured."""
        try:
            for path in kept:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise DeviceError(f"{self._folder} does not let go of a file: {error.strerror}") from error

    def name(self, kept: Sequence[Path], sop_instance_uid: str) -> None:
        """Put the UID of the still before the names of its files, durably."""
        try:
            for path in kept:
                path.rename(path.with_name(f"{sop_instance_uid}-{path.name}"))
            sync_folder(self._folder)
        except OSError as error:
            raise DeviceError(f"{self._folder} does not let a file be renamed: {error.strerror}") from error

    def _write(self, file: CameraFile, name: str) -> Path:
        path = self._folder / name
        try:
            write_file(path, [file.content])
            sync_folder(self._folder)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise DeviceError(
                f"the camera's file cannot be kept in {self._folder} ({error.strerror}): free space on that disk"
            ) from error
        return path

    def _warn(self, room: FolderRoom) -> None:
        nearly = room.used_bytes >= NEARLY_FULL * room.limit_bytes
        if nearly and not self._warned:
            _log.warning(
                "the folder of the camera's originals is nearly full",
                extra={
                    "folder": str(room.folder),
                    "used_bytes": room.used_bytes,
                    "limit_bytes": room.limit_bytes,
                },
            )
        self._warned = nearly


def _weighed(folder: Path) -> tuple[int, int]:
    """Bytes of all files in the folder, and of the largest picture, its files together."""
    used, pictures = 0, Counter[str]()
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                size = entry.stat(follow_symlinks=False).st_size
                used += size
                if found := _TIME.search(entry.name):
                    pictures[found[0]] += size
    return used, max(pictures.values(), default=0)
