"""Which entries of the worklist were done at this booth, over restarts."""

import time
from pathlib import Path

import msgspec

from station.durable import make_folder, replace_file

KEPT_S = 7 * 86400.0
"""How long a mark is kept."""
MAX_MARKS = 5000


class DoneMarks:
    """Keys with the time they were marked, in one file, each kept for `kept_s`; calls block. A file that cannot be read is
    empty.
    """

    def __init__(self, path: Path, kept_s: float = KEPT_S) -> None:
        self._path = path
        self._kept_s = kept_s
        try:
            marks = msgspec.json.decode(path.read_bytes(), type=dict[str, float])
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            marks = {}
        self._marks = marks

    def __contains__(self, key: str) -> bool:
        return key in self._marks

    def add(self, key: str) -> None:
        """Mark a key, durably. Raises `OSError`; the mark then holds until the end of the process."""
        now = time.time()
        fresh = {name: at for name, at in self._marks.items() if at > now - self._kept_s}
        self._marks = dict(list({**fresh, key: now}.items())[-MAX_MARKS:])
        make_folder(self._path.parent)
        replace_file(self._path, msgspec.json.encode(self._marks))
