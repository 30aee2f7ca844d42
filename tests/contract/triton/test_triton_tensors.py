"""What every Triton must offer: models, tensors, refusals."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from server.errors import InferenceError
from server.inference import TritonClient, contract_problems, model_infos

pytestmark = pytest.mark.contract


@pytest_asyncio.fixture
async def client(triton_url: str) -> AsyncIterator[TritonClient]:
    async with TritonClient(triton_url) as client:
        yield client


async def test_the_server_is_ready_and_says_its_version(client: TritonClient) -> None:
    assert await client.ready()
    assert int((await client.server_version()).split(".")[0]) >= 2


async def test_every_tensor_is_as_expected(client: TritonClient) -> None:
    assert await contract_problems(client) == []


async def test_every_model_of_the_repository_is_served_in_its_version(
    client: TritonClient, triton_repository: Path
) -> None:
    infos = model_infos(triton_repository)
    assert {"chromophores", "chromophores_linear", "face_layers", "face_layers_still", "live"} <= {
        info.name for info in infos
    }
    for info in infos:
        assert await client.model_ready(info.name)
        assert str(info.version) in await client.model_versions(info.name)


@pytest.mark.parametrize(
    ("model", "inputs"),
    [
        ("chromophores", {"image": np.zeros((1, 16, 16, 4), np.uint8)}),
        ("chromophores", {"image": np.zeros((1, 16, 16, 3), np.float32)}),
        ("chromophores", {"image": np.zeros((5, 16, 16, 3), np.uint8)}),
        ("live", {"image": np.zeros((1, 16, 16, 3), np.uint8)}),
        ("live", {"image": np.zeros((1, 16, 16, 3), np.uint8), "box": np.zeros((1, 5), np.float32)}),
        ("live", {"image": np.zeros((9, 16, 16, 3), np.uint8), "box": np.zeros((9, 4), np.float32)}),
        ("nothing", {"image": np.zeros((1, 16, 16, 3), np.uint8)}),
    ],
    ids=["channels", "type", "batch", "input missing", "box", "live batch", "unknown"],
)
async def test_a_bad_request_is_refused_and_the_next_is_served(
    client: TritonClient, model: str, inputs: dict[str, np.ndarray]
) -> None:
    with pytest.raises(InferenceError):
        await client.infer(model, inputs)
    good: dict[str, np.ndarray] = {
        "image": np.zeros((1, 16, 16, 3), np.uint8),
        "box": np.zeros((1, 4), np.float32),
    }
    assert (await client.infer("live", good))["skin"].shape == (1, 16, 16)


async def test_only_the_outputs_asked_for_come_back(client: TritonClient) -> None:
    image = np.zeros((1, 8, 8, 3), np.uint8)
    assert list(await client.infer("chromophores", {"image": image}, outputs=["melanin"])) == ["melanin"]
