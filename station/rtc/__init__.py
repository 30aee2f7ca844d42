"""WebRTC as both ends need it beyond aiortc's public names: is the peer still there, and nothing left behind at the end."""

from station.rtc.consent import CHECK_INTERVAL_S, CHECKS_MISSED, watch_consent
from station.rtc.internals import (
    InternalsChanged,
    check_versions,
    close_connection,
    dtls_transports,
    known,
)

__all__ = [
    "CHECKS_MISSED",
    "CHECK_INTERVAL_S",
    "InternalsChanged",
    "check_versions",
    "close_connection",
    "dtls_transports",
    "known",
    "watch_consent",
]
