"""Secrets that settings name by file."""

import stat
from pathlib import Path

from server.errors import ConfigError

_MOST = 16_384


def read_secret(path: Path, key: str) -> str:
    """The one line of a file that others cannot read; raises `ConfigError` that names `key` and never the secret."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        with path.open("rb") as file:
            text = file.read(_MOST + 1).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{key}: {path} cannot be read as one line of ASCII; put the secret there, then chmod 600 {path}"
        ) from error
    if mode & 0o007:
        raise ConfigError(f"{key}: {path} can be read by everybody; chmod 600 {path}")
    if not text or not text.isprintable() or len(text) > _MOST:
        raise ConfigError(f"{key}: {path} must hold one line, the secret")
    return text
