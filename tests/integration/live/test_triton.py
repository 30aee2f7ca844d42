"""The whole live path over a real Triton: a real face in, outlines and maps out, within the size that is promised."""

import asyncio
import time

import cv2
import numpy as np
import pytest
import skimage.data

from server.inference import TritonClient
from server.live import LiveAnalyst, LiveHub
from server.overlay import layers_of
from station.devices import LatestFrame
from station.protocol import (
    MAX_OVERLAY_BYTES,
    Frame,
    FrameHeader,
    Layer,
    Overlay,
    PreviewOverlay,
    encode_overlay,
)
from station.transport.webrtc import WebRtcPreviewSender

pytestmark = pytest.mark.integration

SIDE = 480


async def film(source: LatestFrame, limit: int = 2000) -> None:
    portrait = np.asarray(skimage.data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]
    picture = np.asarray(cv2.resize(portrait, (SIDE, SIDE)), np.uint8)
    for number in range(1, limit):
        header = FrameHeader(frame_id=number, width=SIDE, height=SIDE, captured_at=time.time())
        source.put(Frame(header, picture))
        await asyncio.sleep(0.1)


async def test_a_face_gets_its_overlay(triton_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: asyncio.Queue[Overlay] = asyncio.Queue()
    source = LatestFrame()
    async with TritonClient(triton_url) as triton, LiveAnalyst(triton) as analyst, LiveHub(analyst) as hub:

        async def post(http: object, sdp: str) -> tuple[str, str]:
            session = await hub.publish("booth1", sdp)
            return session.session_id, session.answer

        async def delete(http: object, location: str) -> None:
            await hub.end("booth1", location)

        sender = WebRtcPreviewSender("", "", source, on_overlay=heard.put_nowait)
        monkeypatch.setattr(sender, "_post", post)
        monkeypatch.setattr(sender, "_delete", delete)
        filming = asyncio.create_task(film(source))
        async with sender, asyncio.timeout(90):
            overlay = await heard.get()
            while Layer.SEVERITY not in {part.layer for part in overlay.maps}:
                overlay = await heard.get()
        filming.cancel()
        await asyncio.wait({filming})
        await asyncio.sleep(0.05)
    box = overlay.faces[0].box
    assert abs(box.x + box.width / 2 - 0.44 * SIDE) < 0.08 * SIDE
    assert {part.layer for part in overlay.maps} == {
        Layer.MELANIN,
        Layer.REDNESS,
        Layer.REFLECTION,
        Layer.SEVERITY,
    }
    layers = layers_of(overlay)
    middle = (slice(box.y, box.y + box.height), slice(box.x, box.x + box.width))
    assert (layers[Layer.SKIN][middle] > 127).mean() > 0.4
    assert layers[Layer.MELANIN][middle].max() > 20
    assert overlay.inference_ms > 0
    assert len(encode_overlay(PreviewOverlay(rtp_timestamp=1, overlay=overlay))) <= MAX_OVERLAY_BYTES
