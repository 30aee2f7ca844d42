"""The clients of the trained models, against a real Triton that serves small models of the same tensors."""

import asyncio
from collections.abc import AsyncIterator

import cv2
import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray

from server.errors import InferenceFailed, ModelUnavailable
from server.inference import (
    CONDITIONS,
    ITEMS,
    SEVERITY,
    ModelStatistics,
    Tiling,
    TritonClient,
    classify_acne,
    contract_problems,
    find_conditions,
    fluorescence,
    grade_severity,
    segment_face,
    skin_items,
)

pytestmark = pytest.mark.integration

SKIN, WALL = (200, 150, 120), (90, 110, 130)
CENTRE, AXES = (620, 420), (150, 190)


@pytest_asyncio.fixture
async def client(small_triton_url: str) -> AsyncIterator[TritonClient]:
    async with TritonClient(small_triton_url) as client:
        yield client


@pytest_asyncio.fixture
async def partial(partial_triton_url: str) -> AsyncIterator[TritonClient]:
    async with TritonClient(partial_triton_url) as client:
        yield client


def picture() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """An oval of skin before a wall, and its mask."""
    image = np.full((900, 1200, 3), WALL, np.uint8)
    cv2.ellipse(image, CENTRE, AXES, 0, 0, 360, SKIN, -1)
    mask = np.zeros((900, 1200), np.uint8)
    cv2.ellipse(mask, CENTRE, AXES, 0, 0, 360, 255, -1)
    return image, mask


