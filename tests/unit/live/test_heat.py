"""A heat map of a preview is made seldom, one at a time, and moves with the face."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from server.errors import InferenceFailed
from server.live.heat import HeatMaps, laid_on
from station.protocol import Box, Face

pytestmark = pytest.mark.unit

PICTURE = np.full((360, 640, 3), 90, np.uint8)
FACE = Face(box=Box(240, 100, 120, 120))


class Triton:
    """Sees acne on the upper half of every face, after a while."""

    def __init__(self) -> None:
        self.asked = self.at_once = self.most_at_once = 0
        self.failing = False

    async def infer(
        self, model: str, inputs: dict[str, NDArray[Any]], **_options: object
    ) -> dict[str, NDArray[Any]]:
        assert (model, inputs["image"].shape) == ("acne_severity_fast", (1, 224, 224, 3))
        self.asked += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.01)
        self.at_once -= 1
        if self.failing:
            raise InferenceFailed("no")
        heat = np.zeros((1, 224, 224), np.uint8)
        heat[:, :112] = 200
        return {
            "grade": np.ones((1, 1), np.float32),
            "distribution": np.full((1, 5), 0.2, np.float32),
            "estimate": np.ones((1, 1), np.float32),
            "uncertain": np.zeros((1, 1), np.uint8),
            "heatmap": heat,
        }


@pytest.fixture
async def parts() -> AsyncIterator[tuple[HeatMaps, Triton]]:
    triton = Triton()
    heat = HeatMaps(triton, interval_s=0.05)  # type: ignore[arg-type]
    yield heat, triton
    await heat.close()
    await heat.close()


async def soon(told: Callable[[], object]) -> None:
    # The second map comes after 49 times as long as the first one took.
    async with asyncio.timeout(60):
        while told() is None:
            await asyncio.sleep(0.005)


async def test_booths_take_turns_and_one_is_made_at_a_time(parts: tuple[HeatMaps, Triton]) -> None:
    heat, triton = parts
    assert heat.of("one", PICTURE, FACE) is None
    assert heat.of("two", PICTURE, FACE) is None
    assert triton.asked == 0
    for booth in ("one", "two"):
        await soon(lambda booth=booth: heat.of(booth, PICTURE, FACE))  # type: ignore[misc]
    assert triton.most_at_once == 1


async def test_they_take_little_of_the_time(parts: tuple[HeatMaps, Triton]) -> None:
    heat, triton = parts
    until = asyncio.get_running_loop().time() + 0.6
    while asyncio.get_running_loop().time() < until:
        for number in range(20):
            heat.of(f"booth{number}", PICTURE, FACE)
        await asyncio.sleep(0.002)
    assert 1 <= triton.asked <= 7


async def test_a_model_that_fails_is_left_alone_for_a_while(parts: tuple[HeatMaps, Triton]) -> None:
    heat, triton = parts
    triton.failing = True
    for _ in range(30):
        assert heat.of("one", PICTURE, FACE) is None
        await asyncio.sleep(0.005)
    assert triton.asked == 1


async def test_it_moves_with_the_face(parts: tuple[HeatMaps, Triton]) -> None:
    heat, _ = parts
    await soon(lambda: heat.of("one", PICTURE, FACE))
    found = heat.of("one", PICTURE, FACE)
    assert found is not None
    here = laid_on(found, FACE, (360, 640))
    there = laid_on(found, Face(box=Box(300, 120, 120, 120)), (360, 640))
    assert here.shape == (360, 640)
    assert here.max() == 200
    assert np.abs(there[20:, 60:].astype(int) - here[:-20, :-60]).max() <= 1
