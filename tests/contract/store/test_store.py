"""One suite for the store on SQLite and on PostgreSQL."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from server.errors import ConfigError, Conflict, NotFound
from server.store import Instance, StepResult, Store, VisitSearch, WorkState, replaced_by, standing
from server.store.database import migrate, open_engine
from station.protocol import (
    Box,
    Conditions,
    Encoding,
    Exposure,
    Face,
    FrameHeader,
    Light,
    LightingRecipe,
    LightStep,
    Measure,
    Patient,
    QualityMeasure,
    QualityReport,
    StillOffer,
    Verdict,
    View,
    VisitClosed,
    VisitOpened,
    VisitProtocol,
    new_uid,
)
from tests.fixtures.orders import ORDER

pytestmark = pytest.mark.contract

STEPS = ("quality", "photo", "report")
PROTOCOL = VisitProtocol(
    name="front",
    views=(View.FRONT,),
    recipe=LightingRecipe(
        name="white",
        steps=(LightStep(light=Light.WHITE, power=0.5, exposure=Exposure(time_s=0.01)),),
    ),
)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    create: Callable[[str], str] = request.getfixturevalue("postgresql")
    return create(f"t{uuid.uuid4().hex}")


@pytest_asyncio.fixture
async def store(url: str) -> AsyncIterator[Store]:
    store = Store.open(url, steps=STEPS)
    yield store
    await store.close()


def opened() -> VisitOpened:
    return VisitOpened(
        study_instance_uid=new_uid(),
        opened_at=1000.0,
        protocol=PROTOCOL,
        patient=Patient(patient_id="P1", patient_name="Éa^나"),
    )


def offer(visit: VisitOpened, sha256: str = "a" * 64) -> StillOffer:
    return StillOffer(
        sop_instance_uid=new_uid(),
        series_instance_uid=new_uid(),
        study_instance_uid=visit.study_instance_uid,
        series_number=1,
        instance_number=1,
        header=FrameHeader(frame_id=1, width=4, height=2, light=Light.WHITE),
        encoding=Encoding.RAW,
        size=24,
        sha256=sha256,
    )


async def with_still(store: Store) -> tuple[VisitOpened, StillOffer]:
    visit = opened()
    still = offer(visit)
    await store.open_visit("booth-1", visit)
    assert await store.add_still("booth-1", still, "a/b/still.bin", 1001.0)
    return visit, still


async def test_a_visit_reads_back_as_it_was_opened(store: Store) -> None:
    visit = opened()
    await store.open_visit("booth-1", visit)
    await store.open_visit("booth-1", visit)
    read = await store.visit(visit.study_instance_uid)
    assert (read.patient, read.protocol, read.complete) == (visit.patient, visit.protocol, None)
    await store.close_visit(
        "booth-1",
        VisitClosed(
            study_instance_uid=visit.study_instance_uid, closed_at=9.0, stills=("1.2",), complete=True
        ),
    )
    read = await store.visit(visit.study_instance_uid)
    assert (read.complete, read.expected, read.closed_at) == (True, ("1.2",), 9.0)
    assert [v.study_instance_uid for v in await store.visits()] == [visit.study_instance_uid]
    assert await store.visits(search=VisitSearch(before=1000.0)) == []


async def test_what_the_operator_told_of_skin_and_room_reads_back(store: Store) -> None:
    told = Conditions(acclimatised_min=15, room_c=21.5, humidity_pct=44, products="sun cream, none since 8 h")
    visit = msgspec.structs.replace(opened(), conditions=told)
    await store.open_visit("booth-1", visit)
    assert (await store.visit(visit.study_instance_uid)).conditions == told


async def test_a_still_that_was_taken_again_stays_and_does_not_stand(store: Store) -> None:
    visit, first = await with_still(store)
    again = msgspec.structs.replace(
        offer(visit), replaces=first.sop_instance_uid, override="the subject cannot open the eyes"
    )
    last = msgspec.structs.replace(offer(visit), replaces=again.sop_instance_uid)
    for one in (again, last):
        await store.add_still("booth-1", one, "x", 1002.0)
    read = await store.still(again.sop_instance_uid)
    assert (read.replaces, read.override) == (first.sop_instance_uid, "the subject cannot open the eyes")
    stills = await store.stills(visit.study_instance_uid)
    assert len(stills) == 3
    assert [still.sop_instance_uid for still in standing(stills)] == [last.sop_instance_uid]
    assert replaced_by(stills)[first.sop_instance_uid] == again.sop_instance_uid


async def test_a_database_of_the_first_version_is_brought_up_to_date(url: str) -> None:
    engine = open_engine(url)
    migrate(engine, "0001")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO booth VALUES ('booth-1', '', 1, 1)"))
        connection.execute(
            text("INSERT INTO visit VALUES ('1.2', 'booth-1', 1, NULL, NULL, :patient, :protocol, '[]')"),
            {
                "patient": '{"patient_id":"P-7","patient_name":"Éa^Zoé"}',
                "protocol": msgspec.json.encode(PROTOCOL).decode(),
            },
        )
    engine.dispose()
    store = Store.open(url, steps=STEPS)
    try:
        assert (await store.visit("1.2")).conditions == Conditions()
        assert len(await store.visits(search=VisitSearch(words="zoe p-7"))) == 1
        assert len(await store.visits_of(Patient(patient_id="P-7"))) == 1
        visit = msgspec.structs.replace(opened(), study_instance_uid="1.2")
        await store.add_still("booth-1", offer(visit), "x", 2.0)
        assert [still.replaces for still in await store.stills("1.2")] == [None]
    finally:
        await store.close()


async def test_a_visit_belongs_to_its_booth(store: Store) -> None:
    visit, still = await with_still(store)
    with pytest.raises(Conflict):
        await store.open_visit("booth-2", visit)
    with pytest.raises(Conflict):
        await store.add_still("booth-2", still, "x", 1.0)
    with pytest.raises(NotFound):
        await store.add_still("booth-1", offer(opened()), "x", 1.0)


async def test_a_still_is_kept_once_and_never_replaced(store: Store) -> None:
    visit, still = await with_still(store)
    assert not await store.add_still("booth-1", still, "elsewhere", 2.0)
    read = await store.still(still.sop_instance_uid)
    assert (read.header, read.blob) == (still.header, "a/b/still.bin")
    with pytest.raises(Conflict):
        await store.add_still("booth-1", msgspec.structs.replace(still, sha256="b" * 64), "x", 2.0)
    assert len(await store.work(visit.study_instance_uid)) == len(STEPS)


async def test_steps_come_due_one_after_another(store: Store) -> None:
    visit, _ = await with_still(store)
    for step in STEPS:
        item = await store.claim("w", lease_s=60)
        assert item is not None
        assert item.step == step
        assert await store.claim("w2", lease_s=60) is None
        await store.finish(item, StepResult())
    assert await store.claim("w", lease_s=60) is None
    assert {status.state for status in await store.work(visit.study_instance_uid)} == {WorkState.DONE}


async def test_many_workers_never_share_a_step(store: Store, url: str) -> None:
    visit = opened()
    await store.open_visit("booth-1", visit)
    for _ in range(6):
        await store.add_still("booth-1", offer(visit), "x", 1.0)
    other = Store.open(url)
    try:
        claims = await asyncio.gather(
            *((store if n % 2 else other).claim(f"w{n}", lease_s=60) for n in range(12))
        )
    finally:
        await other.close()
    taken = [claim.id for claim in claims if claim is not None]
    assert len(taken) == len(set(taken))
    # PostgreSQL skips locked rows, so a race may leave some for the next round, but none twice.
    while (claim := await store.claim("last", lease_s=60)) is not None:
        taken.append(claim.id)
    assert sorted(taken) == sorted(set(taken))
    assert len(taken) == 6


async def test_a_dead_workers_steps_are_found_again(store: Store) -> None:
    await with_still(store)
    assert await store.claim("w", lease_s=-1) is not None
    again = await store.claim("w2", lease_s=60)
    assert again is not None
    assert await store.release_work("w2") == 1
    assert await store.claim("w3", lease_s=60) is not None


async def test_a_step_that_ended_its_worker_comes_after_the_others(store: Store) -> None:
    visit, _ = await with_still(store)
    assert (ended := await store.claim("w", lease_s=60)) is not None
    other = offer(visit)
    await store.add_still("booth-1", other, "x", 1002.0)
    await store.release_work("w")
    claimed = [await store.claim("w", lease_s=60) for _ in range(2)]
    assert [item and item.sop_instance_uid for item in claimed] == [
        other.sop_instance_uid,
        ended.sop_instance_uid,
    ]


async def test_postponed_and_failed_steps(store: Store) -> None:
    visit, _ = await with_still(store)
    item = await store.claim("w", lease_s=60)
    assert item is not None
    await store.postpone(item, delay_s=2.0, error="Triton is away", failed=True)
    assert await store.claim("w", lease_s=60) is None
    await asyncio.sleep(2.0)
    item = await store.claim("w", lease_s=60)
    assert item is not None
    assert item.attempts == 1
    await store.give_up(item, "x" * 2000, with_it={"photo"})
    work = await store.work(visit.study_instance_uid)
    assert [status.state for status in work] == [WorkState.FAILED, WorkState.FAILED, WorkState.READY]
    assert work[1].error == "needs quality, which was given up"
    item = await store.claim("w", lease_s=60)
    assert item is not None
    assert item.step == "report"


async def test_results_are_kept_with_the_step_and_again_is_harmless(store: Store) -> None:
    visit, still = await with_still(store)
    report = QualityReport(
        verdict=Verdict.WARN,
        profile="normal",
        recipe="r",
        threshold_version="1",
        measures=(QualityMeasure(name="sharpness", value=0.4, unit="1", verdict=Verdict.WARN),),
    )
    measure = Measure(region="nose", name="melanin", value=0.25, unit="OD", method="chromophores/1")
    instance = Instance(
        new_uid(),
        still.sop_instance_uid,
        visit.study_instance_uid,
        new_uid(),
        "1.2.3",
        "XC",
        "p.dcm",
        "0" * 64,
        5.0,
        kind="photo",
    )
    result = StepResult(
        quality=report,
        face_sought=True,
        face=Face(box=Box(1, 2, 3, 4)),
        measures=(measure,),
        instances=(instance,),
        blob_released=True,
    )
    item = await store.claim("w", lease_s=60)
    assert item is not None
    await store.finish(item, result)
    await store.finish(item, result)
    read = await store.still(still.sop_instance_uid)
    assert (read.quality, read.face, read.blob) == (report, Face(box=Box(1, 2, 3, 4)), None)
    assert await store.measures(still.sop_instance_uid) == [measure]
    assert await store.instances(visit.study_instance_uid) == [instance]


async def test_no_face_is_remembered_as_looked_for(store: Store) -> None:
    _, still = await with_still(store)
    assert not (await store.still(still.sop_instance_uid)).face_sought
    item = await store.claim("w", lease_s=60)
    assert item is not None
    await store.finish(item, StepResult(face_sought=True))
    read = await store.still(still.sop_instance_uid)
    assert read.face_sought
    assert read.face is None


async def test_two_processes_may_open_and_migrate_at_once(url: str) -> None:
    stores = await asyncio.gather(*(asyncio.to_thread(Store.open, url) for _ in range(3)))
    for store in stores:
        assert await store.booths() == []
        await store.close()


def test_other_databases_are_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="mysql"):
        Store.open("mysql://x/y")


async def test_a_step_ended_by_two_workers_starts_one_step(store: Store) -> None:
    await with_still(store)
    late = await store.claim("one", lease_s=0)
    other = await store.claim("two", lease_s=60)
    assert late is not None
    assert other is not None
    assert late.id == other.id
    await store.finish(late, StepResult())
    assert await store.claim("three", lease_s=60) is None
    await store.finish(other, StepResult())
    await store.finish(other, StepResult())
    assert await store.claim("three", lease_s=60) is not None
    assert await store.claim("three", lease_s=60) is None


def test_an_error_of_the_database_does_not_show_patients(url: str) -> None:
    engine = open_engine(url)
    try:
        with engine.connect() as connection, pytest.raises(SQLAlchemyError) as failure:
            connection.execute(text("INSERT INTO nowhere VALUES (:name)"), {"name": "Doe^Jane"})
        assert "Doe" not in str(failure.value)
    finally:
        engine.dispose()


async def people(store: Store) -> None:
    """Three people in two booths; the second came twice."""
    for number, (patient_id, name, booth) in enumerate(
        [
            ("P-1", "Müller^Anna", "booth-1"),
            ("P-2", "김^지우=Kim^Jiwoo", "booth-1"),
            ("P_3", "O'Neil^Ann", "booth-2"),
            ("P-2", "김^지우=Kim^Jiwoo", "booth-2"),
        ]
    ):
        patient = Patient(patient_id=patient_id, patient_name=name)
        message = msgspec.structs.replace(opened(), patient=patient, opened_at=1000.0 + number)
        await store.open_visit(booth, message)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (VisitSearch(words="muller"), [1000]),
        (VisitSearch(words="ANN"), [1002, 1000]),
        (VisitSearch(words="jiwoo p-2"), [1003, 1001]),
        (VisitSearch(words="김 지"), [1003, 1001]),
        (VisitSearch(words="_"), [1002]),
        (VisitSearch(words="patient_name"), []),
        (VisitSearch(booth_id="booth-2"), [1003, 1002]),
        (VisitSearch(since=1001.0, before=1003.0), [1002, 1001]),
        (VisitSearch(words="kim", booth_id="booth-1"), [1001]),
    ],
)
async def test_visits_are_found_by_name_id_booth_and_time(
    store: Store, search: VisitSearch, found: list[float]
) -> None:
    await people(store)
    assert [visit.opened_at for visit in await store.visits(search=search)] == found


async def test_the_visits_of_a_person_are_those_of_one_id(store: Store) -> None:
    await people(store)
    visits = await store.visits_of(Patient(patient_id="P-2"))
    assert [visit.opened_at for visit in visits] == [1003, 1001]
    assert await store.visits_of(Patient(patient_id="P-2", issuer_of_patient_id="elsewhere")) == []
    assert await store.visits_of(Patient(patient_name="O'Neil^Ann")) == []


async def test_the_last_visit_of_every_booth_is_told_also_the_last_with_a_still(store: Store) -> None:
    await people(store)
    first = (await store.visits(search=VisitSearch(before=1001.0)))[0]
    visit = msgspec.structs.replace(opened(), study_instance_uid=first.study_instance_uid)
    await store.add_still("booth-1", offer(visit), "x", 2000.0)
    last = await store.last_visits()
    assert {booth: one.opened_at for booth, one in last.items()} == {"booth-1": 1001.0, "booth-2": 1003.0}
    shot = await store.last_visits(with_stills=True)
    assert {booth: one.opened_at for booth, one in shot.items()} == {"booth-1": 1000.0}


async def test_what_a_visit_was_ordered_as_reads_back_and_walk_ins_are_found(store: Store) -> None:
    ordered, walk_in = msgspec.structs.replace(opened(), order=ORDER), opened()
    for one in (ordered, walk_in):
        await store.open_visit("booth-1", one)
    assert (await store.visit(ordered.study_instance_uid)).order == ORDER
    assert (await store.visit(walk_in.study_instance_uid)).order is None
    found = await store.visits(search=VisitSearch(unreconciled=True))
    assert [one.study_instance_uid for one in found] == [walk_in.study_instance_uid]


async def test_an_ordered_study_is_begun_once_a_still_is_there_or_another_booth_has_it_open(
    store: Store,
) -> None:
    visit = opened()
    await store.open_visit("booth-1", visit)
    asked = [visit.study_instance_uid, "1.2.3"]
    assert await store.begun_visits(asked, "booth-1") == set()
    assert await store.begun_visits(asked, "booth-2") == {visit.study_instance_uid}
    await store.close_visit("booth-1", closed(visit, at=1001.0))
    assert await store.begun_visits(asked, "booth-2") == set()
    await store.add_still("booth-1", offer(visit), "x", 1002.0)
    assert await store.begun_visits(asked, "booth-1") == {visit.study_instance_uid}
    assert await store.begun_visits([], "booth-1") == set()


async def test_a_visit_that_was_given_up_without_a_still_begins_anew_at_any_booth(store: Store) -> None:
    visit = opened()
    await store.open_visit("booth-1", visit)
    again = msgspec.structs.replace(visit, opened_at=visit.opened_at + 60, order=ORDER)
    with pytest.raises(Conflict):
        await store.open_visit("booth-2", again)
    await store.close_visit("booth-1", closed(visit, at=1001.0))
    await store.open_visit("booth-2", again)
    read = await store.visit(visit.study_instance_uid)
    assert (read.booth_id, read.opened_at, read.order) == ("booth-2", again.opened_at, ORDER)
    assert (read.closed_at, read.complete) == (None, None)
    await store.add_still("booth-2", offer(again), "x", 1002.0)
    with pytest.raises(Conflict):
        await store.open_visit("booth-1", visit)


def closed(visit: VisitOpened, *, at: float) -> VisitClosed:
    return VisitClosed(study_instance_uid=visit.study_instance_uid, closed_at=at, stills=(), complete=False)
