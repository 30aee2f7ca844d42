"""DICOM files as they go onto the wire: their meta information, and where the data set begins."""

from dataclasses import dataclass
from pathlib import Path

from pynetdicom.dsutils import split_dataset

from server.errors import BadImage


@dataclass(frozen=True)
class StoredFile:
    """A file of PS3.10."""

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax: str
    offset: int
    """Of the data set, bytes."""
    data_bytes: int

    @classmethod
    def read(cls, path: Path) -> "StoredFile":
        """The file at `path`, its data set not read; raises `BadImage` and `OSError`."""
        try:
            meta, offset = split_dataset(path)
            return cls(
                path,
                str(meta.MediaStorageSOPClassUID),
                str(meta.MediaStorageSOPInstanceUID),
                str(meta.TransferSyntaxUID),
                offset,
                path.stat().st_size - offset,
            )
        except OSError:
            raise
        except Exception as error:  # the boundary to files that may be damaged in any way
            raise BadImage(f"{path.name} is not a DICOM file: {type(error).__name__}") from error
