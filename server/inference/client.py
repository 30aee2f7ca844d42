"""A client of any Triton over gRPC: one channel, typed errors, shared memory where server and client share a host."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import numpy as np
import tritonclient.grpc.aio as triton
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from server.errors import InferenceError, InferenceFailed, InferenceUnavailable, ModelUnavailable
from server.inference.shared_memory import SharedMemoryRing, Slot

Arrays = Mapping[str, np.ndarray[Any, Any]]

DEFAULT_TIMEOUT_S: Final = 30.0
LEAST_SHARED: Final = 64 * 1024
"""Requests below this many bytes travel in the message."""

_REFUSALS = {"INVALID_ARGUMENT", "NOT_FOUND", "OUT_OF_RANGE", "UNIMPLEMENTED", "FAILED_PRECONDITION"}
_FAULTS = {"INTERNAL", "UNKNOWN", "ABORTED", "DATA_LOSS"}
_CHANNEL = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.primary_user_agent", "dermabooth"),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
]


class Priority(IntEnum):
    """Queue level of a request, for servers whose models have `priority_levels`; the models shipped have none."""

    LIVE = 1
    STILL = 2


@dataclass(frozen=True)
class ModelStatistics:
    """What a server did with one model since it was loaded."""

    inference_count: int
    """Requests times their batch."""
    execution_count: int
    """Runs; fewer than inferences where requests were batched."""
    batches: Mapping[int, int]
    """Runs by batch size."""
    queue_s: float
    compute_s: float
    """Time in the queue and in the model, summed over requests."""


class TritonClient:
    """Requests to the Triton at `url` (`host:port`).

    `shared_memory=None` tries system shared memory if the host is this one; False never does.
    """

    def __init__(self, url: str, *, shared_memory: bool | None = None) -> None:
        self.url = url
        self._channel = triton.InferenceServerClient(url, channel_args=_CHANNEL)
        local = url.rpartition(":")[0].strip("[]") in {"127.0.0.1", "localhost", "::1"}
        self._ring = (
            SharedMemoryRing(self._channel) if shared_memory or (shared_memory is None and local) else None
        )
        self._closed = False

    async def __aenter__(self) -> "TritonClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Release shared memory and the channel; may be called twice."""
        if self._closed:
            return
        self._closed = True
        if self._ring is not None:
            await self._ring.close()
        await self._channel.close()

    async def infer(
        self,
        model: str,
        inputs: Arrays,
        *,
        outputs: Sequence[str] | None = None,
        priority: Priority = Priority.STILL,
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> dict[str, np.ndarray[Any, Any]]:
        """Run `model` on arrays with a leading batch axis; `outputs` None means all it has.

        The arrays returned are read-only. `InferenceUnavailable` if the server is away or late (wait and
        repeat), `ModelUnavailable` if it does not serve this model, `InferenceFailed` if the model failed (repeat
        a few times), `InferenceError` if it refused the request (repeating is useless).
        """
        try:
            async with asyncio.timeout(timeout_s):
                return await self._infer(model, inputs, outputs, priority, timeout_s)
        except InferenceServerException as error:
            raise await self._reason(error, model) from error
        except TimeoutError:
            raise InferenceUnavailable(f"Triton at {self.url} did not answer in {timeout_s:g} s") from None

    async def _infer(
        self,
        model: str,
        inputs: Arrays,
        outputs: Sequence[str] | None,
        priority: Priority,
        timeout_s: float,
    ) -> dict[str, np.ndarray[Any, Any]]:
        if self._closed:
            raise InferenceUnavailable("the client is closed")
        wanted = None if outputs is None else [triton.InferRequestedOutput(name) for name in outputs]
        options = {"outputs": wanted, "priority": int(priority), "client_timeout": timeout_s}
        size = sum(array.nbytes for array in inputs.values())
        slot = await self._ring.take(size) if self._ring is not None and size >= LEAST_SHARED else None
        if slot is None:
            return _arrays(await self._channel.infer(model, _in_message(inputs), **options))
        with slot:
            try:
                return _arrays(await self._channel.infer(model, _in_slot(inputs, slot), **options))
            except InferenceServerException as error:
                if "shared memory region" not in (error.message() or ""):
                    raise
                slot.ring.forget(slot.region)
        # The server was restarted and knows the region no longer.
        return _arrays(await self._channel.infer(model, _in_message(inputs), **options))

    async def ready(self) -> bool:
        """True if the server answers and takes requests."""
        try:
            return bool(await self._channel.is_server_ready(client_timeout=5.0))
        except InferenceServerException:
            return False

    async def model_ready(self, model: str) -> bool:
        """True if that model takes requests."""
        try:
            return bool(await self._channel.is_model_ready(model, client_timeout=5.0))
        except InferenceServerException:
            return False

    async def _lacks(self, model: str) -> bool:
        """True if the server takes requests, but none for this model."""
        return not self._closed and await self.ready() and not await self.model_ready(model)

    async def server_version(self) -> str:
        """For example `2.51.0`."""
        metadata = await self._ask(self._channel.get_server_metadata(client_timeout=5.0))
        return str(metadata.version)

    async def model_versions(self, model: str) -> tuple[str, ...]:
        """The versions of a model that are served."""
        metadata = await self._ask(self._channel.get_model_metadata(model, client_timeout=5.0), model)
        return tuple(metadata.versions)

    async def tensors(self, model: str) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Type and shape of every input and output of a model, -1 where it is free; `ModelUnavailable` without it."""
        metadata = await self._ask(self._channel.get_model_metadata(model, client_timeout=5.0), model)
        return {
            each.name: (each.datatype, tuple(each.shape)) for each in (*metadata.inputs, *metadata.outputs)
        }

    async def statistics(self) -> dict[str, ModelStatistics]:
        """What the server did, by model (the version served last); a run is counted a moment after its answers."""
        answer = await self._ask(self._channel.get_inference_statistics(client_timeout=5.0))
        return {each.name: _statistics(each) for each in answer.model_stats}

    async def _ask(self, question: Any, model: str = "") -> Any:
        try:
            return await question
        except InferenceServerException as error:
            raise await self._reason(error, model) from error

    async def _reason(
        self, error: InferenceServerException, model: str
    ) -> InferenceError | InferenceUnavailable:
        if model and _status(error) in {"NOT_FOUND", "UNAVAILABLE"} and await self._lacks(model):
            return ModelUnavailable(f"the model {model} is not served")
        return _translated(error, self.url)


def _in_message(inputs: Arrays) -> list[triton.InferInput]:
    made = []
    for name, array in inputs.items():
        tensor = triton.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
        tensor.set_data_from_numpy(np.ascontiguousarray(array))
        made.append(tensor)
    return made


def _in_slot(inputs: Arrays, slot: Slot) -> list[triton.InferInput]:
    made = []
    for name, array in inputs.items():
        tensor = triton.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
        tensor.set_shared_memory(slot.region, array.nbytes, offset=slot.put(array))
        made.append(tensor)
    return made


def _arrays(result: Any) -> dict[str, np.ndarray[Any, Any]]:
    return {each.name: result.as_numpy(each.name) for each in result.get_response().outputs}


def _statistics(answer: Any) -> ModelStatistics:
    return ModelStatistics(
        inference_count=answer.inference_count,
        execution_count=answer.execution_count,
        batches={each.batch_size: each.compute_infer.count for each in answer.batch_stats},
        queue_s=answer.inference_stats.queue.ns / 1e9,
        compute_s=answer.inference_stats.compute_infer.ns / 1e9,
    )


def _status(error: InferenceServerException) -> str:
    return (error.status() or "").removeprefix("StatusCode.")


def _translated(error: InferenceServerException, url: str) -> InferenceError | InferenceUnavailable:
    status = _status(error)
    if status in _REFUSALS:
        return InferenceError(f"Triton refused: {error.message()}")
    if status in _FAULTS:
        return InferenceFailed(f"a model failed: {error.message()}")
    return InferenceUnavailable(f"Triton at {url}: {status.lower() or 'no answer'}: {error.message()}")
