"""What the booth needs from a worklist, whoever keeps it."""

import hashlib
from dataclasses import dataclass
from typing import Protocol

import msgspec

from station.protocol import Order, Patient


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Somebody who is expected."""

    patient: Patient
    scheduled_at: float | None = None
    """Seconds since 1970 UTC."""
    accession_number: str = ""
    """DICOM SH: at most 16 characters."""
    description: str = ""
    """Of the procedure; DICOM LO: at most 64 characters."""
    order: Order | None = None
    """What the hospital asked for; None: this source knows no more than is above."""
    begun: bool = False
    """A visit has used the order's Study Instance UID, as far as the server knows."""

    @property
    def key(self) -> str:
        """A name for the entry that its content, or the order's identifiers, always give, and that does not tell it."""
        content: list[object] = [self.patient, self.scheduled_at, self.accession_number, self.description]
        if self.order is not None and (self.order.study_instance_uid or self.order.scheduled_step_id):
            order = self.order
            content = [self.patient.patient_id, order.study_instance_uid, order.scheduled_step_id]
        return hashlib.sha256(msgspec.json.encode(content)).hexdigest()[:24]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A worklist as it was told."""

    entries: tuple[Expected, ...] = ()
    """In the order of the source."""
    told_at: float
    """As of when it holds, seconds since 1970 UTC."""
    problem: str = ""
    """The operator's sentence where something is to be told with it, as why there is nothing newer."""
    more: bool = False
    """There are more entries than these."""


class WorklistSource(Protocol):
    """Where a worklist comes from; a hospital's own worklist takes the place of a file by keeping to this."""

    async def ask(self) -> Answer:
        """The worklist now. Raises `WorklistUnavailable` with what to do; may be asked again at once."""

    def close(self) -> None:
        """Let go of the source; safe to call twice."""
