"""A user's own photograph: a JPEG, PNG, TIFF or DICOM file, and who and what it belongs to."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from server.dicom import Origin, StudyWords, read_photo
from server.errors import BadImage
from server.pipeline import Identity, Srgb
from station.devices.files import read_picture
from station.errors import BadPicture
from station.protocol import FrameHeader, Light, Patient, derived_uid, new_uid


@dataclass(frozen=True)
class Photograph:
    """A picture from elsewhere."""

    path: Path
    srgb: Srgb
    lossy: bool
    """The pixels came out of a lossy codec."""
    jpeg: bytes | None = None
    """The file itself where it is a JPEG; it goes into the DICOM photo untouched."""
    origin: Origin | None = None
    """Patient and study, where the file is DICOM: what is made of it belongs to the same."""


def read_photograph(path: Path) -> Photograph:
    """The picture in a JPEG, PNG, TIFF or DICOM file; raises `BadImage` that says what is wrong."""
    try:
        if not path.is_file():
            raise BadImage(f"{path.name} is not a file")
        with path.open("rb") as file:
            head = file.read(132)
        if head[128:132] == b"DICM":
            photo = read_photo(path)
            return Photograph(path, photo.srgb, photo.lossy, origin=photo.origin)
        srgb = read_picture(path)
        jpeg = path.read_bytes() if head[:2] == b"\xff\xd8" else None
        return Photograph(path, srgb, lossy=jpeg is not None, jpeg=jpeg)
    except (BadPicture, OSError) as error:
        raise BadImage(str(error)) from error


def header_of(photograph: Photograph) -> FrameHeader:
    """As of a frame whose light nobody controlled."""
    height, width = photograph.srgb.shape[:2]
    return FrameHeader(frame_id=0, width=width, height=height, light=Light.UNCONTROLLED)


def identity_of(photograph: Photograph, header: FrameHeader) -> Identity:
    """Series and instances are new, whatever the study: a photograph may be examined many times."""
    made = new_uid()
    origin = photograph.origin or Origin(
        patient=Patient(), study_instance_uid=made, study_at=None, words=StudyWords()
    )
    return Identity(
        patient=origin.patient,
        study_instance_uid=origin.study_instance_uid,
        series_instance_uid=derived_uid(made, "photo series"),
        sop_instance_uid=derived_uid(made, "photo"),
        series_number=1,
        instance_number=1,
        header=header,
        study_at=origin.study_at or datetime.fromtimestamp(time.time(), UTC),
        study=origin.words,
        lossy=photograph.lossy,
    )
