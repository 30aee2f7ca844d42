"""The preview track and its coder, and the private parts of aiortc they build on."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import av
import cv2
import numpy as np
import pytest
from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection
from aiortc.mediastreams import MediaStreamError

from station.devices import LatestFrame
from station.protocol import Frame, FrameHeader, Transfer
from station.rtc import InternalsChanged, check_versions, close_connection, internals
from station.transport import webrtc
from station.transport.preview_sender import PreviewState
from station.transport.preview_track import TICKS, PreviewTrack, SentFrames
from station.transport.rtc_internals import (
    PacketSender,
)
from station.transport.vp8 import PreviewEncoder
from tests.fixtures.web import serving

pytestmark = pytest.mark.unit


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def frame(frame_id: int, width: int = 64, height: int = 48) -> Frame:
    return Frame(
        FrameHeader(frame_id=frame_id, width=width, height=height), np.full((height, width, 3), 90, np.uint8)
    )


def track(source: LatestFrame, executor: ThreadPoolExecutor, fps: float = 200) -> PreviewTrack:
    return PreviewTrack(source, SentFrames(), PreviewEncoder(1280, 720, fps, 500_000), executor, fps)


async def test_newest_frame_under_a_time_that_survives_coders(executor: ThreadPoolExecutor) -> None:
    source = LatestFrame()
    frames = SentFrames()
    stream = PreviewTrack(source, frames, PreviewEncoder(64, 48, 200, 500_000), executor, 200)
    times = []
    for number in range(6):
        source.put(frame(2 * number))
        source.put(frame(2 * number + 1))
        packet = await stream.recv()
        assert packet.pts is not None
        times.append(packet.pts)
        assert frames.last_frame_id == 2 * number + 1
    assert times == sorted(set(times))
    assert all(time % TICKS == 0 for time in times)
    assert (frames.sent, frames.dropped) == (6, 5)
    assert [frames.answer(time, 1e10) for time in times] == [1, 3, 5, 7, 9, 11]
    assert frames.answer(times[0], 1e10) is None
    assert (frames.answered, frames.unmatched) == (6, 1)


async def test_rate_is_bounded(executor: ThreadPoolExecutor) -> None:
    source = LatestFrame()
    stream = track(source, executor, fps=20)
    number = 0
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(20):
        pull = asyncio.create_task(stream.recv())
        while not pull.done():
            number += 1
            source.put(frame(number))
            await asyncio.sleep(0.005)
    # Half an interval of slack at both ends; what is above a second is a busy machine's.
    assert 0.85 <= loop.time() - began < 10


async def test_closed_mailbox_ends_the_track(executor: ThreadPoolExecutor) -> None:
    source = LatestFrame()
    stream = track(source, executor)
    source.close()
    with pytest.raises(MediaStreamError):
        await stream.recv()


def test_memory_of_sent_frames_is_bounded() -> None:
    frames = SentFrames()
    for number in range(1000):
        frames.note_sent(number * TICKS, frame(number))
    assert frames.answer(0, 0.0) is None
    assert frames.answer(999 * TICKS, 0.0) == 999


def decoded(data: bytes) -> list[av.VideoFrame]:
    codec = av.VideoCodecContext.create("libvpx", "r")
    return list(codec.decode(av.Packet(data)))


def test_frames_are_scaled_down_to_fit_with_even_sides() -> None:
    encoder = PreviewEncoder(1280, 720, 15, 1_000_000)
    (wide,) = decoded(encoder.encode(frame(1, 2001, 999), 0, key=True))
    assert (wide.width, wide.height) == (1280, 638)
    (small,) = decoded(encoder.encode(frame(2, 65, 49), 9, key=False))
    assert (small.width, small.height) == (64, 48)


def test_linear_frames_are_developed() -> None:
    header = FrameHeader(
        frame_id=1, width=64, height=48, bit_depth=12, transfer=Transfer.LINEAR, white_level=4095
    )
    grey = Frame(header, np.full((48, 64, 3), 876, np.uint16))  # 21.4 % of white: 127 in sRGB
    (picture,) = decoded(PreviewEncoder(64, 48, 15, 500_000).encode(grey, 0, key=True))
    assert abs(float(picture.to_ndarray(format="rgb24").mean()) - 127) < 3


def test_texture_is_kept() -> None:
    """Noise reduction is off: with that of aiortc's coder a quarter of the sharpness of a noisy picture goes, not 5 %."""
    chance = np.random.default_rng(1)
    texture = 128 + cv2.GaussianBlur(chance.normal(0, 60, (240, 320, 3)), (3, 3), 0)
    encoder = PreviewEncoder(320, 240, 15, 4_000_000)
    codec = av.VideoCodecContext.create("libvpx", "r")
    kept = []
    for number in range(20):
        picture = np.clip(texture + chance.normal(0, 6, texture.shape), 0, 255).astype(np.uint8)
        source = Frame(FrameHeader(frame_id=number, width=320, height=240), picture)
        (shown,) = codec.decode(av.Packet(encoder.encode(source, number * 6000, key=number == 0)))
        kept.append(_sharpness(shown.to_ndarray(format="rgb24")) / _sharpness(picture))
    assert np.mean(kept[8:]) > 0.88


