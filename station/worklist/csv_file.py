"""A worklist in a CSV file, read strictly and again whenever the file changes."""

import os
import time
from pathlib import Path

from station.devices import Worker
from station.errors import WorklistUnavailable
from station.worklist.source import Answer
from station.worklist.table import MAX_BYTES, decoded, parse

_Stamp = tuple[int, int, int]


class CsvWorklist:
    """The worklist in a file of `encoding`; a byte order mark goes before it. Read on the thread `worklist-file`."""

    def __init__(self, path: Path, encoding: str = "utf-8") -> None:
        self._path = path
        self._encoding = encoding
        self._worker = Worker("worklist-file")
        self._last: tuple[_Stamp, Answer] | None = None

    async def ask(self) -> Answer:
        """The file's entries; raises `WorklistUnavailable` that names file, line and column."""
        return await self._worker.run(self._ask)

    def close(self) -> None:
        """End the thread."""
        self._worker.close()

    def _ask(self) -> Answer:
        try:
            with open(self._path, "rb") as file:
                before = _stamp(os.fstat(file.fileno()))
                if self._last is not None and self._last[0] == before:
                    return self._last[1]
                data = file.read(MAX_BYTES + 1)
                after = os.fstat(file.fileno())
        except OSError as error:
            raise WorklistUnavailable(f"{self._path.name} cannot be read: {error.strerror}") from error
        if _stamp(after) != before:
            raise WorklistUnavailable(f"{self._path.name} is being written; it is read again in a moment")
        changed = time.localtime(after.st_mtime)
        try:
            entries = parse(decoded(data, self._encoding), changed)
        except ValueError as error:
            raise WorklistUnavailable(f"{self._path.name}: {error}") from error
        answer = Answer(entries=entries, told_at=after.st_mtime)
        self._last = before, answer
        return answer


def _stamp(info: os.stat_result) -> _Stamp:
    return info.st_ino, info.st_mtime_ns, info.st_size
