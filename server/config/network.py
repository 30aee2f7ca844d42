"""How booths and browsers reach the server."""

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from server.config.section import Section
from server.errors import ConfigError

_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104  compared, not bound
IceUrl = Annotated[str, Field(pattern=r"^(stun|turn|turns):[^\s<>\"]+$", max_length=255)]


class HttpConfig(Section):
    """Pages, API and the preview's signalling."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8480
    """0 takes a free port."""
    public_url: str = ""
    """How booths and browsers reach it, `http://NAME:PORT` or `https://NAME`; empty: from host and port."""

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        """Booths are sent there and pages are answered under that name only: neither works for 0.0.0.0."""
        url = urlsplit(self.public_url)
        if self.public_url and (url.scheme not in ("http", "https") or not url.hostname or url.path):
            raise ValueError("public_url must be http://NAME:PORT or https://NAME, without a path")
        if self.host in _EVERYWHERE and not self.public_url:
            raise ValueError(
                f"with host {self.host} say in public_url how booths and browsers reach this server, "
                "e.g. http://10.0.0.5:8480 (environment: DERMABOOTH_SERVER_HTTP__PUBLIC_URL)"
            )
        return self


class CaptureConfig(Section):
    """Where booths send stills."""

    endpoint: str = "tcp://127.0.0.1:8481"
    """ZeroMQ endpoint to bind; port `*` takes a free one."""


class IceServerConfig(Section):
    """A STUN or TURN server."""

    urls: Annotated[tuple[IceUrl, ...], Field(min_length=1, max_length=8)]
    """`stun:HOST:PORT`, `turn:HOST:PORT?transport=udp` or `turns:HOST:PORT?transport=tcp`."""
    username: str = ""
    credential_file: Path | None = None
    """File with the password of `username`, in one line; it is sent to those who may publish or watch."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.username) is not bool(self.credential_file):
            raise ValueError("username and credential_file go together")
        return self

    def credential(self) -> str:
        """The password, or nothing; raises `ConfigError`."""
        if self.credential_file is None:
            return ""
        try:
            text = self.credential_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"live.ice_servers: {self.credential_file} cannot be read") from error
        if not text.isprintable() or not text:
            raise ConfigError(f"live.ice_servers: {self.credential_file} must hold one line, the password")
        return text


class LiveConfig(Section):
    """Previews."""

    ice_servers: Annotated[tuple[IceServerConfig, ...], Field(max_length=8)] = ()
    """For booths and viewers that do not reach this server directly."""
    jpeg: Annotated[str, Field(pattern=r"^(tcp://\S+:(\d{1,5}|\*))?$")] = ""
    """ZeroMQ endpoint to bind for previews as JPEG, e.g. `tcp://0.0.0.0:8483`; empty: WHIP alone."""
    offers_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 120
    """Offers of one caller, a token at an address, at WHIP and WHEP; behind a proxy all addresses are the proxy's."""
    requests_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 600
    """Candidates sent and sessions ended by one caller, and requests of an address that no token allows."""
