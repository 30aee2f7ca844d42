"""Requests of several booths are run together, and the statistics say so."""

import asyncio

import numpy as np
import pytest

from server.inference import ModelStatistics, TritonClient, live_layers

pytestmark = pytest.mark.contract

BOOTHS = 16
FRAMES = 4


async def _statistics(client: TritonClient) -> tuple[ModelStatistics, ModelStatistics]:
    statistics = await client.statistics()
    return statistics["live"], statistics["face_layers"]


async def test_concurrent_frames_share_runs(triton_url: str) -> None:
    image = np.random.default_rng(3).integers(0, 256, (256, 256, 3), np.uint8)
    async with TritonClient(triton_url) as client:
        ensemble_before, before = await _statistics(client)

        async def booth() -> None:
            for _ in range(FRAMES):
                assert (await live_layers(client, image, (0.2, 0.2, 0.6, 0.6), timeout_s=30)).skin.any()

        await asyncio.gather(*(booth() for _ in range(BOOTHS)))
        frames = BOOTHS * FRAMES
        async with asyncio.timeout(30):
            # A run is counted a moment after its answers went out.
            while True:
                ensemble_after, after = await _statistics(client)
                counted = (
                    after.inference_count - before.inference_count,
                    ensemble_after.inference_count - ensemble_before.inference_count,
                )
                if min(counted) >= frames:
                    break
                await asyncio.sleep(0.02)
    assert counted == (frames, frames)
    assert after.execution_count - before.execution_count < frames
    runs = {size: count - before.batches.get(size, 0) for size, count in after.batches.items()}
    assert sum(size * count for size, count in runs.items()) == frames
    assert any(count for size, count in runs.items() if size > 1)
    assert max(after.batches) <= 8


async def test_no_request_is_left_waiting(triton_url: str) -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    async with TritonClient(triton_url) as client:
        await live_layers(client, image, (0, 0, 0, 0), timeout_s=30)
        before = (await client.statistics())["face_layers"]
        for _ in range(40):
            await live_layers(client, image, (0, 0, 0, 0), timeout_s=30)
        after = (await client.statistics())["face_layers"]
    assert (after.queue_s - before.queue_s) / 40 < 0.05
