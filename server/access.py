"""Who may do what: scopes, and the signed tokens that carry them."""

import contextlib
import os
import secrets
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

import jwt

from server.errors import AccessDenied, ConfigError

_ALGORITHM = "HS256"
_ISSUER = "dermabooth"
_SECRET_BYTES = 32
_NAME_PARTS, _LONGEST_PART = 3, 64
"""Of a PN: alphabetic, ideographic, phonetic (PS3.5 section 6.2.1)."""
_LONGEST_NAME = 324


class Scope(StrEnum):
    """What an HTTP route asks of its caller."""

    PUBLIC = "public"
    """Nothing: health and the page shells, which hold no data."""
    READ = "read"
    """See booths, visits, pictures and results."""
    CORRECT = "correct"
    """Say of whom a visit was taken and as what, and reject stills."""
    SIGN = "sign"
    """Sign the measures of a visit, as the person that the token names."""
    PUBLISH = "publish"
    """Send the preview of one booth."""
    ADMIN = "admin"
    """Everything."""


@dataclass(frozen=True)
class Person:
    """Whom a token names."""

    name: str
    """As PN: Family^Given^Middle^Prefix^Suffix (PS3.5 section 6.2)."""
    organization: str
    """Where they work; at most 64 characters."""

    def __post_init__(self) -> None:
        """Raises `ValueError` for what no DICOM object could say of a person."""
        for text, longest in ((self.name, _LONGEST_NAME), (self.organization, _LONGEST_PART)):
            if not text.strip(" ^=") or len(text) > longest or not text.isprintable() or "\\" in text:
                raise ValueError("a person needs a name as Family^Given and an organization")
        groups = self.name.split("=")
        if len(groups) > _NAME_PARTS or any(len(one) > _LONGEST_PART or one.count("^") > 4 for one in groups):
            raise ValueError("write the name as Family^Given, at most 64 characters")


@dataclass(frozen=True)
class Grant:
    """What a token allows."""

    subject: str
    scopes: frozenset[Scope]
    person: Person | None = None
    """Who holds it, where it names a person."""

    def allows(self, scope: Scope) -> bool:
        """Whether a route of this scope may be used."""
        return scope is Scope.PUBLIC or scope in self.scopes or Scope.ADMIN in self.scopes


class Tokens:
    """Issues and checks tokens (JWT, HS256) under the secret in one key folder."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @classmethod
    def open(cls, keys: Path) -> Self:
        """The tokens of this key folder; the secret is made at the first use, mode 0600.

        Raises `ConfigError` if the secret is damaged or readable by others.
        """
        return cls(open_secret(keys / "token.secret", lost="every token has to be issued again"))

    def issue(
        self,
        subject: str,
        scopes: Iterable[Scope],
        *,
        lifetime_s: float | None = None,
        person: Person | None = None,
    ) -> str:
        """A token for `subject`; without a lifetime it holds until the secret is replaced. `person` is who may use it."""
        now = time.time()
        claims: dict[str, object] = {"iss": _ISSUER, "sub": subject, "iat": now, "scope": " ".join(scopes)}
        if person is not None:
            claims |= {"name": person.name, "organization": person.organization}
        if lifetime_s is not None:
            claims["exp"] = now + lifetime_s
        return jwt.encode(claims, self._secret, _ALGORITHM)

    def verify(self, token: str) -> Grant:
        """What the token allows; raises `AccessDenied` for a forged, expired or broken one."""
        try:
            claims = jwt.decode(
                token, self._secret, [_ALGORITHM], issuer=_ISSUER, options={"require": ["sub", "scope"]}
            )
            scopes = frozenset(Scope(word) for word in str(claims["scope"]).split())
            person = Person(str(claims["name"]), str(claims["organization"])) if "name" in claims else None
            return Grant(str(claims["sub"]), scopes, person)
        except (jwt.PyJWTError, KeyError, ValueError) as error:
            raise AccessDenied("the token is not valid here, or it has expired") from error


def admin_token(keys: Path) -> str:
    """The admin token of this key folder, kept in `admin.token`, mode 0600; made when there is none that holds."""
    path, tokens = keys / "admin.token", Tokens.open(keys)
    try:
        tokens.verify(path.read_text())
    except (FileNotFoundError, AccessDenied):
        path.unlink(missing_ok=True)
        write_secret(path, tokens.issue("admin", [Scope.ADMIN]).encode())
    return path.read_text()


def open_secret(path: Path, *, lost: str) -> bytes:
    """The 32 bytes of a secret's file, made at the first use, mode 0600; `lost`: what a new one would cost.

    Raises `ConfigError` if it is damaged or readable by others.
    """
    if not path.exists():
        write_secret(path, secrets.token_bytes(_SECRET_BYTES))
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConfigError(f"{path} is open to other users: chmod 600 {path}")
    secret = path.read_bytes()
    if len(secret) != _SECRET_BYTES:
        raise ConfigError(f"{path} is damaged: delete it, and {lost}")
    return secret


def write_secret(path: Path, data: bytes) -> None:
    """Create `path` durably, with mode 0600 from its first byte on; an existing file is kept."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(partial, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(partial)
    finally:
        partial.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
