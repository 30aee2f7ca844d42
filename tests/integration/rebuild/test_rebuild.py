"""The database made again from the archive is the one that was lost, row for row."""

import asyncio
import json
import shutil
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import String, inspect, text
from sqlmodel import Session

from server.errors import Conflict
from server.rebuild import ArchiveReader, Rebuilt, rebuild
from server.store import Archive, CorrectionState, Delivery, DeliverySearch, DeliveryState, Route, Store
from server.store.database import open_engine
from station.protocol import Light, Patient, derived_uid
from tests.fixtures import corrected_visits
from tests.fixtures.corrected_visits import corrected, shoot, wanted
from tests.fixtures.dicom_visits import LIGHTS, STEPS, Made, put_visit

pytestmark = pytest.mark.integration

VISITS = 60
PACS = Route("pacs", frozenset({"photo", "report"}))
TABLES = ("booth", "visit", "still", "instance", "measure", "work", "correction")
"""What a rebuilt database holds; deliveries are proved anew, headers are read anew."""


async def fill(url: str, folder: Path, visits: int, lights: Sequence[Light] = LIGHTS) -> list[Made]:
    archive = Archive(folder / "archive")
    store = Store.open(url, steps=STEPS, archive=archive)
    made = [
        await put_visit(
            store,
            archive,
            patient=Patient(patient_id=f"P-{number % 3}", patient_name=f"Ünal^Ada {number % 3}=宇^亜"),
            opened_at=1_700_000_000.123 + number * 977.7,
            booth=f"booth-{number % 3}",
            lights=lights,
        )
        for number in range(visits)
    ]
    await store.close()
    return made


def rows(url: str, table: str) -> list[tuple[Any, ...]]:
    """Every row but for the numbers that databases give, in the order in which rows came about where it is told."""
    engine = open_engine(url)
    try:
        columns = inspect(engine).get_columns(table)
        kept = [one["name"] for one in columns if one["name"] != "id" or isinstance(one["type"], String)]
        with Session(engine) as session:
            found = session.connection().execute(text(f'SELECT {", ".join(kept)} FROM "{table}"')).all()
        return sorted((tuple(row) for row in found), key=repr)
    finally:
        engine.dispose()


