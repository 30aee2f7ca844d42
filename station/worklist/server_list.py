"""The worklist that the server tells: on the booth's disk, so that it is there while the server is away."""

import asyncio
import itertools
import time
from collections.abc import Callable
from datetime import datetime
from datetime import time as datetime_time
from pathlib import Path
from typing import Annotated

import msgspec

from station.devices import Worker
from station.durable import make_folder, replace_file
from station.errors import WorklistUnavailable
from station.protocol import MAX_ORDERS, OrderEntry, OrdersTold, OrdersWanted
from station.worklist.source import Answer, Expected

ANSWER_S = 5.0
"""How long the server may take to tell the list, which it has at hand."""
SEARCH_S = 40.0
"""How long a search may take, for which the server asks the hospital."""
KEEP_S = 60.0
"""Time between two writings of a list that only grew older."""
MAX_BYTES = 16 << 20
AWAY = "The server cannot be reached: the worklist is as it was told last."
NO_LIST = "The server keeps no worklist: set [orders] in its configuration, or upgrade it."
NEVER_TOLD = "The worklist has not been told yet: connect the server, or enter who is here."
NOT_FOUND_OUT = "The server cannot be reached: nobody can be searched for now."


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    digest: str
    told_at: float
    entries: Annotated[tuple[OrderEntry, ...], msgspec.Meta(max_length=MAX_ORDERS)]


class _Question:
    """Gathers the pages of one answer."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[OrdersTold] = asyncio.get_running_loop().create_future()
        self._entries: list[OrderEntry] = []
        self._next = 1

    def hear(self, told: OrdersTold) -> None:
        if told.page != self._next or len(self._entries) + len(told.entries) > MAX_ORDERS:
            return
        self._next += 1
        self._entries += told.entries
        if told.page == told.pages and not self.answer.done():
            self.answer.set_result(msgspec.structs.replace(told, entries=tuple(self._entries)))


class ServerList:
    """A `WorklistSource`: `send` asks the server, whose messages come by `heard`; the last list is in the file `path`.

    `send` is False while the server cannot be asked, and `has_none` then says whether it is there and keeps no worklist.
    """

    def __init__(
        self, path: Path, send: Callable[[OrdersWanted], bool], has_none: Callable[[], bool] = lambda: False
    ) -> None:
        self._path = path
        self._send = send
        self._has_none = has_none
        self._worker = Worker("worklist-list")
        self._numbers = itertools.count(int(time.time()) & 0xFFFF)
        self._questions: dict[int, _Question] = {}
        self._kept: _Kept | None = None
        self._read = False
        self._written_at = 0.0

    async def ask(self) -> Answer:
        """The list as the server tells it, else the last one with the reason. Raises `WorklistUnavailable` without either."""
        if not self._read:
            self._kept, self._read = await self._worker.run(_read, self._path), True
        told = await self._tell(OrdersWanted(request=0, known=self._digest), ANSWER_S)
        if told is None:
            return self._last(NO_LIST if self._has_none() else AWAY)
        if told.told_at is None:
            return self._last(told.problem or NEVER_TOLD)
        await self._keep(told, told.told_at)
        return self._last(told.problem)

    async def search(self, sought: str) -> Answer:
        """Who is meant by something that was scanned or typed. Raises `WorklistUnavailable` with what to do."""
        told = await self._tell(OrdersWanted(request=0, sought=sought), SEARCH_S)
        if told is None:
            raise WorklistUnavailable(NO_LIST if self._has_none() else NOT_FOUND_OUT)
        entries = tuple(map(_expected, told.entries))
        return Answer(entries=entries, told_at=time.time(), problem=told.problem, more=told.more)

    def heard(self, told: OrdersTold) -> None:
        """Take in a page of an answer; one that nobody waits for is left."""
        question = self._questions.get(told.request)
        if question is not None:
            question.hear(told)

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        self._worker.close()

    @property
    def _digest(self) -> str:
        return "" if self._kept is None else self._kept.digest

    async def _tell(self, wanted: OrdersWanted, limit_s: float) -> OrdersTold | None:
        number = next(self._numbers) & 0xFFFFFFFF
        question = self._questions[number] = _Question()
        try:
            if not self._send(msgspec.structs.replace(wanted, request=number)):
                return None
            async with asyncio.timeout(limit_s):
                return await question.answer
        except TimeoutError:
            return None
        finally:
            del self._questions[number]

    async def _keep(self, told: OrdersTold, told_at: float) -> None:
        same = self._kept is not None and told.digest == self._kept.digest
        entries = self._kept.entries if same and self._kept is not None else told.entries
        self._kept = _Kept(digest=told.digest, told_at=told_at, entries=entries)
        if same and time.monotonic() - self._written_at < KEEP_S:
            return
        self._written_at = time.monotonic()
        await self._worker.run(_write, self._path, self._kept)

    def _last(self, problem: str) -> Answer:
        kept = self._kept
        if kept is None:
            raise WorklistUnavailable(problem)
        entries = kept.entries
        if kept.told_at < (today := _midnight()):  # the list of another day says only what comes later
            entries = tuple(one for one in entries if (one.scheduled_at or kept.told_at) >= today)
        return Answer(entries=tuple(map(_expected, entries)), told_at=kept.told_at, problem=problem)


def _midnight() -> float:
    return datetime.combine(datetime.now().astimezone().date(), datetime_time()).timestamp()


def _expected(entry: OrderEntry) -> Expected:
    return Expected(
        patient=entry.patient,
        scheduled_at=entry.scheduled_at,
        accession_number=entry.order.accession_number,
        description=entry.description,
        order=entry.order,
        begun=entry.begun,
    )


def _read(path: Path) -> _Kept | None:
    """The list of an earlier run; None where there is none that can be read."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _write(path: Path, kept: _Kept) -> None:
    """Keep the list; a disk that does not take it only means that a restart does not know it."""
    try:
        make_folder(path.parent)
        replace_file(path, msgspec.json.encode(kept))
    except OSError:
        return
