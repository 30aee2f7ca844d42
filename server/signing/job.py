"""What one report takes: the words between the server and the process that makes it."""

import msgspec

from server.signing.sheet import Sheet
from server.store import Covered
from station.protocol import derived_uid


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A report to be made."""

    archive: str
    sheet: Sheet
    study: str = ""
    """To be signed: the visit. Otherwise only the pages are wanted."""
    covers: tuple[Covered, ...] = ()
    """To be signed: what."""
    reports: tuple[str, ...] = ()
    """The structured reports of `covers`, paths below the archive; without these, of the sheet's photographs."""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A DICOM object that was written for a signature."""

    sop_instance_uid: str
    still_uid: str
    study_instance_uid: str
    series_instance_uid: str
    sop_class_uid: str
    modality: str
    path: str
    sha256: str
    kind: str
    created_at: float


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was made; the PDF follows it."""

    files: tuple[File, ...] = ()
    covers: tuple[Covered, ...] = ()
    problem: str = ""
    """Why nothing was made."""
    full: bool = False
    """Whether that is because the disk is full."""


def document_uid(signature: str) -> str:
    """SOP Instance UID of the document of a signature."""
    return derived_uid(signature, "document")
