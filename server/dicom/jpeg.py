"""Baseline JPEG codestreams (ISO/IEC 10918-1) taken apart without decoding."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from server.dicom.icc import as_input_profile, is_rgb_profile
from server.errors import BadImage

_SOF0, _DHT, _EOI, _SOS, _DQT, _DRI, _APP1, _APP2, _APP14 = (
    0xC0, 0xC4, 0xD9, 0xDA, 0xDB, 0xDD, 0xE1, 0xE2, 0xEE,
)  # fmt: skip
_OTHER_FRAMES = frozenset(range(0xC1, 0xD0)) - {0xC4, 0xC8, 0xCC}
_RESTARTS = frozenset(range(0xD0, 0xD8))
_ICC_LABEL = b"ICC_PROFILE\x00"
_ORIENTATION_TAG = 0x0112


@dataclass
class BaselineJpeg:
    """A YCbCr baseline codestream without metadata segments."""

    rows: int = 0
    columns: int = 0
    subsampled: bool = False
    codestream: bytes = b""
    icc_profile: bytes | None = None
    """The picture's own colour profile, as an input profile."""
    icc_parts: dict[int, bytes] = field(default_factory=dict)


def parse_baseline(jpeg: bytes) -> BaselineJpeg:
    """The codestream that a DICOM object can hold; raises `BadImage` for anything but baseline YCbCr, upright."""
    parsed = BaselineJpeg()
    kept = [b"\xff\xd8"]
    for marker, segment in _segments(jpeg):
        if marker in _OTHER_FRAMES:
            raise BadImage("only baseline JPEG can be kept as it is; this one is of another process")
        if marker == _SOF0:
            _read_frame(parsed, segment)
        elif marker in (_APP1, _APP2, _APP14):
            _read_metadata(parsed, marker, segment[4:])
        if marker in (_SOF0, _DHT, _DQT, _DRI, _SOS, _EOI):
            kept.append(segment)
    if not parsed.rows:
        raise BadImage("the JPEG declares no picture")
    parsed.codestream = b"".join(kept)
    parsed.icc_profile = _profile(parsed.icc_parts)
    return parsed


def jpeg_size(jpeg: bytes) -> tuple[int, int, int]:
    """Rows, columns and components in the first frame header of any DCT process; raises `BadImage`."""
    for marker, segment in _segments(jpeg, until_scan=True):
        if (marker == _SOF0 or marker in _OTHER_FRAMES) and len(segment) >= 10:
            return int.from_bytes(segment[5:7]), int.from_bytes(segment[7:9]), segment[9]
    raise BadImage("no JPEG frame header where one must be")


def jpeg2000_size(codestream: bytes) -> tuple[int, int, int]:
    """Rows, columns and components in the SIZ segment of an upright JPEG 2000 codestream; raises `BadImage`."""
    if codestream[:4] != b"\xff\x4f\xff\x51" or len(codestream) < 42:
        raise BadImage("no JPEG 2000 size segment where one must be")
    right, bottom, left, top = (int.from_bytes(codestream[at : at + 4]) for at in (8, 12, 16, 20))
    return bottom - top, right - left, int.from_bytes(codestream[40:42])


def _segments(jpeg: bytes, *, until_scan: bool = False) -> Iterator[tuple[int, bytes]]:
    if jpeg[:2] != b"\xff\xd8":
        raise BadImage("not a JPEG")
    position = 2
    while position + 2 <= len(jpeg):
        if jpeg[position] != 0xFF:
            raise BadImage("the JPEG is damaged: no marker where one must be")
        marker = jpeg[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker == _EOI:
            yield marker, b"\xff\xd9"
            return
        end = position + 2 + int.from_bytes(jpeg[position + 2 : position + 4])
        if marker == _SOS:
            if until_scan:
                return
            end = _end_of_scan(jpeg, end)
        if end > len(jpeg) or end < position + 4:
            break
        yield marker, jpeg[position:end]
        position = end
    raise BadImage("the JPEG is cut short")


def _end_of_scan(jpeg: bytes, position: int) -> int:
    while True:
        position = jpeg.find(b"\xff", position)
        if position < 0 or position + 1 >= len(jpeg):
            raise BadImage("the JPEG is cut short")
        if jpeg[position + 1] != 0 and jpeg[position + 1] not in _RESTARTS:
            return position
        position += 2


def _read_frame(parsed: BaselineJpeg, segment: bytes) -> None:
    if parsed.rows or len(segment) < 19 or segment[9] != 3 or segment[4] != 8:
        raise BadImage("only a JPEG with one picture of three 8-bit components can be kept as it is")
    if bytes(segment[10:19:3]) == b"RGB":
        raise BadImage("an RGB JPEG cannot be kept as it is")
    parsed.rows, parsed.columns = int.from_bytes(segment[5:7]), int.from_bytes(segment[7:9])
    parsed.subsampled = segment[11] != segment[14] or segment[11] != segment[17]


def _read_metadata(parsed: BaselineJpeg, marker: int, body: bytes) -> None:
    if marker == _APP14 and body[:5] == b"Adobe" and body[11:12] != b"\x01":
        raise BadImage("an RGB JPEG cannot be kept as it is")
    if marker == _APP1 and body[:6] == b"Exif\x00\x00" and _orientation(body[6:]) not in (0, 1):
        raise BadImage("EXIF says that the JPEG must be turned; it cannot be kept as it is")
    if marker == _APP2 and body.startswith(_ICC_LABEL) and len(body) > 14:
        parsed.icc_parts[body[12]] = body[14:]


def _orientation(tiff: bytes) -> int:
    if tiff[:2] not in (b"II", b"MM"):
        return 0
    little = tiff[:2] == b"II"

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], "little" if little else "big")

    directory = number(4, 4)
    entries = range(directory + 2, directory + 2 + 12 * number(directory, 2), 12)
    return next((number(entry + 8, 2) for entry in entries if number(entry, 2) == _ORIENTATION_TAG), 0)


def _profile(parts: dict[int, bytes]) -> bytes | None:
    profile = b"".join(parts[index] for index in sorted(parts))
    if not profile:
        return None
    if not is_rgb_profile(profile):
        raise BadImage("the JPEG's colour profile is damaged or not of RGB")
    return as_input_profile(profile)
