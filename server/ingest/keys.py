"""The server's own CURVE key pair (CurveZMQ, RFC 26; Z85 text, RFC 32)."""

import stat
import struct
from dataclasses import dataclass, field
from pathlib import Path

import zmq
from zmq.utils import z85

from server.access import write_secret
from server.errors import ConfigError


@dataclass(frozen=True)
class ServerKeys:
    """A CURVE key pair as Z85 text; the secret is not shown in logs."""

    public: bytes
    secret: bytes = field(repr=False)


def open_server_keys(folder: Path) -> ServerKeys:
    """The pair in `folder`, made at the first call: `server.secret` (mode 0600) and `server.key`, the public key.

    Booths are configured with the public key. Raises `ConfigError` if the secret is damaged or readable by others.
    """
    path = folder / "server.secret"
    if not path.exists():
        write_secret(path, zmq.curve_keypair()[1])
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConfigError(f"{path} is open to other users: chmod 600 {path}")
    secret = path.read_bytes().strip()
    if not is_key(secret):
        raise ConfigError(f"{path} holds no CURVE key: 40 characters of Z85 are expected")
    keys = ServerKeys(zmq.curve_public(secret), secret)
    public = folder / "server.key"
    if not public.exists() or public.read_bytes().strip() != keys.public:
        public.write_bytes(keys.public)
    return keys


def is_key(text: bytes) -> bool:
    """Whether `text` is a CURVE key in Z85."""
    try:
        return len(text) == 40 and len(z85.decode(text)) == 32
    except (KeyError, ValueError, struct.error):
        return False
