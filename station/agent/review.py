"""Pictures of a visit's stills for the operator's review, in memory for as long as the visit is open."""

import asyncio
import logging
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.devices import Worker
from station.kiosk import Excerpt
from station.protocol import Frame
from station.quality import develop

MAX_ASKED = 16
"""Pictures that may be asked for at a time; beyond that the asker waits."""
_KEPT_QUALITY, _SHOWN_QUALITY = 92, 85
_REDUCED = ((8, cv2.IMREAD_REDUCED_COLOR_8), (4, cv2.IMREAD_REDUCED_COLOR_4), (2, cv2.IMREAD_REDUCED_COLOR_2))

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Kept:
    jpeg: bytes
    width: int


class ReviewShelf:
    """JPEGs in full resolution of the newest still of each index; made on the thread `review`."""

    def __init__(self) -> None:
        self._worker = Worker("review", nice=5)
        self._asked = asyncio.Semaphore(MAX_ASKED)
        self._study = ""
        self._kept: dict[int, _Kept] = {}

    def open(self, study_instance_uid: str) -> None:
        """Hold the stills of this visit from now on, and of no other."""
        self._study = study_instance_uid
        self._kept.clear()

    def forget(self) -> None:
        """Let go of every picture, also of one that is being made."""
        self.open("")

    async def keep(self, study_instance_uid: str, index: int, frame: Frame) -> None:
        """Hold the newest still of this index, if the visit is the one that is open."""
        if study_instance_uid != self._study:
            return
        try:
            kept = await self._worker.run(_developed, frame)
        except Exception:  # noqa: BLE001
            # The boundary of an optional part: a still that cannot be shown is still a still.
            _log.exception("a still cannot be shown for review")
            return
        if study_instance_uid == self._study:
            self._kept[index] = kept

    async def picture(self, index: int, excerpt: Excerpt) -> bytes | None:
        """JPEG of the still; None if it was not taken."""
        if (kept := self._kept.get(index)) is None:
            return None
        async with self._asked:
            return await self._worker.run(_excerpt, kept, excerpt)

    def close(self) -> None:
        """Let go of everything and end the thread; safe to call twice."""
        self.forget()
        self._worker.close()


def _developed(frame: Frame) -> _Kept:
    options = [
        *(cv2.IMWRITE_JPEG_QUALITY, _KEPT_QUALITY),
        *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
    ]
    picture = np.asarray(cv2.cvtColor(develop(frame), cv2.COLOR_RGB2BGR), np.uint8)
    return _Kept(_encoded(picture, options), frame.header.width)


def _excerpt(kept: _Kept, excerpt: Excerpt) -> bytes:
    picture = _cut(kept, excerpt) if excerpt.size < 1 else _whole(kept, excerpt.width)
    height, width = picture.shape[:2]
    if width > excerpt.width:
        size = (excerpt.width, max(1, round(height * excerpt.width / width)))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return _encoded(picture, [cv2.IMWRITE_JPEG_QUALITY, _SHOWN_QUALITY])


def _whole(kept: _Kept, width: int) -> NDArray[np.uint8]:
    """The picture, at least so wide if it is; decoded at an eighth, a quarter or half its size where that will do."""
    for factor, flag in _REDUCED:
        if kept.width // factor >= width:
            return _decoded(kept, flag)
    return _decoded(kept)


def _cut(kept: _Kept, excerpt: Excerpt) -> NDArray[np.uint8]:
    picture = _decoded(kept)
    height, width = picture.shape[:2]
    rows, columns = max(1, round(excerpt.size * height)), max(1, round(excerpt.size * width))
    top, left = (
        min(round(excerpt.y * height), height - rows),
        min(round(excerpt.x * width), width - columns),
    )
    return picture[top : top + rows, left : left + columns]


def _decoded(kept: _Kept, flag: int = cv2.IMREAD_COLOR) -> NDArray[np.uint8]:
    return np.asarray(cv2.imdecode(np.frombuffer(kept.jpeg, np.uint8), flag), np.uint8)


def _encoded(picture: NDArray[np.uint8], options: list[int]) -> bytes:
    _, data = cv2.imencode(".jpg", picture, options)
    return bytes(data.tobytes())
