"""What booths bring: themselves, their visits and stills; again is harmless."""

import json
from collections.abc import Sequence

from sqlmodel import Session

from server.errors import Conflict, NotFound
from server.store import finding, work
from server.store.records import still_row, visit_row
from server.store.tables import BoothRow, StillRow, VisitRow
from station.protocol import StillOffer, VisitClosed, VisitOpened


def note_booth(session: Session, booth_id: str, software: str, at: float) -> None:
    """Remember that a booth is there."""
    row = session.get(BoothRow, booth_id) or BoothRow(booth_id=booth_id, first_seen=at, last_seen=at)
    row.software, row.last_seen = software, at
    session.add(row)


def open_visit(session: Session, booth_id: str, message: VisitOpened) -> None:
    """Remember a visit, anew one that nothing came of; raises `Conflict` if another booth owns the UID."""
    row = session.get(VisitRow, message.study_instance_uid)
    if row is None:
        _need_booth(session, booth_id, message.opened_at)
        session.add(visit_row(booth_id, message))
    elif row.opened_at != message.opened_at and _given_up(session, row, booth_id):
        _need_booth(session, booth_id, message.opened_at)
        session.merge(visit_row(booth_id, message))
    elif row.booth_id != booth_id:
        raise Conflict("this visit belongs to another booth")


def close_visit(session: Session, booth_id: str, message: VisitClosed) -> None:
    """Remember that a visit ended; raises `NotFound` or `Conflict`."""
    row = _visit_of_booth(session, booth_id, message.study_instance_uid)
    row.closed_at, row.complete = message.closed_at, message.complete
    row.expected = json.dumps(message.stills)
    session.add(row)


def add_still(
    session: Session, booth_id: str, offer: StillOffer, blob: str, received_at: float, steps: Sequence[str]
) -> bool:
    """Remember a still whose bytes are durable at `blob`, and `steps` as its work; False: it was there.

    Raises `Conflict` if its UID is taken by other bytes, `NotFound` if its visit was never opened.
    """
    _visit_of_booth(session, booth_id, offer.study_instance_uid)
    row = session.get(StillRow, offer.sop_instance_uid)
    if row is not None:
        if row.sha256 != offer.sha256:
            raise Conflict("this SOP Instance UID is taken by another still")
        return False
    session.add(still_row(offer, blob, received_at))
    session.flush()
    session.add_all(work.rows_for(offer.sop_instance_uid, steps, received_at))
    return True


def _need_booth(session: Session, booth_id: str, at: float) -> None:
    if session.get(BoothRow, booth_id) is None:
        session.add(BoothRow(booth_id=booth_id, first_seen=at, last_seen=at))
        session.flush()


def _given_up(session: Session, row: VisitRow, booth_id: str) -> bool:
    """Whether nothing came of a visit, as far as this booth may say."""
    ended = row.closed_at is not None or row.booth_id == booth_id
    return ended and not finding.has_stills(session, row.study_instance_uid)


def _visit_of_booth(session: Session, booth_id: str, study_instance_uid: str) -> VisitRow:
    row = session.get(VisitRow, study_instance_uid)
    if row is None:
        raise NotFound("this visit was never opened")
    if row.booth_id != booth_id:
        raise Conflict("this visit belongs to another booth")
    return row
