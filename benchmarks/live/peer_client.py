"""A booth for peers that answer with a drawn video: sends as the product's booth does, reads the numbers that come back."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import av
import cv2
import numpy as np
from aiortc import RTCPeerConnection, RTCRtpReceiver, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from benchmarks.live import programs, scene, stamp
from benchmarks.live.booth import Notes, film
from benchmarks.live.replay import BITRATE
from benchmarks.live.whip import new_peer
from server.live.decoding import StreamDecoder
from server.live.reassembly import EncodedFrame
from server.live.rtc_internals import VideoIntake
from station.devices import LatestFrame
from station.rtc import close_connection
from station.transport.preview_track import PreviewTrack, SentFrames
from station.transport.vp8 import PreviewEncoder

_NAME = "bench"
_LIMIT_S = 30.0


class _Returned:
    """Reads the number drawn in each picture that came back."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self.pictures = 0
        """That came back."""

    def see(self, picture: av.VideoFrame) -> None:
        """A picture."""
        plane = picture.planes[0]
        luma = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[
            : picture.height, : picture.width
        ]
        self.pictures += 1
        self._notes.answer(stamp.number_in(luma, row=1))


async def _stock(receiver: RTCRtpReceiver, returned: _Returned) -> None:
    """Take pictures as aiortc gives them."""
    untyped: Any = receiver
    while untyped.track is None:  # there is none before the answer
        await asyncio.sleep(0.005)
    with suppress(MediaStreamError):
        while True:
            frame = await receiver.track.recv()
            assert isinstance(frame, av.VideoFrame)
            returned.see(frame)


async def _patched(receiver: RTCRtpReceiver, returned: _Returned, executor: ThreadPoolExecutor) -> None:
    """Take pictures by the product's receive policy."""

    def take(frame: EncodedFrame) -> None:
        decoder.push(frame, time.monotonic())

    intake = VideoIntake(receiver, take)
    decoder = StreamDecoder(executor, lambda decoded: returned.see(decoded.picture), intake.require_key_frame)
    async with asyncio.TaskGroup() as group:
        group.create_task(intake.run())
        group.create_task(decoder.run())


@asynccontextmanager
async def _sending(peer: RTCPeerConnection, source: LatestFrame, fps: float) -> AsyncIterator[RTCRtpReceiver]:
    """Add the product's preview track in both directions."""
    executor = ThreadPoolExecutor(1)
    encoder = PreviewEncoder(scene.WIDTH, scene.HEIGHT, fps, BITRATE)
    track = PreviewTrack(source, SentFrames(), encoder, executor, fps)
    transceiver = peer.addTransceiver(track, direction="sendrecv")
    codecs = RTCRtpSender.getCapabilities("video").codecs
    wanted = ("video/vp8", "video/rtx")
    transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType.lower() in wanted])
    track.bind(transceiver.sender)
    peer.createDataChannel("text")
    try:
        yield transceiver.receiver
    finally:
        source.close()
        executor.shutdown(cancel_futures=True)


async def _connect(peer: RTCPeerConnection, offer: str, begin: str | None) -> None:
    await peer.setLocalDescription(await peer.createOffer())
    told = {"sdp": peer.localDescription.sdp, "type": "offer", "webrtc_id": _NAME}
    timeout = aiohttp.ClientTimeout(total=_LIMIT_S)
    async with aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as http:
        async with http.post(offer, json=told) as response:
            answer = await response.json()
        await peer.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))
        if begin is not None:
            async with http.post(begin, json={"webrtc_id": _NAME}):
                pass


async def _main(*, offer: str, begin: str | None = None, fps: float, policy: bool) -> None:
    source, notes, peer = LatestFrame(), Notes(), new_peer()
    returned, decoding = _Returned(notes), ThreadPoolExecutor(1)
    async with _sending(peer, source, fps) as receiver:
        watching = asyncio.create_task(
            _patched(receiver, returned, decoding) if policy else _stock(receiver, returned)
        )
        await asyncio.sleep(0)  # the policy is in place before anything is received
        await _connect(peer, offer, begin)
        filming = asyncio.create_task(film(source, notes, fps))
        async with asyncio.timeout(_LIMIT_S):
            while notes.answers == 0:
                await asyncio.sleep(0.02)
        programs.say(up=True)
        commands: dict[str, Callable[..., Any]] = {"collect": notes.collect}
        await programs.answer(commands)
        for task in (filming, watching):
            task.cancel()
        await asyncio.wait({filming, watching})
        await close_connection(peer)
    decoding.shutdown(cancel_futures=True)


if __name__ == "__main__":
    cv2.setNumThreads(1)
    asyncio.run(_main(**programs.settings()))
