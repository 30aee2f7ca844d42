"""What an object says it is, from the beginning of its file, whatever else the file holds."""

import io
from pathlib import Path
from typing import NamedTuple

from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

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
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head[128:132] != b"DICM":
        raise BadImage("not a DICOM file: the DICM prefix is missing")
    try:
        return _identity(io.BytesIO(head))
    except BadImage:
        raise
    except Exception as error:  # the boundary to files that may be damaged in any way
        raise BadImage(f"the DICOM file is damaged: {type(error).__name__}") from error


def _identity(stream: io.BytesIO) -> Identity:
    stream.seek(132)
    meta = read_dataset(stream, False, True, stop_when=lambda tag, _vr, _length: tag.group != 2)
    syntax = str(meta.get("TransferSyntaxUID", ""))
    if syntax in ("", DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian):
        raise BadImage(f"transfer syntax {syntax!r} is not read")

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
