"""The worklist on the kiosk: the source's last good answer, and what of it was done here."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from typing import Self

from station.capture import Ordered
from station.config import StationConfig
from station.devices import Worker
from station.errors import InvalidTransition, WorklistUnavailable
from station.kiosk import VisitStatus, WorklistEntry, WorklistFound, WorklistStatus
from station.protocol import OrdersTold, OrdersWanted, ServerMessage
from station.worklist import Answer, CsvWorklist, DoneMarks, Expected, ServerList, WorklistSource

ASK_S = 2.0
"""Time between two looks at the source."""
BEGUN_KEPT_S = 400 * 86400.0
"""How long the booth knows by itself that an ordered study was begun."""
REMEMBERED = 1100
"""Entries of lists and searches that a visit may name."""
NOT_SEARCHABLE = "This worklist is a file: whoever is not in it has walked in."
_log = logging.getLogger(__name__)


class Worklist:
    """Asks the source again and again; the last good answer stays while it cannot be told anew."""

    @classmethod
    def open(
        cls,
        config: StationConfig,
        changed: Callable[[], None],
        ask: Callable[[OrdersWanted], bool] = lambda _wanted: False,
        has_none: Callable[[], bool] = lambda: False,
    ) -> Self:
        """The worklist that `[worklist]` names, with the marks in the booth's data folder; blocks.

        `ask` and `has_none` are what `ServerList` needs of the server.
        """
        settings = config.worklist
        source: WorklistSource | None = None
        if settings.source == "server":
            source = ServerList(config.data / "worklist-told", ask, has_none)
        elif settings.file is not None and settings.source != "none":
            source = CsvWorklist(settings.file, settings.encoding)
        begun = DoneMarks(config.data / "worklist-begun", BEGUN_KEPT_S)
        return cls(source, DoneMarks(config.data / "worklist-done"), begun, changed)

    def __init__(
        self,
        source: WorklistSource | None,
        marks: DoneMarks,
        begun: DoneMarks,
        changed: Callable[[], None],
    ) -> None:
        self._source = source
        self._server = source if isinstance(source, ServerList) else None
        self._marks = marks
        self._begun = begun
        self._changed = changed
        self._found: dict[str, Expected] = {}
        self._answer: Answer | None = None
        self._worker = Worker("worklist-marks")
        self._under_way: tuple[str, str] | None = None
        self._beginning = False
        self._ended: asyncio.Queue[str] = asyncio.Queue()
        self.status = WorklistStatus(configured=source is not None, searchable=self._server is not None)
        """What the kiosk shows."""

    async def run(self) -> None:
        """Ask, and keep what was done, until cancelled; without a source there is nothing to do."""
        if self._source is None:
            return
        while True:
            problem = ""
            try:
                self._answer = await self._source.ask()
                problem = self._answer.problem
            except WorklistUnavailable as error:
                problem = str(error)
            self._tell(problem)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ASK_S):
                    await self._finish(await self._ended.get())

    def begin(self, study_instance_uid: str, key: str) -> None:
        """A visit of an entry starts; `key` is empty for somebody who walked in."""
        self._under_way = (study_instance_uid, key) if key else None
        entry = self.entry(key)
        order = None if entry is None else entry.order
        self._beginning = order is not None and order.study_instance_uid == study_instance_uid

    def heed(self, visit: VisitStatus | None) -> None:
        """Mark the entry of the visit that was begun as done once every still is taken and the visit closed."""
        if self._under_way is None or visit is None or not (visit.closed and visit.complete):
            return
        study, key = self._under_way
        if visit.study_instance_uid == study:
            self._under_way = None
            self._ended.put_nowait(key)

    def heard(self, message: ServerMessage) -> None:
        """Take in what the server says about the worklist."""
        if self._server is not None and isinstance(message, OrdersTold):
            self._server.heard(message)

    async def search(self, sought: str) -> WorklistFound:
        """Who is meant by something that was scanned or typed; raises `WorklistUnavailable` with what to do."""
        if self._server is None:
            raise WorklistUnavailable(NOT_SEARCHABLE)
        answer = await self._server.search(sought)
        self._remember(answer.entries)
        entries = tuple(map(self._shown, answer.entries))
        return WorklistFound(entries=entries, problem=answer.problem, more=answer.more)

    def entry(self, key: str) -> Expected | None:
        """The entry that a visit names; None if it was not shown lately."""
        return self._found.get(key)

    def ordered(self, key: str) -> Ordered | None:
        """What a visit of an entry was ordered as; None: nothing is known of an order. Raises `InvalidTransition`.

        It takes the order's Study Instance UID, as it was given, until a visit has used it: another visit is another study
        of the same order.
        """
        entry = self.entry(key)
        if entry is None:
            if key:
                raise InvalidTransition("The worklist has changed: choose the person again.")
            return None
        if entry.order is None:
            return None
        study = entry.order.study_instance_uid
        free = study is not None and not entry.begun and study not in self._begun
        return Ordered(entry.patient, entry.order, study if free else None)

    async def note_still(self, study_instance_uid: str) -> None:
        """A still of the visit under way is on disk: if its study is an ordered one, that is begun, over restarts."""
        if self._beginning:
            self._beginning = False
            await self._mark(self._begun, study_instance_uid)

    def close(self) -> None:
        """Let go of the source; safe to call twice."""
        self._worker.close()
        if self._source is not None:
            self._source.close()

    async def _finish(self, key: str) -> None:
        await self._mark(self._marks, key)

    async def _mark(self, marks: DoneMarks, key: str) -> None:
        try:
            await self._worker.run(marks.add, key)
        except OSError:
            _log.exception("what was done of the worklist is not on disk")

    def _remember(self, entries: Iterable[Expected]) -> None:
        """What a visit may name: everything that was shown lately, also if it has left the list since."""
        for entry in entries:
            self._found.pop(entry.key, None)
            self._found[entry.key] = entry
        for key in list(self._found)[:-REMEMBERED]:
            del self._found[key]

    def _tell(self, problem: str) -> None:
        answer = self._answer
        self._remember(() if answer is None else answer.entries)
        status = WorklistStatus(
            configured=self._source is not None,
            entries=() if answer is None else tuple(map(self._shown, answer.entries)),
            told_at=None if answer is None else answer.told_at,
            problem=problem,
            searchable=self._server is not None,
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
