"""What a caller of DICOMweb asks for, read out of the request and checked (PS3.18 chapter 8)."""

from collections.abc import Sequence

from aiohttp import hdrs, web

from server.dicomweb import Accepted, Address, BadRequest, NotAcceptable, Picture, read_accept
from station.protocol import is_uid

PICTURES = ("image/jpeg", "image/png")
_LARGEST_SIDE = 10_000


def address(request: web.Request) -> Address:
    """The objects that the address names; raises `BadRequest`."""
    names = ("study", "series", "instance")
    return Address(*(uid(request, name) if name in request.match_info else "" for name in names))


def uid(request: web.Request, name: str) -> str:
    """A UID of the address; raises `BadRequest`."""
    found = request.match_info[name]
    if not is_uid(found):
        raise BadRequest(f"the {name} in the address is not a DICOM UID")
    return found


def accept(request: web.Request) -> Sequence[Accepted]:
    """What the caller accepts; the query parameter counts before the header (PS3.18 section 8.3.3.1)."""
    return read_accept(request.query.get("accept") or ", ".join(request.headers.getall(hdrs.ACCEPT, ())))


def is_multipart(accepted: Sequence[Accepted], media_type: str) -> bool:
    """Whether an answer of one part is wrapped all the same: unless the plain type is named, and before the wrapped."""
    for one in accepted:
        if one.takes(media_type):
            return one.multipart or one.media_type == "*/*"
    return True


def picture(request: web.Request, viewport: str | None = None) -> Picture:
    """The picture that is asked for; raises `BadRequest` or `NotAcceptable`."""
    wanted = next((name for one in accept(request) for name in PICTURES if one.takes(name)), None)
    if wanted is None:
        raise NotAcceptable(f"pictures are rendered as {' or '.join(PICTURES)}")
    quality = _whole(request.query.get("quality", "90"), "quality", 1, 100)
    text = viewport or request.query.get("viewport", "")
    if not text:
        return Picture(wanted, quality)
    numbers = text.split(",")
    if len(numbers) not in (2, 6):
        raise BadRequest("`viewport` is WIDTH,HEIGHT or WIDTH,HEIGHT,LEFT,TOP,WIDTH,HEIGHT")
    width, height = (_whole(one, "viewport", 1, _LARGEST_SIDE) for one in numbers[:2])
    if len(numbers) == 2:
        return Picture(wanted, quality, width, height)
    left, top = (_whole(one, "viewport", 0, 65_535) for one in numbers[2:4])
    wide, high = (_whole(one, "viewport", 1, 65_535) for one in numbers[4:])
    return Picture(wanted, quality, width, height, (left, top, wide, high))


def frame_number(text: str) -> int:
    """The number of a frame, from 1; raises `BadRequest`."""
    return _whole(text, "frame", 1, 1_000_000)


def _whole(text: str, name: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9 and low <= int(text) <= high):
        raise BadRequest(f"`{name}` takes whole numbers from {low} to {high}")
    return int(text)
