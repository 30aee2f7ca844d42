"""Where DICOM objects go: `[[destinations]]`, one table each, told apart by `type`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from server.config.section import Section

DestinationName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=32)]


class ObjectKind(StrEnum):
    """What a DICOM object of the archive is."""

    PHOTO = "photo"
    SEGMENTATION = "segmentation"
    REPORT = "report"
    HEAT_MAP = "heat_map"
    OVERLAY = "overlay"
    KEY_OBJECT = "key_object"
    DOCUMENT = "document"


class DestinationSection(Section):
    """What every destination is told."""

    name: DestinationName
    """Kept with every delivery: a destination of another name is another one."""
    objects: Annotated[frozenset[ObjectKind], Field(min_length=1)] = frozenset(ObjectKind)
    """Which kinds of objects go there."""
    timeout_s: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """How long the destination may take to answer for one object."""
    backlog_days: Annotated[float, Field(ge=0, le=36500)] = 30.0
    """How old a visit may be to be sent to a destination that was configured after it."""


class FolderSection(DestinationSection):
    """A folder, of this computer or mounted."""

    type: Literal["folder"]
    path: Path
    """It must exist; files lie there as STUDY/INSTANCE.dcm, by their UIDs."""


AnyDestination = FolderSection
"""The kinds of destination; with several, a union with `Field(discriminator="type")`."""
