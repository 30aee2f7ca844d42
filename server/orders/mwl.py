"""A Modality Worklist as the source of orders (PS3.4 annex K)."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from pydicom.dataset import Dataset

from server.config.dicom import DicomConfig
from server.config.orders import MwlSection
from server.dimse import AnswerTooLarge, Association, Offer, Peer
from server.dimse.messages import encoded
from server.errors import OrdersUnavailable, PeerUnavailable
from server.orders import keys
from server.orders.charsets import character_sets
from server.orders.days import bounds
from server.orders.entry import Scheduled, read_entry
from server.orders.found import Found, Gathering, Unusable
from server.orders.source import Query, fits

MODEL = "1.2.840.10008.5.1.4.31"
"""SOP class Modality Worklist Information Model - FIND."""
_PLAIN = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
_ANSWER_S = 20.0
_MOST_BROAD = 200
"""Matches of a search that are looked through."""

Wanted = Callable[[Scheduled], bool]


class MwlSource:
    """Asks a worklist server on the threads `worklist`, one association per query."""

    def __init__(self, section: MwlSection, dicom: DicomConfig, limit: int) -> None:
        self.name = f"{section.ae_title}@{section.host}:{section.port}"
        self._section = section
        self._limit = limit
        self._peer = Peer.configured(section, dicom, answer_timeout_s=_ANSWER_S)
        self._assumed = character_sets(section.assume_charset.split("\\"))
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="worklist")
        self._open: set[Association] = set()

    async def expected(self, first: date, last: date) -> Found:
        """What is scheduled from one day to another, of the modality and station of the settings."""
        query = keys.of_days(self._section, first, last)
        return await self._run([query], self._limit, _Listed(self._section, first, last))

    async def search(self, sought: str) -> Found:
        """Who is meant by what was scanned or typed."""
        queries = list(keys.of_text(sought))
        return fits(await self._run(queries, _MOST_BROAD, _every), sought)

    def list_queries(self, first: date, last: date) -> Sequence[Query]:
        """The identifier of `expected`."""
        return [self._query(keys.of_days(self._section, first, last))]

    def search_queries(self, sought: str) -> Sequence[Query]:
        """The identifiers of `search`."""
        return [self._query(one) for one in keys.of_text(sought)]

    def _query(self, identifier: Dataset) -> Query:
        return Query(self.name, encoded(identifier, _PLAIN[0]), MODEL, _PLAIN[0])

    async def close(self) -> None:
        """Cut what is under way and end the threads."""
        for association in list(self._open):
            association.cut()
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    async def _run(self, queries: list[Dataset], limit: int, wanted: Wanted) -> Found:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, self._ask, queries, limit, wanted)
        except (PeerUnavailable, RuntimeError) as error:  # RuntimeError: closed meanwhile
            raise OrdersUnavailable(str(error)) from error

    def _ask(self, queries: Iterable[Dataset], limit: int, wanted: Wanted) -> Found:
        gathering, more = Gathering(limit), False
        for query in queries:
            try:
                self._gather(query, limit, gathering, wanted)
            except AnswerTooLarge:
                more = True
        found = gathering.found()
        return Found(found.entries, found.unusable, found.more or more)

    def _gather(self, query: Dataset, limit: int, gathering: Gathering, wanted: Wanted) -> None:
        with self._association() as association:
            self._read(association.find(query, MODEL, most=limit), gathering, wanted)

    @contextlib.contextmanager
    def _association(self) -> Iterator[Association]:
        association = Association(self._peer, [Offer(MODEL, _PLAIN)])
        self._open.add(association)
        try:
            with association.open():
                yield association
        finally:
            self._open.discard(association)

    def _read(self, items: Iterable[Dataset], gathering: Gathering, wanted: Wanted) -> None:
        for item in items:
            try:
                scheduled = read_entry(item, self._assumed)
            except Unusable as error:
                gathering.refuse(str(error))
                continue
            if wanted(scheduled):
                gathering.add(scheduled.entry)


class _Listed:
    """Whether an entry is of the list: a worklist server may leave out keys that it does not know."""

    def __init__(self, section: MwlSection, first: date, last: date) -> None:
        self._modality, self._station = section.modality, section.station_ae_title
        self._from, self._until = bounds(first, last)

    def __call__(self, scheduled: Scheduled) -> bool:
        at = scheduled.entry.scheduled_at
        return (
            (at is None or self._from <= at < self._until)
            and scheduled.modality in ("", self._modality or scheduled.modality)
            and scheduled.station in ("", self._station or scheduled.station)
        )


def _every(_scheduled: Scheduled) -> bool:
    return True
