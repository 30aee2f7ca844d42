"""The numbers of every trained model, against ONNX Runtime on the file in the repository."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
import pytest_asyncio
import skimage.data

from server.errors import ModelUnavailable
from server.inference import LEARNED, TritonClient

pytestmark = pytest.mark.contract

REPOSITORY = Path(__file__).resolve().parents[3] / "triton_models"
MODELS = sorted(name for name in LEARNED if (REPOSITORY / name / "1" / "model.onnx").is_file())
CLOSE = 1e-2
"""Of the range of an output: engines compute in FP16."""
Array = npt.NDArray[Any]


@pytest_asyncio.fixture
async def client(triton_url: str) -> AsyncIterator[TritonClient]:
    async with TritonClient(triton_url) as client:
        yield client


def pictures(shape: tuple[int, ...], count: int) -> Array:
    """A portrait, darker from one picture to the next, as often as the model has channels."""
    height, width = (size if size > 0 else 160 for size in shape[1:3])
    astronaut = np.asarray(skimage.data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]
    face = cv2.resize(astronaut[20:220, 120:320], (width, height), interpolation=cv2.INTER_AREA)
    whole = np.tile(face, (1, 1, shape[3] // 3))
    return np.stack([(whole * (1 - 0.2 * index)).astype(np.uint8) for index in range(count)])


def expected(name: str, image: Array) -> dict[str, Array]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    path = REPOSITORY / name / "1" / "model.onnx"
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, {"image": image}), strict=True))


def share_away(found: Array, wanted: Array) -> float:
    """Share of the elements that are further away than `CLOSE`."""
    span = 255.0 if wanted.dtype == np.uint8 else max(1.0, float(np.abs(wanted).max()))
    away = np.abs(found.astype(np.float64) - wanted.astype(np.float64))
    return float(np.mean(away > CLOSE * span))


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("model", MODELS)
async def test_the_file_is_what_is_served(client: TritonClient, model: str, count: int) -> None:
    image = pictures(LEARNED[model]["image"][1], count)
    try:
        found = await client.infer(model, {"image": image}, timeout_s=60)
    except ModelUnavailable:
        pytest.fail(f"{model} is in the repository and not served")
    for name, wanted in expected(model, image).items():
        assert found[name].shape == wanted.shape
        assert found[name].dtype == wanted.dtype
        # A pixel at the edge of a threshold or between two parts may fall to the other side.
        assert share_away(found[name], wanted) <= (0.01 if wanted.dtype == np.uint8 else 0.0), name
