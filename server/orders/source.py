"""What the desk needs from whoever holds the hospital's orders."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from server.orders.found import Found

MOST_SOUGHT = 20
"""Entries that a search gives."""


@dataclass(frozen=True)
class Query:
    """What a source is asked, for whoever keeps account of it."""

    source: str
    content: bytes
    """The identifier of a C-FIND, or the parameters of an HTTP request."""
    sop_class_uid: str = ""
    """Of the C-FIND; empty: it is none."""
    transfer_syntax_uid: str = ""


OnQuery = Callable[[str, Query], None]
"""Told of every query before it is asked, with the booth that searches; empty: the list is asked for again."""


class OrderSource(Protocol):
    """A worklist elsewhere."""

    name: str
    """Which it is, for the log, and to tell a list that was kept of another one."""

    async def expected(self, first: date, last: date) -> Found:
        """What is scheduled from one day to another; raises `OrdersUnavailable`."""

    async def search(self, sought: str) -> Found:
        """Whose patient ID, accession number or admission ID this is, or whose name begins so, on whatever day.

        At most `MOST_SOUGHT`; raises `OrdersUnavailable`.
        """

    def list_queries(self, first: date, last: date) -> Sequence[Query]:
        """What `expected` asks."""

    def search_queries(self, sought: str) -> Sequence[Query]:
        """What `search` asks."""

    async def close(self) -> None:
        """Let go of the source; calls under way end with `OrdersUnavailable`. Safe to call twice."""


def fits(found: Found, sought: str) -> Found:
    """Only the entries that were sought: sources leave out keys that they do not know, and answer with everybody."""
    name = sought.replace(", ", "^").replace(",", "^").casefold()
    entries = tuple(
        entry
        for entry in found.entries
        if sought in (entry.patient.patient_id, entry.order.accession_number, entry.order.admission_id)
        or any(group.casefold().startswith(name) for group in entry.patient.patient_name.split("="))
    )
    return Found(entries[:MOST_SOUGHT], found.unusable, found.more or len(entries) > MOST_SOUGHT)
