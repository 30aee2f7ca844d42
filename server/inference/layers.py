"""The maps of a picture: one request for a preview frame, strips and a crop for a still."""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from server.inference.client import DEFAULT_TIMEOUT_S, Priority, TritonClient
from server.inference.crop import STILL_SIDE, FaceCrop, Image

STRIP_PIXELS: Final = 160_000
"""Pixels of one request of a still: some 5 ms of one core. Fits a slot of shared memory at 16 bits."""

IN_FLIGHT: Final = 2
"""Strips under way at once: one runs, one travels."""
_LIVE_TIMEOUT_S: Final = 2.0
"""After which nobody waits for the maps of a preview frame."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class LiveLayers:
    """8-bit maps of a crop, all of its size; scales in `SCALES`, skin from `SKIN_FROM` on."""

    skin: Image
    melanin: Image
    redness: Image
    reflection: Image


@dataclass(frozen=True)
class FaceLayers:
    """8-bit maps of a still that need a face, all of its size; empty without one."""

    skin: Image
    redness: Image
    reflection: Image


async def live_layers(
    client: TritonClient, crop: npt.NDArray[np.uint8], box: Box, *, timeout_s: float = _LIVE_TIMEOUT_S
) -> LiveLayers:
    """Maps of one crop [H,W,3] in sRGB with the face box in [0, 1] (`FaceCrop.cut`, `FaceCrop.box`)."""
    return await _face(client, "live", crop, box, Priority.LIVE, timeout_s)


async def chromophores(
    client: TritonClient, image: npt.NDArray[Any], levels: tuple[float, float] | None = None
) -> tuple[Image, Image]:
    """Melanin and haemoglobin [H,W] of an image [H,W,3]: uint8 sRGB, or uint16 linear with black and white `levels`."""
    model = "chromophores" if levels is None else "chromophores_linear"
    extra = {} if levels is None else {"levels": np.array([levels], np.float32)}
    height, width = image.shape[:2]
    maps = np.empty((2, height, width), np.uint8)
    rows = max(1, STRIP_PIXELS // width)
    gate = asyncio.Semaphore(IN_FLIGHT)

    async def strip(top: int) -> None:
        async with gate:
            part: dict[str, npt.NDArray[Any]] = {"image": image[None, top : top + rows], **extra}
            answer = await client.infer(model, part)
        maps[0, top : top + rows] = answer["melanin"][0]
        maps[1, top : top + rows] = answer["haemoglobin"][0]

    await _all(strip(top) for top in range(0, height, rows))
    return maps[0], maps[1]


async def face_layers(client: TritonClient, image: npt.NDArray[np.uint8], box: Box | None) -> FaceLayers:
    """What is seen at 512 x 512 px around the face of a still [H,W,3] in sRGB, enlarged; the box in px, None without a face."""
    size = image.shape[0], image.shape[1]
    if box is None:
        empty = np.zeros(size, np.uint8)
        return FaceLayers(empty, empty, empty)
    crop = FaceCrop.around(box, STILL_SIDE)
    seen = await _face(
        client, "face_layers_still", crop.cut(image), crop.box, Priority.STILL, DEFAULT_TIMEOUT_S
    )
    return FaceLayers(*(crop.paste(each, size) for each in (seen.skin, seen.redness, seen.reflection)))


async def _face(
    client: TritonClient,
    model: str,
    crop: npt.NDArray[np.uint8],
    box: Box,
    priority: Priority,
    timeout_s: float,
) -> LiveLayers:
    inputs: dict[str, npt.NDArray[Any]] = {"image": crop[None], "box": np.asarray(box, np.float32)[None]}
    answer = await client.infer(model, inputs, priority=priority, timeout_s=timeout_s)
    return LiveLayers(**{name: answer[name][0] for name in ("skin", "melanin", "redness", "reflection")})


async def _all(coroutines: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run together; the first error ends the others and is raised itself."""
    try:
        async with asyncio.TaskGroup() as tasks:
            for each in coroutines:
                tasks.create_task(each)
    except ExceptionGroup as group:
        raise group.exceptions[0] from group
