"""The booth's way to the server: a spool that nothing is lost from, and the uplink that empties it."""

from station.transport.base import Uplink, UplinkState
from station.transport.keys import KeyPair, load_key, open_keys, parse_key
from station.transport.room import WARN_BELOW, Room, SpoolRoom
from station.transport.spool import Spool
from station.transport.timing import Timing
from station.transport.zeromq import ZeroMqUplink

__all__ = [
    "WARN_BELOW",
    "KeyPair",
    "Room",
    "Spool",
    "SpoolRoom",
    "Timing",
    "Uplink",
    "UplinkState",
    "ZeroMqUplink",
    "load_key",
    "open_keys",
    "parse_key",
]
