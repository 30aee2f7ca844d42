"""STUN and TURN servers, for peers that do not reach each other directly."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from aiortc import RTCConfiguration, RTCIceServer


@dataclass(frozen=True)
class IceServer:
    """One server under one or more `stun:`, `turn:` or `turns:` URLs."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = field(default="", repr=False)

    def links(self) -> Iterator[str]:
        """A `Link` header for each URL (RFC 9725 section 4.6)."""
        for url in self.urls:
            link = f'<{url}>; rel="ice-server"'
            if self.username:
                link += f"; username={_quoted(self.username)}; credential={_quoted(self.credential)}"
                link += '; credential-type="password"'
            yield link


def configuration(servers: Iterable[IceServer]) -> RTCConfiguration:
    """What a peer connection of ours is told of them."""
    return RTCConfiguration(
        [RTCIceServer(list(one.urls), one.username or None, one.credential or None) for one in servers]
    )


def _quoted(text: str) -> str:
    """As a quoted string (RFC 9110 section 5.6.4)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
