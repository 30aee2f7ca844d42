"""What of an SDP offer or trickle fragment is accepted, before a peer connection sees it (RFC 9725, RFC 8840)."""

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address

from aiortc import RTCIceCandidate
from aiortc.sdp import candidate_from_sdp

from server.live.codec import VideoCodec
from server.live.errors import MalformedOffer, OfferRefused

MAX_SDP_BYTES = 64 * 1024
"""Largest offer or fragment."""
MAX_CANDIDATES = 64
"""Most ICE candidates of one peer, trickled ones included."""
_MAX_LINES = 2000
_CANDIDATE = "a=candidate:"
_DIRECTIONS = ("sendonly", "recvonly", "sendrecv", "inactive")


@dataclass(frozen=True)
class Offer:
    """An offer that can be answered."""

    sdp: str
    ice_ufrag: str
    candidates: int
    codecs: tuple[VideoCodec, ...]
    """Those of ours that it names, preferred first; at least one."""


@dataclass(frozen=True)
class Fragment:
    """Trickled candidates."""

    ice_ufrag: str | None
    candidates: tuple[RTCIceCandidate, ...]
    complete: bool
    """No further candidate will come."""


@dataclass(frozen=True)
class _Section:
    kind: str
    lines: tuple[str, ...]

    def direction(self, default: str) -> str:
        found = [line[2:] for line in self.lines if line[2:] in _DIRECTIONS]
        return found[-1] if found else default


def read_publisher_offer(text: str) -> Offer:
    """The offer of a peer that sends one video; raises `MalformedOffer` or `OfferRefused`."""
    return _read_offer(text, {"sendonly", "sendrecv"})


def read_viewer_offer(text: str) -> Offer:
    """The offer of a peer that receives one video; raises `MalformedOffer` or `OfferRefused`."""
    return _read_offer(text, {"recvonly", "sendrecv"})


def read_fragment(text: str) -> Fragment:
    """The candidates of a `trickle-ice-sdpfrag` (RFC 8840); raises `MalformedOffer`."""
    lines = _lines(text)
    _count_candidates(lines)
    mid, ufrag, complete = "0", None, False
    candidates: list[RTCIceCandidate] = []
    for line in lines:
        name, _, value = line.partition(":")
        if name == "a=mid":
            mid = value
        elif name == "a=ice-ufrag":
            ufrag = value
        elif name == "a=candidate":
            candidates.append(_candidate(value, mid))
        complete = complete or name == "a=end-of-candidates"
    return Fragment(ufrag, tuple(one for one in candidates if _has_address(one)), complete)


def _read_offer(text: str, directions: Collection[str]) -> Offer:
    lines = _lines(text)
    session, sections = _sections(lines)
    if not text.startswith("v=0") or not sections:
        raise MalformedOffer("this is not an SDP offer")
    candidates = _count_candidates(lines)
    codecs = _codecs(_video(sections, _Section("session", session).direction("sendrecv"), directions))
    mids = [line for line in lines if line.startswith("a=mid:")]
    if len(set(mids)) < len(mids):
        raise MalformedOffer("two sections of the offer have the same mid")
    ufrags = [line.partition(":")[2] for line in lines if line.startswith("a=ice-ufrag:")]
    if not ufrags or not any(line.startswith("a=fingerprint:") for line in lines):
        raise MalformedOffer("the offer has no ICE credentials or no DTLS fingerprint")
    return Offer(_text(_without_hidden_hosts(lines)), ufrags[0], candidates, codecs)


def _video(sections: list[_Section], default: str, directions: Collection[str]) -> _Section:
    """The one video; raises `OfferRefused` where a section is not served."""
    kinds = [section.kind for section in sections]
    if kinds.count("video") != 1 or kinds.count("audio") > 1 or kinds.count("application") > 1:
        raise OfferRefused("one video, at most one audio and at most one data section are served")
    if unknown := set(kinds) - {"video", "audio", "application"}:
        raise OfferRefused(f"media of kind {sorted(unknown)[0][:16]} are not served")
    video = sections[kinds.index("video")]
    if video.direction(default) not in directions:
        raise OfferRefused(f"the video must be {' or '.join(sorted(directions))}")
    return video


def _codecs(video: _Section) -> tuple[VideoCodec, ...]:
    maps = [line.upper() for line in video.lines if line.startswith("a=rtpmap:")]
    codecs = tuple(one for one in VideoCodec if any(line.endswith(f" {one}/90000") for line in maps))
    if not codecs:
        raise OfferRefused("the video must be offered as VP8 or H264")
    return codecs


def _lines(text: str) -> list[str]:
    if len(text) > MAX_SDP_BYTES:
        raise MalformedOffer(f"more than {MAX_SDP_BYTES} bytes")
    lines = text.replace("\r\n", "\n").split("\n")
    if len(lines) > _MAX_LINES:
        raise MalformedOffer(f"more than {_MAX_LINES} lines")
    return [line for line in lines if line]


def _sections(lines: list[str]) -> tuple[tuple[str, ...], list[_Section]]:
    starts = [at for at, line in enumerate(lines) if line.startswith("m=")]
    ends = [*starts[1:], len(lines)][: len(starts)]
    sections = [
        _Section(lines[start][2:].split(" ")[0], tuple(lines[start:end]))
        for start, end in zip(starts, ends, strict=True)
    ]
    return tuple(lines[: starts[0]] if starts else lines), sections


def _text(lines: list[str]) -> str:
    """The offer as it is answered: a peer that leaves the roles of DTLS open begins the handshake (RFC 8842 section 5.3).

    So our certificate alone decides on the cipher, and peers with an RSA certificate, as GStreamer's, are served too.
    """
    return "\r\n".join(["a=setup:active" if line == "a=setup:actpass" else line for line in lines] + [""])


def _count_candidates(lines: list[str]) -> int:
    count = sum(line.startswith(_CANDIDATE) for line in lines)
    if count > MAX_CANDIDATES:
        raise MalformedOffer(f"more than {MAX_CANDIDATES} candidates")
    return count


def _without_hidden_hosts(lines: list[str]) -> list[str]:
    """Without candidates that have a name for an address: nothing here waits for a name service.

    The hosts behind mDNS names (RFC 8828) reach this server by its own candidates.
    """
    return [
        line
        for line in lines
        if not line.startswith(_CANDIDATE) or _has_address(_candidate(line.removeprefix(_CANDIDATE), "0"))
    ]


def _candidate(value: str, mid: str) -> RTCIceCandidate:
    try:
        candidate = candidate_from_sdp(value)
    except (ValueError, IndexError, AssertionError) as error:
        raise MalformedOffer("a candidate cannot be read") from error
    if candidate.port not in range(1 << 16) or candidate.priority not in range(1 << 32):
        raise MalformedOffer("a candidate's port or priority is out of range")
    candidate.sdpMid = mid
    return candidate


def _has_address(candidate: RTCIceCandidate) -> bool:
    try:
        ip_address(candidate.ip)
    except ValueError:
        return False
    return True
