"""Booths that send the same coded frames over and over, so that one core feeds many of them."""

import asyncio
import math
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import av
import cv2
from aiortc import MediaStreamTrack, RTCRtpSender

from benchmarks.live import programs, scene
from benchmarks.live.booth import Notes
from benchmarks.live.whip import connected, new_peer
from station.protocol import OVERLAY_CHANNEL, decode_overlay
from station.transport.preview_track import TICKS
from station.transport.rtc_internals import PacketSender
from station.transport.vp8 import TIME_BASE, PreviewEncoder

LOOP = 2 * scene.LENGTH
"""Frames that are coded once; the first is a key frame."""
BITRATE = 1_500_000
Packet: TypeAlias = "av.Packet[av.stream.Stream]"


def coded(fps: float) -> list[bytes]:
    """The frames as VP8."""
    encoder = PreviewEncoder(scene.WIDTH, scene.HEIGHT, fps, BITRATE)
    step = round(90_000 / fps)
    return [encoder.encode(scene.frame(number), number * step, number == 0) for number in range(LOOP)]


class ReplayTrack(MediaStreamTrack):
    """The coded frames at their rate; begins anew where the receiver wants a key frame."""

    kind = "video"

    def __init__(self, frames: Sequence[bytes], fps: float, notes: Notes, began: float) -> None:
        """`began` is the time of its first frame, on `time.monotonic`."""
        super().__init__()
        self._frames = frames
        self._fps = fps
        self._notes = notes
        self._began = began
        self._sent = 0
        self._place = 0
        self._sender: PacketSender | None = None
        self._last_pts: int | None = None
        self._numbers: dict[int, int] = {}

    def bind(self, sender: RTCRtpSender) -> None:
        """Hear the receiver's wishes through the sender that pulls this track."""
        self._sender = PacketSender(sender, on_bitrate=lambda _: None, on_key_frame=self._begin_anew)

    async def recv(self) -> Packet:
        """The next frame, when it is due; those that are overdue are left out."""
        if self._sender is not None and self._last_pts is not None:
            self._sender.learn_origin(self._last_pts)
        await asyncio.sleep(max(0.0, self._began + self._sent / self._fps - time.monotonic()))
        packet: Packet = av.Packet(self._frames[self._place % LOOP])
        self._last_pts = round((time.monotonic() - self._began) * 90_000 / TICKS + TICKS) * TICKS
        packet.pts, packet.time_base = self._last_pts, TIME_BASE
        self._numbers[self._last_pts] = self._sent
        self._numbers.pop(next(iter(self._numbers)) if len(self._numbers) > 256 else -1, None)
        self._notes.film(self._sent, time.time())
        self._sent, self._place = self._sent + 1, self._place + 1
        return packet

    def answered(self, rtp_timestamp: int) -> int | None:
        """The number of the frame sent under this timestamp."""
        pts = None if self._sender is None else self._sender.pts_of(rtp_timestamp)
        return None if pts is None else self._numbers.pop(pts, None)

    def _begin_anew(self) -> None:
        if self._place % LOOP > 2:  # the key frame may be on its way
            self._place = 0


@dataclass(frozen=True)
class Replay:
    """A booth that replays."""

    track: ReplayTrack
    notes: Notes


@asynccontextmanager
async def booth(
    url: str, token: str, frames: Sequence[bytes], fps: float, began: float
) -> AsyncIterator[Replay]:
    """One booth for as long as the context is open."""
    notes, peer = Notes(), new_peer()
    track = ReplayTrack(frames, fps, notes, began)
    transceiver = peer.addTransceiver(track, direction="sendonly")
    wanted = ("video/vp8", "video/rtx")
    codecs = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType.lower() in wanted])
    track.bind(transceiver.sender)
    channel = peer.createDataChannel(OVERLAY_CHANNEL, ordered=False, maxRetransmits=0)

    def hear(data: bytes | str) -> None:
        message = decode_overlay(data)
        number = track.answered(message.rtp_timestamp)
        if number is not None:
            notes.answer(number)

    channel.add_listener("message", hear)
    async with connected(peer, url, token):
        yield Replay(track, notes)
    track.stop()


class _Booths:
    """Booths that come and go, each a task."""

    def __init__(self, fps: float, frames: Sequence[bytes]) -> None:
        self._fps = fps
        self._frames = frames
        self._running: dict[str, tuple[asyncio.Task[None], asyncio.Event]] = {}
        self._replays: dict[str, Replay] = {}

    async def join(self, name: str, url: str, token: str, offset_s: float = 0.0) -> dict[str, Any]:
        """A booth more, whose frames are due `offset_s` after full ticks of the rate."""
        up, leave = asyncio.Event(), asyncio.Event()
        began = math.ceil(time.monotonic()) + offset_s
        task = asyncio.create_task(self._live(name, url, token, began, up, leave))
        self._running[name] = (task, leave)
        waiting = asyncio.create_task(up.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        return {"up": up.is_set()}

    async def _live(
        self, name: str, url: str, token: str, began: float, up: asyncio.Event, leave: asyncio.Event
    ) -> None:
        async with booth(url, token, self._frames, self._fps, began) as replay:
            self._replays[name] = replay
            up.set()
            await leave.wait()

    async def leave(self, name: str) -> None:
        """One less, if it is there."""
        if name not in self._running:
            return
        task, leave = self._running.pop(name)
        self._replays.pop(name, None)
        leave.set()
        await asyncio.wait({task})
        if not task.cancelled() and (error := task.exception()) is not None:
            print(f"a replayed booth failed: {error}", file=sys.stderr)

    def collect(self) -> dict[str, Any]:
        """What each booth noted since it was last asked."""
        return {"booths": {name: replay.notes.collect() for name, replay in self._replays.items()}}

    async def close(self) -> None:
        """All leave."""
        for name in tuple(self._running):
            await self.leave(name)


async def _main(*, fps: float) -> None:
    booths = _Booths(fps, coded(fps))
    programs.say(up=True)
    await programs.answer({"join": booths.join, "leave": booths.leave, "collect": booths.collect})
    await booths.close()


if __name__ == "__main__":
    cv2.setNumThreads(1)
    asyncio.run(_main(**programs.settings()))