def texture(seed: int, height: int, width: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).integers(0, 256, (height // 6 + 1, width // 6 + 1, 3), np.uint8)
    return np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


async def counted(client: TritonClient, model: str, least: int = 0) -> ModelStatistics:
    """What Triton has counted of a model, `least` inferences or more: it counts a moment after it has answered."""
    async with asyncio.timeout(20):
        while True:
            before = (await client.statistics())[model]
            await asyncio.sleep(0.2)
            after = (await client.statistics())[model]
            if after == before and after.inference_count >= least:
                return after


async def test_small_models_keep_the_contract(client: TritonClient, partial: TritonClient) -> None:
    assert await contract_problems(client) == []
    assert await contract_problems(partial) == []


@pytest.mark.parametrize("box", [(520.0, 250.0, 200.0, 300.0), None], ids=["near a box", "anywhere"])
async def test_a_face_is_segmented(
    client: TritonClient, box: tuple[float, float, float, float] | None
) -> None:
    image, mask = picture()
    face = await segment_face(client, image, box)
    assert face is not None
    overlap = 2 * np.count_nonzero((face.skin >= 128) & (mask > 0))
    assert overlap / (np.count_nonzero(face.skin >= 128) + np.count_nonzero(mask)) > 0.97
    assert face.landmarks[:, :2].mean(axis=0) == pytest.approx((620, 420), abs=40)
    assert face.landmarks[1, 0] > face.landmarks[0, 0]


async def test_the_smaller_of_two_pieces_is_no_face(client: TritonClient) -> None:
    image, _ = picture()
    cv2.circle(image, (100, 100), 60, SKIN, -1)
    face = await segment_face(client, image, None)
    assert face is not None
    assert face.skin[100, 100] < 128
    assert face.skin[420, 620] >= 128


async def test_a_wall_has_no_face(client: TritonClient) -> None:
    assert await segment_face(client, np.full((300, 400, 3), WALL, np.uint8), None) is None


@pytest.mark.parametrize("px_per_mm", [13.0, 20.0, 26.0])
async def test_another_tiling_gives_the_same_items(client: TritonClient, px_per_mm: float) -> None:
    parallel, cross = texture(1, 420, 520), texture(2, 420, 520)
    skin = np.full((420, 520), 255, np.uint8)
    extent = (30, 20, 450, 380)
    maps = await skin_items(client, parallel, cross, px_per_mm, extent, skin)
    height, width = maps.area.shape[1:]
    assert (height, width) == (round(380 * 20 / px_per_mm), round(450 * 20 / px_per_mm))
    for tiling in (Tiling(height, width, step=120), Tiling(height, width, step=160, shift=77)):
        other = await skin_items(client, parallel, cross, px_per_mm, extent, skin, tiling=tiling)
        for one, two in ((maps.area, other.area), (maps.intensity, other.intensity)):
            assert np.abs(one.astype(int) - two.astype(int)).max() <= 1


async def test_items_lie_where_they_are_in_the_picture(client: TritonClient) -> None:
    cross = np.full((400, 500, 3), 255, np.uint8)
    cv2.circle(cross, (300, 150), 25, (255, 255, 40), -1)
    skin = np.full((400, 500), 255, np.uint8)
    maps = await skin_items(client, cross, cross, 10.0, (100, 50, 350, 300), skin)
    spots = maps.on_picture("melanin", (400, 500))
    rows, columns = np.nonzero(spots > 107)
    assert (columns.mean(), rows.mean()) == pytest.approx((300, 150), abs=0.7)
    assert np.sqrt(len(rows) / np.pi) == pytest.approx(25, abs=1.5)
    assert maps.intensities("melanin").max() == pytest.approx(215 / 2 * 3 / 255, abs=0.02)
    assert set(ITEMS) == {"melanin", "trouble", "wrinkle", "pore"}


async def test_tiles_without_skin_are_left_out(client: TritonClient) -> None:
    cross = texture(3, 1000, 1000)
    skin = np.zeros((1000, 1000), np.uint8)
    skin[:100, :100] = 255
    before = (await counted(client, "skin_items")).inference_count
    maps = await skin_items(client, cross, cross, 20.0, (0, 0, 1000, 1000), skin)
    after = await counted(client, "skin_items", before + 1)
    assert 1 <= after.inference_count - before <= 4
    assert not maps.area[:, 400:].any()
    assert maps.area[:, :90, :90].any()


async def test_acne_is_sought_on_the_skin_only(client: TritonClient) -> None:
    image, mask = picture()
    acne = await classify_acne(client, image, mask)
    assert acne is not None
    assert acne.probability > 0.9
    assert not acne.heatmap[mask == 0].any()
    assert acne.heatmap[CENTRE[1], CENTRE[0]] == pytest.approx(SKIN[0] - SKIN[1], abs=1)
    assert await classify_acne(client, image, np.zeros_like(mask)) is None


async def test_severity_comes_back_on_the_picture(client: TritonClient) -> None:
    image, mask = picture()
    placing = np.array([[0.5, 0.0, 112 - 310.0], [0.0, 0.5, 112 - 210.0]])
    severity = await grade_severity(client, image, placing)
    assert severity.grade == round(severity.estimate)
    assert sum(severity.distribution) == pytest.approx(1, abs=1e-4)
    assert severity.heatmap[CENTRE[1], CENTRE[0]] == pytest.approx(SKIN[0] - SKIN[1], abs=1)
    assert severity.heatmap[mask == 0].mean() < 3


async def test_conditions_of_several_places_in_one_request(client: TritonClient) -> None:
    image, _ = picture()
    before = await counted(client, "skin_conditions")
    found = await find_conditions(client, image, [(620, 420), (100, 100)], 3.0)
    after = await counted(client, "skin_conditions", before.inference_count + 1)
    assert after.execution_count == before.execution_count + 1
    assert [len(each.probabilities) for each in found] == [len(CONDITIONS)] * 2
    assert found[0].probabilities[-1] == pytest.approx(SKIN[1] / 255, abs=0.02)
    shown = found[0].on_picture(7, image.shape[:2])
    assert shown[420, 620] == SKIN[1]
    assert not shown[:, :500].any()
    assert found[1].probabilities[-1] == pytest.approx(WALL[1] / 255, abs=0.02)


async def test_fluorescence_comes_back_on_the_picture(client: TritonClient) -> None:
    image = np.full((700, 500, 3), (40, 90, 110), np.uint8)
    cv2.circle(image, (300, 400), 20, (200, 90, 110), -1)
    skin = np.full((700, 500), 255, np.uint8)
    maps = await fluorescence(client, image, 6.0, (50, 100, 400, 500), skin)
    shown = maps.on_picture(maps.porphyrin, (700, 500))
    rows, columns = np.nonzero(shown > 55)
    assert (columns.mean(), rows.mean()) == pytest.approx((300, 400), abs=0.7)
    assert len(rows) == pytest.approx(np.pi * 20**2, rel=0.06)


async def test_an_absent_model_and_a_failing_one_are_told_apart(partial: TritonClient) -> None:
    image, _ = picture()
    with pytest.raises(ModelUnavailable, match="skin_conditions"):
        await find_conditions(partial, image, [(620, 420)], 3.0)
    with pytest.raises(InferenceFailed, match="out of order"):
        await grade_severity(partial, image, np.eye(2, 3), model=SEVERITY)
    assert await segment_face(partial, image, None) is not None
