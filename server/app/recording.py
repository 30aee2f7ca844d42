"""What the rooms of the `work` process leave in the audit trail: their news as events."""

import logging
import time
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from server.audit import Action, Actor, AuditEvent, Auditor, Subject, codes, events
from server.config.destinations import AnyDestination, DimseSection, FolderSection
from server.errors import ServerError
from server.orders import Query
from server.outbox import Stage, Transfer
from server.store import Correction, CorrectionKind, CorrectionState, Store
from station.protocol import Patient

log = logging.getLogger(__name__)

LIST_AGAIN_S = 3600.0
"""The worklist is asked for by the minute: the same query is recorded again after so long."""
REFUSED_AGAIN_S = 60.0
_MOST_REFUSED = 1000
"""Booths and addresses that are recorded as refused within `REFUSED_AGAIN_S`."""
_LONGEST_REASON = 500


class Recorder:
    """Records what is sent, asked, corrected and refused; no record keeps a room waiting for the disk."""

    def __init__(self, auditor: Auditor, store: Store, destinations: Sequence[AnyDestination]) -> None:
        self._auditor = auditor
        self._own = auditor.source.actor
        self._store = store
        self._receivers = {one.name: receiver(one) for one in destinations}
        self._list: tuple[Query, float] | None = None
        """The last recorded query for the worklist, and when it may be recorded again."""
        self._refused: dict[str, float] = {}
        """Until when whoever was refused is not recorded again."""

    async def transfer(self, transfer: Transfer) -> None:
        """The beginning or an end of sending; without the patient while nobody can tell who it is."""
        try:
            subject = await self._subject(transfer)
        except ServerError as error:
            log.warning("a transfer is recorded without its patient", extra={"cause": str(error)})
            subject = Subject()
        self._auditor.note(self._transferred(transfer, subject))

    def query(self, booth_id: str, query: Query) -> None:
        """A query of the hospital's orders for a booth; without one, of the list, if it differs or an hour has gone by."""
        now = time.monotonic()
        if not booth_id:
            if self._list is not None and self._list[0] == query and now < self._list[1]:
                return
            self._list = query, now + LIST_AGAIN_S
        self._auditor.note(
            events.queried(
                self._own,
                Actor(user_id=query.source, requestor=False),
                query.content,
                sop_class_uid=query.sop_class_uid,
                transfer_syntax_uid=query.transfer_syntax_uid,
                asker=Actor(user_id=booth_id) if booth_id else None,
            )
        )

    def correction(self, done: Correction) -> None:
        """A correction that has come to its end, in the name of whoever asked for it."""
        for event in given_up(done) if done.state is CorrectionState.FAILED else corrected(done):
            self._auditor.note(event)

    def refusal(self, who: str, reason: str) -> None:
        """A booth, or the address of an unknown key, that was shut out; of each one a minute."""
        now = time.monotonic()
        self._refused = {one: until for one, until in self._refused.items() if until > now}
        if who in self._refused or len(self._refused) >= _MOST_REFUSED:
            return
        self._refused[who] = now + REFUSED_AGAIN_S
        actor = Actor(user_id=who or "unknown")
        self._auditor.note(events.alert(codes.NODE_AUTHENTICATION, actor, reason[:_LONGEST_REASON]))

    def _transferred(self, transfer: Transfer, subject: Subject) -> AuditEvent:
        return events.transferred(
            self._own,
            self._receivers[transfer.destination],
            transfer.study_instance_uid,
            transfer.instances,
            subject,
            beginning=transfer.stage is Stage.BEGINS,
            failed=transfer.reason,
        )

    async def _subject(self, transfer: Transfer) -> Subject:
        """Whom the objects are of; those of a study that was withdrawn, of whom it was before."""
        still = await self._store.still(transfer.still_uid)
        visit = await self._store.visit(still.study_instance_uid)
        if transfer.study_instance_uid != (visit.study_now or visit.study_instance_uid):
            for one in await self._store.corrections.find(visit.study_instance_uid):
                if one.study_before == transfer.study_instance_uid:
                    return subject_of(one.before.patient)
        return subject_of(visit.patient)


def corrected(done: Correction) -> Iterator[AuditEvent]:
    """The patients' records, the objects that were withdrawn, and those that came in their place."""
    actor = Actor(user_id=done.requested_by.partition("#")[0])
    before, after = subject_of(done.before.patient), subject_of(done.after.patient)
    told = f"{done.kind}: correction {done.id}"
    if done.kind is CorrectionKind.REJECT:
        what = f"{told}: {done.still_uid} withdrawn"
        yield events.accessed(actor, done.study_before, before, action=Action.UPDATE, what=what)
        return
    for subject in dict.fromkeys((before, after)):
        yield events.patient_changed(actor, subject, Action.UPDATE, what=f"{told}: done")
    yield events.accessed(actor, done.study_before, before, action=Action.UPDATE, what=f"{told}: withdrawn")
    yield events.accessed(actor, done.study_after, after, action=Action.CREATE, what=f"{told}: corrected")


def given_up(failed: Correction) -> Iterator[AuditEvent]:
    """That the patients' records, or the still, are as they were, and why."""
    actor = Actor(user_id=failed.requested_by.partition("#")[0])
    before, after = subject_of(failed.before.patient), subject_of(failed.after.patient)
    told, why = f"{failed.kind}: correction {failed.id}", failed.error[:_LONGEST_REASON]
    if failed.kind is CorrectionKind.REJECT:
        what = f"{told}: {failed.still_uid} not withdrawn"
        yield events.accessed(actor, failed.study_before, before, action=Action.UPDATE, what=what, failed=why)
        return
    for subject in dict.fromkeys((before, after)):
        yield events.patient_changed(actor, subject, Action.UPDATE, what=f"{told}: given up", failed=why)


def receiver(section: AnyDestination) -> Actor:
    """A destination as the trail names it (PS3.15 section A.5.2)."""
    name = section.name
    match section:
        case DimseSection():
            title = f"AETITLES={section.ae_title}"
            return Actor(user_id=name, alternative_id=title, requestor=False, address=section.host)
        case FolderSection():
            return Actor(user_id=name, alternative_id=str(section.path), requestor=False)
        case _:
            host = urlsplit(section.url).hostname or ""
            return Actor(user_id=name, alternative_id=section.url, requestor=False, address=host)


def subject_of(patient: Patient) -> Subject:
    """The patient as the trail names them: by identifier."""
    return Subject(patient_id=patient.patient_id, issuer=patient.issuer_of_patient_id)
