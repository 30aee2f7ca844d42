"""Independent peers: plain aiortc against the server's doors."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from server.access import Scope
from server.live.pictures import rgb_of
from station.devices import LatestFrame
from station.protocol import OVERLAY_CHANNEL, PreviewOverlay, decode_overlay
from station.rtc import close_connection
from station.transport.preview_sender import PreviewSender
from station.transport.webrtc import WebRtcPreviewSender
from tests.integration.live.conftest import Server
from tests.integration.live.stamp import frame, number_in


async def offer_of(
    peer: RTCPeerConnection, direction: str, hear: Callable[[str | bytes], None] | None = None
) -> str:
    """An offer of one video in this direction, and the overlay channel that `hear` listens to."""
    if direction == "sendonly":
        peer.addTransceiver(VideoStreamTrack(), direction=direction)
    else:
        peer.addTransceiver("video", direction=direction)
    channel = peer.createDataChannel(OVERLAY_CHANNEL, ordered=False, maxRetransmits=0)
    if hear is not None:
        channel.add_listener("message", hear)
    await peer.setLocalDescription(await peer.createOffer())
    return str(peer.localDescription.sdp)


@dataclass
class Viewed:
    """What a viewer saw, by RTP timestamp of its own stream."""

    numbers: dict[int, int] = field(default_factory=dict)
    overlays: dict[int, int] = field(default_factory=dict)
    late: set[int] = field(default_factory=set)
    """Frames that were decoded before their overlay was there."""


class WhepViewer:
    """A stock aiortc viewer, which decodes the picture and hears the overlays."""

    def __init__(self, peer: RTCPeerConnection) -> None:
        self.peer = peer
        self.seen = Viewed()
        self.location = ""
        self._task: asyncio.Task[None] | None = None

    async def join(self, server: Server, booth: str = "booth1", query: str = "") -> int:
        """Post the offer; the HTTP status."""
        sdp = await offer_of(self.peer, "recvonly", self.hear)
        url = f"{server.url}/whep/{booth}{query}"
        async with server.http.post(url, data=sdp, headers=server.headers(Scope.READ)) as response:
            if response.status != 201:
                return response.status
            self.location = response.headers["Location"]
            answer = RTCSessionDescription(await response.text(), "answer")
        self._task = asyncio.create_task(self._watch())
        await self.peer.setRemoteDescription(answer)
        return 201

    def hear(self, data: str | bytes) -> None:
        """An overlay message."""
        message: PreviewOverlay = decode_overlay(data)
        self.seen.overlays[message.rtp_timestamp] = message.overlay.faces[0].box.x

    async def leave(self) -> None:
        """Stop watching."""
        await close_connection(self.peer)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _watch(self) -> None:
        receiver = self.peer.getReceivers()[0]
        while True:
            try:
                picture = await receiver.track.recv()
            except MediaStreamError:
                return
            assert isinstance(picture, VideoFrame)
            assert picture.pts is not None
            origin = vars(receiver)["_RTCRtpReceiver__timestamp_mapper"]._origin
            timestamp = (picture.pts + origin) & 0xFFFFFFFF
            self.seen.numbers[timestamp] = number_in(rgb_of(picture, picture.width))
            if timestamp not in self.seen.overlays:
                self.seen.late.add(timestamp)


def new_peer() -> RTCPeerConnection:
    """A peer connection that asks no STUN server."""
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


@asynccontextmanager
async def booth(server: Server, name: str = "booth1") -> AsyncIterator[PreviewSender]:
    """A booth that films numbered frames in this process."""
    source = LatestFrame()

    async def film() -> None:
        for number in range(1, 10_000):
            source.put(frame(number, number))
            await asyncio.sleep(1 / 15)

    token = server.tokens.issue(name, [Scope.PUBLISH])
    filming = asyncio.create_task(film())
    try:
        async with WebRtcPreviewSender(f"{server.url}/whip/{name}", token, source) as sender:
            yield sender
    finally:
        filming.cancel()
        await asyncio.wait({filming})


async def is_live(server: Server) -> None:
    """Once a booth sends frames."""
    async with asyncio.timeout(30):
        while not any(one.live for one in server.hub.state().booths):
            await asyncio.sleep(0.02)


async def seen(viewer: WhepViewer, frames: int) -> None:
    """Once the viewer has decoded so many."""
    async with asyncio.timeout(60):
        while len(viewer.seen.numbers) < frames:
            await asyncio.sleep(0.02)


async def answered(viewer: WhepViewer, frames: int, before: Collection[int] = ()) -> set[int]:
    """Once the viewer has decoded so many frames that it has overlays of, beside those `before`; their timestamps.

    Not every frame has one: a busy machine analyses only the newest.
    """
    async with asyncio.timeout(60):
        while len(found := (viewer.seen.numbers.keys() & viewer.seen.overlays.keys()) - {*before}) < frames:
            await asyncio.sleep(0.02)
    return found
