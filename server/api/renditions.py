"""Pictures for pages, made smaller from the archive's renditions and kept in memory for the next look."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

import cv2
import numpy as np
from aiohttp import web
from numpy.typing import NDArray

from server.errors import BadImage

Image = NDArray[np.uint8]
P = ParamSpec("P")
T = TypeVar("T")

WIDTHS = (320, 640, 1024, 1600)
"""Widths that are made, px; a request gets the next one that is not smaller."""
_MEMORY = 64 * 1024 * 1024
Part = tuple[float, float, float, float]
"""Left, top, right and bottom as shares of a picture's width and height."""
WHOLE: Part = (0.0, 0.0, 1.0, 1.0)
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 85]
_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 3]


@dataclass(frozen=True)
class Rendition:
    """An encoded picture; `etag` changes whenever its file does."""

    data: bytes
    etag: str


class Renditions:
    """Cuts and scales pictures on two named threads; the last ones used stay in at most 64 MiB of memory."""

    def __init__(self, memory: int = _MEMORY) -> None:
        self._executor = ThreadPoolExecutor(2, thread_name_prefix="rendition")
        self._kept: OrderedDict[str, Rendition] = OrderedDict()
        self._room = memory

    async def get(
        self, path: Path, width: int, part: Part = WHOLE, *, keep_marks: bool = False
    ) -> Rendition | None:
        """The picture of a file, or a part of it, scaled down to the next of `WIDTHS`; None if there is no such file.

        With `keep_marks` small bright things stay as bright as they are.
        """
        size = next((one for one in WIDTHS if one >= width), WIDTHS[-1])
        etag = await self.run(_etag, path, size, part)
        if etag is None:
            return None
        key = f"{path}?{etag}"
        if key not in self._kept:
            data = await self.run(_scaled, path, size, part, keep_marks)
            self._keep(key, Rendition(data, etag))
        rendition = self._kept[key]
        self._kept.move_to_end(key)
        return rendition

    async def run(self, look: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a function that looks at files."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: look(*args, **kwargs))

    def close(self) -> None:
        """End the thread; safe to call twice."""
        self._executor.shutdown(wait=True)

    def _keep(self, key: str, rendition: Rendition) -> None:
        if key in self._kept:
            return
        self._kept[key] = rendition
        self._room -= len(rendition.data)
        while self._room < 0 and len(self._kept) > 1:
            _, old = self._kept.popitem(last=False)
            self._room += len(old.data)


RENDITIONS = web.AppKey("renditions", Renditions)


def _etag(path: Path, width: int, part: Part) -> str | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    where = "" if part == WHOLE else "-" + "-".join(f"{share:.4f}" for share in part)
    return f"{status.st_mtime_ns:x}-{status.st_size:x}-{width}{where}"


def _scaled(path: Path, width: int, part: Part, keep_marks: bool) -> bytes:
    data = path.read_bytes()
    whole = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if whole is None:
        raise BadImage(f"{path.name} in the archive cannot be read; run the analysis of this still again")
    picture = _cut(np.asarray(whole, np.uint8), part)
    height, full = picture.shape[:2]
    if full <= width and picture.size == whole.size:
        return data
    size = (min(full, width), max(1, round(height * min(full, width) / full)))
    if keep_marks and full > width:
        reach = np.ones((round(full / width), round(full / width)), np.uint8)
        picture = np.asarray(cv2.dilate(picture, reach), np.uint8)
    method = cv2.INTER_NEAREST if keep_marks else cv2.INTER_AREA
    smaller = cv2.resize(picture, size, interpolation=method)
    jpeg = path.suffix == ".jpg"
    _, encoded = cv2.imencode(path.suffix, smaller, _JPEG if jpeg else _PNG)
    return encoded.tobytes()


def _cut(picture: Image, part: Part) -> Image:
    """At least one px of each side."""
    height, width = picture.shape[:2]
    left, right = min(round(part[0] * width), width - 1), round(part[2] * width)
    top, bottom = min(round(part[1] * height), height - 1), round(part[3] * height)
    return picture[top : max(bottom, top + 1), left : max(right, left + 1)]
