"""One suite for the table of deliveries on SQLite and on PostgreSQL."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text

from server.errors import Conflict, NotFound
from server.store import Archive, Delivery, DeliverySearch, DeliveryState, Noted, Route, Store
from server.store.database import migrate, open_engine
from station.protocol import new_uid
from tests.fixtures.outbox_stores import EVERY_KIND, open_with_routes, put_visit, states

pytestmark = pytest.mark.contract

WAITING, STORED, COMMITTED = DeliveryState.WAITING, DeliveryState.STORED, DeliveryState.COMMITTED


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    create: Callable[[str], str] = request.getfixturevalue("postgresql")
    return create(f"t{uuid.uuid4().hex}")


@pytest_asyncio.fixture
async def opened(url: str, tmp_path: Path) -> AsyncIterator[tuple[Store, Archive]]:
    store, archive = open_with_routes(tmp_path, "a", "b", url=url)
    yield store, archive
    await store.close()


async def claim(
    store: Store, state: DeliveryState = WAITING, worker: str = "w", **more: bool
) -> list[Delivery]:
    return await store.deliveries.claim("a", state, worker, lease_s=60, **more)


async def note(store: Store, found: list[Delivery], state: DeliveryState, **more: object) -> None:
    await store.deliveries.note("w", [Noted(one.id, state, **more) for one in found])  # type: ignore[arg-type]


async def test_an_object_is_lined_up_for_every_destination_in_one_commit(
    opened: tuple[Store, Archive],
) -> None:
    store, archive = opened
    put = await put_visit(store, archive)
    assert list(await states(store, "a")) == list(put.uids) == list(await states(store, "b"))
    assert set((await states(store)).values()) == {WAITING}


async def test_a_destination_gets_its_kinds_only(url: str, tmp_path: Path) -> None:
    store = Store.open(url, steps=("make",), routes=[Route("a", frozenset({"photo", "report"}))])
    put = await put_visit(store, Archive(tmp_path / "archive"))
    found = await store.deliveries.find(DeliverySearch())
    assert [one.instance.kind for one in found] == ["report", "photo"]
    assert {one.instance.sop_instance_uid for one in found} == {put.uids[0], put.uids[2]}
    await store.close()


async def test_a_study_is_claimed_whole_in_order_and_by_one_worker(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    first, second = await put_visit(store, archive, stills=2), await put_visit(store, archive)
    claimed = await claim(store)
    assert [one.instance.sop_instance_uid for one in claimed] == list(first.uids)
    assert {one.state for one in claimed} == {DeliveryState.SENDING}
    other = await claim(store, worker="x")
    assert {one.instance.study_instance_uid for one in other} == {second.study}
    assert await claim(store, worker="y") == []
    assert len(await store.deliveries.claim("b", WAITING, "w", lease_s=60)) == 6


async def test_workers_that_claim_at_once_never_get_the_same(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    for _ in range(4):
        await put_visit(store, archive, modalities=("XC",))
    claimed = await asyncio.gather(*(claim(store, worker=f"w{number}") for number in range(8)))
    assert sorted(len(one) for one in claimed) == [0, 0, 0, 0, 1, 1, 1, 1]
    assert len({one.id for found in claimed for one in found}) == 4


async def test_a_study_waits_as_long_as_one_of_its_objects(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    await put_visit(store, archive)
    claimed = await claim(store)
    await note(store, claimed[:1], WAITING, not_before=time.time() + 60, reason="full", failed=True)
    await note(store, claimed[1:], WAITING)
    assert await claim(store) == []
    later = await store.deliveries.retry(claimed[2].id)
    assert (later.state, later.not_before < 0) == (WAITING, True)
    again = await claim(store, only_at_once=True)
    assert [one.id for one in again] == [one.id for one in claimed]
    assert (again[0].attempts, again[0].reason) == (1, "full")


@pytest.mark.parametrize("state", [WAITING, STORED])
async def test_a_wish_outlives_the_try_that_is_under_way(
    state: DeliveryState, opened: tuple[Store, Archive]
) -> None:
    store, archive = opened
    await put_visit(store, archive)
    if state is STORED:
        await note(store, await claim(store), STORED)
    claimed = await claim(store, state)
    await store.deliveries.retry(claimed[0].id)
    await note(store, claimed, state, not_before=time.time() + 60, failed=True)
    again = await claim(store, state, only_at_once=True)
    assert [one.id for one in again] == [one.id for one in claimed]
    await note(store, again, state, not_before=time.time() + 60, failed=True)
    assert await claim(store, state, only_at_once=True) == []  # it was for one try


async def test_a_stubborn_still_goes_after_the_others(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    put = await put_visit(store, archive, stills=2)
    for _ in range(5):
        claimed = await claim(store)
        await note(store, claimed[:1], WAITING, failed=True)
        await note(store, claimed[1:], WAITING)
    assert [one.instance.sop_instance_uid for one in await claim(store)] == [*put.uids[3:], *put.uids[:3]]


async def test_what_is_stored_is_asked_for_until_it_is_committed(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    put = await put_visit(store, archive)
    await note(store, await claim(store), STORED)
    assert await claim(store) == []
    asked = await claim(store, STORED)
    assert [one.state for one in asked] == [STORED] * 3
    assert all(one.stored_at for one in asked)
    await note(store, asked[:1], WAITING, reason="lost", failed=True)
    await note(store, asked[1:], COMMITTED)
    found = await store.deliveries.find(DeliverySearch(destination="a", study_instance_uid=put.study))
    assert [one.state for one in found] == [COMMITTED, COMMITTED, WAITING]
    assert [bool(one.committed_at) for one in found] == [True, True, False]
    assert found[2].stored_at is None
    assert (await store.deliveries.counts())["a"] == {COMMITTED: 2, WAITING: 1}


async def test_what_a_dead_worker_held_is_claimed_again(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    put = await put_visit(store, archive)
    claimed = await store.deliveries.claim("a", WAITING, "dead", lease_s=0.05)
    assert await store.deliveries.release("a", "other") == 0
    await asyncio.sleep(0.06)
    assert [one.instance.sop_instance_uid for one in await claim(store)] == list(put.uids)
    await store.deliveries.note("dead", [Noted(claimed[0].id, COMMITTED)])
    assert (await states(store, "a"))[put.uids[0]] is DeliveryState.SENDING
    assert await store.deliveries.release("a", "w") == 3
    assert set((await states(store, "a")).values()) == {WAITING}


async def test_a_lease_is_renewed(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    await put_visit(store, archive, modalities=("XC",))
    (one,) = await store.deliveries.claim("a", WAITING, "w", lease_s=0.05)
    await store.deliveries.renew("w", [one.id], lease_s=60)
    await asyncio.sleep(0.06)
    assert await claim(store, worker="x") == []


async def test_parked_by_hand_it_stays_until_it_is_retried(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    await put_visit(store, archive, modalities=("XC",))
    (one,) = await store.deliveries.find(DeliverySearch(destination="a"))
    assert (await store.deliveries.park(one.id)).next_step
    assert await claim(store) == []
    assert await store.deliveries.retry_parked("a") == 1
    assert await store.deliveries.retry_parked("a") == 0
    (again,) = await store.deliveries.find(DeliverySearch(destination="a"))
    assert (again.reason, again.next_step) == ("parked by hand", "")
    await store.deliveries.park(one.id)
    assert (await store.deliveries.retry(one.id)).next_step == ""
    claimed = await claim(store)
    with pytest.raises(Conflict, match="being sent"):
        await store.deliveries.park(one.id)
    await note(store, claimed, COMMITTED)
    for change in (store.deliveries.park, store.deliveries.retry):
        with pytest.raises(Conflict, match="keeps it already"):
            await change(one.id)
        with pytest.raises(NotFound):
            await change(999)


async def test_older_objects_are_lined_up_for_a_new_destination(url: str, tmp_path: Path) -> None:
    store, archive = open_with_routes(tmp_path, url=url)
    await put_visit(store, archive, opened_at=time.time() - 40 * 86400)
    put = await put_visit(store, archive)
    assert await states(store) == {}
    await store.close()
    later = Store.open(url, routes=[Route("new", frozenset({"photo", "segmentation"}))])
    assert await later.deliveries.enqueue_backlog() == 2
    assert await later.deliveries.enqueue_backlog() == 0
    assert list(await states(later, "new")) == list(put.uids[:2])
    await later.close()


async def test_files_may_go_once_every_destination_has_kept_them_long_enough(
    opened: tuple[Store, Archive],
) -> None:
    store, archive = opened
    put = await put_visit(store, archive)
    unfinished = await put_visit(store, archive, close=False)
    for name in ("a", "b"):
        for _ in range(2):
            await note(store, await store.deliveries.claim(name, WAITING, "w", lease_s=60), COMMITTED)
        if name == "a":
            assert await store.deliveries.removable(time.time() + 1) == []
    assert await store.deliveries.removable(time.time() - 60) == []
    store.deliveries.routes = (Route("a", EVERY_KIND, keeps=False), Route("new", EVERY_KIND))
    assert await store.deliveries.removable(time.time() + 1) == [], "nobody keeps the objects themselves"
    store.deliveries.routes = (Route("a", EVERY_KIND), Route("b", EVERY_KIND))
    gone = await store.deliveries.removable(time.time() + 1)
    assert {one.sop_instance_uid for one in gone} == set(put.uids)
    await store.deliveries.mark_released(put.uids)
    assert await store.deliveries.removable(time.time() + 1) == []
    kept = await store.instances(put.study)
    assert all(one.released_at for one in kept)
    assert not any(one.released_at for one in await store.instances(unfinished.study))


async def test_deliveries_are_found_by_what_is_known_of_them(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    put = await put_visit(store, archive)
    find = store.deliveries.find
    assert len(await find(DeliverySearch(words="claire"))) == 6
    assert await find(DeliverySearch(words="claire dupont")) == []
    assert len(await find(DeliverySearch(study_instance_uid=put.study, destination="b"))) == 3
    assert await find(DeliverySearch(study_instance_uid=new_uid())) == []
    assert await find(DeliverySearch(state=COMMITTED)) == []
    newest = await find(DeliverySearch(), limit=4)
    rest = await find(DeliverySearch(before=newest[-1].id))
    assert [one.id for one in (*newest, *rest)] == sorted((one.id for one in (*newest, *rest)), reverse=True)
    assert len(rest) == 2


async def test_objects_of_earlier_versions_get_their_kind(url: str) -> None:
    engine = open_engine(url)
    migrate(engine, "0003")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO booth VALUES ('one', '', 0, 0)"))
        connection.execute(
            text(
                "INSERT INTO visit (study_instance_uid, booth_id, opened_at, patient, protocol, expected) "
                "VALUES ('1.2', 'one', 0, '{}', '{}', '[]')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO still (sop_instance_uid, series_instance_uid, study_instance_uid, series_number, "
                "instance_number, header, encoding, size, sha256, received_at) "
                "VALUES ('1.3', '1.4', '1.2', 1, 1, '{}', 'raw', 1, '', 0)"
            )
        )
        for number, modality in enumerate(("XC", "SEG", "SR")):
            connection.execute(
                text(
                    "INSERT INTO instance (sop_instance_uid, still_uid, study_instance_uid, "
                    "series_instance_uid, sop_class_uid, modality, path, sha256, created_at) "
                    "VALUES (:uid, '1.3', '1.2', '1.4', '', :modality, '', '', :at)"
                ),
                {"uid": f"1.5.{number}", "modality": modality, "at": number},
            )
    engine.dispose()
    store = Store.open(url, routes=[Route("a", EVERY_KIND, backlog_s=1e12)])
    assert [one.kind for one in await store.instances("1.2")] == ["photo", "segmentation", "report"]
    assert await store.deliveries.enqueue_backlog() == 3
    await store.close()
