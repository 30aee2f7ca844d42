"""The live picture of the kiosk page: each message is a JPEG with the overlay of that very frame."""

import asyncio
import contextlib
import logging
import struct
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from station.devices import Latest
from station.kiosk.contract.agent import KioskAgent
from station.kiosk.pairing import FramePairing
from station.protocol import Frame, Overlay, QualityReport
from station.quality.tone import develop

WIDTH, HEIGHT = 960, 540
"""The box that a preview picture is fitted into, px."""
FRAMES_PER_SECOND = 15.0
_JPEG_QUALITY = 82
_HALF = 0.5
_LENGTH = struct.Struct(">I")
_log = logging.getLogger(__name__)


class PictureHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What precedes the JPEG of a message."""

    frame_id: int
    width: int
    height: int
    """Size of the booth's frame, which overlay and quality refer to; the JPEG may be smaller."""
    captured_at: float
    overlay: Overlay | None
    """The overlay of this frame; None if none came in time."""
    hints: QualityReport | None
    """Quality of a recent preview frame."""


def pack(header: PictureHeader, jpeg: bytes) -> bytes:
    """One binary message: length of the JSON (4 bytes, big endian), the JSON, the JPEG."""
    text = msgspec.json.encode(header)
    return _LENGTH.pack(len(text)) + text + jpeg


def encode_jpeg(frame: Frame) -> bytes:
    """The frame as JPEG, fitted into `WIDTH` x `HEIGHT`."""
    pixels = _shrink(frame)
    quality = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    _, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), quality)
    return data.tobytes()


def _shrink(frame: Frame) -> NDArray[np.uint8]:
    header, pixels = frame.header, develop(frame)
    factor = min(WIDTH / header.width, HEIGHT / header.height, 1.0)
    if factor < 1.0:
        size = (round(header.width * factor), round(header.height * factor))
        # From half the size on two neighbours hold every pixel, at a quarter of the time.
        method = cv2.INTER_LINEAR if factor > _HALF else cv2.INTER_AREA
        return np.asarray(cv2.resize(pixels, size, interpolation=method), np.uint8)
    return pixels


class LivePicture:
    """Encodes the preview once for all watchers, and only while somebody watches."""

    def __init__(self, agent: KioskAgent) -> None:
        self._agent = agent
        self._watchers = 0
        self._encoding: asyncio.Task[None] | None = None
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="kiosk-jpeg")
        self._pictures: Latest[bytes] = Latest()

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[Latest[bytes]]:
        """The packed pictures, newest first, for as long as the context is open."""
        self._watchers += 1
        if self._watchers == 1:
            self._encoding = asyncio.create_task(self._run(), name="kiosk-picture")
        try:
            yield self._pictures
        finally:
            self._watchers -= 1
            if self._watchers == 0:
                await self._stop()

    @property
    def encoding(self) -> bool:
        """Whether pictures are being made."""
        return self._encoding is not None

    async def close(self) -> None:
        """Let the watchers go; safe to call twice."""
        self._pictures.close()
        await self._stop()
        self._executor.shutdown(wait=False)

    async def _stop(self) -> None:
        task, self._encoding = self._encoding, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def _run(self) -> None:
        pairing, news = FramePairing(), asyncio.Event()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._take_frames(pairing, news))
                tasks.create_task(self._take_overlays(pairing, news))
                tasks.create_task(self._show(pairing, news))
        except* EOFError:
            _log.debug("the preview has ended")

    async def _take_frames(self, pairing: FramePairing, news: asyncio.Event) -> None:
        frame_id = -1
        while True:
            frame = await self._agent.preview.get(frame_id)
            frame_id = frame.header.frame_id
            pairing.add_frame(frame, self._now())
            news.set()

    async def _take_overlays(self, pairing: FramePairing, news: asyncio.Event) -> None:
        revision = self._agent.overlays.revision
        while True:
            revision, overlay = await self._agent.overlays.next(revision)
            pairing.add_overlay(overlay, self._now())
            news.set()

    async def _show(self, pairing: FramePairing, news: asyncio.Event) -> None:
        pause = 0.9 / FRAMES_PER_SECOND
        while True:
            with contextlib.suppress(TimeoutError):
                # wait_for of Python 3.11 can lose a cancellation that comes together with the event.
                async with asyncio.timeout(pairing.wait_s(self._now())):
                    await news.wait()
            news.clear()
            if (found := pairing.take(self._now())) is not None:
                began = self._now()
                await self._publish(*found)
                await asyncio.sleep(max(0.0, began + pause - self._now()))

    async def _publish(self, frame: Frame, overlay: Overlay | None) -> None:
        loop = asyncio.get_running_loop()
        jpeg = await loop.run_in_executor(self._executor, encode_jpeg, frame)
        header = PictureHeader(
            frame_id=frame.header.frame_id,
            width=frame.header.width,
            height=frame.header.height,
            captured_at=frame.header.captured_at,
            overlay=overlay,
            hints=self._agent.hints.value,
        )
        self._pictures.put(pack(header, jpeg))

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
