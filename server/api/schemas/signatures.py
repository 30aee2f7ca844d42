"""The JSON of the signatures."""

from typing import Annotated

import msgspec
from msgspec import Meta

from server.api.schemas.session import PersonInfo


class SignatureInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A visit's measures as a person signed them."""

    id: str
    """A UID."""
    account: str
    """Subject of the token that it was signed with."""
    signer: PersonInfo
    signed_at: float
    """Seconds since 1970 UTC."""
    current: bool
    """Whether it is of the visit as it is now."""
    report: bool
    """Whether its report can be fetched; otherwise it was withdrawn, or deleted after it was sent."""


class SignaturePage(msgspec.Struct, frozen=True, kw_only=True):
    """Where the signing of a visit stands."""

    content: str
    """Changes with every picture and every result; who signs says what was seen."""
    hindrance: str
    """Why it cannot be signed now: `open`, `correcting`, `analysing`, `failed`, `no_report` or `deleted`; empty: it can."""
    signer: PersonInfo | None
    """As whom the caller would sign; None: the caller's token names nobody who may."""
    signatures: tuple[SignatureInfo, ...]
    """Newest first."""


class SignVisit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody signs."""

    seen: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
    """The visit's `content` as the caller saw it."""
