"""Quality measured in the booth: hints on preview frames, reports on stills, and whether the eyes are closed."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import cv2

from station.agent.faces import KnownFace, StillFaces
from station.devices import Latest, LatestFrame, Worker
from station.geometry import FaceTracker, FoundFace, Sighting
from station.protocol import Box, Face, Frame, Light, Overlay, QualityReport, Verdict, View
from station.quality import Baseline, Mask, QualityProfile, examine, eyes_closed, hint

OWN_FACE_S = 1.0
"""Time for which a face that the booth saw is taken to be where it was."""
HINT_FACE_S = 2.0
"""Time for which the face of an overlay is taken to be where it was, in the preview."""
STILL_FACE_S = 20.0
"""The same for stills: the preview is dark while they are shot, and the subject sits still."""
SPECTACLES = 0.01
"""Share of the face's box from which on seen spectacles hide whether the eyes are closed."""
FAILING_S = 3.0
FAILING_COUNT = 3
"""Time and number of failures in a row after which guidance is said to have failed."""
UNMEASURABLE = (
    "Live guidance has failed: look yourself, shoot with a reason, and call whoever looks after the booth."
)
LOG_AGAIN_S = 600.0
"""Rest of the log after a failure, for one that comes and goes."""
EYES_S = 1.0
"""Age from which on a frame says nothing about eyes that are closed now."""

