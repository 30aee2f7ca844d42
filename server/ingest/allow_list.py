"""The booths that may connect: one file with a public key per booth, read again when the folder changes."""

import logging
from pathlib import Path

from zmq.utils import z85

from server.ingest.keys import is_key
from station.protocol import is_booth_id

_log = logging.getLogger(__name__)


class AllowList:
    """Public keys in `FOLDER/<booth_id>.key`, Z85 text; all calls block.

    A file that holds no key, or is not named for a booth, admits nobody and is logged once.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._stamp: tuple[tuple[str, int, int, int], ...] | None = None
        self.booths: dict[bytes, str] = {}
        """Booth by public key (Z85), as last read."""
        self._reported: set[tuple[str, int, int, int]] = set()

    def booth_of(self, public_key: bytes) -> str | None:
        """The booth that owns this key of 32 bytes, or None."""
        return self.read().get(z85.encode(public_key))

    def read(self) -> dict[bytes, str]:
        """Booth by public key, as the folder is now."""
        files = [(path, path.stat()) for path in sorted(self.folder.glob("*.key"))]
        stamp = tuple((path.name, info.st_ino, info.st_mtime_ns, info.st_size) for path, info in files)
        if stamp != self._stamp:
            self._stamp = stamp
            booths: dict[bytes, str] = {}
            for (path, _), entry in zip(files, stamp, strict=True):
                self._add(booths, path, entry)
            self.booths = booths
        return self.booths

    def _add(self, booths: dict[bytes, str], path: Path, entry: tuple[str, int, int, int]) -> None:
        key = path.read_bytes()[:64].strip()
        if is_booth_id(path.stem) and is_key(key) and key not in booths:
            booths[key] = path.stem
        elif entry not in self._reported:
            self._reported.add(entry)
            _log.warning(
                "key file admits nobody: not a new key under a booth's name", extra={"file": path.name}
            )
