"""The band over the eyes of real people, placed by the landmarks that the segmenter finds in their pictures."""

from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray

from dermabooth import resources
from server.config import read_profile
from server.export.masking import eye_band
from server.inference import TritonClient
from server.pipeline import Examiner
from tests.fixtures.real_face import real_face

pytestmark = pytest.mark.integration

IMAGES = Path(__file__).resolve().parents[4] / "shared" / "images"
"""Portraits with drawn masks of facial skin, where a checkout has them."""
PORTRAITS = sorted((IMAGES / "portraits").glob("*.jpg"))
ASTRONAUT_EYES = ((195, 111), (245, 111))
"""Pupils of scikit-image's portrait, px."""


@pytest_asyncio.fixture
async def examiner(triton_url: str) -> AsyncIterator[Examiner]:
    async with TritonClient(triton_url) as client:
        made = Examiner(client, read_profile(resources.configs() / "quality" / "off.toml"))
        try:
            yield made
        finally:
            made.close()


async def band_of(examiner: Examiner, srgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where the picture would be black."""
    face = await examiner.find_face(srgb)
    assert face is not None
    seen = await examiner.trained.segment(srgb, face)
    assert seen is not None
    return eye_band(seen[1], srgb.shape[1], srgb.shape[0]) > 0


async def test_the_band_covers_the_eyes_of_a_real_face(examiner: Examiner) -> None:
    band = await band_of(examiner, real_face())
    for x, y in ASTRONAUT_EYES:
        assert band[y - 8 : y + 9, x - 12 : x + 13].all()


def eyes_of(mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """What is not skin inside the upper half of the facial skin: eyes, brows, glasses."""
    count, labels = cv2.connectedComponents((mask != 255).astype(np.uint8))
    border = {*labels[0], *labels[-1], *labels[:, 0], *labels[:, -1]}
    rows = np.flatnonzero((mask == 255).any(axis=1))
    middle = rows[0] + 0.55 * (rows[-1] - rows[0])
    eyes = np.zeros(mask.shape, bool)
    for label in set(range(1, count)) - border:
        piece = (labels == label) & (mask == 0)
        if piece.any() and np.mean(np.nonzero(piece)[0]) < middle:
            eyes |= piece
    return eyes


@pytest.mark.skipif(not PORTRAITS, reason="this checkout has no portraits")
async def test_the_band_covers_eyes_and_brows_of_portraits(examiner: Examiner) -> None:
    bare, judged = {}, 0
    for path in PORTRAITS:
        bgr = cv2.imread(str(path))
        mask = cv2.imread(str(IMAGES / "masks" / f"{path.stem}.png"), cv2.IMREAD_GRAYSCALE)
        assert bgr is not None
        assert mask is not None
        srgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        eyes = eyes_of(np.asarray(mask, np.uint8))
        band = await band_of(examiner, np.asarray(srgb, np.uint8))
        judged += bool(eyes.any())
        share = int((eyes & ~band).sum()) / max(int(eyes.sum()), 1)
        if share > 0:
            bare[path.stem] = round(share, 4)
    assert judged >= 10
    assert not bare
