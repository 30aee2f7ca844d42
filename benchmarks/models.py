"""The trained models through Triton against ONNX Runtime in the same process, images per second."""

import asyncio
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from server.inference import TritonClient

GOAL = 0.8
MODELS = ("skin_segmenter", "skin_items", "acne_classifier", "acne_severity", "skin_conditions")
BATCH = 2
IN_FLIGHT = 4
ROUNDS = 5
ROUND_S = 1.0
"""About as long one side's turn takes."""

Row = dict[str, Any]
Feed = dict[str, npt.NDArray[np.uint8]]


async def measure(triton_url: str, repository: Path, threads: int = 1) -> list[Row]:
    """One row per model; `threads` must be those that Triton runs with.

    Triton and ONNX Runtime take turns, so that other work on the machine meets both alike.
    """
    async with TritonClient(triton_url) as client:
        shipped = [name for name in MODELS if (repository / name).is_dir()]
        return [await _row(client, name, repository / name / "1" / "model.onnx", threads) for name in shipped]


async def _row(client: TritonClient, name: str, model: Path, threads: int) -> Row:
    raw = _session(model, threads)
    feed = _feed(raw)
    runs = max(4, round(ROUND_S / _seconds(lambda: raw.run(None, feed))))
    in_process, served = [], []
    for _ in range(ROUNDS + 1):
        in_process.append(runs / _seconds(lambda: [raw.run(None, feed) for _ in range(runs)]))
        served.append(await _rate_served(client, name, feed, runs))
    # The first turn warms both.
    ratio = statistics.median(b / a for a, b in zip(in_process[1:], served[1:], strict=True))
    return {
        "name": f"{name} through Triton / ONNX Runtime in process",
        "value": round(ratio, 2),
        "unit": "ratio",
        "goal": f">= {GOAL}",
        "met": ratio >= GOAL,
        "context": f"{BATCH * statistics.median(served[1:]):.1f} and "
        f"{BATCH * statistics.median(in_process[1:]):.1f} images/s of {_size(feed)}, "
        f"batches of {BATCH}, {IN_FLIGHT} in flight, {threads} thread(s)",
    }


def _session(model: Path, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _feed(session: Any) -> Feed:
    """Pictures of noise: the time of a network does not depend on what it sees."""
    noise, tensor = np.random.default_rng(0), session.get_inputs()[0]
    return {tensor.name: noise.integers(0, 256, (BATCH, *tensor.shape[1:]), np.uint8)}


def _size(feed: Feed) -> str:
    _, height, width, channels = next(iter(feed.values())).shape
    return f"{width}x{height}x{channels}"


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


async def _rate_served(client: TritonClient, name: str, feed: Feed, runs: int) -> float:
    left = iter(range(runs))

    async def worker() -> None:
        for _ in left:
            await client.infer(name, feed)

    start = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(IN_FLIGHT):
            tasks.create_task(worker())
    return runs / (time.perf_counter() - start)
