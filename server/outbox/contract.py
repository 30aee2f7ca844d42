"""What the outbox hands to a destination, and what it is told."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Parcel:
    """One DICOM object to be delivered."""

    sop_instance_uid: str
    sop_class_uid: str
    study_instance_uid: str
    path: Path
    """The file; it does not change while the parcel is out."""
    sha256: str
    """Of the file, in hex."""


class Fate(StrEnum):
    """What became of a parcel."""

    STORED = "stored"
    """Taken by the destination, which has not yet said that it keeps it."""
    COMMITTED = "committed"
    """Proved to be kept by the destination."""
    AGAIN = "again"
    """Not there; to be sent again later."""
    PARKED = "parked"
    """Refused for a reason that time does not mend: a person must look."""


@dataclass(frozen=True)
class Outcome:
    """What became of one parcel."""

    sop_instance_uid: str
    fate: Fate
    reason: str = ""
    """Why it was not stored, in words; no patient data, no secret."""
    next_step: str = ""
    """What a person can do about it."""


class Stage(StrEnum):
    """How far a transfer is."""

    BEGINS = "begins"
    STORED = "stored"
    """Taken by the destination."""
    PARKED = "parked"
    """Given up until a person has looked."""


@dataclass(frozen=True)
class Transfer:
    """Objects of one study on their way to one destination, for whoever keeps account of what leaves."""

    destination: str
    study_instance_uid: str
    still_uid: str
    """A still that one of them belongs to."""
    stage: Stage
    instances: Mapping[str, Sequence[str]]
    """SOP Instance UIDs by SOP class."""
    reason: str = ""
    """Why they are parked."""


Observer = Callable[[Transfer], Awaitable[None]]
"""Told before a transfer begins, and of its ends. What it raises is logged, and the sending goes on."""


class Destination(Protocol):
    """Where parcels go. Calls come one after the other; every call may be cancelled, and must then let go at once."""

    name: str
    confirms: bool
    """Whether it can tell what it keeps; else `confirm` is not called, and what is stored stays so."""

    def send(self, parcels: Sequence[Parcel]) -> AsyncGenerator[Outcome, None]:
        """Deliver parcels of one study, in their order, over one association; yields each outcome as it comes.

        A parcel that is there already is `STORED`: after a crash the same is sent again. Raises
        `DestinationUnavailable`; what was not told by then is tried again. May be closed before its end.
        """

    async def confirm(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        """Ask whether what was stored is kept: `COMMITTED`, `STORED` (not known yet) or `AGAIN` (lost: send anew).

        Parcels of one study. What is not told counts as `STORED`. Raises `DestinationUnavailable`.
        """

    async def close(self) -> None:
        """Let go of connections and threads; harmless to repeat."""
