"""The product's receive policy for a peer's own receivers, in the peer's environment.

The policy is the very code of `server.live`, loaded without the rest of that room, which the environment could not
import.
"""

import asyncio
import sys
import types
from pathlib import Path
from typing import Any

from aiortc import RTCRtpReceiver
from aiortc.jitterbuffer import JitterFrame

_RECEIVER = "_RTCRtpReceiver__"
_ROOM = "server.live"


def install() -> None:
    """Give every video receiver that this process makes from now on the policy."""
    room = types.ModuleType(_ROOM)
    room.__path__ = [str(Path(__file__).parents[2] / "server" / "live")]
    sys.modules[_ROOM] = room
    made = RTCRtpReceiver.__init__

    def make(self: Any, kind: str, transport: Any) -> None:
        made(self, kind, transport)
        if kind == "video":
            _Intake(self)

    vars_of = "__init__"
    setattr(RTCRtpReceiver, vars_of, make)


class _Intake:
    """Between the policy and the receiver's own decoder."""

    def __init__(self, receiver: Any) -> None:
        from server.live.rtc_internals import VideoIntake

        self._receiver = receiver
        self._intake = VideoIntake(receiver, self._take)
        self._repairs: asyncio.Task[None] | None = None

    def _take(self, frame: Any) -> None:
        """A whole coded frame, to be decoded."""
        if self._repairs is None:
            self._repairs = asyncio.create_task(self._intake.run())
        codecs = getattr(self._receiver, _RECEIVER + "codecs").values()
        codec = next(codec for codec in codecs if codec.name == "VP8")
        clock = getattr(self._receiver, _RECEIVER + "timestamp_mapper")
        timestamp = clock.map(frame.timestamp & 0xFFFFFFFF)
        coded = JitterFrame(data=frame.data, timestamp=timestamp)
        getattr(self._receiver, _RECEIVER + "decoder_queue").put((codec, coded))
