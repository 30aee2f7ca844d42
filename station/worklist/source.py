"""What the booth needs from a worklist, whoever keeps it."""

import hashlib
from dataclasses import dataclass
from typing import Protocol

import msgspec

from station.protocol import Patient


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

    @property
    def key(self) -> str:
        """A name for the entry that its content always gives, and that does not tell it."""
        content = msgspec.json.encode(
            [self.patient, self.scheduled_at, self.accession_number, self.description]
        )
        return hashlib.sha256(content).hexdigest()[:24]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A worklist as it was told."""

    entries: tuple[Expected, ...] = ()
    """In the order of the source."""
    told_at: float
    """As of when it holds, seconds since 1970 UTC."""


class WorklistSource(Protocol):
    """Where a worklist comes from; a hospital's own worklist takes the place of a file by keeping to this."""

    async def ask(self) -> Answer:
        """The worklist now. Raises `WorklistUnavailable` with what to do; may be asked again at once."""

    def close(self) -> None:
        """Let go of the source; safe to call twice."""
