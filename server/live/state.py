"""What is told about the live plane: to the API, to metrics, to people."""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

_KEPT = 512  # latencies remembered: half a minute at 15 frames per second
_RATE_OVER_S = 4.0


class Sync(StrEnum):
    """When a viewer gets a frame."""

    NOW = "now"
    """As soon as the booth's packets are there; its overlay follows."""
    EXACT = "exact"
    """Together with its overlay, or at a deadline without."""


@dataclass(frozen=True)
class Latency:
    """Time from a frame's last packet to its overlay sent, ms."""

    p50: float
    p95: float
    count: int


@dataclass(frozen=True)
class ViewerState:
    """One viewer of a booth."""

    number: int
    """Counts the booth's viewers as they join; names nobody."""
    sync: Sync
    forwarded: int
    """Frames handed to the network."""
    dropped: int
    """Frames that the viewer was too slow for, or could not have decoded."""
    overlays: int
    """Sent, each under the timestamp of its frame."""
    late: int
    """Frames that left at the deadline without their overlay; with `Sync.EXACT` alone."""


@dataclass(frozen=True)
class BoothState:
    """One booth's preview."""

    booth: str
    live: bool
    """A stream is connected."""
    width: int
    height: int
    """Size of the newest frame, px; 0 before the first."""
    received: int
    """Complete coded frames since the server started."""
    analysed: int
    dropped: int
    """Frames that a newer one replaced before their analysis."""
    overlays_sent: int
    viewers: tuple[ViewerState, ...]
    lost_packets_given_up: int
    latency_ms: Latency
    frames_per_s: float
    """Coded frames received, over the last seconds."""
    model_ms: float | None
    """Time of the model per frame, median of the newest; None before the first."""


@dataclass(frozen=True)
class InferenceState:
    """Whether previews are analysed now."""

    available: bool
    message: str = ""
    """Why not."""


@dataclass(frozen=True)
class LiveState:
    """The whole live plane."""

    inference: InferenceState
    booths: tuple[BoothState, ...]
    sessions: int
    abusive: int
    """Sessions that were ended because their peer sent what is of no use."""


@dataclass
class Counters:
    """A booth's running totals; they survive its reconnects."""

    received: int = 0
    analysed: int = 0
    dropped: int = 0
    overlays_sent: int = 0
    given_up: int = 0
    latencies_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))
    model_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))
    arrivals: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))
    """Monotonic times of the newest coded frames, s."""

    def rate(self, now: float) -> float:
        """Frames received per second."""
        return sum(now - at <= _RATE_OVER_S for at in self.arrivals) / _RATE_OVER_S

    def latency(self) -> Latency:
        """Median and 95th percentile of the newest frames."""
        if not self.latencies_ms:
            return Latency(0.0, 0.0, 0)
        p50, p95 = np.percentile(self.latencies_ms, [50, 95])
        return Latency(float(p50), float(p95), len(self.latencies_ms))
