"""Quality measured in the booth: hints on preview frames, reports on stills."""

import asyncio
import logging
from collections.abc import Callable

from station.devices import LatestFrame, Worker
from station.kiosk import Latest
from station.protocol import Box, Frame, Overlay, QualityReport
from station.quality import QualityProfile, examine, hint

_log = logging.getLogger(__name__)


class BoothQuality:
    """Measures raw frames in a thread of its own, so that neither preview nor sequence waits."""

    def __init__(self, recipe: str, profile: QualityProfile) -> None:
        self._recipe = recipe
        self._profile = profile
        self._face: Box | None = None
        self._failing = False
        self._hinting = Worker("quality-hints", nice=5)
        self._examining = Worker("quality-stills", nice=2)

    def note_face(self, overlay: Overlay) -> None:
        """Measure the face of this overlay in the next preview frames."""
        self._face = overlay.faces[0].box if overlay.faces else None

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
        return hint(frame, recipe=self._recipe, profile=self._profile, face=self._face)

    def _examine(self, frame: Frame) -> QualityReport:
        return examine(frame, recipe=self._recipe, profile=self._profile)

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
