"""Which visits leave: by person, visit, time or words; read page by page."""

import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from server.errors import ConfigError, NotFound
from server.store import Store, Visit, VisitSearch

_PAGE = 200


@dataclass(frozen=True)
class Selection:
    """What is known of the visits; all of it must fit. Times in seconds since 1970 UTC."""

    patient: str = ""
    """Patient ID, as the visit has it."""
    visit: str = ""
    """Study Instance UID."""
    since: float | None = None
    before: float | None = None
    words: str = ""
    """Parts of name or ID."""

    def fits(self, visit: Visit) -> bool:
        """Whether a visit that the store found is meant."""
        return (not self.patient or visit.patient.patient_id == self.patient) and (
            not self.visit or visit.study_instance_uid == self.visit
        )


async def selected(store: Store, selection: Selection) -> AsyncIterator[Visit]:
    """The visits, newest first; raises `NotFound` for a visit's UID that there is none of."""
    if selection.visit:
        visit = await store.visit(selection.visit)
        if selection.fits(visit):
            yield visit
        return
    search = VisitSearch(
        words=" ".join((selection.words, selection.patient)).strip(),
        since=selection.since,
        before=selection.before,
    )
    seen: set[str] = set()
    while True:
        page = await store.visits(limit=_PAGE, search=search)
        for visit in page:
            if visit.study_instance_uid not in seen and selection.fits(visit):
                yield visit
        seen = {visit.study_instance_uid for visit in page}
        if len(page) < _PAGE:
            return
        if page[0].opened_at == page[-1].opened_at:
            raise ConfigError(
                f"{_PAGE} visits or more opened at the same time; choose with --patient or --visit"
            )
        # The oldest of the page once more: others may have opened at the same time.
        search = replace(search, before=math.nextafter(page[-1].opened_at, math.inf))


async def need_any(store: Store, selection: Selection) -> list[Visit]:
    """The visits; raises `NotFound` if there are none."""
    found = [visit async for visit in selected(store, selection)]
    if not found:
        raise NotFound("no visit fits; look in the viewer for what there is, or widen --since and --until")
    return found
