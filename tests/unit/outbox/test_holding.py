"""What holds claimed deliveries ends with whoever holds them."""

import asyncio
from collections.abc import Collection, Sequence
from typing import cast

import pytest

from server.errors import StoreUnavailable
from server.outbox import holding
from server.outbox.holding import Holding
from server.store import Deliveries, DeliveryState, Noted

pytestmark = pytest.mark.unit


class Away:
    """A table of deliveries whose database does not answer."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def note(self, worker: str, notes: Sequence[Noted]) -> None:
        self.asked.set()
        raise StoreUnavailable("the database does not answer")

    async def renew(self, worker: str, ids: Collection[int], *, lease_s: float) -> None:
        raise StoreUnavailable("the database does not answer")


async def test_cancelled_while_its_last_notes_wait_for_the_database_it_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(holding, "_LAST_WORDS_S", 0.1)
    table = Away()

    async def hold() -> None:
        async with Holding(cast(Deliveries, table), "w", [1]) as held:
            held.note(Noted(1, DeliveryState.STORED))

    holder = asyncio.create_task(hold())
    async with asyncio.timeout(20):
        await table.asked.wait()
        holder.cancel()
        with pytest.raises(asyncio.CancelledError):
            await holder
        while any(task.get_name() == "outbox-holding" for task in asyncio.all_tasks()):
            await asyncio.sleep(0.01)