Baselines = Callable[[View], Baseline | None]
"""The picture of a view at the visit to compare with; may read files."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class _Known:
    """What is known of the face in one frame."""

    face: Face | Box | None = None
    skin: Mask | None = None
    parts: Mapping[str, Mask] | None = None
    sought: bool = False
    """The booth itself looked for it."""

    @classmethod
    def by(cls, found: FoundFace) -> Self:
        """What the booth itself saw."""
        return cls(found.face, found.skin, found.parts, sought=True)


class BoothQuality:
    """Measures raw frames in threads of its own, so that neither preview nor sequence waits.

    `face_model` is the ONNX file of `skin_segmenter`: with it the booth follows the face by itself, without it a face is
    known from the server's overlays alone. Overlays tell no landmarks: what the booth saw within the last second goes
    before them, and after that the newer counts.
    """

    def __init__(self, recipe: str, profile: QualityProfile, *, face_model: Path | None = None) -> None:
        self._recipe = recipe
        self._profile = profile
        self._tracker = FaceTracker(face_model, self._expected)
        self._still_faces = StillFaces(face_model)
        self._told: KnownFace | None = None
        self._baselines: Baselines | None = None
        self._kept: dict[View, Baseline | None] = {}
        self._hints, self._stills = _Failures("preview frames"), _Failures("stills")
        self._previous: Frame | None = None
        self._hinting = Worker("quality-hints", nice=5)
        self._examining = Worker("quality-stills", nice=2)

    @property
    def sighting(self) -> Sighting | None:
        """The last preview frame in which the booth itself looked for a face."""
        return self._tracker.newest

    @property
    def problem(self) -> str:
        """The operator's sentence while the preview cannot be measured; empty if it can, or has failed only just now."""
        return UNMEASURABLE if self._hints.last(FAILING_S, FAILING_COUNT) else ""

    @property
    def sees_nobody(self) -> bool:
        """Whether the booth itself looked for a face within the last second and found none."""
        seen = self.sighting
        return seen is not None and seen.found is None and time.monotonic() - seen.at <= OWN_FACE_S

    def note_face(self, overlay: Overlay) -> None:
        """Measure the face of this overlay in the next preview frames and stills."""
        self._told = None
        if overlay.faces:
            self._told = KnownFace(overlay.faces[0].box, overlay.width, overlay.height, time.monotonic())

    def compare_with(self, baselines: Baselines | None) -> None:
        """Measure against these pictures from now on, or against none; each view is asked for once."""
        self._baselines, self._kept = baselines, {}

    async def run(self, preview: LatestFrame, hints: Latest[QualityReport], rate_hz: float) -> None:
        """Follow the face and put hints on the newest preview frames, at most `rate_hz` a second, until it is closed."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tracker.run(preview), name="face")
            tasks.create_task(self._keep_hinting(preview, hints, rate_hz), name="hints")

    async def examine(self, frame: Frame) -> QualityReport | None:
        """The report on a still; None if it cannot be measured, for a still is worth more than its measures."""
        return await self._measured(self._examining, self._examine, frame, self._stills)

    async def face(self, frame: Frame) -> Face | None:
        """The face in a still, in its px, as the booth itself finds it; None if it does not."""
        found = await self._examining.run(self._still_faces.of, frame, self._expected(frame))
        return None if found is None else found.face

    def eyes_closed(self, now: float | None = None) -> tuple[bool | None, str]:
        """Whether the eyes are closed now (`time.monotonic()`), and the operator's sentence if they are not.

        By the newest preview frame in which the face was found, no older than a second, in white light. None: that
        cannot be told, and the sentence says why. Takes a millisecond.
        """
        now = time.monotonic() if now is None else now
        seen = self.sighting
        if seen is None or now - seen.at > EYES_S:
            return None, self._tracker.problem or "The preview does not show the face now."
        if seen.found is None:
            return None, "No face in the preview."
        if seen.frame.header.light is not Light.WHITE:
            return None, "Eyes are looked at in white light only."
        if _spectacled(seen.found):
            return None, "Take the spectacles off: the eyes cannot be seen through them."
        report = eyes_closed(seen.frame, recipe=self._recipe, profile=self._profile, face=seen.found.face)
        sentence = next((measure.advice for measure in report.measures if measure.advice), "")
        if report.verdict is Verdict.UNKNOWN:
            return None, sentence or "The profile has no limit for open eyes."
        return report.verdict is Verdict.PASS, sentence

    def close(self) -> None:
        """End its threads; safe to call twice."""
        self._tracker.close()
        self._hinting.close()
        self._examining.close()

    async def _keep_hinting(self, preview: LatestFrame, hints: Latest[QualityReport], rate_hz: float) -> None:
        frame_id = -1
        while True:
            try:
                frame = await preview.get(frame_id)
            except EOFError:
                return
            frame_id = frame.header.frame_id
            report = await self._measured(self._hinting, self._hint, frame, self._hints)
            if report is not None:
                hints.put(report)
            await asyncio.sleep(1 / rate_hz)

    def _hint(self, frame: Frame) -> QualityReport:
        known, previous = self._in_preview(frame), self._previous
        self._previous = frame
        return hint(
            frame,
            recipe=self._recipe,
            profile=self._profile,
            face=known.face,
            skin=known.skin,
            parts=known.parts,
            previous=previous,
            baseline=self._baseline(frame.header.view),
            sought=known.sought,
        )

    def _examine(self, frame: Frame) -> QualityReport:
        known = self._in_still(frame)
        return examine(
            frame,
            recipe=self._recipe,
            profile=self._profile,
            face=known.face,
            skin=known.skin,
            parts=known.parts,
            baseline=self._baseline(frame.header.view),
        )

    def _in_preview(self, frame: Frame) -> _Known:
        now, seen, told = time.monotonic(), self._tracker.newest, self._told
        if seen is not None and now - seen.at <= OWN_FACE_S:
            if seen.found is not None and _same_size(seen.found, frame):
                return _Known.by(seen.found)
            if seen.found is None and (told is None or told.seen_at <= seen.at):
                return _Known(sought=True)
        return _Known(None if told is None else told.within(frame, now, HINT_FACE_S))

    def _in_still(self, frame: Frame) -> _Known:
        found, told = self._still_faces.of(frame, self._expected(frame)), self._told
        if found is not None:
            return _Known.by(found)
        return _Known(None if told is None else told.within(frame, time.monotonic(), STILL_FACE_S))

    def _expected(self, frame: Frame) -> Box | None:
        guide = self._profile.guide.get(frame.header.view)
        return None if guide is None else guide.box(frame.header.width, frame.header.height)

    def _baseline(self, view: View) -> Baseline | None:
        """Of this view; asked for once, in the thread that measures."""
        baselines, kept = self._baselines, self._kept
        if baselines is None:
            return None
        if view not in kept:
            kept[view] = baselines(view)
        return kept[view]

    async def _measured(
        self, worker: Worker, measure: Callable[[Frame], QualityReport], frame: Frame, failures: "_Failures"
    ) -> QualityReport | None:
        try:
            report = await worker.run(measure, frame)
        except Exception:  # noqa: BLE001
            # The boundary of an optional part: a picture that cannot be measured is still a picture.
            failures.note()
            return None
        failures.end()
        return report


class _Failures:
    """Failures in a row of one kind of measuring."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._count = 0
        self._since = 0.0
        self._quiet_until = 0.0

    def last(self, for_s: float, count: int) -> bool:
        """Whether there are so many, for so long."""
        return self._count >= count and time.monotonic() - self._since >= for_s

    def note(self) -> None:
        """One more, by the exception that is handled now."""
        now = time.monotonic()
        if self._count == 0:
            self._since = now
        self._count += 1
        if now >= self._quiet_until:
            self._quiet_until = now + LOG_AGAIN_S
            _log.exception("%s cannot be measured", self._what)
        elif self._count > 1:
            self._quiet_until = now + LOG_AGAIN_S  # one failure that lasts is said once

    def end(self) -> None:
        """Something was measured."""
        self._count = 0


def _same_size(found: FoundFace, frame: Frame) -> bool:
    return (found.width, found.height) == (frame.header.width, frame.header.height)


def _spectacled(found: FoundFace) -> bool:
    box = found.face.box
    return cv2.countNonZero(found.parts["glasses"]) > SPECTACLES * box.width * box.height
