"""What every Triton that serves dermabooth must offer, whatever runs below it."""

from server.errors import InferenceError
from server.inference.client import TritonClient
from server.inference.models import TENSORS


async def contract_problems(client: TritonClient) -> list[str]:
    """Where a server departs from the tensors we rely on, one sentence each; empty if nowhere.

    `InferenceUnavailable` if the server is away.
    """
    problems = []
    for model, expected in TENSORS.items():
        try:
            served = await client.tensors(model)
        except InferenceError as error:
            problems.append(f"{model}: {error}")
            continue
        for name, tensor in expected.items():
            if served.get(name) != tensor:
                problems.append(f"{model}: tensor {name} is {served.get(name)}, expected {tensor}")
    return problems
