"""Bytes of the messages: msgpack, tagged, unknown fields ignored, everything bounded."""

import msgspec

from station.protocol.errors import MalformedMessage, OversizedMessage
from station.protocol.messages import PreviewOverlay, ServerMessage, StationMessage
from station.protocol.results import MAX_OVERLAY_BYTES

MAX_MESSAGE_BYTES = 64 * 1024
"""Largest encoded message, raw parts not counted."""
OVERLAY_CHANNEL = "overlay"
"""Label of the WebRTC data channel that carries `PreviewOverlay`."""

_encoder = msgspec.msgpack.Encoder()
_station_decoder: msgspec.msgpack.Decoder[StationMessage] = msgspec.msgpack.Decoder(StationMessage)
_server_decoder: msgspec.msgpack.Decoder[ServerMessage] = msgspec.msgpack.Decoder(ServerMessage)
_overlay_decoder = msgspec.json.Decoder(PreviewOverlay)


def encode(message: StationMessage | ServerMessage) -> bytes:
    """The wire form of a message."""
    return _encoder.encode(message)


def decode_station(data: bytes) -> StationMessage:
    """The message a station sent; raises `OversizedMessage` or `MalformedMessage`."""
    _check_length(data, MAX_MESSAGE_BYTES)
    try:
        return _station_decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedMessage(str(error)) from error


def decode_server(data: bytes) -> ServerMessage:
    """The message a server sent; raises `OversizedMessage` or `MalformedMessage`."""
    _check_length(data, MAX_MESSAGE_BYTES)
    try:
        return _server_decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedMessage(str(error)) from error


def encode_overlay(message: PreviewOverlay) -> bytes:
    """The JSON of an overlay; raises `OversizedMessage` over `MAX_OVERLAY_BYTES`."""
    data = msgspec.json.encode(message)
    _check_length(data, MAX_OVERLAY_BYTES)
    return data


def decode_overlay(data: bytes | str) -> PreviewOverlay:
    """The overlay in a data channel message; raises `OversizedMessage` or `MalformedMessage`."""
    _check_length(data, MAX_OVERLAY_BYTES)
    try:
        return _overlay_decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedMessage(str(error)) from error


def _check_length(data: bytes | str, limit: int) -> None:
    if len(data) > limit:
        raise OversizedMessage(f"message of {len(data)} bytes, at most {limit} are accepted")
