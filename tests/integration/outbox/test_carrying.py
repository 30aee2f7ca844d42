"""The outbox with destinations that go away, hang, refuse and forget: nothing is lost, nobody waits for another."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from server.errors import DestinationUnavailable
from server.outbox import Destination, Fate, Outbox, Outcome, Parcel
from server.store import Archive, DeliverySearch, DeliveryState, Store
from tests.fixtures.outbox_stores import open_with_routes, put_visit, states, wait_until_committed

pytestmark = pytest.mark.integration

Answer = Callable[[Parcel], Outcome]


def stored(parcel: Parcel) -> Outcome:
    return Outcome(parcel.sop_instance_uid, Fate.STORED)


def committed(parcel: Parcel) -> Outcome:
    return Outcome(parcel.sop_instance_uid, Fate.COMMITTED)


@dataclass
class Peer:
    """A destination that answers as it is told, and remembers what came."""

    name: str
    on_send: Answer = stored
    on_confirm: Answer = committed
    hang: bool = False
    confirms: bool = True
    calls: list[list[str]] = field(default_factory=list)
    came: list[str] = field(default_factory=list)
    closed: bool = False

    async def send(self, parcels: Sequence[Parcel]) -> AsyncGenerator[Outcome, None]:
        self.calls.append([one.sop_instance_uid for one in parcels])
        if self.hang:
            await asyncio.Event().wait()
        for parcel in parcels:
            await asyncio.sleep(0)
            outcome = self.on_send(parcel)
            if outcome.fate is Fate.STORED:
                self.came.append(parcel.sop_instance_uid)
            yield outcome

    async def confirm(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        return [self.on_confirm(one) for one in parcels]

    async def close(self) -> None:
        self.closed = True


@pytest_asyncio.fixture
async def opened(tmp_path: Path) -> AsyncIterator[tuple[Store, Archive]]:
    store, archive = open_with_routes(tmp_path, "a", "b")
    yield store, archive
    await store.close()


@asynccontextmanager
async def running(
    opened: tuple[Store, Archive], *peers: Destination, worker: str = "w"
) -> AsyncIterator[Outbox]:
    outbox = Outbox(peers, *opened, worker=worker)
    task = asyncio.create_task(outbox.run())
    try:
        yield outbox
    finally:
        task.cancel()
        started = time.monotonic()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert time.monotonic() - started < 5.0, "the outbox does not stop promptly"


async def until(condition: Callable[[], bool], limit_s: float = 60.0) -> None:
    async with asyncio.timeout(limit_s):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_study_goes_out_in_order_over_one_call_and_is_committed(
    opened: tuple[Store, Archive],
) -> None:
    peer = Peer("a")
    put = await put_visit(*opened, stills=4)
    async with running(opened, peer):
        await wait_until_committed(opened[0], 12)
    assert peer.calls == [list(put.uids)]
    assert peer.closed


async def test_what_comes_later_goes_out_at_once(
    opened: tuple[Store, Archive], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.outbox.carrier.POLL_S", 600.0)
    peer = Peer("a")
    async with running(opened, peer) as outbox:
        await asyncio.sleep(0.3)
        await put_visit(*opened, modalities=("XC",))
        outbox.poke()
        await wait_until_committed(opened[0], 1)


async def test_a_destination_that_hangs_keeps_no_other_waiting(opened: tuple[Store, Archive]) -> None:
    slow, quick = Peer("a", hang=True), Peer("b")
    put = await put_visit(*opened)
    async with running(opened, slow, quick):
        await wait_until_committed(opened[0], 3)
        await until(lambda: slow.calls == [list(put.uids)])
    assert set((await states(opened[0], "a")).values()) == {DeliveryState.WAITING}


async def test_a_destination_that_is_away_is_tried_with_growing_pauses(opened: tuple[Store, Archive]) -> None:
    peer = Peer("a")

    def away(_: Parcel) -> Outcome:
        raise DestinationUnavailable("it does not answer")

    peer.on_send = away
    for _ in range(5):
        await put_visit(*opened)
    async with running(opened, peer):
        await asyncio.sleep(2.5)
        await until(lambda: len(peer.calls) >= 2)
        assert len(peer.calls) <= 4, "five studies must not mean five times as many tries"
        found = await opened[0].deliveries.find(DeliverySearch(destination="a"))
        assert {one.state for one in found} <= {DeliveryState.WAITING, DeliveryState.SENDING}
        assert "it does not answer" in {one.reason for one in found}
        peer.on_send = stored
        await wait_until_committed(opened[0], 15)
    assert len(peer.came) == len(set(peer.came)) == 15


async def test_what_was_told_before_a_break_is_not_sent_again(opened: tuple[Store, Archive]) -> None:
    peer = Peer("a")
    put = await put_visit(*opened)

    def breaks(parcel: Parcel) -> Outcome:
        if len(peer.calls) == 1 and parcel.sop_instance_uid == put.uids[1]:
            raise DestinationUnavailable("the association was aborted")
        return stored(parcel)

    peer.on_send = breaks
    async with running(opened, peer):
        await wait_until_committed(opened[0], 3)
    assert peer.calls == [list(put.uids), list(put.uids[1:])]


async def test_again_holds_up_what_comes_after_it_in_its_study(opened: tuple[Store, Archive]) -> None:
    peer = Peer("a")
    put = await put_visit(*opened)

    def full(parcel: Parcel) -> Outcome:
        first = len(peer.calls) == 1
        return Outcome(parcel.sop_instance_uid, Fate.AGAIN, "out of resources") if first else stored(parcel)

    peer.on_send = full
    async with running(opened, peer):
        await wait_until_committed(opened[0], 3)
    assert peer.calls == [list(put.uids)] * 2
    assert peer.came == list(put.uids)


async def test_a_parked_parcel_holds_up_nothing_and_is_retried_by_hand(opened: tuple[Store, Archive]) -> None:
    peer = Peer("a")
    put = await put_visit(*opened)

    def refuses(parcel: Parcel) -> Outcome:
        if parcel.sop_instance_uid == put.uids[0]:
            return Outcome(parcel.sop_instance_uid, Fate.PARKED, "no such SOP class", "allow it there")
        return stored(parcel)

    peer.on_send = refuses
    async with running(opened, peer):
        found = await wait_until_committed(opened[0], 2)
        (parked,) = (one for one in found if one.state is DeliveryState.PARKED)
        assert (parked.reason, parked.next_step) == ("no such SOP class", "allow it there")
        peer.on_send = stored
        await opened[0].deliveries.retry(parked.id)
        await wait_until_committed(opened[0], 3)


async def test_a_person_is_heard_while_the_destination_is_left_alone(
    opened: tuple[Store, Archive], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.outbox.backoff.FIRST_S", 6000.0)
    monkeypatch.setattr("server.outbox.carrier.RETRY_LIMIT_S", 6000.0)
    peer = Peer("a")

    def away(_: Parcel) -> Outcome:
        raise DestinationUnavailable("it does not answer")

    peer.on_send = away
    await put_visit(*opened, modalities=("XC",))
    async with running(opened, peer):
        await until(lambda: len(peer.calls) >= 1)
        for _ in range(2):
            calls = len(peer.calls)
            (one,) = await opened[0].deliveries.find(DeliverySearch(destination="a"))
            await opened[0].deliveries.retry(one.id)
            await until(lambda calls=calls: len(peer.calls) > calls)  # type: ignore[misc]
        peer.on_send = stored
        await opened[0].deliveries.retry(one.id)
        await wait_until_committed(opened[0], 1)


async def test_what_the_destination_lost_is_sent_anew(opened: tuple[Store, Archive]) -> None:
    peer = Peer("a")
    put = await put_visit(*opened)

    def lost(parcel: Parcel) -> Outcome:
        if parcel.sop_instance_uid == put.uids[2] and peer.came.count(put.uids[2]) == 1:
            return Outcome(parcel.sop_instance_uid, Fate.AGAIN, "it is not there")
        return committed(parcel)

    peer.on_confirm = lost
    async with running(opened, peer):
        await wait_until_committed(opened[0], 3)
    assert peer.came == [*put.uids, put.uids[2]]


async def test_it_is_asked_until_the_answer_is_known(opened: tuple[Store, Archive]) -> None:
    asked: list[str] = []

    def slowly(parcel: Parcel) -> Outcome:
        asked.append(parcel.sop_instance_uid)
        return stored(parcel) if len(asked) < 3 else committed(parcel)

    await put_visit(*opened, modalities=("XC",))
    async with running(opened, Peer("a", on_confirm=slowly)):
        found = await wait_until_committed(opened[0], 1)
    assert len(asked) == 3
    assert found[-1].attempts == 0


async def test_what_cannot_tell_what_it_keeps_is_not_asked(opened: tuple[Store, Archive]) -> None:
    asked: list[Parcel] = []

    def cannot_tell(parcel: Parcel) -> Outcome:
        asked.append(parcel)
        return stored(parcel)

    peer = Peer("a", confirms=False, on_confirm=cannot_tell)
    put = await put_visit(*opened)
    async with running(opened, peer):
        async with asyncio.timeout(60):
            while set((await states(opened[0], "a")).values()) != {DeliveryState.STORED}:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
    assert peer.came == list(put.uids)
    assert asked == []


async def test_a_fault_of_the_destination_parks_one_parcel_and_no_other(
    opened: tuple[Store, Archive], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.outbox.backoff.FIRST_S", 0.01)
    put = await put_visit(*opened)

    def faulty(parcel: Parcel) -> Outcome:
        if parcel.sop_instance_uid == put.uids[0]:
            raise ZeroDivisionError
        return stored(parcel)

    async with running(opened, Peer("a", on_send=faulty)):
        found = await wait_until_committed(opened[0], 2)
    (parked,) = (one for one in found if one.state is DeliveryState.PARKED)
    assert (parked.attempts, "ZeroDivisionError" in parked.reason) == (5, True)


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"other")])
async def test_a_damaged_file_never_leaves(
    opened: tuple[Store, Archive], damage: Callable[[Path], object]
) -> None:
    put = await put_visit(*opened)
    (instance,) = (one for one in await opened[0].instances(put.study) if one.modality == "SEG")
    damage(opened[1].resolve(instance.path))
    peer = Peer("a")
    async with running(opened, peer):
        found = await wait_until_committed(opened[0], 2)
    (parked,) = (one for one in found if one.state is DeliveryState.PARKED)
    assert parked.instance.sop_instance_uid == instance.sop_instance_uid not in peer.came
    assert "backup" in parked.next_step


async def test_several_processes_share_the_work_and_send_nothing_twice(opened: tuple[Store, Archive]) -> None:
    peers = [Peer("a") for _ in range(3)]
    for _ in range(12):
        await put_visit(*opened)
    async with contextlib.AsyncExitStack() as stack:
        for number, peer in enumerate(peers):
            await stack.enter_async_context(running(opened, peer, worker=f"w{number}"))
        await wait_until_committed(opened[0], 36)
    came = [uid for peer in peers for uid in peer.came]
    assert len(came) == len(set(came)) == 36