def order_of_measures(url: str) -> dict[str, list[tuple[str, str]]]:
    engine = open_engine(url)
    try:
        with Session(engine) as session:
            query = text("SELECT sop_instance_uid, region, name FROM measure ORDER BY id")
            found: dict[str, list[tuple[str, str]]] = {}
            for uid, region, name in session.connection().execute(query):
                found.setdefault(uid, []).append((region, name))
            return found
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    ("kind", "visits", "lights"), [("sqlite", VISITS, LIGHTS[:1]), ("postgresql", 10, LIGHTS)]
)
def test_every_row_comes_back(
    kind: str, visits: int, lights: Sequence[Light], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    before, after = f"sqlite:///{tmp_path}/before.db", f"sqlite:///{tmp_path}/after.db"
    if kind == "postgresql":
        create: Callable[[str], str] = request.getfixturevalue("postgresql")
        before, after = (create(f"t{uuid.uuid4().hex}") for _ in range(2))
    asyncio.run(fill(before, tmp_path, visits, lights))
    reader = ArchiveReader(tmp_path / "archive")
    done = rebuild(after, reader, steps=STEPS)
    assert reader.problems == []
    assert done == Rebuilt(visits, visits * len(lights), 3 * visits * len(lights))
    for table in TABLES:
        lost = rows(before, table)
        assert lost or table == "correction", table
        assert rows(after, table) == lost, table
    assert order_of_measures(after) == order_of_measures(before)


async def test_what_was_begun_is_begun_again_and_what_was_sent_is_asked_after(tmp_path: Path) -> None:
    archive, url = Archive(tmp_path / "archive"), f"sqlite:///{tmp_path}/d.db"
    store = Store.open(url, steps=(*STEPS, "more"), archive=archive)
    made = await put_visit(store, archive, lights=())
    await store.close()
    made = (await fill(url, tmp_path, 1))[0]
    whole = json.loads(archive.still_rows(made.study, made.stills[0]).read_bytes())
    del whole["rows"]["work"]
    archive.still_rows(made.study, made.stills[0]).write_text(json.dumps(whole))
    after = f"sqlite:///{tmp_path}/after.db"
    route = Route("pacs", frozenset({"photo", "report"}))
    rebuild(after, ArchiveReader(archive.root), steps=STEPS, routes=[route])
    again = Store.open(after, steps=STEPS, routes=[route])
    states = {one.state for one in await again.work(made.study) if one.sop_instance_uid == made.stills[0]}
    assert states == {"ready", "blocked"}
    assert dict(await again.deliveries.counts()) == {"pacs": {"stored": 4}}
    await again.close()


async def test_damaged_and_hostile_files_are_named_and_left_out(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/d.db"
    made = await fill(url, tmp_path, 6)
    archive = Archive(tmp_path / "archive")
    photo = archive.photo(made[0].study, made[0].stills[0])
    photo.write_bytes(photo.read_bytes()[:-1])
    archive.report(made[0].study, made[0].stills[1]).unlink()
    archive.visit_rows(made[1].study).write_text("{")
    shutil.copy(archive.visit_rows(made[2].study), archive.visit_rows(made[3].study))
    tricky = archive.still_rows(made[4].study, made[4].stills[0])
    told = json.loads(tricky.read_bytes())
    told["rows"]["instance"][0]["path"] = "../../../etc/passwd"
    told["rows"]["instance"][1]["still_uid"] = made[5].stills[0]
    tricky.write_text(json.dumps(told))
    other = archive.still_rows(made[4].study, made[4].stills[1])
    told = json.loads(other.read_bytes())
    told["rows"]["instance"][0]["path"] = "../../../etc/passwd"
    other.write_text(json.dumps(told))
    deep = archive.still_rows(made[5].study, made[5].stills[0])
    deep.write_bytes(b"[" * 100_000)
    (archive.root / "notes").mkdir()
    (archive.root / "booth-booth-1.json").unlink()
    reader = ArchiveReader(archive.root)
    done = rebuild(f"sqlite:///{tmp_path}/after.db", reader, steps=STEPS)
    reasons = {problem.path.split("/")[-1]: problem.reason for problem in reader.problems}
    assert len(reader.problems) == 9, reader.problems
    assert "not the bytes" in reasons["photo.dcm"]
    assert reasons["report.dcm"] == "missing"
    assert reasons["passwd"] == "not a path below the archive"
    assert reasons["notes"] == "not the folder of a visit"
    assert "made from its visits" in reasons["booth-booth-1.json"]
    assert done == Rebuilt(visits=4, stills=6, instances=18 - 3)
    store = Store.open(f"sqlite:///{tmp_path}/after.db", steps=STEPS)
    assert len(await store.visits()) == 4
    await store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/d.db"
    create: Callable[[str], str] = request.getfixturevalue("postgresql")
    return create(f"t{uuid.uuid4().hex}")


async def test_a_filled_database_is_kept_unless_it_is_told_to_go(url: str, tmp_path: Path) -> None:
    await fill_and_correct(url, tmp_path)
    before = {table: rows(url, table) for table in TABLES}
    assert all(before.values())
    with pytest.raises(Conflict, match="--replace"):
        rebuild(url, ArchiveReader(tmp_path / "archive"), steps=STEPS)
    rebuild(url, ArchiveReader(tmp_path / "archive"), steps=STEPS, routes=[PACS], empty=True)
    assert {table: rows(url, table) for table in TABLES} == before
    states = {one.state for one in await deliveries(url)}
    assert states == {DeliveryState.STORED}


async def test_a_replacement_that_fails_leaves_what_was_there(url: str, tmp_path: Path) -> None:
    await fill_and_correct(url, tmp_path)
    before = {table: rows(url, table) for table in (*TABLES, "delivery")}

    def no_more() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(url, ArchiveReader(tmp_path / "archive"), steps=STEPS, empty=True, on_visit=no_more)
    assert {table: rows(url, table) for table in (*TABLES, "delivery")} == before


async def fill_and_correct(url: str, folder: Path) -> None:
    """A database with two visits, one of them moved, and with deliveries that wait."""
    archive = Archive(folder / "archive")
    store = Store.open(url, steps=STEPS, routes=[PACS], archive=archive)
    visit = await put_visit(store, archive)
    await put_visit(store, archive, patient=corrected_visits.OTHER)
    moved = corrected_visits.Shot(visit.study, visit.stills, visit.instances)
    await corrected(store, archive, await store.corrections.ask(wanted(moved)))
    await store.close()


async def deliveries(url: str) -> list[Delivery]:
    store = Store.open(url, steps=STEPS)
    found = await store.deliveries.find(DeliverySearch(), limit=500)
    await store.close()
    return found


async def test_visits_of_a_version_without_copies_get_them_at_the_next_start(tmp_path: Path) -> None:
    url, archive = f"sqlite:///{tmp_path}/d.db", Archive(tmp_path / "archive")
    made = await fill(url, tmp_path, 3)
    for one in archive.root.rglob("*.json"):
        one.unlink()
    store = Store.open(url, steps=STEPS, archive=archive)
    assert await store.complete_sidecars() == 3 + 3 + 6
    assert await store.complete_sidecars() == 0
    await store.close()
    after = f"sqlite:///{tmp_path}/after.db"
    reader = ArchiveReader(archive.root)
    assert rebuild(after, reader, steps=STEPS).visits == len(made)
    assert all(rows(after, table) == rows(url, table) for table in TABLES)


async def test_what_was_corrected_and_withdrawn_stays_so(tmp_path: Path) -> None:
    url, archive = f"sqlite:///{tmp_path}/d.db", Archive(tmp_path / "archive")
    store = Store.open(url, steps=corrected_visits.STEPS, archive=archive)
    moved = await shoot(store, archive)
    asked = await store.corrections.ask(wanted(moved))
    (done,) = await corrected(store, archive, asked)
    assert done.state == CorrectionState.DONE
    await store.close()
    after = f"sqlite:///{tmp_path}/after.db"
    reader = ArchiveReader(archive.root)
    routes = [Route("pacs", frozenset({"photo"}))]
    rebuild(after, reader, steps=corrected_visits.STEPS, routes=routes)
    assert reader.problems == []
    for table in TABLES:
        assert rows(after, table) == rows(url, table), table
    again = Store.open(after, routes=routes)
    told = await again.instances(moved.study)
    assert told
    assert not {one.sop_instance_uid for one in moved.instances} & {one.sop_instance_uid for one in told}
    assert await again.headers.instances(moved.study) == []
    # Nobody is asked after what was withdrawn, or it would be sent there again.
    sent = {one.instance.sop_instance_uid for one in await again.deliveries.find(DeliverySearch())}
    # The key object that withdraws it goes wherever the other may be.
    notice = derived_uid(done.id, "withdrawn")
    assert sent == {notice, *(one.sop_instance_uid for one in told if one.kind == "photo")}
    await again.close()
