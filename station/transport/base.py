"""What the booth needs from its way to the server."""

from dataclasses import dataclass, field
from typing import Protocol, Self

from station.protocol import OrdersWanted, PreviewVerdict, Refused, Welcome


@dataclass(frozen=True, kw_only=True)
class UplinkState:
    """How the way to the server stands, for the operator."""

    connected: bool = False
    """The server has welcomed the booth and answers."""
    server: str = ""
    """Software that the server named."""
    refused: Refused | None = None
    """Why the server does not take this booth; somebody must act."""
    problem: str = ""
    """What went wrong last while not connected."""
    pending: int = 0
    """Stills in the spool."""
    sent_bytes: int = 0
    """Bytes of stills sent since the start."""
    stored: int = 0
    """Stills that the server said it has, since the start."""
    parked: dict[str, Refused] = field(default_factory=dict)
    """Stills and visits that the server will not take, by UID; kept on disk, offered again after a restart."""


class Uplink(Protocol):
    """Carries the spool's content to the server, and the server's messages back, as an async context manager."""

    @property
    def state(self) -> UplinkState:
        """The newest state."""

    @property
    def welcome(self) -> Welcome | None:
        """The server's greeting while connected."""

    def notify(self) -> None:
        """Say that the spool has something new."""

    def ask(self, wanted: OrdersWanted) -> bool:
        """Ask about the worklist; the answer is a message. False: not connected, or the server keeps none."""

    def tell(self, preview: PreviewVerdict | None) -> None:
        """Say how the preview is judged now; only the newest is sent, soon."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *error: object) -> None: ...
