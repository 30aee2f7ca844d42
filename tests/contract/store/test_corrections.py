"""One suite for corrections on SQLite and on PostgreSQL."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from server.errors import Conflict, NotFound
from server.store import (
    Archive,
    Cause,
    Correction,
    CorrectionKind,
    CorrectionState,
    DeliverySearch,
    DeliveryState,
    Noted,
    Route,
    Store,
    Unwanted,
    Whose,
    standing,
)
from station.protocol import Patient, derived_uid, new_uid
from tests.fixtures.corrected_visits import (
    OTHER,
    STEPS,
    Shot,
    corrected,
    shoot,
    shown,
    wanted,
)
from tests.fixtures.dicom_objects import PATIENT
from tests.fixtures.orders import ORDER
from tests.fixtures.outbox_stores import EVERY_KIND

pytestmark = pytest.mark.contract

PHOTOS = frozenset({"photo"})


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    create: Callable[[str], str] = request.getfixturevalue("postgresql")
    return create(f"t{uuid.uuid4().hex}")


@pytest_asyncio.fixture
async def opened(url: str, tmp_path: Path) -> AsyncIterator[tuple[Store, Archive]]:
    routes = [Route("all", EVERY_KIND), Route("photos", PHOTOS)]
    store = Store.open(url, steps=STEPS, routes=routes)
    yield store, Archive(tmp_path / "archive")
    await store.close()


def unwanted(visit: Shot, still: str, cause: Cause = Cause.MOTION_BLUR) -> Unwanted:
    return Unwanted(
        sop_instance_uid=still,
        study_instance_uid=visit.study,
        cause=cause,
        reason="she blinked",
        by="admin",
        at=time.time(),
    )


async def take(store: Store, destination: str, state: DeliveryState) -> None:
    """Carry what is due to a destination."""
    for one in await store.deliveries.claim(destination, DeliveryState.WAITING, "w", lease_s=60):
        await store.deliveries.note("w", [Noted(one.id, state)])


async def states(store: Store, destination: str) -> dict[str, DeliveryState]:
    found = await store.deliveries.find(DeliverySearch(destination=destination), limit=500)
    return {one.instance.sop_instance_uid: one.state for one in found}


async def do(store: Store, archive: Archive, asked: list[Correction]) -> Correction:
    ended = await corrected(store, archive, asked)
    assert {one.state for one in ended} == {CorrectionState.DONE}, [one.error for one in ended]
    return ended[0]


async def test_a_moved_visit_is_the_other_patients_with_everything(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    visit = await shoot(store, archive)
    done = await do(store, archive, await store.corrections.ask(wanted(visit)))
    now = await store.visit(visit.study)
    assert (now.patient, now.study_now, now.order) == (OTHER, done.study_after, None)
    assert await store.visit(done.study_after) == now
    assert [one.study_instance_uid for one in await store.visits_of(OTHER)] == [visit.study]
    assert await store.visits_of(PATIENT) == []
    there = await store.instances(visit.study)
    assert {one.study_instance_uid for one in there} == {done.study_after}
    assert sorted(one.modality for one in there) == ["SEG", "SEG", "SR", "SR", "XC", "XC"]
    assert not {one.sop_instance_uid for one in there} & {one.sop_instance_uid for one in visit.instances}
    assert (done.before, done.after) == (Whose(patient=PATIENT), Whose(patient=OTHER))


async def test_what_was_not_sent_is_never_sent(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    visit = await shoot(store, archive)
    await do(store, archive, await store.corrections.ask(wanted(visit)))
    old = {one.sop_instance_uid for one in visit.instances}
    for name, kinds in (("all", 6), ("photos", 2)):
        found = await states(store, name)
        assert not old & set(found)
        assert list(found.values()) == [DeliveryState.WAITING] * kinds
    assert await store.deliveries.enqueue_backlog() == 0


async def test_whoever_may_have_got_it_is_told_that_it_was_withdrawn(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    visit = await shoot(store, archive)
    await take(store, "photos", DeliveryState.COMMITTED)
    done = await do(store, archive, await store.corrections.ask(wanted(visit)))
    notice = derived_uid(done.id, "withdrawn")
    photos = {one.sop_instance_uid for one in visit.instances if one.modality == "XC"}
    found = await states(store, "photos")
    assert found[notice] == DeliveryState.WAITING
    assert {uid: state for uid, state in found.items() if uid in photos} == dict.fromkeys(
        photos, DeliveryState.COMMITTED
    )
    assert notice not in await states(store, "all")
    assert notice not in {one.sop_instance_uid for one in await store.instances(visit.study)}


async def test_nothing_is_sent_while_a_correction_is_under_way(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    visit = await shoot(store, archive)
    [asked] = await store.corrections.ask(wanted(visit))
    assert await store.deliveries.claim("all", DeliveryState.WAITING, "w", lease_s=60) == []
    one = await store.corrections.claim("x", lease_s=60)
    assert one is not None
    await store.corrections.give_up(one, "no")
    assert (await store.corrections.get(asked.id)).state is CorrectionState.FAILED
    assert len(await store.deliveries.claim("all", DeliveryState.WAITING, "w", lease_s=60)) == 6


async def test_a_correction_waits_for_what_is_being_sent(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    visit = await shoot(store, archive)
    sending = await store.deliveries.claim("all", DeliveryState.WAITING, "w", lease_s=60)
    [asked] = await store.corrections.ask(wanted(visit))
    assert "sent" in await store.corrections.waits_for(asked.id)
    await store.deliveries.note("w", [Noted(one.id, DeliveryState.WAITING) for one in sending])
    done = await do(store, archive, [asked])
    assert derived_uid(done.id, "withdrawn") in await states(store, "all")


async def test_a_correction_of_what_somebody_else_changed_is_refused(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    visit = await shoot(store, archive)
    with pytest.raises(Conflict, match="look at it again"):
        await store.corrections.ask(wanted(visit, seen=OTHER))
    with pytest.raises(Conflict, match="already"):
        await store.corrections.ask(wanted(visit, patient=PATIENT))
    await store.corrections.ask(wanted(visit))
    with pytest.raises(Conflict, match="under way"):
        await store.corrections.ask(wanted(visit))
    with pytest.raises(Conflict, match="under way"):
        await store.corrections.reject(unwanted(visit, visit.stills[0]))
    with pytest.raises(NotFound):
        await store.corrections.ask(wanted(Shot(new_uid(), (), ())))


async def test_of_two_who_correct_at_once_one_is_refused(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    visit = await shoot(store, archive)
    tries = [store.corrections.ask(wanted(visit)) for _ in range(4)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(one) for one in found].count(Conflict) == 3


async def test_details_are_corrected_in_every_visit_of_the_person(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    visits = [await shoot(store, archive, order=order) for order in (None, ORDER)]
    stranger = await shoot(store, archive, patient=OTHER)
    right = replace(PATIENT, patient_name="Yamada^Hanako", patient_sex="F")
    asked = await store.corrections.ask(wanted(visits[0], CorrectionKind.PATIENT, patient=right))
    assert {one.study_instance_uid for one in asked} == {one.study for one in visits}
    await do(store, archive, asked)
    assert {one.patient for one in await store.visits_of(right)} == {right}
    assert [(await store.visit(one.study)).order for one in visits] == [None, ORDER]
    assert (await store.visit(stranger.study)).patient == OTHER


async def test_an_id_of_somebody_else_takes_a_merge(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    visit, other = await shoot(store, archive), await shoot(store, archive, patient=OTHER)
    with pytest.raises(Conflict, match="merge"):
        await store.corrections.ask(wanted(visit, CorrectionKind.PATIENT, patient=OTHER))
    await do(store, archive, await store.corrections.ask(wanted(visit, CorrectionKind.MERGE, patient=OTHER)))
    assert {one.study_instance_uid for one in await store.visits_of(OTHER)} == {visit.study, other.study}
    nobody = Patient(patient_name="Moreau^Claire")
    with pytest.raises(Conflict, match="merge"):
        await store.corrections.ask(wanted(other, CorrectionKind.MERGE, seen=OTHER, patient=nobody))


async def test_a_walk_in_gets_the_study_that_its_order_expects_once(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    first, second = await shoot(store, archive), await shoot(store, archive)
    given = wanted(first, CorrectionKind.ORDER, patient=PATIENT, order=ORDER)
    done = await do(store, archive, await store.corrections.ask(given))
    assert ORDER.study_instance_uid == done.study_after == (await store.visit(first.study)).study_now
    assert await store.begun_visits([done.study_after], "two") == {done.study_after}
    again = wanted(second, CorrectionKind.ORDER, patient=PATIENT, order=ORDER)
    assert (await store.corrections.ask(again))[0].study_after != done.study_after


async def test_a_rejected_still_stands_no_longer(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    visit = await shoot(store, archive)
    asked = await store.corrections.reject(unwanted(visit, visit.stills[0]))
    done = await do(store, archive, [asked])
    stills = await store.stills(visit.study)
    assert [one.sop_instance_uid for one in standing(stills)] == [visit.stills[1]]
    assert stills[0].rejected_by == done.id
    assert {one.still_uid for one in await store.instances(visit.study)} == {visit.stills[1]}
    assert (done.cause, done.reason, done.study_after) == (Cause.MOTION_BLUR, "she blinked", visit.study)
    with pytest.raises(Conflict, match="already"):
        await store.corrections.reject(unwanted(visit, visit.stills[0]))
    with pytest.raises(NotFound):
        await store.corrections.reject(unwanted(visit, new_uid()))


async def test_what_was_rejected_is_not_copied_later(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    visit = await shoot(store, archive, again=True)
    await do(store, archive, [await store.corrections.reject(unwanted(visit, visit.stills[0]))])
    await do(store, archive, await store.corrections.ask(wanted(visit)))
    found = await shown(store, archive, visit.study)
    assert [one.modality for one, _ in found] == ["XC", "SEG", "SR"]
    assert {one.still_uid for one, _ in found} == {visit.stills[1]}
    assert "ReferencedImageSequence" not in found[0][1]


async def test_a_visit_is_corrected_again(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    visit = await shoot(store, archive)
    there = await do(store, archive, await store.corrections.ask(wanted(visit)))
    back = wanted(visit, seen=OTHER, patient=PATIENT)
    done = await do(store, archive, await store.corrections.ask(back))
    assert (done.study_before, len(await store.instances(visit.study))) == (there.study_after, 6)
    assert len({visit.study, there.study_after, done.study_after}) == 3
    assert [one.id for one in await store.corrections.find(visit.study)] == [done.id, there.id]


async def test_a_visit_whose_files_are_gone_is_for_the_pacs_to_correct(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    visit = await shoot(store, archive)
    await store.deliveries.mark_released([visit.instances[0].sop_instance_uid])
    with pytest.raises(Conflict, match="PACS"):
        await store.corrections.ask(wanted(visit))


async def test_a_missing_file_ends_the_correction_and_changes_nothing(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    visit = await shoot(store, archive)
    archive.delete(visit.instances[1].path)
    [done] = await corrected(store, archive, await store.corrections.ask(wanted(visit)))
    assert done.state is CorrectionState.FAILED
    assert "backup" in done.error
    assert (await store.visit(visit.study)).patient == PATIENT
    assert {one.sop_instance_uid for one in await store.instances(visit.study)} == {
        one.sop_instance_uid for one in visit.instances
    }
