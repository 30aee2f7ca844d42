"""A peer in the pattern of aiortc's server example: a track that pulls a frame, draws on it, and is sent back."""

import asyncio

import numpy as np
from aiohttp import web
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay
from av import VideoFrame

from benchmarks.live.peer_work import Work, given, until_closed


class DrawnTrack(MediaStreamTrack):
    """Frames of another track, each drawn upon when it is asked for."""

    kind = "video"

    def __init__(self, track: MediaStreamTrack, work: Work) -> None:
        super().__init__()
        self._track = track
        self._work = work

    async def recv(self) -> VideoFrame:
        """The next frame."""
        frame = await self._track.recv()
        assert isinstance(frame, VideoFrame)
        picture = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
        drawn = VideoFrame.from_ndarray(self._work(picture), format="bgr24")
        drawn.pts, drawn.time_base = frame.pts, frame.time_base
        return drawn


async def _main(*, model_ms: float) -> None:
    work, relay, peers = Work(model_ms), MediaRelay(), set[RTCPeerConnection]()

    async def offer(request: web.Request) -> web.Response:
        asked = await request.json()
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        peers.add(peer)
        peer.add_listener("track", lambda track: peer.addTrack(DrawnTrack(relay.subscribe(track), work)))
        await peer.setRemoteDescription(RTCSessionDescription(asked["sdp"], asked["type"]))
        await peer.setLocalDescription(await peer.createAnswer())
        return web.json_response({"sdp": peer.localDescription.sdp, "type": peer.localDescription.type})

    app = web.Application()
    app.router.add_post("/offer", offer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await until_closed(offer=f"http://127.0.0.1:{runner.addresses[0][1]}/offer")
    await asyncio.gather(*(peer.close() for peer in peers))
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_main(**given()))
