"""Identifiers that cross the wire: DICOM UIDs and booth names."""

import re
import uuid
from typing import Annotated

import msgspec

_UID = r"^(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+$(?!\n)"
_BOOTH_ID = r"^[a-z0-9][a-z0-9_-]{0,31}$(?!\n)"

Uid = Annotated[str, msgspec.Meta(pattern=_UID, max_length=64)]
"""A DICOM UID (PS3.5 section 9.1)."""

BoothId = Annotated[str, msgspec.Meta(pattern=_BOOTH_ID)]
"""Lower-case name of a booth, safe in file names and URLs."""

Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
"""Hexadecimal SHA-256 of a still's transport bytes."""


def new_uid() -> str:
    """A fresh DICOM UID below 2.25 (PS3.5 annex B.2)."""
    return f"2.25.{uuid.uuid4().int}"


def derived_uid(*parts: str) -> str:
    """The DICOM UID that these parts always give (UUID version 5 below 2.25)."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, '/'.join(parts)).int}"


def is_uid(text: str) -> bool:
    """Whether `text` is a valid DICOM UID."""
    return len(text) <= 64 and re.match(_UID, text) is not None


def is_booth_id(text: str) -> bool:
    """Whether `text` may name a booth."""
    return re.match(_BOOTH_ID, text) is not None
