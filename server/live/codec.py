"""The video codecs that are forwarded, and what their RTP payloads say about frames."""

from enum import StrEnum

_START = b"\x00\x00\x01"
_SEQUENCE_PARAMETER_SET = 7  # NAL unit type, ITU-T H.264 table 7-1


class VideoCodec(StrEnum):
    """By its name in SDP, preferred first: booths send VP8, encoders of others often know H.264 alone."""

    VP8 = "VP8"
    H264 = "H264"

    @property
    def mime_type(self) -> str:
        """As aiortc's capabilities have it."""
        return f"video/{self}"

    def begins(self, payload: bytes, data: bytes) -> bool:
        """Whether an RTP payload begins a frame, or in H.264 a NAL unit; `data` is the payload without descriptor."""
        if self is VideoCodec.VP8:
            return bool(payload) and payload[0] & 0x17 == 0x10  # RFC 7741: S is set, PID is 0
        return data.startswith(b"\x00" + _START)

    def begins_key_frame(self, payload: bytes, data: bytes) -> bool:
        """Whether decoding can begin with this packet."""
        if not data or not self.begins(payload, data):
            return False
        return not data[0] & 1 if self is VideoCodec.VP8 else _SEQUENCE_PARAMETER_SET in _nal_types(data)


def _nal_types(data: bytes) -> set[int]:
    """Types of the NAL units in a byte stream (ITU-T H.264 annex B)."""
    return {unit[0] & 0x1F for unit in data.split(_START)[1:] if unit}
