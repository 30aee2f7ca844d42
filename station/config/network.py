"""Where the booth sends its pictures, and where its own page answers."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from station.config.section import Section
from station.protocol import Encoding


class UplinkConfig(Section):
    """`[uplink]`: the server."""

    server: Annotated[str, Field(pattern=r"^(tcp://\S+:\d{1,5})?$")] = ""
    """`tcp://HOST:PORT` of the server's ingest; empty: the booth works alone and keeps its stills."""
    server_key: Path | None = None
    """File with the server's public CURVE key."""
    jpeg_preview: Annotated[str, Field(pattern=r"^(tcp://\S+:\d{1,5})?$")] = ""
    """`tcp://HOST:PORT` of the server's `live.jpeg`: the preview goes there as JPEG by TCP; empty: by WebRTC."""
    encoding: Encoding = Encoding.RAW
    """Form of the stills in the spool and on the wire."""
    spool_gb: Annotated[float, Field(gt=0, le=10_000)] = 100.0
    """Stills the booth keeps while the server is away, in 10^9 bytes."""


class KioskConfig(Section):
    """`[kiosk]`: the booth's own page."""

    enabled: bool = True
    host: Literal["127.0.0.1", "::1", "localhost"] = "127.0.0.1"
    """Loopback only: whoever reaches the page works the booth."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8490
    """0: any free port."""
