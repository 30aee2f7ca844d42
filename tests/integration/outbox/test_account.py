"""What the outbox tells of what it sends, and that telling never stops it."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from pathlib import Path

import pytest

from server.outbox import Fate, Observer, Outbox, Outcome, Parcel, Stage, Transfer
from server.store import Archive, Store
from tests.fixtures.outbox_stores import open_with_routes, put_visit, wait_until_committed

pytestmark = pytest.mark.integration


class Refuser:
    """A destination that keeps all but the objects it is told to refuse."""

    name, confirms = "a", True

    def __init__(self, *refused: str) -> None:
        self._refused = refused

    async def send(self, parcels: Sequence[Parcel]) -> AsyncGenerator[Outcome, None]:
        for one in parcels:
            uid = one.sop_instance_uid
            if uid in self._refused:
                yield Outcome(uid, Fate.PARKED, "no such SOP class")
            else:
                yield Outcome(uid, Fate.STORED)

    async def confirm(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        return [Outcome(one.sop_instance_uid, Fate.COMMITTED) for one in parcels]

    async def close(self) -> None:
        """It holds nothing."""


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[tuple[Store, Archive]]:
    store, archive = open_with_routes(tmp_path, "a")
    yield store, archive
    await store.close()


@contextlib.asynccontextmanager
async def running(
    opened: tuple[Store, Archive], destination: Refuser, observer: Observer
) -> AsyncIterator[None]:
    task = asyncio.create_task(Outbox([destination], *opened, worker="w", observer=observer).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_a_study_is_told_before_it_goes_and_when_it_is_there(opened: tuple[Store, Archive]) -> None:
    put = await put_visit(*opened, stills=2)
    told: list[Transfer] = []

    async def observer(transfer: Transfer) -> None:
        told.append(transfer)

    async with running(opened, Refuser(put.uids[1]), observer):
        await wait_until_committed(opened[0], 5)
    assert [(one.stage, one.reason) for one in told] == [
        (Stage.BEGINS, ""),
        (Stage.PARKED, "no such SOP class"),
        (Stage.STORED, ""),
    ]
    assert {(one.destination, one.study_instance_uid) for one in told} == {("a", put.study)}
    begun, parked, stored = ([uid for uids in one.instances.values() for uid in uids] for one in told)
    assert begun == list(put.uids)
    assert parked == [put.uids[1]]
    assert stored == [put.uids[0], *put.uids[2:]]


async def test_whoever_listens_cannot_stop_the_sending(opened: tuple[Store, Archive]) -> None:
    await put_visit(*opened)

    async def observer(_: Transfer) -> None:
        raise ZeroDivisionError

    async with running(opened, Refuser(), observer):
        await wait_until_committed(opened[0], 3)
