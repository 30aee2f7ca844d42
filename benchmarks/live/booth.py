"""A booth of a benchmark in a process of its own: films, codes, sends, and notes when each frame's overlay came back."""

import asyncio
import time
from pathlib import Path
from typing import Any

import cv2

from benchmarks.live import programs, scene
from benchmarks.live.link import Link
from benchmarks.live.plane import number_of
from station.devices import LatestFrame
from station.protocol import Overlay
from station.transport import open_keys
from station.transport.jpeg_preview import JpegPreviewSender
from station.transport.preview_sender import PreviewSender, PreviewSettings
from station.transport.webrtc import WebRtcPreviewSender

_ANSWER_LIMIT_S = 30.0


class Notes:
    """When frames were taken and answered, s since the epoch; how many overlays told the number of another frame."""

    def __init__(self) -> None:
        self._taken: dict[int, float] = {}
        self._answered: list[tuple[int, float, float]] = []
        self._filmed = 0
        self._mistaken = 0
        self.answers = 0
        """Frames answered since the beginning."""

    def film(self, number: int, at: float) -> None:
        """A frame was taken."""
        self._taken[number] = at
        self._filmed += 1

    def hear(self, overlay: Overlay) -> None:
        """An overlay came back."""
        self.answer(overlay.frame_id)
        self._mistaken += overlay.frame_id != number_of(overlay)

    def answer(self, number: int) -> None:
        """The overlay of this frame came back."""
        taken = self._taken.pop(number, None)
        if taken is not None:
            self._answered.append((number, taken, time.time()))
            self.answers += 1

    def collect(self) -> dict[str, Any]:
        """Everything since it was last asked: `answered` has number, taken and answered of each frame."""
        told = {"filmed": self._filmed, "answered": self._answered, "mistaken": self._mistaken}
        self._answered, self._filmed, self._mistaken = [], 0, 0
        self._taken = {number: at for number, at in self._taken.items() if time.time() - at < 10}
        return told


async def film(source: LatestFrame, notes: Notes, fps: float) -> None:
    """Show one frame after the other until cancelled."""
    scene.picture(0)
    started, number = time.perf_counter(), 0
    while True:
        await asyncio.sleep(max(0.0, started + number / fps - time.perf_counter()))
        frame = scene.frame(number)
        notes.film(number, frame.header.captured_at or time.time())
        source.put(frame)
        number += 1


def _sender(source: LatestFrame, notes: Notes, fps: float, door: dict[str, str]) -> PreviewSender:
    """What the product's booth sends with, by the door that it was given."""
    settings = PreviewSettings(width=scene.WIDTH, height=scene.HEIGHT, fps=fps)
    if "endpoint" not in door:
        return WebRtcPreviewSender(
            door["url"], door["token"], source, on_overlay=notes.hear, settings=settings
        )
    return JpegPreviewSender(
        door["endpoint"],
        source,
        keys=open_keys(Path(door["keys"])),
        server_key=door["server_key"].encode(),
        on_overlay=notes.hear,
        settings=settings,
    )


async def _main(*, fps: float, **door: str) -> None:
    link, source, notes = Link(seed=1), LatestFrame(), Notes()
    link.lay()
    filming = asyncio.create_task(film(source, notes, fps))
    async with _sender(source, notes, fps, door) as sender:
        async with asyncio.timeout(_ANSWER_LIMIT_S):
            while sender.stats.answered == 0:
                await asyncio.sleep(0.02)
        programs.say(up=True)

        def state() -> dict[str, Any]:
            return {"connections": sender.stats.connections, "sent": sender.stats.sent}

        await programs.answer({"collect": notes.collect, "link": link.set, "state": state})
    filming.cancel()
    await asyncio.wait({filming})


if __name__ == "__main__":
    cv2.setNumThreads(1)
    asyncio.run(_main(**programs.settings()))
