"""Receives stills: nothing is acknowledged before it is on disk and in the database."""

from server.ingest.admission import DEFAULT_RESERVE_BYTES
from server.ingest.allow_list import AllowList
from server.ingest.contract import StillArchive, StillStore
from server.ingest.conversation import IngestEvent
from server.ingest.gatekeeper import Gatekeeper
from server.ingest.ingest import Ingest
from server.ingest.keys import ServerKeys, open_server_keys
from server.ingest.timing import Timing

__all__ = [
    "DEFAULT_RESERVE_BYTES",
    "AllowList",
    "Gatekeeper",
    "Ingest",
    "IngestEvent",
    "ServerKeys",
    "StillArchive",
    "StillStore",
    "Timing",
    "open_server_keys",
]
