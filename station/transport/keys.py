"""CURVE key pairs in files (CurveZMQ, RFC 26; Z85 text, RFC 32)."""

import os
import secrets
import stat
import struct
from dataclasses import dataclass, field
from pathlib import Path

import zmq
from zmq.utils import z85

from station.errors import ConfigError


@dataclass(frozen=True)
class KeyPair:
    """A CURVE key pair as Z85 text; the secret is not shown in logs."""

    public: bytes
    secret: bytes = field(repr=False)


def open_keys(folder: Path) -> KeyPair:
    """The pair in `folder`, made at the first call: `booth.secret` (mode 0600) and `booth.key`, the public key.

    Raises `ConfigError` if the secret is damaged or readable by other users.
    """
    path = folder / "booth.secret"
    if not path.exists():
        _create(path, zmq.curve_keypair()[1], 0o600)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConfigError(f"{path} is open to other users: chmod 600 {path}")
    secret = load_key(path)
    pair = KeyPair(zmq.curve_public(secret), secret)
    public = folder / "booth.key"
    if not public.exists() or public.read_bytes().strip() != pair.public:
        public.unlink(missing_ok=True)
        _create(public, pair.public, 0o644)
    return pair


def load_key(path: Path) -> bytes:
    """The key in a file as Z85 text; raises `ConfigError` if there is none."""
    try:
        return parse_key(path.read_text("ascii"), source=str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"no CURVE key in {path}: {error}") from error


def parse_key(text: str, *, source: str) -> bytes:
    """The Z85 key in `text`; raises `ConfigError` that names `source`."""
    key = text.strip().encode()
    try:
        if len(key) == 40 and len(z85.decode(key)) == 32:
            return key
    except (KeyError, ValueError, struct.error):
        pass
    raise ConfigError(f"{source} holds no CURVE key: 40 characters of Z85 are expected")


def _create(path: Path, data: bytes, mode: int) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with open(partial, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(data)
        os.fsync(file.fileno())
    try:
        path.hardlink_to(partial)
    except FileExistsError:
        pass
    finally:
        partial.unlink()
