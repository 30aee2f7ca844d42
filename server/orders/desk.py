"""The worklist at the server: asked for again and again, kept, and told to the booths that want it."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date, datetime

import msgspec

from server.errors import OrdersUnavailable, ServerError
from server.orders.days import bounds, window
from server.orders.found import Found
from server.orders.kept import Keeper, KeptList
from server.orders.pages import digest_of, pages_of
from server.orders.source import OnQuery, OrderSource, Query, fits
from station.protocol import OrderEntry, OrdersTold, OrdersWanted

AWAY = "The hospital's worklist does not answer: tell its administrator if this stays so."
UNUSABLE = "Entries of the hospital's worklist that cannot be used: {count}. The server's log says why."
LONGER = "The hospital's worklist is longer than this list: search for whoever is not in it."
_SEARCHES = 4
"""Searches of all booths that are under way at a time."""
_SEARCH_S = 30.0
_log = logging.getLogger(__name__)

BegunVisits = Callable[[Collection[str], str], Awaitable[Collection[str]]]
"""Those of these Study Instance UIDs under which a booth may not begin a visit."""


class OrderDesk:
    """Holds the list of one source.

    `days` are those before and after today that are listed. Entries of other days are never told, however old the list is.
    """

    def __init__(
        self,
        source: OrderSource,
        keeper: Keeper,
        begun_visits: BegunVisits,
        *,
        days: tuple[int, int] = (0, 0),
        refresh_s: float = 30.0,
        on_query: OnQuery | None = None,
    ) -> None:
        self._source = source
        self._keeper = keeper
        self._begun_visits = begun_visits
        self._days = days
        self._refresh_s = refresh_s
        self._on_query = on_query
        self._searching = asyncio.Semaphore(_SEARCHES)
        self._away = False
        self._told_unusable: Mapping[str, int] = {}
        self.list: KeptList | None = None
        """The last list; None: there never was one."""

    async def open(self) -> None:
        """Take up the list that was kept."""
        self.list = await asyncio.to_thread(self._keeper.read)

    async def run(self) -> None:
        """Ask again and again until cancelled."""
        while True:
            await self.refresh()
            await asyncio.sleep(self._refresh_s)

    async def refresh(self) -> None:
        """Ask for the list now; without an answer the last one stays."""
        days = self._window()
        self._tell("", lambda: self._source.list_queries(*days))
        try:
            found = await self._source.expected(*days)
        except OrdersUnavailable as error:
            self._note_away(str(error))
            return
        self._note_answer(found)
        self.list = KeptList(
            source=self._keeper.source,
            told_at=time.time(),
            entries=found.entries,
            unusable=sum(found.unusable.values()),
            more=found.more,
        )
        await asyncio.to_thread(self._keeper.write, self.list)

    async def answer(self, booth_id: str, wanted: OrdersWanted) -> Sequence[OrdersTold]:
        """What a booth wanted to know, in the messages that tell it."""
        told = await (self._search(booth_id, wanted) if wanted.sought else self._whole(booth_id, wanted))
        return pages_of(told)

    async def close(self) -> None:
        """Let go of the source; safe to call twice."""
        await self._source.close()

    async def _whole(self, booth_id: str, wanted: OrdersWanted) -> OrdersTold:
        entries = await self._marked(booth_id, self._listed())
        digest = digest_of(entries)
        return OrdersTold(
            request=wanted.request,
            digest=digest,
            told_at=None if self.list is None else self.list.told_at,
            problem=self._problem(),
            entries=() if digest == wanted.known else entries,
            more=self.list is not None and self.list.more,
        )

    async def _search(self, booth_id: str, wanted: OrdersWanted) -> OrdersTold:
        problem = ""
        try:
            async with asyncio.timeout(_SEARCH_S), self._searching:
                self._tell(booth_id, lambda: self._source.search_queries(wanted.sought))
                found = await self._source.search(wanted.sought)
        except (OrdersUnavailable, TimeoutError):
            found, problem = fits(Found(self._listed()), wanted.sought), AWAY
        entries = await self._marked(booth_id, found.entries)
        return OrdersTold(
            request=wanted.request,
            digest=digest_of(entries),
            told_at=time.time(),
            problem=problem,
            entries=entries,
            more=found.more,
        )

    def _tell(self, booth_id: str, queries: Callable[[], Sequence[Query]]) -> None:
        if self._on_query is not None:
            for query in queries():
                self._on_query(booth_id, query)

    def _listed(self) -> tuple[OrderEntry, ...]:
        """The entries of the days that are listed today."""
        if self.list is None:
            return ()
        start, end = bounds(*self._window())
        return tuple(
            entry
            for entry in self.list.entries
            if (
                start <= entry.scheduled_at < end
                if entry.scheduled_at is not None
                else self.list.told_at >= start
            )
        )

    async def _marked(self, booth_id: str, entries: Sequence[OrderEntry]) -> tuple[OrderEntry, ...]:
        """With what the database knows: which this booth may not begin."""
        studies = [one.order.study_instance_uid for one in entries if one.order.study_instance_uid]
        begun: Collection[str] = ()
        with contextlib.suppress(ServerError):
            begun = await self._begun_visits(studies, booth_id)
        return tuple(
            msgspec.structs.replace(one, begun=one.order.study_instance_uid in begun) for one in entries
        )

    def _window(self) -> tuple[date, date]:
        return window(datetime.now().astimezone().date(), *self._days)

    def _problem(self) -> str:
        if self._away:
            return AWAY
        if self.list is not None and self.list.unusable:
            return UNUSABLE.format(count=self.list.unusable)
        return LONGER if self.list is not None and self.list.more else ""

    def _note_away(self, why: str) -> None:
        if not self._away:
            _log.warning("the worklist cannot be asked", extra={"source": self._source.name, "problem": why})
        self._away = True

    def _note_answer(self, found: Found) -> None:
        if self._away:
            _log.info("the worklist answers again", extra={"source": self._source.name})
        self._away = False
        if found.unusable and found.unusable != self._told_unusable:
            _log.warning(
                "entries of the worklist cannot be used",
                extra={"source": self._source.name, "reasons": dict(found.unusable)},
            )
        self._told_unusable = found.unusable
