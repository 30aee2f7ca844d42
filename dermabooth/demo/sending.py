"""Where the demo sends its visit: `--send-to`."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from server.errors import ConfigError

_DICOM_PORT = 104
_KNOWN = "http://HOST/dicom-web, https://HOST/dicom-web, dicom://AET@HOST:PORT or folder:PATH"

Settings = dict[str, Any]


def destinations_of(addresses: Iterable[str]) -> list[Settings]:
    """The destinations that addresses stand for, as the settings have them; raises `ConfigError`.

    Each has a name of its own, which the same address gets again; visits of earlier demos are not sent.
    """
    return [
        {"name": _name(address), "backlog_days": 0, **_destination(address)}
        for address in dict.fromkeys(addresses)
    ]


def in_environment(destinations: Sequence[Settings]) -> dict[str, str]:
    """How a server program is told of them."""
    return {"DERMABOOTH_SERVER_DESTINATIONS": json.dumps(destinations)} if destinations else {}


def _name(address: str) -> str:
    kind = address.partition(":")[0].lower()[:8] or "none"
    return f"{kind}-{hashlib.sha256(address.encode()).hexdigest()[:8]}"


def _destination(address: str) -> Settings:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ConfigError(f"--send-to {address!r} is not an address; use {_KNOWN}") from error
    match parts.scheme:
        case "http" | "https":
            return {"type": "stow", "url": address}
        case "dicom" if parts.username and host:
            title = unquote(parts.username)
            return {"type": "dimse", "ae_title": title, "host": host, "port": port or _DICOM_PORT}
        case "folder" | "file" if parts.path and not host:
            return {"type": "folder", "path": str(Path(unquote(parts.path)).resolve())}
    raise ConfigError(f"--send-to {address!r} is not an address; use {_KNOWN}")
