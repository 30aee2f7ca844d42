"""The private attributes of aiortc that the station touches, with those in `station.rtc`.

They have no public way to: learn the RTP timestamp of a sent frame, or hear a receiver's bandwidth estimate and its
requests for a key frame when frames are coded outside. `station.rtc.check_versions` refuses the versions this was not
written for; `tests/unit/transport/test_preview.py` holds the rest.
"""

from collections.abc import Callable
from typing import Any

from aiortc import RTCRtpSender
from aiortc.codecs.vpx import Vp8Encoder

from station.rtc import known

_SENDER = "_RTCRtpSender__"


class _Packetiser(Vp8Encoder):
    """In the place of the sender's encoder: cuts ready-made frames into packets and hears bandwidth estimates."""

    def __init__(self, on_bitrate: Callable[[int], None]) -> None:
        super().__init__()
        self._on_bitrate = on_bitrate
        self._bitrate = 0

    @property
    def target_bitrate(self) -> int:
        return self._bitrate

    @target_bitrate.setter
    def target_bitrate(self, bitrate: int) -> None:
        self._bitrate = bitrate
        self._on_bitrate(bitrate)


class PacketSender:
    """A sender of frames that were coded outside it.

    `on_bitrate` hears the receiver's estimate of what the path carries (REMB), bit/s; `on_key_frame` hears that it
    needs a key frame (PLI or FIR). The sender adds a random origin to the presentation time. It sends one frame after
    the other, so when its track is asked for the next frame, the timestamp it last used belongs to the frame before.
    """

    def __init__(
        self, sender: RTCRtpSender, *, on_bitrate: Callable[[int], None], on_key_frame: Callable[[], None]
    ) -> None:
        self._sender: Any = sender
        for name in ("encoder", "rtp_timestamp", "packet_count"):
            known(sender, _SENDER + name)
        known(sender, "_send_keyframe")
        setattr(sender, _SENDER + "encoder", _Packetiser(on_bitrate))
        vars(sender)["_send_keyframe"] = on_key_frame
        self.origin: int | None = None
        """RTP timestamp of presentation time 0; None before the first frame was sent."""

    def learn_origin(self, last_pts: int) -> None:
        """Call when the track is asked for the frame after the one of `last_pts` (90 kHz ticks)."""
        if self.origin is None and known(self._sender, _SENDER + "packet_count"):
            self.origin = (known(self._sender, _SENDER + "rtp_timestamp") - last_pts) & 0xFFFFFFFF

    def pts_of(self, rtp_timestamp: int) -> int | None:
        """Presentation time, modulo 2^32, of the frame sent under this timestamp."""
        return None if self.origin is None else (rtp_timestamp - self.origin) & 0xFFFFFFFF
