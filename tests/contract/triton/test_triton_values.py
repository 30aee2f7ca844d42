"""The numbers of every model, against the same written in NumPy."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import pytest_asyncio
import skimage.data
import skimage.io
from skimage.feature import Cascade

from server.inference import FaceCrop, TritonClient, chromophores, face_layers, live_layers
from tests.fixtures import triton_reference as reference

pytestmark = pytest.mark.contract

FACE = (171.0, 63.0, 110.0, 110.0)
IMAGES = Path(__file__).resolve().parents[4] / "shared" / "images"
Image = npt.NDArray[np.uint8]


@pytest_asyncio.fixture
async def client(triton_url: str) -> AsyncIterator[TritonClient]:
    async with TritonClient(triton_url) as client:
        yield client


@pytest.fixture(scope="module")
def portrait() -> Image:
    return np.asarray(skimage.data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def noise() -> Image:
    return np.random.default_rng(7).integers(0, 256, (64, 72, 3), np.uint8)


def assert_near(found: Image, expected: Image, most: int = 1, beyond: float = 0.0) -> None:
    """Equal within `most` steps but for a share of `beyond`: rounding, and pixels on the edge of a mask."""
    assert found.shape == expected.shape
    away = np.abs(found.astype(int) - expected.astype(int)) > most
    assert away.mean() <= beyond, f"{away.mean():.4%} of the pixels differ by more than {most}"


@pytest.mark.parametrize("picture", ["portrait", "noise"])
async def test_chromophores(client: TritonClient, picture: str, request: pytest.FixtureRequest) -> None:
    image: Image = request.getfixturevalue(picture)
    melanin, haemoglobin = await chromophores(client, image)
    expected = reference.pigments(reference.linear(image))
    assert_near(melanin, expected[0])
    assert_near(haemoglobin, expected[1])


async def test_chromophores_of_a_linear_master(client: TritonClient, portrait: Image) -> None:
    black, white = 256.0, 4095.0
    signal = reference.linear(portrait)
    master = np.round(black + signal * (white - black)).astype(np.uint16)
    melanin, haemoglobin = await chromophores(client, master, (black, white))
    expected = reference.pigments((master - black) / (white - black))
    assert_near(melanin, expected[0])
    assert_near(haemoglobin, expected[1])


async def test_shading_leaves_the_pigments_alone(client: TritonClient) -> None:
    master = np.array([[[30000, 18000, 12000]], [[15000, 9000, 6000]]], np.uint16)
    melanin, haemoglobin = await chromophores(client, master, (0.0, 65535.0))
    assert_near(melanin[:1], melanin[1:])
    assert_near(haemoglobin[:1], haemoglobin[1:])


@pytest.mark.parametrize("model", ["face_layers", "face_layers_still", "live"])
async def test_maps_of_a_face(client: TritonClient, portrait: Image, model: str) -> None:
    crop = FaceCrop.around(FACE)
    image = crop.cut(portrait)
    found = await client.infer(model, {"image": image[None], "box": np.array([crop.box], np.float32)})
    skin = found["skin"][0]
    assert_near(skin, reference.skin(image, crop.box), 3, 0.002)
    melanin, haemoglobin = reference.pigments(reference.linear(image))
    assert_near(found["melanin"][0], melanin)
    assert_near(found["redness"][0], reference.redness(haemoglobin, skin), 6, 0.001)
    assert_near(found["reflection"][0], reference.reflection(image, skin), 2, 0.001)
    assert 0.1 < (skin >= 128).mean() < 0.5


async def test_a_box_without_area_gives_empty_maps(client: TritonClient, portrait: Image) -> None:
    layers = await live_layers(client, portrait[:64, :64], (0, 0, 0, 0), timeout_s=30)
    assert not layers.skin.any()
    assert not layers.redness.any()
    assert not layers.reflection.any()
    assert layers.melanin.any()


async def test_pictures_of_a_batch_do_not_meet(client: TritonClient, portrait: Image) -> None:
    crop = FaceCrop.around(FACE)
    image = crop.cut(portrait)
    images = np.stack([image, image[:, ::-1], np.zeros_like(image)])
    boxes = np.array([crop.box, crop.box, (0, 0, 0, 0)], np.float32)
    together = await client.infer("live", {"image": images, "box": boxes})
    for index in range(3):
        alone = await live_layers(client, images[index], tuple(boxes[index]), timeout_s=30)
        for name in ("skin", "melanin", "redness", "reflection"):
            assert np.array_equal(together[name][index], getattr(alone, name)), name


async def test_a_highlight_is_found_on_light_and_on_dark_skin_alike(client: TritonClient) -> None:
    found = []
    for skin in ((0.45, 0.28, 0.2), (0.07, 0.035, 0.02)):
        picture = np.full((128, 128, 3), skin)
        picture[60:68, 60:68] += 0.1
        encoded = 255 * np.where(picture <= 0.0031308, 12.92 * picture, 1.055 * picture ** (1 / 2.4) - 0.055)
        image = np.round(encoded).astype(np.uint8)
        layers = await live_layers(client, image, (0.2, 0.2, 0.6, 0.6), timeout_s=30)
        found.append(float(np.median(layers.reflection[61:67, 61:67])) / 1020)
        assert layers.reflection[:, :40].max() < 10
    assert found == pytest.approx([0.1, 0.1], abs=0.02)


async def test_maps_of_a_still_lie_where_the_face_is(client: TritonClient, portrait: Image) -> None:
    still = await face_layers(client, portrait, FACE)
    assert still.skin.shape == still.redness.shape == still.reflection.shape == portrait.shape[:2]
    rows, columns = np.nonzero(still.skin >= 128)
    assert abs(columns.mean() - 226) < 12
    assert abs(rows.mean() - 118) < 20
    assert not (await face_layers(client, portrait, None)).skin.any()


async def test_skin_of_real_portraits(client: TritonClient) -> None:
    if not IMAGES.is_dir():
        pytest.skip("the portraits are not beside this checkout")
    scores = [
        await _dice(client, path)
        for path in sorted(IMAGES.glob("portraits/*"))
        if (IMAGES / "masks" / f"{path.stem}.png").exists()
    ]
    assert np.mean(scores) >= 0.87
    assert min(scores) >= 0.7


async def _dice(client: TritonClient, path: Path) -> float:
    """Agreement of the skin map with a mask drawn by hand, 128 ignored."""
    image = np.asarray(skimage.io.imread(path), np.uint8)
    truth = np.asarray(skimage.io.imread(IMAGES / "masks" / f"{path.stem}.png"))
    detector = Cascade(skimage.data.lbp_frontal_face_cascade_filename())  # type: ignore[no-untyped-call]
    short = min(image.shape[:2])
    found = detector.detect_multi_scale(
        img=image, scale_factor=1.2, step_ratio=1, min_size=(short // 5,) * 2, max_size=(short,) * 2
    )
    best = max(found, key=lambda each: each["width"])
    still = await face_layers(client, image, (best["c"], best["r"], best["width"], best["height"]))
    scored = truth != 128
    skin, real = still.skin[scored] >= 128, truth[scored] > 128
    return float(2 * (skin & real).sum() / (skin.sum() + real.sum()))
