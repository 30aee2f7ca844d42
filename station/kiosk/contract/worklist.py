"""The worklist as the page shows it."""

import msgspec

from station.protocol import Patient


class WorklistEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is expected today."""

    key: str
    """Names the entry in `VisitRequest`."""
    patient: Patient
    scheduled_at: float | None = None
    """Seconds since 1970 UTC."""
    accession_number: str = ""
    description: str = ""
    """Of the procedure."""
    done: bool = False
    """A visit of this entry was finished at this booth."""


class WorklistStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Who is expected today, as last told."""

    configured: bool = False
    entries: tuple[WorklistEntry, ...] = ()
    told_at: float | None = None
    """Seconds since 1970 UTC."""
    problem: str = ""
    """Why there is nothing newer; the entries are those of `told_at`."""
    searchable: bool = False
    """Whoever is not in the list can be searched for."""


class WorklistFound(msgspec.Struct, frozen=True, kw_only=True):
    """Who was found by a search."""

    entries: tuple[WorklistEntry, ...] = ()
    problem: str = ""
    """What kept the search from everybody who is known; the entries are those of the list."""
    more: bool = False
    """There are more than these."""
