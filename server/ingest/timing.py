"""How long the ingest waits."""

from dataclasses import dataclass

from station.protocol import HEARTBEAT_S, SILENCE_LIMIT_S


@dataclass(frozen=True)
class Timing:
    """Times in seconds."""

    heartbeat_s: float = HEARTBEAT_S
    """Silence of this side after which it says that it is there."""
    silence_s: float = SILENCE_LIMIT_S
    """Silence of a booth after which it is taken for gone."""
    handshake_s: float = 10.0
    """Time for a connection to show its key."""
