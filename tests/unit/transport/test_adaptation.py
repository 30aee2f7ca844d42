"""The preview's bitrate follows what the way to the server carries, as the receiver estimates it (REMB)."""

from collections import deque
from typing import Any

import cv2
import numpy as np
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, rtp
from aiortc.rate import RemoteBitrateEstimator

from station.protocol import Frame, FrameHeader
from station.transport.rtc_internals import PacketSender
from station.transport.vp8 import PreviewEncoder

pytestmark = pytest.mark.unit

FPS = 15
WIDTH, HEIGHT = 320, 240
PACKET = 1200  # bytes
QUEUE_S = 0.4  # what the link lets wait before it drops


class Time:
    """A clock that goes as fast as the test."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Run:
    """A coder and aiortc's estimator, with a link of some bit/s between them, in a time of their own."""

    def __init__(self, **bounds: tuple[int, int]) -> None:
        self.time = Time()
        self.encoder = PreviewEncoder(WIDTH, HEIGHT, FPS, 1_500_000, clock=self.time, **bounds)
        self._estimator = RemoteBitrateEstimator()
        self._under_way: deque[tuple[float, float, int]] = deque()
        self._free_at = 0.0
        self._count = 0
        self._noise = np.random.default_rng(7).normal(0, 40, (2 * HEIGHT, 2 * WIDTH, 3))
        self.waits: list[float] = []
        """Time that each packet that arrived spent in the link, s."""

    def over(self, bits_per_s: float, seconds: float) -> int:
        """Send for so long over a link of this capacity; the bitrate at the end."""
        for _ in range(round(seconds * FPS)):
            self._send(
                self.encoder.encode(self._frame(), self._count * 6000, key=self._count == 0), bits_per_s
            )
            self.time.now += 1 / FPS
            self._receive()
            self._count += 1
        return self.encoder.bitrate

    def _frame(self) -> Frame:
        x, y = (self._count * 7) % WIDTH, (self._count * 3) % HEIGHT
        picture = np.clip(128 + self._noise[y : y + HEIGHT, x : x + WIDTH], 0, 255)
        header = FrameHeader(frame_id=self._count, width=WIDTH, height=HEIGHT)
        return Frame(header, cv2.blur(picture, (2, 2)).astype(np.uint8))

    def _send(self, data: bytes, bits_per_s: float) -> None:
        for at in range(0, len(data), PACKET):
            size = min(PACKET, len(data) - at)
            sent = self.time.now + at / PACKET * 0.0002
            begins = max(sent, self._free_at)
            if begins - sent < QUEUE_S:
                self._free_at = begins + size * 8 / bits_per_s
                self._under_way.append((sent, self._free_at, size))

    def _receive(self) -> None:
        while self._under_way and self._under_way[0][1] <= self.time.now:
            sent, arrived, size = self._under_way.popleft()
            self.waits.append(arrived - sent)
            told = self._estimator.add(
                abs_send_time=round(sent * (1 << 18)) & 0xFFFFFF,
                arrival_time_ms=round(arrived * 1000),
                payload_size=size,
                ssrc=1,
            )
            if told is not None:
                self.encoder.set_bitrate(told[0])


def test_the_bitrate_goes_down_with_the_link_and_up_again() -> None:
    run = Run()
    wide = run.over(6_000_000, 10)
    assert wide >= 1_200_000
    narrow = run.over(600_000, 12)
    assert narrow <= 700_000
    run.waits.clear()
    run.over(600_000, 4)
    assert np.percentile(run.waits, 90) < QUEUE_S
    assert run.over(6_000_000, 25) >= 1.5 * narrow


def test_the_bounds_of_the_configuration_hold() -> None:
    run = Run(bounds=(800_000, 1_600_000))
    assert run.over(6_000_000, 12) <= 1_600_000
    assert run.over(200_000, 10) >= 800_000


async def test_a_receivers_estimate_reaches_the_coder() -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    sender: Any = peer.addTransceiver("video", direction="sendonly").sender
    encoder = PreviewEncoder(WIDTH, HEIGHT, FPS, 1_500_000)
    PacketSender(sender, on_bitrate=encoder.set_bitrate, on_key_frame=lambda: None)
    fci = rtp.pack_remb_fci(700_000, [sender._ssrc])
    await sender._handle_rtcp_packet(rtp.RtcpPsfbPacket(fmt=rtp.RTCP_PSFB_APP, ssrc=1, media_ssrc=0, fci=fci))
    assert abs(encoder.bitrate - 700_000) < 1000
    await peer.close()
