"""Porphyrins and UV spots of a face under ultraviolet light."""

from dataclasses import dataclass
from typing import Final

from server.inference.client import TritonClient
from server.inference.crop import Image
from server.inference.learned import FLUORESCENCE
from server.inference.tiled import Extent, Source, on_picture, run_tiled
from server.inference.tiles import Tiling

PX_PER_MM: Final = 20.0
"""Scale that the graph's surroundings are made for."""
_SIDE, _STEP, _MARGIN = 1536, 1248, 128


@dataclass(frozen=True, eq=False)
class FluorescenceMaps:
    """8-bit maps over a part of a picture, at 20 px/mm."""

    extent: Extent
    zoom: float
    porphyrin: Image
    """255 times R / (G + B) over its surroundings."""
    uv_spot: Image
    """170 times the optical density over its surroundings."""

    def on_picture(self, values: Image, size: tuple[int, int]) -> Image:
        """One of the maps at the size (height, width) of the picture, 0 outside the extent."""
        return on_picture(values, self.extent, size)


async def fluorescence(
    client: TritonClient, image: Image, px_per_mm: float, extent: Extent, skin: Image
) -> FluorescenceMaps:
    """The maps of the part `extent` of a UV picture [H,W,3] in sRGB; 0 in tiles without skin (`skin`, over 127).

    Raises what `TritonClient.infer` raises.
    """
    source = Source((image,), skin, extent, PX_PER_MM / px_per_mm)
    tiling = Tiling(*source.size, side=_SIDE, step=_STEP, margin=_MARGIN)
    maps = await run_tiled(client, FLUORESCENCE, source, tiling, ("porphyrin", "uv_spot"), 2, batch=1)
    return FluorescenceMaps(extent, source.zoom, maps[0], maps[1])
