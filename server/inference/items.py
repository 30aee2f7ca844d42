"""Pigment spots, trouble, wrinkles and pores of a whole face by `skin_items`, from a polarised pair of known scale."""

import asyncio
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from server.inference.bare import bare_skin
from server.inference.client import TritonClient
from server.inference.crop import Image
from server.inference.learned import INTENSITY_FULL, ITEMS, ITEMS_MODEL, ITEMS_PX_PER_MM
from server.inference.tiled import Extent, Source, on_picture, run_tiled
from server.inference.tiles import Tiling

BATCH: Final = 8
"""Tiles of one request."""


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
        """Intensity of an item, (height, width), in its unit: gain of log melanin or log blood, or depth in mm."""
        index = ITEMS.index(item)
        full = np.float32(INTENSITY_FULL[index] / 255)
        return np.asarray(self.intensity[index].astype(np.float32) * full, np.float32)

    def on_picture(self, item: str, size: tuple[int, int]) -> Image:
        """The area map of an item at the size (height, width) of the picture, 0 outside the extent."""
        return on_picture(self.area[ITEMS.index(item)], self.extent, size)


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

    The model knows skin only: hair, eyes and whatever is behind are shown to it in the colour of the skin beside them.
    Tiles without skin (`skin` [H,W], over 127) are left out, and their maps are 0. Raises what `TritonClient.infer`
    raises.
    """
    pair = [
        await asyncio.to_thread(bare_skin, picture, skin, extent, px_per_mm) for picture in (parallel, cross)
    ]
    left, top, width, height = extent
    inside = skin[top : top + height, left : left + width]
    source = Source(tuple(pair), inside, (0, 0, width, height), ITEMS_PX_PER_MM / px_per_mm)
    maps = await run_tiled(
        client,
        ITEMS_MODEL,
        source,
        tiling or Tiling(*source.size),
        ("area", "intensity"),
        2 * len(ITEMS),
        batch=BATCH,
    )
    return ItemMaps(extent, source.zoom, maps[: len(ITEMS)], maps[len(ITEMS) :])
