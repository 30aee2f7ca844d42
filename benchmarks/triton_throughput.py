"""Triton against ONNX Runtime in the same process: what the server between costs."""

import asyncio
import functools
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime
import skimage.data

from server.inference import FaceCrop, TritonClient, chromophores, live_layers

GOAL = 0.75
IN_FLIGHT = 8
ROUNDS = 5
FRAMES = 40
FACE = (171.0, 63.0, 110.0, 110.0)
"""Where the face of the test picture is, px."""

Row = dict[str, Any]


async def measure(triton_url: str, repository: Path, threads: int = 1) -> list[Row]:
    """Rows of throughput and time per model; `threads` must be those that Triton runs with.

    Triton and ONNX Runtime take turns, so that other work on the machine meets both alike.
    """
    crop = FaceCrop.around(FACE)
    image, box = crop.cut(_portrait()), crop.box
    raw = _session(repository / "face_layers" / "1" / "model.onnx", threads)
    feeds = {"image": image[None], "box": np.array([box], np.float32)}
    in_process, served = [], []
    async with TritonClient(triton_url) as client:
        before = (await client.statistics())["face_layers"]
        for _ in range(ROUNDS + 1):
            in_process.append(_rate_in_process(raw, feeds))
            served.append(await _rate_served(lambda: live_layers(client, image, box)))
        after = (await client.statistics())["face_layers"]
        rows = [
            _throughput(in_process[1:], served[1:], threads),
            {
                "name": "frames per run of the live model in Triton",
                "value": round(
                    (after.inference_count - before.inference_count)
                    / (after.execution_count - before.execution_count),
                    2,
                ),
                "unit": "frames",
                "goal": None,
                "met": None,
                "context": f"{IN_FLIGHT} in flight, mean batch",
            },
        ]
        return rows + await _times(client, repository, threads)


def _throughput(in_process: list[float], served: list[float], threads: int) -> Row:
    ratio = statistics.median(b / a for a, b in zip(in_process, served, strict=True))
    return {
        "name": "live model through Triton / ONNX Runtime in process",
        "value": round(ratio, 2),
        "unit": "ratio",
        "goal": f">= {GOAL}",
        "met": ratio >= GOAL,
        "context": f"{statistics.median(served):.0f} and {statistics.median(in_process):.0f} frames/s, "
        f"{IN_FLIGHT} in flight, {threads} thread(s), 256x256 crops",
    }


async def _times(client: TritonClient, repository: Path, threads: int) -> list[Row]:
    """Time of the chromophores of whole pictures, in process and through Triton in strips."""
    rows = []
    raw = _session(repository / "chromophores" / "1" / "model.onnx", threads)
    for width, height in ((640, 360), (1600, 1200)):
        picture = cv2.resize(_portrait(), (width, height)).astype(np.uint8)
        run = functools.partial(raw.run, None, {"image": picture[None]})
        alone = statistics.median(_timed(run) for _ in range(ROUNDS))
        through = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            await chromophores(client, picture)
            through.append(time.perf_counter() - start)
        row = {
            "name": f"chromophores of {width}x{height} through Triton",
            "value": round(1e3 * statistics.median(through), 1),
            "unit": "ms",
            "goal": None,
            "met": None,
            "context": f"in process {1e3 * alone:.1f} ms, {threads} thread(s)",
        }
        rows.append(row)
    return rows


def _portrait() -> npt.NDArray[np.uint8]:
    return np.asarray(skimage.data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]


def _session(model: Path, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def _rate_in_process(session: Any, feeds: dict[str, Any]) -> float:
    return FRAMES / _timed(lambda: [session.run(None, feeds) for _ in range(FRAMES)])


async def _rate_served(request: Callable[[], Awaitable[object]]) -> float:
    left = iter(range(FRAMES))

    async def worker() -> None:
        for _ in left:
            await request()

    start = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(IN_FLIGHT):
            tasks.create_task(worker())
    return FRAMES / (time.perf_counter() - start)
