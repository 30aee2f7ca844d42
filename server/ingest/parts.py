"""A booth's message as ZeroMQ hands it over: its parts, and what the gatekeeper has attested of their connection."""

from collections.abc import Sequence

import zmq

from server.ingest.gatekeeper import KEY_PROPERTY
from station.protocol import (
    CHUNK_BYTES,
    MAX_MESSAGE_BYTES,
    MalformedMessage,
    OversizedMessage,
    StationMessage,
    StillChunk,
    decode_station,
)

Parts = Sequence[zmq.Frame]


def decode(parts: Parts) -> StationMessage:
    """The message of a multipart; raises `OversizedMessage` or `MalformedMessage`."""
    if not 1 <= len(parts) <= 2:
        raise MalformedMessage(f"message of {len(parts)} parts, 1 or 2 are accepted")
    if len(parts[0]) > MAX_MESSAGE_BYTES:
        raise OversizedMessage(f"message of {len(parts[0])} bytes, at most {MAX_MESSAGE_BYTES} are accepted")
    if len(parts) == 2 and len(parts[1]) > CHUNK_BYTES:
        raise OversizedMessage(f"chunk of {len(parts[1])} bytes, at most {CHUNK_BYTES} are accepted")
    message = decode_station(parts[0].bytes)
    if isinstance(message, StillChunk) != (len(parts) == 2):
        raise MalformedMessage("a chunk has two parts, every other message one")
    return message


def key_of(parts: Parts) -> bytes:
    """The public key (Z85) that the connection of a message was admitted with."""
    return str(parts[0].get(KEY_PROPERTY)).encode() if parts else b""


def booth_of(parts: Parts) -> str:
    """The booth that owns this key."""
    return str(parts[0].get("User-Id")) if parts else ""
