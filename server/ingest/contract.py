"""What the ingest needs from the database and the archive."""

from pathlib import Path
from typing import Protocol

from station.protocol import StillOffer, VisitClosed, VisitOpened


class KnownVisit(Protocol):
    """A visit in the database."""

    @property
    def booth_id(self) -> str:
        """The booth that opened it."""


class KnownStill(Protocol):
    """A still in the database."""

    @property
    def study_instance_uid(self) -> str:
        """Its visit."""

    @property
    def sha256(self) -> str:
        """Hash of its transport bytes."""


class StillStore(Protocol):
    """The database; methods raise `StoreUnavailable` or `StorageFull`."""

    async def note_booth(self, booth_id: str, software: str, at: float) -> None:
        """Remember that a booth is there."""

    async def open_visit(self, booth_id: str, message: VisitOpened) -> None:
        """Remember a visit; raises `Conflict` if another booth owns its UID."""

    async def close_visit(self, booth_id: str, message: VisitClosed) -> None:
        """Remember that a visit ended; raises `NotFound` or `Conflict`."""

    async def visit(self, study_instance_uid: str) -> KnownVisit:
        """A visit; raises `NotFound`."""

    async def find_still(self, sop_instance_uid: str) -> KnownStill | None:
        """A still, or None."""

    async def add_still(self, booth_id: str, offer: StillOffer, blob: str, received_at: float) -> bool:
        """Commit a still and its work; False if it was there. Raises `Conflict` or `NotFound`."""


class StillArchive(Protocol):
    """Files of the archive; calls block."""

    def incoming(self, sop_instance_uid: str) -> Path:
        """Where bytes gather, on the archive's file system."""

    def blob(self, study_instance_uid: str, sop_instance_uid: str) -> Path:
        """The final place of a still's bytes; its folder exists."""

    def relative(self, path: Path) -> str:
        """The form in which the database keeps a path."""

    def free_bytes(self) -> int:
        """Free space."""
