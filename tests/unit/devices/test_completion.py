"""Calls that end before a cancellation is delivered."""

import asyncio

import pytest

from station.devices import completed

pytestmark = pytest.mark.unit


async def test_cancellation_comes_after_the_end() -> None:
    done: list[int] = []

    async def work() -> None:
        for number in range(3):
            await asyncio.sleep(0.01)
            done.append(number)

    task = asyncio.create_task(completed(work()))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == [0, 1, 2]


async def test_an_error_wins_over_a_cancellation() -> None:
    async def fail() -> None:
        await asyncio.sleep(0.01)
        raise OSError("disk")

    task = asyncio.create_task(completed(fail()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(OSError, match="disk"):
        await task