def _sharpness(picture: np.ndarray) -> float:
    return float(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.CV_32F).var())


def test_bitrate_changes_are_followed_but_not_each() -> None:
    encoder = PreviewEncoder(64, 48, 15, 1_000_000)
    encoder.encode(frame(1), 0, key=True)
    first = encoder._codec
    encoder.set_bitrate(2_000_000)
    encoder.encode(frame(2), 9, key=False)
    assert encoder._codec is first
    vars(encoder)["_changed"] = float("-inf")
    data = encoder.encode(frame(3), 18, key=False)
    assert encoder._codec is not first
    assert data[0] & 1 == 0


async def test_the_senders_private_parts_are_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    check_versions()
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    sender = peer.addTransceiver("video", direction="sendonly").sender
    heard: list[int] = []
    PacketSender(sender, on_bitrate=heard.append, on_key_frame=lambda: heard.append(0))
    sender._send_keyframe()
    vars(sender)["_RTCRtpSender__encoder"].target_bitrate = 700_000
    assert heard == [0, 700_000]
    with pytest.raises(InternalsChanged):
        PacketSender(object(), on_bitrate=heard.append, on_key_frame=lambda: None)  # type: ignore[arg-type]
    monkeypatch.setattr(internals, "version", lambda name: "2.0")
    with pytest.raises(InternalsChanged):
        check_versions()
    await peer.close()


async def test_a_sender_that_is_closed_ends_though_its_connection_fails_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connecting = asyncio.Event()

    async def never_answer(*_: object) -> tuple[str, str]:
        connecting.set()
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    async def close_badly(connection: RTCPeerConnection) -> None:
        await close_connection(connection)
        raise ConnectionError("the transport is gone")

    monkeypatch.setattr(webrtc, "close_connection", close_badly)
    monkeypatch.setattr(webrtc.WebRtcPreviewSender, "_post", never_answer)
    sender = webrtc.WebRtcPreviewSender("http://127.0.0.1:9/whip", "", LatestFrame())
    async with sender:
        await connecting.wait()
        closing = asyncio.create_task(sender.close())
        await asyncio.wait({closing}, timeout=20)
        ended = closing.done()
        monkeypatch.setattr(webrtc, "close_connection", close_connection)
        if not ended and sender._task is not None:
            sender._task.cancel()
    assert ended


async def test_a_server_that_says_when_to_ask_again_is_asked_then() -> None:
    asked: list[str] = []

    async def refuse(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=429, headers={"Retry-After": "60"})

    app = web.Application()
    app.router.add_post("/whip/one", refuse)
    async with (
        serving(app) as url,
        webrtc.WebRtcPreviewSender(f"{url}/whip/one", "", LatestFrame()) as sender,
    ):
        async with asyncio.timeout(20):
            while not sender.reason:
                await asyncio.sleep(0.02)
        await asyncio.sleep(1.5)
        assert sender.state is PreviewState.WAITING
        assert "429" in sender.reason
    assert asked == ["/whip/one"]
