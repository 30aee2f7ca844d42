"""Preview pictures to overlays: the newest of every booth in turn, a few at a time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from server.errors import InferenceError, InferenceUnavailable
from server.live.booth import PendingFrame
from server.live.pictures import rgb_of
from server.live.scheduler import FairScheduler
from server.live.state import InferenceState
from server.overlay import build_overlay
from station.protocol import Face, Layer, Overlay

_logger = logging.getLogger(__name__)


class Analysis(NamedTuple):
    """What was seen in one picture."""

    face: Face | None
    """In pixels of the picture."""
    layers: Mapping[Layer, NDArray[np.uint8]]
    """(rows, columns) over the whole picture, at any resolution."""
    model_ms: float
    """Time that the model took."""


Analyse = Callable[[str, NDArray[np.uint8]], Awaitable[Analysis]]
"""Analyses the picture (uint8 RGB) of a booth; raises `InferenceUnavailable` or `InferenceError`."""


class OverlayMaker:
    """Makes overlays of the pictures that are `put`, and gives them to `deliver`; as many `run` as may be in flight.

    Pictures are reduced to `longest_side` px on `executor` before `analyse` sees them. `state` says whether it answers.
    """

    def __init__(
        self,
        analyse: Analyse,
        deliver: Callable[[str, PendingFrame, Overlay], None],
        executor: Executor,
        *,
        model: str,
        longest_side: int,
        limit_s: float,
        retry_s: float,
    ) -> None:
        self._analyse = analyse
        self._deliver = deliver
        self._executor = executor
        self._model = model
        self._longest_side = longest_side
        self._limit_s = limit_s
        self._retry_s = retry_s
        self._scheduler: FairScheduler[PendingFrame] = FairScheduler()
        self.state = InferenceState(available=True)

    def put(self, booth: str, pending: PendingFrame) -> bool:
        """Offer the newest picture of a booth; True if it replaced one that nobody had taken."""
        return self._scheduler.put(booth, pending)

    def remove(self, booth: str) -> None:
        """Forget the picture that waits."""
        self._scheduler.remove(booth)

    async def run(self) -> None:
        """Analyse one picture after the other until cancelled."""
        while True:
            booth, pending = await self._scheduler.next()
            try:
                self._deliver(booth, pending, await self._overlay(booth, pending))
            except (InferenceUnavailable, InferenceError, TimeoutError) as error:
                self._note(str(error) or "no answer in time")
                await asyncio.sleep(self._retry_s)
            except Exception:  # a frame that cannot be analysed must not stop the others
                _logger.exception("a preview frame could not be analysed", extra={"booth": booth})
                await asyncio.sleep(self._retry_s)
            finally:
                self._scheduler.done(booth)

    async def _overlay(self, booth: str, pending: PendingFrame) -> Overlay:
        loop = asyncio.get_running_loop()
        picture = pending.frame.picture
        rgb = await loop.run_in_executor(self._executor, rgb_of, picture, self._longest_side)
        async with asyncio.timeout(self._limit_s):
            analysis = await self._analyse(booth, rgb)
        self._note("")
        size = (picture.width, picture.height)
        draw = partial(_drawn, pending.frame.rtp_timestamp, analysis, size, rgb.shape[:2], self._model)
        return await loop.run_in_executor(self._executor, draw)

    def _note(self, trouble: str) -> None:
        available = not trouble
        if available != self.state.available:
            _logger.warning("previews go on %s overlays", "with" if available else "without")
        self.state = InferenceState(available, trouble)


def _drawn(
    frame_id: int, analysis: Analysis, size: tuple[int, int], analysed: tuple[int, ...], model: str
) -> Overlay:
    """The overlay in pixels of the frame, from an analysis in pixels of its reduced copy."""
    face, (width, height), (rows, columns) = analysis.face, size, analysed
    if face is not None:
        face = Face(box=face.box.scaled(width / columns, height / rows), source=face.source)
    return build_overlay(
        frame_id, width, height, face, analysis.layers, model=model, inference_ms=analysis.model_ms
    )
