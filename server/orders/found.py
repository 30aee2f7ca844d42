"""An answer of a source: entries that can be used, without repeats, and what could not be used."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from station.protocol import OrderEntry


class Unusable(Exception):
    """An entry that cannot be used; the text says why, and nothing of its patient."""


@dataclass(frozen=True)
class Found:
    """What a source answered."""

    entries: tuple[OrderEntry, ...] = ()
    """By time, those without one last."""
    unusable: Mapping[str, int] = field(default_factory=dict)
    """Why entries could not be used, and how many each."""
    more: bool = False
    """The source had more than were taken."""


class Gathering:
    """Takes entries in until there are `limit`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: dict[tuple[str, ...], OrderEntry] = {}
        self._unusable: Counter[str] = Counter()
        self._more = False

    def add(self, entry: OrderEntry) -> None:
        """Take an entry, once, if it is within the bounds of the wire."""
        try:
            entry = checked(entry)
        except Unusable as error:
            self.refuse(str(error))
            return
        name = identity(entry)
        if name in self._entries:
            return
        if len(self._entries) == self._limit:
            self._more = True
            return
        self._entries[name] = entry

    def refuse(self, why: str) -> None:
        """Count an entry that cannot be used."""
        self._unusable[why] += 1

    def found(self) -> Found:
        """Everything that was taken."""
        entries = sorted(self._entries.values(), key=_order)
        return Found(tuple(entries), dict(self._unusable), self._more)


def checked(entry: OrderEntry) -> OrderEntry:
    """The entry, if every value is one DICOM value of its length; raises `Unusable` that names the field."""
    if not entry.patient.patient_id and not entry.patient.patient_name:
        raise Unusable("patient_id and patient_name are both empty")
    try:
        return msgspec.convert(msgspec.to_builtins(entry), OrderEntry)
    except msgspec.ValidationError as error:
        raise Unusable(str(error)) from None


def identity(entry: OrderEntry) -> tuple[str, ...]:
    """The same for the same step of the same order of the same person."""
    order, patient = entry.order, entry.patient
    named = (
        order.study_instance_uid or "",
        order.accession_number,
        order.requested_procedure_id,
        order.scheduled_step_id,
        order.admission_id,
    )
    when = "" if any(named) else str(entry.scheduled_at)
    return (patient.issuer_of_patient_id, patient.patient_id or patient.patient_name, *named, when)


def merged(answers: Iterable[Found], limit: int) -> Found:
    """Several answers as one."""
    gathering, more = Gathering(limit), False
    unusable: Counter[str] = Counter()
    for answer in answers:
        for entry in answer.entries:
            gathering.add(entry)
        unusable.update(answer.unusable)
        more = more or answer.more
    found = gathering.found()
    return Found(found.entries, dict(unusable), found.more or more)


def _order(entry: OrderEntry) -> tuple[float, str]:
    at = entry.scheduled_at
    return (float("inf") if at is None else at, entry.patient.patient_name)
