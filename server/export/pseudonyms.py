"""Names that stand for people, visits and objects: the same input and the same secret always give the same one.

Each is an HMAC-SHA-256 under the secret of the key file; without it nothing leads back.
"""

import hashlib
import hmac
import os
import secrets
from base64 import b32encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from server.durable import commit, partial_file
from server.errors import ConfigError

_SECRET_BYTES = 32
_MOST_DAYS = 3652
_DAY_S = 86_400
_HEADER = "dermabooth pseudonyms 1"


@dataclass(frozen=True)
class Pseudonyms:
    """The keyed maps of one secret."""

    secret: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """Tells which secret an export was made with, and nothing of it."""
        return self._digest("fingerprint", "").hex()[:16]

    def patient(self, key: str) -> str:
        """The name of a person, e.g. `P-7XQ2M4KD3A`."""
        return f"P-{self._word('patient', key)}"

    def word(self, kind: str, text: str) -> str:
        """A name for any other text, e.g. of a calibration record."""
        return f"{kind[:1].upper()}-{self._word(kind, text)}"

    def uid(self, uid: str) -> str:
        """The UID that stands for another (PS3.5 section B.2)."""
        return f"2.25.{int.from_bytes(self._digest('uid', uid)[:16])}"

    def shift(self, key: str) -> timedelta:
        """How far the times of a person's visits are moved back: a day to ten years, to the second."""
        digest = self._digest("dates", key)
        days = 1 + int.from_bytes(digest[:8]) % _MOST_DAYS
        return timedelta(days=-days, seconds=-(int.from_bytes(digest[8:16]) % _DAY_S))

    def moved(self, at: datetime, key: str) -> datetime:
        """A time of a person's visit, moved."""
        return at + self.shift(key)

    def _word(self, kind: str, text: str) -> str:
        return b32encode(self._digest(kind, text)).decode()[:10]

    def _digest(self, kind: str, text: str) -> bytes:
        return hmac.digest(self.secret, f"{kind}\x00{text}".encode(), hashlib.sha256)


def open_pseudonyms(path: Path) -> Pseudonyms:
    """The secret in a key file, which is made with mode 0600 if there is none; raises `ConfigError`."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_secret(path)
    if path.stat().st_mode & 0o077:
        raise ConfigError(f"{path} can be read by others; close it: chmod 600 {path}")
    lines = path.read_text("ascii", errors="replace").split("\n")
    try:
        secret = bytes.fromhex(lines[1])
    except (IndexError, ValueError):
        secret = b""
    if lines[0] != _HEADER or len(secret) != _SECRET_BYTES:
        raise ConfigError(f"{path} holds no secret of pseudonyms; name another file: --pseudonyms FILE")
    return Pseudonyms(secret)


def _write_secret(path: Path) -> None:
    with partial_file(path) as partial:
        with open(partial, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(f"{_HEADER}\n{secrets.token_hex(_SECRET_BYTES)}\n")
        commit(partial, path)
