"""Pigment spots, trouble, wrinkles and pores of a whole face by `skin_items`, from a polarised pair of known scale."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from server.inference.client import TritonClient
from server.inference.crop import Image
from server.inference.learned import INTENSITY_FULL, ITEMS, ITEMS_MODEL, ITEMS_PX_PER_MM
from server.inference.tiles import Stitcher, Tiling, batches, padded

BATCH: Final = 8
"""Tiles of one request."""
IN_FLIGHT: Final = 2
"""Requests under way at once: one runs, one travels."""

Extent = tuple[int, int, int, int]
"""Part of a picture: left, top, width, height in px."""


@dataclass(frozen=True, eq=False)
class ItemMaps:
    """The maps of every item of `ITEMS` over a part of a picture, at 20 px/mm."""

    extent: Extent
    zoom: float
    """px here over px of the picture."""
    area: Image
    """(4, height, width): probability times 255."""
    intensity: Image
    """(4, height, width): 255 is the full intensity of the item."""

    def intensities(self, item: str) -> npt.NDArray[np.float32]:
        """Intensity of an item in its unit: gain of log melanin or log blood, or depth in mm."""
        index = ITEMS.index(item)
        full = np.float32(INTENSITY_FULL[index] / 255)
        return np.asarray(self.intensity[index].astype(np.float32) * full, np.float32)

    def on_picture(self, item: str, size: tuple[int, int]) -> Image:
        """The area map of an item at the size (height, width) of the picture, 0 outside the extent."""
        left, top, width, height = self.extent
        whole = np.zeros(size, np.uint8)
        method = cv2.INTER_AREA if self.zoom > 1 else cv2.INTER_LINEAR
        shrunk = cv2.resize(self.area[ITEMS.index(item)], (width, height), interpolation=method)
        whole[top : top + height, left : left + width] = shrunk
        return whole


async def skin_items(
    client: TritonClient,
    parallel: Image,
    cross: Image,
    px_per_mm: float,
    extent: Extent,
    skin: Image,
    *,
    tiling: Tiling | None = None,
) -> ItemMaps:
    """The items in the part `extent` of a pair of registered pictures [H,W,3] in sRGB.

    Tiles without skin (`skin` [H,W], over 127) are left out, and their maps are 0. Memory is that of the maps and
    of one row of tiles. Raises what `TritonClient.infer` raises.
    """
    zoom = ITEMS_PX_PER_MM / px_per_mm
    height, width = max(1, round(extent[3] * zoom)), max(1, round(extent[2] * zoom))
    tiling = tiling or Tiling(height, width)
    source = _Source((parallel, cross), skin, extent, (width / extent[2], height / extent[3]))
    stitcher = Stitcher(tiling, 2 * len(ITEMS))
    for row in tiling.rows:
        await _row(client, source, tiling, stitcher, row)
        stitcher.finish_row(row)
    return ItemMaps(extent, zoom, stitcher.maps[: len(ITEMS)], stitcher.maps[len(ITEMS) :])


async def _row(client: TritonClient, source: "_Source", tiling: Tiling, stitcher: Stitcher, row: int) -> None:
    """One row of tiles in a few requests."""
    wanted = await asyncio.to_thread(source.with_skin, tiling, row)
    if not wanted:
        return
    band = await asyncio.to_thread(source.band, row, tiling)
    gate = asyncio.Semaphore(IN_FLIGHT)

    async def ask(columns: Sequence[int]) -> None:
        async with gate:
            tiles = np.stack([padded(band, column, tiling.side) for column in columns])
            answer = await client.infer(ITEMS_MODEL, {"image": tiles}, timeout_s=120.0)
        for index, column in enumerate(columns):
            stitcher.add(column, np.concatenate([answer["area"][index], answer["intensity"][index]]))

    try:
        async with asyncio.TaskGroup() as tasks:
            for columns in batches(wanted, BATCH):
                tasks.create_task(ask(columns))
    except ExceptionGroup as group:
        raise group.exceptions[0] from group


@dataclass(frozen=True, eq=False)
class _Source:
    """The pair as the model sees it, made a band of rows at a time."""

    pair: tuple[Image, Image]
    skin: Image
    extent: Extent
    zoom: tuple[float, float]

    def with_skin(self, tiling: Tiling, row: int) -> tuple[int, ...]:
        """The columns of a row whose tiles hold skin."""
        found = []
        for column in tiling.columns:
            left, top = max(column, 0) / self.zoom[0], max(row, 0) / self.zoom[1]
            right, bottom = (column + tiling.side) / self.zoom[0], (row + tiling.side) / self.zoom[1]
            x, y, width, height = self.extent
            part = self.skin[
                y + int(top) : y + min(round(bottom), height), x + int(left) : x + min(round(right), width)
            ]
            if part.size and int(part.max()) > 127:
                found.append(column)
        return tuple(found)

    def band(self, row: int, tiling: Tiling) -> Image:
        """Rows `row` to `row + side` of the working grid, (side, width, 6); beyond the edges the last row goes on."""
        return np.concatenate([self._resampled(each, row, tiling) for each in self.pair], axis=2)

    def _resampled(self, picture: Image, row: int, tiling: Tiling) -> Image:
        x, y, width, height = self.extent
        # Without aliasing where the picture is finer than the model.
        first = max(0, int(row / self.zoom[1]) - 4)
        last = min(height, int((row + tiling.side) / self.zoom[1]) + 5)
        first = min(first, last - 1)
        part = picture[y + first : y + last, x : x + width]
        if min(self.zoom) < 1:
            sigma = 0.5 * (1 / min(self.zoom) - 1) + 0.3
            part = np.asarray(cv2.GaussianBlur(part, (0, 0), sigma), np.uint8)
        matrix = np.array(
            [
                [1 / self.zoom[0], 0, 0.5 / self.zoom[0] - 0.5],
                [0, 1 / self.zoom[1], (row + 0.5) / self.zoom[1] - 0.5 - first],
            ]
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = (tiling.width, tiling.side)
        warped = cv2.warpAffine(part, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(warped, np.uint8)
