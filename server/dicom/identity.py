"""What an object says it is, from the beginning of its file, whatever else the file holds."""

import io
from pathlib import Path
from typing import NamedTuple

from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import ImplicitVRLittleEndian

from server.dicom.files import archived_syntax
from server.errors import BadImage

_HEAD_BYTES = 1 << 20
"""The identifiers lie before everything that can be large."""
_LAST = 0x0020000E


class Identity(NamedTuple):
    """Identifiers of one object; empty where they are not told."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    modality: str


def read_identity(path: Path) -> Identity:
    """What a file says it holds; at most a megabyte is read, and nothing is inflated. Raises `BadImage`, `OSError`."""
    syntax = archived_syntax(path)
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    try:
        return _identity(io.BytesIO(head), syntax)
    except Exception as error:  # the boundary to files that may be damaged in any way
        raise BadImage(f"the DICOM file is damaged: {type(error).__name__}") from error


def _identity(stream: io.BytesIO, syntax: str) -> Identity:
    stream.seek(132)
    read_dataset(stream, False, True, stop_when=lambda tag, _vr, _length: tag.group != 2)

    def is_behind(tag: BaseTag, _vr: str | None, _length: int) -> bool:
        return int(tag) > _LAST

    found = read_dataset(stream, syntax == ImplicitVRLittleEndian, True, stop_when=is_behind)
    return Identity(
        *(
            str(found.get(keyword) or "")
            for keyword in (
                "SOPClassUID",
                "SOPInstanceUID",
                "StudyInstanceUID",
                "SeriesInstanceUID",
                "Modality",
            )
        )
    )
