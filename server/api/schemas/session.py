"""Signing in, and whether the server does its work."""

import msgspec


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the server does its work."""

    status: str
    """`ok` or `degraded`."""
    version: str
    checks: dict[str, bool]
    """Each part that was asked, and whether it answered."""


class SignIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of a one-time code and a token; a token may also come as `Authorization: Bearer`."""

    code: str = ""
    token: str = ""


class PersonInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A person."""

    name: str
    """As PN: Family^Given."""
    organization: str


class SessionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in."""

    subject: str
    scopes: tuple[str, ...]
    person: PersonInfo | None = None
    """Whom the token names."""
