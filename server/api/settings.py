"""How the HTTP interface is reached."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


@dataclass(frozen=True)
class ApiSettings:
    """Where the pages lie and under which names the server answers."""

    web_root: Path
    """Folder of the built pages."""
    version: str = ""
    hosts: frozenset[str] = LOOPBACK_NAMES
    """Accepted host names, without port; IPv6 in brackets. Loopback until configured."""
    origins: frozenset[str] = field(default_factory=frozenset)
    """Further origins of the own pages, e.g. `https://booths.example` behind a TLS proxy."""
    smallest_changes: Mapping[tuple[str, str, str], float] = field(default_factory=dict)
    """Smallest detectable change of measures by light, region and name, in their units, as far as it is known."""
    secure_cookie: bool = False
    """Whether the session cookie is for HTTPS only; set it behind TLS."""


SETTINGS = web.AppKey("settings", ApiSettings)
