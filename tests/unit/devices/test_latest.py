import asyncio

import pytest

from station.devices import Latest

pytestmark = pytest.mark.unit


async def test_a_reader_gets_the_newest_value_and_skips_older_ones() -> None:
    latest: Latest[str] = Latest("a")
    latest.put("b")
    latest.put("c")
    assert await latest.next(1) == (3, "c")


async def test_every_waiting_reader_wakes() -> None:
    latest: Latest[int] = Latest()
    readers = [asyncio.create_task(latest.next()) for _ in range(3)]
    await asyncio.sleep(0)
    latest.put(7)
    assert await asyncio.gather(*readers) == [(1, 7)] * 3


async def test_close_lets_readers_go_and_keeps_the_last_value() -> None:
    latest = Latest(1)
    reader = asyncio.create_task(latest.next(1))
    await asyncio.sleep(0)
    latest.close()
    latest.close()
    latest.put(2)
    with pytest.raises(EOFError):
        await reader
    assert latest.value == 1
