"""Where a preview shows acne: a coarse heat map, made seldom and carried along with the face."""

import asyncio
import logging
import time
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from server.analysis import normalising
from server.errors import InferenceError
from server.inference import SEVERITY_FAST, TritonClient, grade_face
from station.protocol import Face

Picture = NDArray[np.uint8]
INTERVAL_S = 5.0
"""Between two heat maps of a booth: frames that wait for one are too few to show in the 95th percentile."""
_SHARE = 0.02  # of the time; the frames' own layers come first
_LASTS_S = 12.0
_AFTER_FAILURE_S = 10.0
_BOOTHS = 64
_logger = logging.getLogger(__name__)


@dataclass
class _Seen:
    heat: Picture
    at: float


class HeatMaps:
    """The newest heat map of every booth.

    One is made at a time, in no more than a fiftieth of the time over all booths, whatever they send.
    """

    def __init__(self, triton: TritonClient, *, interval_s: float = INTERVAL_S) -> None:
        self._triton = triton
        self._interval_s = interval_s
        self._seen: dict[str, _Seen] = {}
        self._task: asyncio.Task[None] | None = None
        self._due = 0.0

    def of(self, booth: str, rgb: Picture, face: Face) -> Picture | None:
        """The booth's heat map on the normalised face (224, 224), None if there is none yet; begins one where it is due."""
        now, seen = time.monotonic(), self._seen.get(booth)
        if now >= self._due and (seen is None or now - seen.at >= self._interval_s):
            self._due = float("inf")
            self._task = asyncio.create_task(self._make(booth, rgb, face), name="live-heat")
        return None if seen is None or now - seen.at > _LASTS_S else seen.heat

    async def close(self) -> None:
        """End what is under way; idempotent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _make(self, booth: str, rgb: Picture, face: Face) -> None:
        began = time.monotonic()
        rest = _AFTER_FAILURE_S
        try:
            severity = await grade_face(self._triton, rgb, normalising(face), model=SEVERITY_FAST)
            self._keep(booth, severity.heatmap)
            rest = (time.monotonic() - began) * (1 / _SHARE - 1)
        except InferenceError as error:
            _logger.debug("no heat map of a preview: %s", error)
        finally:
            self._due = time.monotonic() + rest

    def _keep(self, booth: str, heat: Picture) -> None:
        self._seen.pop(booth, None)
        self._seen[booth] = _Seen(heat, time.monotonic())
        if len(self._seen) > _BOOTHS:
            del self._seen[next(iter(self._seen))]


def laid_on(heat: Picture, face: Face, size: tuple[int, int]) -> Picture:
    """A heat map on the normalised face as one of a picture of this size (height, width) with this face."""
    back = cv2.invertAffineTransform(normalising(face))
    return np.asarray(cv2.warpAffine(heat, back, size[::-1]), np.uint8)
