"""The booths that may connect: one file with a public key per booth, read again when the folder changes."""

import logging
import threading
from pathlib import Path

from zmq.utils import z85

from server.ingest.keys import is_key
from station.protocol import is_booth_id

_log = logging.getLogger(__name__)
Stamp = tuple[str, int, int, int]
"""Name, inode, time of the last change of content or mode, and size of a file."""


class AllowList:
    """Public keys in `FOLDER/<booth_id>.key`, Z85 text; all calls block.

    A file that holds no key, cannot be read, or is not named for a booth admits nobody and is logged once.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._reading = threading.Lock()
        self._stamps: list[Stamp] | None = None
        self.booths: dict[bytes, str] = {}
        """Booth by public key (Z85), as last read."""
        self._reported: set[Stamp] = set()

    def booth_of(self, public_key: bytes) -> str | None:
        """The booth that owns this key of 32 bytes, or None."""
        return self.read().get(z85.encode(public_key))

    def read(self) -> dict[bytes, str]:
        """Booth by public key, as the folder is now."""
        # Several threads ask; one that reads what another is about to replace would admit a withdrawn key.
        with self._reading:
            stamps = [_stamp(path) for path in sorted(self.folder.glob("*.key"))]
            if stamps != self._stamps:
                booths: dict[bytes, str] = {}
                for stamp in stamps:
                    self._add(booths, stamp)
                self.booths, self._stamps = booths, stamps
                self._reported.intersection_update(stamps)
            return self.booths

    def _add(self, booths: dict[bytes, str], stamp: Stamp) -> None:
        path = self.folder / stamp[0]
        key = _content(path)
        if is_booth_id(path.stem) and is_key(key) and key not in booths:
            booths[key] = path.stem
        elif stamp not in self._reported:
            self._reported.add(stamp)
            _log.warning(
                "key file admits nobody: not a new key under a booth's name, or not readable",
                extra={"file": path.name},
            )


def _stamp(path: Path) -> Stamp:
    try:
        info = path.stat()
    except OSError:
        return path.name, 0, 0, 0
    return path.name, info.st_ino, info.st_ctime_ns, info.st_size


def _content(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(64).strip()
    except OSError:
        return b""
