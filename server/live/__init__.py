"""Live previews: booths publish, viewers watch, overlays return to both on the exact frame.

A frame has another name on every leg, and its overlay returns by the same names (docs/explanation/overlay-sync.md):

`frame_id`         at the booth: the camera's count
`pts`              at its sender: 90 kHz since the stream began (`station.transport.preview_track.SentFrames`)
`rtp_timestamp`    on the wire: `pts` plus a random origin, 32 bits; this is the `frame_id` of an overlay as it leaves here
`timestamp`        in this room: `rtp_timestamp` without its wraps (`FrameAssembler`)
`pts`              at the viewers: `timestamp` on one clock through reconnects of the booth (`Fanout`)
`rtp_timestamp`    on a viewer's wire: that `pts` plus an origin of its own (`SentTimestamps`)
"""

from server.live.allowance import Allowance
from server.live.analysis import Analyse, Analysis
from server.live.analyst import LiveAnalyst
from server.live.errors import LiveError, MalformedOffer, NotPublishing, OfferRefused, TooManyPeers
from server.live.hub import LiveHub, LiveLimits, Session
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
