"""Porphyrins and UV spots of a picture under ultraviolet light."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from server.inference.client import TritonClient
from server.inference.crop import Image
from server.inference.learned import FLUORESCENCE


@dataclass(frozen=True, eq=False)
class FluorescenceMaps:
    """8-bit maps of the picture's size."""

    porphyrin: Image
    uv_spot: Image


async def fluorescence(client: TritonClient, image: npt.NDArray[Any]) -> FluorescenceMaps:
    """The maps of a UV picture [H,W,3] in sRGB. Raises what `TritonClient.infer` raises."""
    answer = await client.infer(FLUORESCENCE, {"image": image[None]}, timeout_s=120.0)
    return FluorescenceMaps(
        np.asarray(answer["porphyrin"][0], np.uint8), np.asarray(answer["uv_spot"][0], np.uint8)
    )
