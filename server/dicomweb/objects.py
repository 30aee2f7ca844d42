"""Work on the archive's objects that holds the interpreter lock for long; run in a process of its own.

Results of any size are written to a file of the scratch folder.
"""

import base64
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from server.dicom import encoded, read_header
from server.dicom.transcoding import transcoded
from server.dicomweb.attributes import KEPT, json_tag
from server.dicomweb.errors import NotAcceptable
from server.errors import BadImage
from server.store import HeaderRow
from server.store.patients import folded

_INLINE = 1024
"""Binary values up to this many bytes are told within the JSON."""
_BINARY = frozenset({"OB", "OW", "OD", "OF", "OL", "OV", "UN"})
STORED_TYPES: Mapping[str, str] = {
    JPEGBaseline8Bit: "image/jpeg",
    JPEGLSLossless: "image/jls",
    JPEGLSNearLossless: "image/jls",
    JPEG2000Lossless: "image/jp2",
    RLELossless: "image/dicom-rle",
}
"""Media types of single frames by transfer syntax (PS3.18 table 8.7.3-5)."""
OCTETS = "application/octet-stream"


@dataclass(frozen=True)
class Frames:
    """Frames in a file of the scratch folder, one after the other."""

    media_type: str
    transfer_syntax: str
    path: Path
    sizes: tuple[int, ...]


def entries(paths: Sequence[tuple[str, str, str, Path]]) -> list[HeaderRow]:
    """The rows of objects, given as (instance, study, series, path); one that cannot be read has no attributes."""
    return [_entry(*one) for one in paths]


def _entry(sop: str, study: str, series: str, path: Path) -> HeaderRow:
    row = HeaderRow(sop_instance_uid=sop, study_instance_uid=study, series_instance_uid=series)
    try:
        header = read_header(path)
        if (header.SOPInstanceUID, header.StudyInstanceUID, header.SeriesInstanceUID) != (sop, study, series):
            return row
        for name, keyword in _COLUMNS.items():
            setattr(row, name, str(header.get(keyword) or "")[:324])
        row.patient_name, row.referring_physician_name = (
            folded(row.patient_name),
            folded(row.referring_physician_name),
        )
        row.series_number, row.instance_number = header.get("SeriesNumber"), header.get("InstanceNumber")
        row.attributes = _text(_told(header))
    except Exception:  # noqa: BLE001  the boundary to files that may be damaged in any way
        row.attributes = ""
    return row


_COLUMNS = {
    "sop_class_uid": "SOPClassUID",
    "modality": "Modality",
    "series_description": "SeriesDescription",
    "patient_id": "PatientID",
    "issuer_of_patient_id": "IssuerOfPatientID",
    "patient_name": "PatientName",
    "patient_birth_date": "PatientBirthDate",
    "patient_sex": "PatientSex",
    "study_date": "StudyDate",
    "study_time": "StudyTime",
    "study_id": "StudyID",
    "study_description": "StudyDescription",
    "accession_number": "AccessionNumber",
    "referring_physician_name": "ReferringPhysicianName",
}


def _told(header: Dataset) -> dict[str, Any]:
    return {
        json_tag(keyword): header[keyword].to_json_dict(None, 0)
        for keyword in sorted(KEPT)
        if keyword in header
    }


def metadata(path: Path, address: str) -> bytes:
    """DICOM JSON of an object at this address, its pixels and other large values by reference."""
    header = readable(path)
    told = {f"{element.tag:08X}": _json(element, address) for element in header}
    if "Rows" in header:
        told["7FE00010"] = {"vr": "OB", "BulkDataURI": f"{address}/bulkdata/7FE00010"}
    return _text(told).encode()


def _text(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _json(element: DataElement, address: str) -> dict[str, Any]:
    if element.VR in _BINARY and len(element.value or b"") > _INLINE:
        return {"vr": element.VR, "BulkDataURI": f"{address}/bulkdata/{element.tag:08X}"}
    if element.VR in _BINARY and element.value:
        return {"vr": element.VR, "InlineBinary": base64.b64encode(element.value).decode()}
    found: dict[str, Any] = element.to_json_dict(None, 0)
    return found


def bulk(path: Path, tag: int, scratch: Path) -> Frames:
    """The value of a binary attribute that is no pixel data; raises `BadImage` or `KeyError`."""
    element = readable(path)[tag]
    if element.VR not in _BINARY:
        raise KeyError(tag)
    return _frames(OCTETS, ExplicitVRLittleEndian, [bytes(element.value or b"")], scratch)


def frames(path: Path, numbers: Sequence[int], stored: bool, scratch: Path) -> Frames:
    """Frames by number from 1, none for all; `stored`: as they lie in the file, else decoded.

    Raises `NotAcceptable` for an object without pixels, `KeyError` for a number that it has no frame of.
    """
    dataset = readable(path, pixels=True)
    if "PixelData" not in dataset:
        raise NotAcceptable("this object holds no picture")
    count = int(dataset.get("NumberOfFrames") or 1)
    wanted = list(numbers) or list(range(1, count + 1))
    if not all(1 <= number <= count for number in wanted):
        raise KeyError(max(wanted))
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated and stored:
        held = list(generate_frames(dataset.PixelData, number_of_frames=count))
        return _frames(STORED_TYPES[syntax], syntax, [held[number - 1] for number in wanted], scratch)
    if syntax.is_encapsulated:
        dataset = transcoded(dataset, ExplicitVRLittleEndian)
    plain = (plain_frame(dataset, number) for number in wanted)
    return _frames(OCTETS, ExplicitVRLittleEndian, plain, scratch)


def plain_frame(dataset: Dataset, number: int) -> bytes:
    """A frame of an object that is not compressed, by number from 1; single bits are packed from the first of a byte on."""
    bits = (
        int(dataset.Rows) * int(dataset.Columns) * int(dataset.SamplesPerPixel) * int(dataset.BitsAllocated)
    )
    begin = (number - 1) * bits
    held = memoryview(dataset.PixelData)[begin // 8 : (begin + bits + 7) // 8]
    if dataset.BitsAllocated != 1 or begin % 8 == 0:
        return bytes(held)
    # Frames of single bits follow each other without a gap (PS3.5 section 8.1.1); alone each begins a byte.
    unpacked = np.unpackbits(np.frombuffer(held, np.uint8), bitorder="little")
    return np.packbits(unpacked[begin % 8 : begin % 8 + bits], bitorder="little").tobytes()


def _frames(media_type: str, syntax: str, held: Sequence[bytes] | Iterator[bytes], scratch: Path) -> Frames:
    path, sizes = scratch / secrets.token_hex(8), list[int]()
    with path.open("xb") as file:
        sizes.extend(file.write(one) for one in held)
    return Frames(media_type, str(syntax), path, tuple(sizes))


def plain(path: Path, scratch: Path) -> Path:
    """The object in Explicit VR Little Endian, its pixels decoded."""
    target = scratch / secrets.token_hex(8)
    target.write_bytes(encoded(transcoded(path, ExplicitVRLittleEndian)))
    return target


def readable(path: Path, *, pixels: bool = False) -> Dataset:
    """An object of the archive; raises `BadImage` for a file that is not whole."""
    dataset = read_header(path, stop_before_pixels=not pixels)
    if not dataset.get("SOPInstanceUID") or not dataset.get("SOPClassUID"):
        raise BadImage("a file of the archive is damaged: it names no object")
    return dataset
