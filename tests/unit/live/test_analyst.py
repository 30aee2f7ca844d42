"""The face is followed between searches."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from server.live.analyst import LiveAnalyst
from station.protocol import Box, Face, Layer

pytestmark = pytest.mark.unit

PICTURE = np.full((360, 640, 3), 90, np.uint8)


class Triton:
    """Gives maps of the crop it is asked about."""

    def __init__(self) -> None:
        self.boxes: list[tuple[float, ...]] = []

    async def infer(
        self, model: str, inputs: dict[str, NDArray[Any]], **options: object
    ) -> dict[str, NDArray[Any]]:
        if model == "acne_severity_fast":
            return self.severity()
        assert model == "live"
        assert inputs["image"].shape == (1, 256, 256, 3)
        self.boxes.append(tuple(inputs["box"][0]))
        return {
            name: np.full((1, 256, 256), value, np.uint8)
            for name, value in (("skin", 255), ("melanin", 60), ("redness", 30), ("reflection", 0))
        }

    def severity(self) -> dict[str, NDArray[Any]]:
        told = dict.fromkeys(("grade", "estimate", "uncertain"), np.ones((1, 1), np.float32))
        return told | {
            "distribution": np.ones((1, 5), np.float32),
            "heatmap": np.full((1, 224, 224), 77, np.uint8),
        }


class Eyes:
    """Finds a face where it is told to."""

    def __init__(self) -> None:
        self.face: Face | None = Face(box=Box(240, 100, 120, 120))
        self.sizes: list[int] = []

    def __call__(self, rgb: NDArray[np.uint8]) -> Face | None:
        self.sizes.append(rgb.shape[1])
        return self.face if rgb.shape[1] == 640 else None


@pytest.fixture
async def parts() -> AsyncIterator[tuple[LiveAnalyst, Triton, Eyes]]:
    triton, eyes = Triton(), Eyes()
    async with LiveAnalyst(triton, find=eyes, interval_s=0.02) as analyst:  # type: ignore[arg-type]
        yield analyst, triton, eyes


async def known_at(analyst: LiveAnalyst, wanted: Callable[[Face | None], bool]) -> Face | None:
    """The face, shown picture after picture, once it is as `wanted`."""
    async with asyncio.timeout(20):
        while not wanted(face := (await analyst("booth1", PICTURE))[0]):
            await asyncio.sleep(0.01)
    return face


async def test_layers_lie_around_the_face(parts: tuple[LiveAnalyst, Triton, Eyes]) -> None:
    analyst, triton, _ = parts
    assert await analyst("booth1", PICTURE) == (None, {}, 0.0)
    await known_at(analyst, lambda face: face is not None)
    _, layers, ms = await analyst("booth1", PICTURE)
    assert ms > 0
    skin = layers[Layer.SKIN]
    assert skin.shape == (360, 640)
    assert skin[160, 300] == 255
    assert skin[10, 10] == 0
    assert layers[Layer.MELANIN][160, 300] == 60
    (x, _, width, _) = triton.boxes[0]
    assert abs(x + width / 2 - 0.5) < 0.01


async def test_a_heat_map_comes_with_a_later_picture(parts: tuple[LiveAnalyst, Triton, Eyes]) -> None:
    analyst, _, _ = parts
    async with asyncio.timeout(20):
        while Layer.SEVERITY not in (layers := (await analyst("booth1", PICTURE))[1]):
            await asyncio.sleep(0.01)
    assert layers[Layer.SEVERITY].shape == (360, 640)
    assert layers[Layer.SEVERITY][160, 300] == 77
    assert layers[Layer.SEVERITY][10, 10] == 0


async def test_the_box_settles_and_a_lost_face_goes(parts: tuple[LiveAnalyst, Triton, Eyes]) -> None:
    analyst, _, eyes = parts
    face = await known_at(analyst, lambda face: face is not None)
    assert face is not None
    assert face.box.x == 240
    eyes.face = Face(box=Box(250, 100, 120, 120))
    face = await known_at(analyst, lambda face: face is None or face.box.x != 240)
    assert face is not None
    assert 240 < face.box.x < 250
    eyes.face, seen = None, len(eyes.sizes)
    await known_at(analyst, lambda face: face is None)
    assert len(eyes.sizes) >= seen + 3  # one look without a face does not lose it


async def test_a_known_face_is_sought_near_by_first(parts: tuple[LiveAnalyst, Triton, Eyes]) -> None:
    analyst, _, eyes = parts
    await known_at(analyst, lambda _: len(eyes.sizes) > 2)
    assert eyes.sizes[:3] == [640, 240, 640]


async def test_a_failing_search_does_no_harm(parts: tuple[LiveAnalyst, Triton, Eyes]) -> None:
    analyst, _, eyes = parts
    eyes.sizes = None  # type: ignore[assignment]
    for _ in range(20):
        assert await analyst("booth1", PICTURE) == (None, {}, 0.0)
        await asyncio.sleep(0.01)
