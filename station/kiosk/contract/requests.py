"""What the operator asks for."""

from typing import Annotated

import msgspec
from msgspec import Meta

from station.protocol import Conditions, Patient, Preparation

_TEXT = r"^[^\\\x00-\x1f\x7f]*$(?!\n)"
"""DICOM text of one value, as `StillOffer.override` takes it."""


class VisitRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the operator enters to start a visit."""

    patient: Patient = Patient()
    preparation: Preparation = Preparation.UNSPECIFIED
    conditions: Conditions = Conditions()
    worklist_key: str = ""
    """The entry of the worklist that this visit is of; empty: somebody who walked in."""
    site: Annotated[int, Meta(ge=0, lt=64)] | None = None
    """Index in the protocol's `sites`; None: the site that the protocol names, if any."""


class WorklistSearch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The operator, or a scanner, looks for somebody."""

    sought: Annotated[str, Meta(min_length=1, max_length=64, pattern=_TEXT)]
    """Patient ID, accession number, admission ID or beginning of a name."""


class ShootRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The operator shoots now."""

    reason: Annotated[str, Meta(max_length=256, pattern=_TEXT)] = ""
    """Why, although the gate asks for a correction."""


class RetakeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One still is to be taken again."""

    still: Annotated[int, Meta(ge=0, le=1024)]
    """Index in `VisitStatus.stills`."""


class Excerpt(msgspec.Struct, frozen=True, kw_only=True):
    """What of a still the page wants to see."""

    width: Annotated[int, Meta(ge=64, le=4096)] = 1024
    """Most pixels across."""
    x: Annotated[float, Meta(ge=0, le=1)] = 0.0
    """Left edge of the part, share of the picture's width."""
    y: Annotated[float, Meta(ge=0, le=1)] = 0.0
    """Top edge, share of its height."""
    size: Annotated[float, Meta(gt=0, le=1)] = 1.0
    """Width and height of the part, share of those of the picture; a part that would leave the picture is moved into it."""
