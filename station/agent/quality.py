"""Quality measured in the booth: hints on preview frames, reports on stills."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from station.devices import LatestFrame, Worker
from station.kiosk import Latest
from station.protocol import Box, Frame, Overlay, QualityReport
from station.quality import QualityProfile, examine, hint

HINT_FACE_S = 2.0
"""Time for which the face of an overlay is taken to be where it was, in the preview."""
STILL_FACE_S = 20.0
"""The same for stills: the preview is dark while they are shot, and the subject sits still."""
_SAME_ASPECT = 0.01

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class KnownFace:
    """A face in the preview, as its overlay told it."""

    box: Box
    width: int
    height: int
    """Size of the picture that the box is in."""
    seen_at: float
    """On the monotonic clock."""

    def within(self, frame: Frame, now: float, limit_s: float) -> Box | None:
        """The face in pixels of `frame`; None if it is older, or if the frame shows another part of the scene."""
        across, down = frame.header.width / self.width, frame.header.height / self.height
        if now - self.seen_at > limit_s or abs(across / down - 1) > _SAME_ASPECT:
            return None
        return self.box.scaled(across, down)


class BoothQuality:
    """Measures raw frames in a thread of its own, so that neither preview nor sequence waits."""

    def __init__(self, recipe: str, profile: QualityProfile) -> None:
        self._recipe = recipe
        self._profile = profile
        self._face: KnownFace | None = None
        self._failing = False
        self._previous: Frame | None = None
        self._hinting = Worker("quality-hints", nice=5)
        self._examining = Worker("quality-stills", nice=2)

    def note_face(self, overlay: Overlay) -> None:
        """Measure the face of this overlay in the next preview frames and stills."""
        self._face = None
        if overlay.faces:
            self._face = KnownFace(overlay.faces[0].box, overlay.width, overlay.height, time.monotonic())

    async def run(self, preview: LatestFrame, hints: Latest[QualityReport], rate_hz: float) -> None:
        """Put hints on the newest preview frames, at most `rate_hz` a second, until the preview is closed."""
        frame_id = -1
        while True:
            try:
                frame = await preview.get(frame_id)
            except EOFError:
                return
            frame_id = frame.header.frame_id
            report = await self._measured(self._hinting, self._hint, frame)
            if report is not None:
                hints.put(report)
            await asyncio.sleep(1 / rate_hz)

    async def examine(self, frame: Frame) -> QualityReport | None:
        """The report on a still; None if it cannot be measured, for a still is worth more than its measures."""
        return await self._measured(self._examining, self._examine, frame)

    def close(self) -> None:
        """End both threads; safe to call twice."""
        self._hinting.close()
        self._examining.close()

    def _hint(self, frame: Frame) -> QualityReport:
        face, previous = self._face_in(frame, HINT_FACE_S), self._previous
        self._previous = frame
        return hint(frame, recipe=self._recipe, profile=self._profile, face=face, previous=previous)

    def _examine(self, frame: Frame) -> QualityReport:
        face = self._face_in(frame, STILL_FACE_S)
        return examine(frame, recipe=self._recipe, profile=self._profile, face=face)

    def _face_in(self, frame: Frame, limit_s: float) -> Box | None:
        face = self._face
        return None if face is None else face.within(frame, time.monotonic(), limit_s)

    async def _measured(
        self, worker: Worker, measure: Callable[[Frame], QualityReport], frame: Frame
    ) -> QualityReport | None:
        try:
            report = await worker.run(measure, frame)
        except Exception:  # noqa: BLE001
            # The boundary of an optional part: a picture that cannot be measured is still a picture.
            if not self._failing:
                _log.exception("pictures cannot be measured")
            self._failing = True
            return None
        self._failing = False
        return report
