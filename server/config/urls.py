"""Addresses of other systems' web services."""

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field


def _service(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable() or " " in url:
        raise ValueError("must be http://HOST:PORT/PATH or https://HOST/PATH")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("holds no user, password, query or fragment; secrets belong in files")
    _ = parts.port  # raises ValueError
    return url.rstrip("/")


ServiceUrl = Annotated[str, Field(max_length=1024), AfterValidator(_service)]
"""Root of a web service, without the slash at its end."""


def is_loopback(url: str) -> bool:
    """Whether an address is this computer's own."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
