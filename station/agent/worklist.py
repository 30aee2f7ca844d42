"""The worklist on the kiosk: the source's last good answer, and what of it was done here."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Self

from station.config import StationConfig
from station.devices import Worker
from station.errors import WorklistUnavailable
from station.kiosk import VisitStatus, WorklistEntry, WorklistStatus
from station.worklist import Answer, CsvWorklist, DoneMarks, Expected, WorklistSource

ASK_S = 2.0
"""Time between two looks at the source."""
_log = logging.getLogger(__name__)


class Worklist:
    """Asks the source again and again; the last good answer stays while it cannot be told anew."""

    @classmethod
    def open(cls, config: StationConfig, changed: Callable[[], None]) -> Self:
        """The worklist that `[worklist]` names, with the marks in the booth's data folder; blocks."""
        settings = config.worklist
        source = None if settings.file is None else CsvWorklist(settings.file, settings.encoding)
        return cls(source, DoneMarks(config.data / "worklist-done"), changed)

    def __init__(self, source: WorklistSource | None, marks: DoneMarks, changed: Callable[[], None]) -> None:
        self._source = source
        self._marks = marks
        self._changed = changed
        self._answer: Answer | None = None
        self._worker = Worker("worklist-marks")
        self._under_way: tuple[str, str] | None = None
        self._ended: asyncio.Queue[str] = asyncio.Queue()
        self.status = WorklistStatus(configured=source is not None)
        """What the kiosk shows."""

    async def run(self) -> None:
        """Ask, and keep what was done, until cancelled; without a source there is nothing to do."""
        if self._source is None:
            return
        while True:
            problem = ""
            try:
                self._answer = await self._source.ask()
            except WorklistUnavailable as error:
                problem = str(error)
            self._tell(problem)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ASK_S):
                    await self._finish(await self._ended.get())

    def begin(self, study_instance_uid: str, key: str) -> None:
        """A visit of an entry starts; `key` is empty for somebody who walked in."""
        self._under_way = (study_instance_uid, key) if key else None

    def heed(self, visit: VisitStatus | None) -> None:
        """Mark the entry of the visit that was begun as done once every still is taken and the visit closed."""
        if self._under_way is None or visit is None or not (visit.closed and visit.complete):
            return
        study, key = self._under_way
        if visit.study_instance_uid == study:
            self._under_way = None
            self._ended.put_nowait(key)

    def entry(self, key: str) -> Expected | None:
        """The entry that a visit names; None if it is not in the list."""
        entries = () if self._answer is None else self._answer.entries
        return next((entry for entry in entries if entry.key == key), None)

    def close(self) -> None:
        """Let go of the source; safe to call twice."""
        self._worker.close()
        if self._source is not None:
            self._source.close()

    async def _finish(self, key: str) -> None:
        try:
            await self._worker.run(self._marks.add, key)
        except OSError:
            _log.exception("what was done of the worklist is not on disk")

    def _tell(self, problem: str) -> None:
        answer = self._answer
        status = WorklistStatus(
            configured=self._source is not None,
            entries=() if answer is None else tuple(map(self._shown, answer.entries)),
            told_at=None if answer is None else answer.told_at,
            problem=problem,
        )
        if status != self.status:
            self.status = status
            self._changed()

    def _shown(self, entry: Expected) -> WorklistEntry:
        return WorklistEntry(
            key=entry.key,
            patient=entry.patient,
            scheduled_at=entry.scheduled_at,
            accession_number=entry.accession_number,
            description=entry.description,
            done=entry.key in self._marks,
        )
