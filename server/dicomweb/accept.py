"""The media types that a caller accepts (RFC 9110 section 12.5.1, PS3.18 section 8.7.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message

from server.dicomweb.errors import BadRequest

_LONGEST = 4096
_MOST = 64


@dataclass(frozen=True)
class Accepted:
    """One acceptable form: of a single body, or of the parts of a multipart/related one."""

    media_type: str
    multipart: bool
    transfer_syntax: str = ""
    """Empty: not told, which stands for the default of the media type; *: as it is stored."""
    weight: float = 1.0

    def takes(self, media_type: str) -> bool:
        """Whether a body of this type is accepted."""
        return self.media_type in (media_type, "*/*", f"{media_type.partition('/')[0]}/*")


def read_accept(text: str) -> Sequence[Accepted]:
    """What an Accept header allows, the most wanted first; anything if it is empty. Raises `BadRequest`."""
    if len(text) > _LONGEST:
        raise BadRequest(f"the Accept header has more than {_LONGEST} characters")
    ranges = [one for one in map(str.strip, _split(text)) if one]
    if len(ranges) > _MOST:
        raise BadRequest(f"the Accept header names more than {_MOST} media types")
    accepted = [_accepted(one) for one in ranges or ["*/*"]]
    wanted = [one for one in accepted if one.weight > 0]
    return sorted(wanted, key=lambda one: -one.weight)


def _accepted(text: str) -> Accepted:
    header = Message()
    header["Content-Type"] = text
    values = {name.lower(): str(value) for name, value in header.get_params(failobj=[])[1:]}
    kind = text.partition(";")[0].strip().lower()
    multipart = kind in ("multipart/related", "multipart/*")
    if multipart:
        kind = values.get("type", "*/*").lower()
    return Accepted(kind, multipart, values.get("transfer-syntax", ""), _weight(values.get("q", "1")))


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError as error:
        raise BadRequest("`q` in the Accept header is a number from 0 to 1") from error


def _split(text: str) -> list[str]:
    """At commas outside of quotes."""
    parts, quoted = [""], False
    for letter in text:
        quoted ^= letter == '"'
        if letter == "," and not quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
