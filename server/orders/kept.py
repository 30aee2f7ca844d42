"""The last answer of the worklist on disk, so that it is there at once after a restart."""

import hashlib
import logging
from pathlib import Path
from typing import Annotated

import msgspec

from server.durable import write_file
from server.errors import StorageFull
from station.protocol import MAX_ORDERS, OrderEntry

MAX_BYTES = 16 << 20
_log = logging.getLogger(__name__)


class KeptList(msgspec.Struct, frozen=True, kw_only=True):
    """A list as it was told."""

    source: str
    """Hash of the source's name."""
    told_at: float
    entries: Annotated[tuple[OrderEntry, ...], msgspec.Meta(max_length=MAX_ORDERS)]
    unusable: int = 0
    """Entries that could not be used."""
    more: bool = False


class Keeper:
    """The file of a source's last list; calls block. A file of another source, or a damaged one, is none."""

    def __init__(self, path: Path, source: str) -> None:
        self._path = path
        self.source = hashlib.sha256(source.encode()).hexdigest()

    def read(self) -> KeptList | None:
        """The last list, or None."""
        try:
            if self._path.stat().st_size > MAX_BYTES:
                return None
            kept = msgspec.json.decode(self._path.read_bytes(), type=KeptList)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            _log.warning("the worklist that was kept cannot be read: it is asked for anew")
            return None
        return kept if kept.source == self.source else None

    def write(self, kept: KeptList) -> None:
        """Keep a list, durably; a full disk is logged, and the list then lives until the end of the process."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_file(self._path, msgspec.json.encode(kept))
        except (OSError, StorageFull):
            _log.warning("the worklist is not kept: the disk does not take it")
