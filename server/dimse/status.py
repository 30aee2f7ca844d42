"""What a status of C-STORE, or a failure reason of STOW-RS, means for the object (PS3.4 table B.2-1, PS3.7 annex C, PS3.18 table I.2-2)."""

from dataclasses import dataclass
from enum import StrEnum


class Ruling(StrEnum):
    """What to do with an object after it was offered."""

    STORED = "stored"
    AGAIN = "again"
    """It may be taken later."""
    TRANSCODE = "transcode"
    """It may be taken in a plain transfer syntax."""
    PARK = "park"
    """Time does not mend it."""


@dataclass(frozen=True)
class Verdict:
    """What to do, why, and what a person can do about it."""

    ruling: Ruling
    reason: str = ""
    next_step: str = ""


_BUSY = "wait: it is tried again; see that the system has room"
_KNOWN = {
    0x0000: Verdict(Ruling.STORED),
    0x0001: Verdict(Ruling.STORED),  # a warning of PS3.7: requested optional attributes are not supported
    0x0107: Verdict(Ruling.STORED),
    0x0111: Verdict(Ruling.STORED),  # there is an object of this UID; ours never change under theirs
    0x0116: Verdict(Ruling.STORED),
    0x0110: Verdict(Ruling.AGAIN, "it failed while processing the object (0x0110)", "see its log"),
    0x0122: Verdict(
        Ruling.PARK,
        "it does not take this SOP class (0x0122)",
        "allow the SOP class there, or leave this kind of object out of `objects`",
    ),
    0x0124: Verdict(
        Ruling.PARK,
        "it does not authorise us to store (0x0124)",
        "have storing allowed for our AE title or account, then retry",
    ),
    0x0213: Verdict(Ruling.AGAIN, "it is short of resources (0x0213)", _BUSY),
    0xC122: Verdict(
        Ruling.TRANSCODE,
        "it does not take the object's transfer syntax (0xC122)",
        "allow JPEG-LS or Explicit VR Little Endian there",
    ),
}


def verdict(status: int) -> Verdict:
    """What a status means for the object."""
    known = _KNOWN.get(status)
    if known is not None:
        return known
    match status >> 12, status >> 8:
        case 0xB, _:
            return Verdict(Ruling.STORED)
        case _, 0xA7:
            return Verdict(Ruling.AGAIN, f"it is out of resources ({status:#06x})", _BUSY)
        case _, 0xA9:
            reason = f"the object does not match its SOP class there ({status:#06x})"
            return Verdict(Ruling.PARK, reason, "see its log for what it misses in the object")
        case 0xC, _:
            reason = f"it cannot understand the object ({status:#06x})"
            return Verdict(Ruling.PARK, reason, "see its log for what it does not understand")
    return Verdict(Ruling.PARK, f"it refuses the object ({status:#06x})", "see its log for the reason")
