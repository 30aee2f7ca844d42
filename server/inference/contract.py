"""What every Triton that serves dermabooth must offer, whatever runs below it."""

from collections.abc import Mapping

from server.errors import InferenceError, ModelUnavailable
from server.inference.client import TritonClient
from server.inference.learned import LEARNED, Tensor
from server.inference.models import TENSORS


async def contract_problems(client: TritonClient) -> list[str]:
    """Where a server departs from the tensors we rely on, one sentence each; empty if nowhere.

    A learned model may be absent; one that is served must fit. `InferenceUnavailable` if the server is away.
    """
    problems = []
    for model, expected in TENSORS.items():
        try:
            problems += await _departures(client, model, expected)
        except InferenceError as error:
            problems.append(f"{model}: {error}")
    for model, expected in LEARNED.items():
        try:
            problems += await _departures(client, model, expected)
        except ModelUnavailable:
            continue
    return problems


async def _departures(client: TritonClient, model: str, expected: Mapping[str, Tensor]) -> list[str]:
    served = await client.tensors(model)
    return [
        f"{model}: tensor {name} is {served.get(name)}, expected {tensor}"
        for name, tensor in expected.items()
        if served.get(name) != tensor
    ]
