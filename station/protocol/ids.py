"""Identifiers that cross the wire: DICOM UIDs and booth names."""

import re
import uuid
from typing import Annotated

import msgspec

Uid = Annotated[str, msgspec.Meta(pattern=r"^(0|[1-9]\d*)(\.(0|[1-9]\d*))+$", max_length=64)]
"""A DICOM UID (PS3.5 section 9.1)."""

BoothId = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
"""Lower-case name of a booth, safe in file names and URLs."""

Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
"""Hexadecimal SHA-256 of a still's transport bytes."""

_UID = re.compile(r"^(0|[1-9]\d*)(\.(0|[1-9]\d*))+$")
_BOOTH_ID = re.compile(r"^[a-z0-9][a-z0-9_-]{0,31}$")


def new_uid() -> str:
    """A fresh DICOM UID below 2.25 (PS3.5 annex B.2)."""
    return f"2.25.{uuid.uuid4().int}"


def derived_uid(*parts: str) -> str:
    """The DICOM UID that these parts always give (UUID version 5 below 2.25)."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, '/'.join(parts)).int}"


def is_uid(text: str) -> bool:
    """Whether `text` is a valid DICOM UID."""
    return len(text) <= 64 and _UID.match(text) is not None


def is_booth_id(text: str) -> bool:
    """Whether `text` may name a booth."""
    return _BOOTH_ID.match(text) is not None
