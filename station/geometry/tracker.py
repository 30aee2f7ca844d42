"""The face of the preview, followed a few times a second in a thread of its own."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from station.devices import LatestFrame, Worker
from station.geometry.finder import FaceFinder, FoundFace
from station.geometry.network import NotLoadable, SkinNetwork
from station.protocol import Box, Frame, Light
from station.quality import develop

RATE_HZ: Final = 4.0
"""Frames looked at per second."""
REST: Final = 1.0
"""Rest after a frame, at least, in times of the work on it: where everything is slow, fewer frames are looked at."""
FOLLOWED_S: Final = 1.0
"""Time after which a face is sought anew instead of followed."""

Expected = Callable[[Frame], Box | None]
"""Where the face of a frame should be, px; None: anywhere."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Sighting:
    """One frame that was looked at."""

    frame: Frame
    found: FoundFace | None
    """None: no face in it."""
    at: float
    """When the frame came, on the monotonic clock."""


class FaceTracker:
    """Looks for the face in the newest preview frame, at most `RATE_HZ` times a second; older frames are skipped.

    `run` is its task. Frames of UV light are not looked at: the network knows none.
    """

    def __init__(self, model: Path | None, expected: Expected, *, rate_hz: float = RATE_HZ) -> None:
        self._model = model
        self._expected = expected
        self._rate_hz = rate_hz
        self._finder: FaceFinder | None = None
        self._worker = Worker("face-geometry", nice=7)
        self.newest: Sighting | None = None
        """The last frame that was looked at; None before the first."""
        self.looked = 0
        """Frames looked at so far."""
        self.problem = "" if model is not None else "no face network was given"
        """Why no face is looked for; empty if it is."""

    async def run(self, preview: LatestFrame) -> None:
        """Follow the face until the preview is closed; ends at once where there is no network."""
        if not await self._loaded():
            return
        frame_id = -1
        while True:
            try:
                frame = await preview.get(frame_id)
            except EOFError:
                return
            frame_id, came = frame.header.frame_id, time.monotonic()
            if frame.header.light is not Light.UV:
                await self._look_at(frame, came)
            taken = time.monotonic() - came
            await asyncio.sleep(max(1 / self._rate_hz - taken, REST * taken))

    def close(self) -> None:
        """End its thread; safe to call twice."""
        self._worker.close()

    async def _loaded(self) -> bool:
        if self._model is None:
            return False
        try:
            self._finder = FaceFinder(await self._worker.run(SkinNetwork, self._model))
        except NotLoadable as error:
            self.problem = str(error)
            _log.warning("the booth alone knows no faces: %s", error)
        return self._finder is not None

    async def _look_at(self, frame: Frame, came: float) -> None:
        try:
            found = await self._worker.run(self._found, frame)
        except Exception:  # noqa: BLE001
            # The boundary of an optional part: without it the preview and the pictures go on.
            if not self.problem:
                _log.exception("the face cannot be followed")
            self.problem = "the face network failed"
            return
        self.problem = ""
        self.looked += 1
        self.newest = Sighting(frame, found, came)

    def _found(self, frame: Frame) -> FoundFace | None:
        assert self._finder is not None
        srgb, known = develop(frame), self._followable(frame)
        if known is not None and (found := self._finder.follow(srgb, known)) is not None:
            return found
        return self._finder.find(srgb, expected=self._expected(frame))

    def _followable(self, frame: Frame) -> FoundFace | None:
        last = self.newest
        if last is None or last.found is None or time.monotonic() - last.at > FOLLOWED_S:
            return None
        same = (last.found.width, last.found.height) == (frame.header.width, frame.header.height)
        return last.found if same else None
