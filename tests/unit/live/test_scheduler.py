"""Booths take turns."""

import asyncio
from collections import Counter

import pytest

from server.live.scheduler import FairScheduler

pytestmark = pytest.mark.unit


async def test_newest_item_of_the_next_booth() -> None:
    scheduler: FairScheduler[int] = FairScheduler()
    assert scheduler.put("a", 1) is False
    assert scheduler.put("a", 2) is True
    scheduler.put("b", 3)
    assert await scheduler.next() == ("a", 2)
    scheduler.put("a", 4)
    assert await scheduler.next() == ("b", 3)
    scheduler.done("a")
    assert await scheduler.next() == ("a", 4)


async def test_a_booth_waits_until_its_item_is_done() -> None:
    scheduler: FairScheduler[int] = FairScheduler()
    scheduler.put("a", 1)
    await scheduler.next()
    scheduler.put("a", 2)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(scheduler.next(), 0.02)
    scheduler.done("a")
    assert await scheduler.next() == ("a", 2)


async def test_a_fast_booth_does_not_starve_a_slow_one() -> None:
    scheduler: FairScheduler[int] = FairScheduler()
    served: Counter[str] = Counter()
    for turn in range(300):
        scheduler.put("fast", turn)
        if turn % 6 == 0:
            scheduler.put("slow", turn)
        if turn % 3 == 0:
            booth, _ = await scheduler.next()
            served[booth] += 1
            scheduler.done(booth)
    assert served["slow"] >= 49
    assert served["fast"] == 100 - served["slow"]


async def test_a_removed_item_is_not_handed_out() -> None:
    scheduler: FairScheduler[int] = FairScheduler()
    scheduler.put("a", 1)
    scheduler.remove("a")
    scheduler.put("a", 2)
    assert await scheduler.next() == ("a", 2)
    scheduler.done("a")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(scheduler.next(), 0.02)
