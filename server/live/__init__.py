"""Live previews: booths publish, viewers watch, overlays return to both on the exact frame."""

from server.live.allowance import Allowance
from server.live.analyst import LiveAnalyst
from server.live.errors import LiveError, MalformedOffer, NotPublishing, OfferRefused, TooManyPeers
from server.live.hub import Analyse, Analysis, LiveHub, LiveLimits, Session
from server.live.ice import IceServer
from server.live.jpeg_door import JpegDoor
from server.live.offer import MAX_SDP_BYTES, Fragment, read_fragment
from server.live.state import BoothState, InferenceState, Latency, LiveState, Sync, ViewerState

__all__ = [
    "MAX_SDP_BYTES",
    "Allowance",
    "Analyse",
    "Analysis",
    "BoothState",
    "Fragment",
    "IceServer",
    "InferenceState",
    "JpegDoor",
    "Latency",
    "LiveAnalyst",
    "LiveError",
    "LiveHub",
    "LiveLimits",
    "LiveState",
    "MalformedOffer",
    "NotPublishing",
    "OfferRefused",
    "Session",
    "Sync",
    "TooManyPeers",
    "ViewerState",
    "read_fragment",
]
