"""A model run over a large part of pictures at a scale of its own, tile by tile."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from server.inference.client import TritonClient
from server.inference.crop import Image
from server.inference.tiles import Stitcher, Tiling, batches, padded

IN_FLIGHT: Final = 2
"""Requests under way at once: one runs, one travels."""
_TIMEOUT_S: Final = 120.0

Extent = tuple[int, int, int, int]
"""Part of a picture: left, top, width, height in px."""


@dataclass(frozen=True, eq=False)
class Source:
    """Registered pictures [H,W,3] as a model sees them: `extent` of them, enlarged by `zoom`, a band at a time."""

    pictures: tuple[Image, ...]
    skin: Image
    """[H,W], over 127 on skin."""
    extent: Extent
    zoom: float

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the grid that the model sees."""
        return max(1, round(self.extent[3] * self.zoom)), max(1, round(self.extent[2] * self.zoom))

    def with_skin(self, tiling: Tiling, row: int) -> tuple[int, ...]:
        """The columns of a row whose tiles hold skin within their margins, which count for nothing."""
        across, down = self._zooms(tiling)
        x, y, width, height = self.extent
        near, far = tiling.margin, tiling.side - tiling.margin
        top, bottom = int(max(row + near, 0) / down), min(round((row + far) / down), height)
        found = []
        for column in tiling.columns:
            left, right = int(max(column + near, 0) / across), min(round((column + far) / across), width)
            part = self.skin[y + top : y + bottom, x + left : x + right]
            if part.size and int(part.max()) > 127:
                found.append(column)
        return tuple(found)

    def band(self, row: int, tiling: Tiling) -> Image:
        """Rows `row` to `row + side` of the grid, (side, width, channels); beyond the edges the last row goes on."""
        return np.concatenate([self._resampled(each, row, tiling) for each in self.pictures], axis=2)

    def _zooms(self, tiling: Tiling) -> tuple[float, float]:
        return tiling.width / self.extent[2], tiling.height / self.extent[3]

    def _resampled(self, picture: Image, row: int, tiling: Tiling) -> Image:
        x, y, width, height = self.extent
        across, down = self._zooms(tiling)
        last = min(height, int((row + tiling.side) / down) + 5)
        first = min(max(0, int(row / down) - 4), last - 1)
        part = picture[y + first : y + last, x : x + width]
        if min(across, down) < 1:
            # Against aliasing, where the picture is finer than the model.
            sigma = 0.5 * (1 / min(across, down) - 1) + 0.3
            part = np.asarray(cv2.GaussianBlur(part, (0, 0), sigma), np.uint8)
        matrix = np.array(
            [
                [1 / across, 0, 0.5 / across - 0.5],
                [0, 1 / down, (row + 0.5) / down - 0.5 - first],
            ]
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = (tiling.width, tiling.side)
        warped = cv2.warpAffine(part, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(warped, np.uint8)


def on_picture(values: Image, extent: Extent, size: tuple[int, int]) -> Image:
    """A map of `extent` at the size (height, width) of the picture, 0 elsewhere."""
    left, top, width, height = extent
    whole = np.zeros(size, np.uint8)
    method = cv2.INTER_AREA if values.shape[0] > height else cv2.INTER_LINEAR
    whole[top : top + height, left : left + width] = cv2.resize(values, (width, height), interpolation=method)
    return whole


async def run_tiled(
    client: TritonClient,
    model: str,
    source: Source,
    tiling: Tiling,
    outputs: Sequence[str],
    channels: int,
    *,
    batch: int,
) -> Image:
    """The uint8 maps (channels, height, width) of a model's outputs, one after the other; 0 in tiles without skin.

    Memory is that of the maps and of one row of tiles. Raises what `TritonClient.infer` raises.
    """
    stitcher = Stitcher(tiling, channels)
    for row in tiling.rows:
        wanted = await asyncio.to_thread(source.with_skin, tiling, row)
        if wanted:
            band = await asyncio.to_thread(source.band, row, tiling)
            await _row(client, model, tiling, stitcher, band, wanted, outputs, batch)
        await asyncio.to_thread(stitcher.finish_row, row)
    return stitcher.maps


async def _row(
    client: TritonClient,
    model: str,
    tiling: Tiling,
    stitcher: Stitcher,
    band: Image,
    wanted: tuple[int, ...],
    outputs: Sequence[str],
    batch: int,
) -> None:
    """One row of tiles in a few requests."""
    gate, turn = asyncio.Semaphore(IN_FLIGHT), asyncio.Lock()

    async def ask(columns: Sequence[int]) -> None:
        async with gate:
            tiles = await asyncio.to_thread(_cut, band, columns, tiling.side)
            answer = await client.infer(model, {"image": tiles}, outputs=outputs, timeout_s=_TIMEOUT_S)
        async with turn:  # the sums are not for two threads at once
            await asyncio.to_thread(_add, stitcher, columns, [answer[name] for name in outputs])

    try:
        async with asyncio.TaskGroup() as tasks:
            for columns in batches(wanted, batch):
                tasks.create_task(ask(columns))
    except ExceptionGroup as group:
        raise group.exceptions[0] from group


def _cut(band: Image, columns: Sequence[int], side: int) -> Image:
    return np.stack([padded(band, column, side) for column in columns])


def _add(stitcher: Stitcher, columns: Sequence[int], answers: Sequence[Image]) -> None:
    for index, column in enumerate(columns):
        stitcher.add(
            column, np.concatenate([answer[index].reshape(-1, *answer.shape[-2:]) for answer in answers])
        )
