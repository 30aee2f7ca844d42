"""The analysis of preview frames: the face is followed, and the `live` model in Triton sees its surroundings."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

from server.analysis import find_face
from server.inference import FaceCrop, LiveLayers, TritonClient, live_layers
from server.live.analysis import Analysis
from server.live.heat import HeatMaps, laid_on
from station.protocol import Box, Face, Layer

Picture = NDArray[np.uint8]
SEARCH_INTERVAL_S = 1 / 3
"""Between two searches for a booth's face; the frames in between use the box that was found."""
_MISSES = 3  # searches without a face after which there is none
_TRACKS = 64
_SAME_FACE = 0.5  # overlap from which on a new box only nudges the old, so that it does not tremble
_REACH = 1.4  # a known face is first sought in a square of 1.6 times this many widths around it,
_REACH_SIDE = 240  # shown at this many px: a tenth of the work of a search in the whole picture
_logger = logging.getLogger(__name__)


@dataclass
class _Track:
    face: Face | None = None
    searched_at: float = float("-inf")
    searching: bool = False
    misses: int = 0


class LiveAnalyst:
    """An `Analyse` over Triton: face, skin, melanin, redness and reflection of one preview picture, with a heat map of acne
    that is made every few seconds.

    A picture whose face is not known yet gets no layers: the search runs beside it, on a thread of its own.
    """

    def __init__(
        self,
        triton: TritonClient,
        *,
        find: Callable[[Picture], Face | None] = find_face,
        interval_s: float = SEARCH_INTERVAL_S,
    ) -> None:
        self._triton = triton
        self._find = find
        self._interval_s = interval_s
        self._heat = HeatMaps(triton)
        self._tracks: dict[str, _Track] = {}
        self._search = ThreadPoolExecutor(1, thread_name_prefix="live-face")
        self._crops = ThreadPoolExecutor(2, thread_name_prefix="live-crop")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End its task and its threads; idempotent."""
        await self._heat.close()
        for executor in (self._search, self._crops):
            executor.shutdown(wait=True, cancel_futures=True)

    async def __call__(self, booth: str, rgb: Picture) -> Analysis:
        """Face, layers of the size of `rgb`, and the time that Triton took, ms; raises as `live_layers` does."""
        face = self._followed(booth, rgb)
        if face is None:
            return Analysis(None, {}, 0.0)
        box = face.box
        crop = FaceCrop.around((box.x, box.y, box.width, box.height))
        loop = asyncio.get_running_loop()
        seen = await loop.run_in_executor(self._crops, crop.cut, rgb)
        started = time.perf_counter()
        layers = await live_layers(self._triton, seen, crop.box)
        model_ms = (time.perf_counter() - started) * 1000
        size, heat = (rgb.shape[0], rgb.shape[1]), self._heat.of(booth, rgb, face)
        laid = await loop.run_in_executor(self._crops, _laid_back, crop, layers, size)
        if heat is not None:
            laid[Layer.SEVERITY] = await loop.run_in_executor(self._crops, laid_on, heat, face, size)
        return Analysis(face, laid, model_ms)

    def _followed(self, booth: str, rgb: Picture) -> Face | None:
        """The face as it is known now; starts a search where one is due."""
        track = self._track(booth)
        now = time.monotonic()
        if not track.searching and now - track.searched_at >= self._interval_s:
            track.searching, track.searched_at = True, now
            seek = partial(_found, self._find, rgb, track.face)
            search = asyncio.get_running_loop().run_in_executor(self._search, seek)
            search.add_done_callback(lambda done: _note(track, done))
        return track.face

    def _track(self, booth: str) -> _Track:
        track = self._tracks.pop(booth, None) or _Track()
        self._tracks[booth] = track
        if len(self._tracks) > _TRACKS:
            del self._tracks[next(iter(self._tracks))]
        return track


def _found(find: Callable[[Picture], Face | None], rgb: Picture, known: Face | None) -> Face | None:
    """The face near where it was, else anywhere."""
    if known is not None:
        box, more = known.box, (_REACH - 1) / 2 * known.box.width
        crop = FaceCrop.around(
            (box.x - more, box.y - more, box.width + 2 * more, box.height + 2 * more), _REACH_SIDE
        )
        near = find(crop.cut(rgb))
        if near is not None:
            scale = crop.extent / crop.side
            inside = near.box.scaled(scale, scale)
            x, y = round(inside.x + crop.left), round(inside.y + crop.top)
            return Face(box=Box(x, y, inside.width, inside.height), source=near.source)
    return find(rgb)


def _note(track: _Track, done: "asyncio.Future[Face | None]") -> None:
    track.searching = False
    if done.cancelled():
        return
    if (error := done.exception()) is not None:
        _logger.error("the search for a face failed", exc_info=error)
        return
    found = done.result()
    if found is None:
        track.misses += 1
        track.face = None if track.misses >= _MISSES else track.face
        return
    track.misses = 0
    track.face = found if track.face is None else _settled(track.face, found)


def _settled(known: Face, found: Face) -> Face:
    """The mean of both boxes where they are the same face, else the new one."""
    if _overlap(known.box, found.box) < _SAME_FACE:
        return found
    one, two = known.box, found.box
    mean = [
        (a + b) // 2
        for a, b in zip(
            (one.x, one.y, one.width, one.height), (two.x, two.y, two.width, two.height), strict=True
        )
    ]
    return Face(box=Box(*mean), source=found.source)


def _overlap(one: Box, two: Box) -> float:
    """Intersection over union."""
    width = min(one.x + one.width, two.x + two.width) - max(one.x, two.x)
    height = min(one.y + one.height, two.y + two.height) - max(one.y, two.y)
    common = max(width, 0) * max(height, 0)
    return common / max(one.width * one.height + two.width * two.height - common, 1)


def _laid_back(crop: FaceCrop, seen: LiveLayers, size: tuple[int, int]) -> dict[Layer, Picture]:
    """The model's maps of the crop as maps of the whole picture."""
    maps = {
        Layer.SKIN: seen.skin,
        Layer.MELANIN: seen.melanin,
        Layer.REDNESS: seen.redness,
        Layer.REFLECTION: seen.reflection,
    }
    return {layer: crop.paste(values, size) for layer, values in maps.items()}
