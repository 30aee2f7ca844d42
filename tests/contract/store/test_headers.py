"""Searches in the headers of DICOM objects, on SQLite and on PostgreSQL."""

import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from server.store import (
    Archive,
    Between,
    HeaderRow,
    HeaderSearch,
    Level,
    Like,
    Match,
    Named,
    OneOf,
    Store,
)
from tests.fixtures.dicom_visits import STEPS, put_visit

pytestmark = pytest.mark.contract


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    url = f"sqlite:///{tmp_path}/store.db"
    if request.param == "postgresql":
        create: Callable[[str], str] = request.getfixturevalue("postgresql")
        url = create(f"t{uuid.uuid4().hex}")
    store = Store.open(url, steps=STEPS)
    yield store
    await store.close()


async def filled(store: Store, folder: Path) -> list[HeaderRow]:
    """Three objects of one study read, three not; the photo's person name has three groups."""
    made = await put_visit(store, Archive(folder / "archive"))
    unread = await store.headers.unread(100)
    assert {one.sop_instance_uid for one in unread} == {one.sop_instance_uid for one in made.instances}
    rows = [
        HeaderRow(
            sop_instance_uid=one.sop_instance_uid,
            study_instance_uid=one.study_instance_uid,
            series_instance_uid=one.series_instance_uid,
            modality=one.modality,
            series_number=number,
            instance_number=1,
            patient_id="A%_1",
            patient_name="yamada^tarou=山田^太郎",
            study_date="20260329",
            study_time="015930.25",
            accession_number="Q!7",
            attributes="{}" if number < 3 else "",
        )
        for number, one in enumerate(unread[:4])
    ]
    await store.headers.keep(rows)
    await store.headers.keep(rows)
    assert len(await store.headers.unread(100)) == 2
    return rows[:3]


def search(level: Level = Level.INSTANCE, matches: Mapping[str, Match] | None = None) -> HeaderSearch:
    return HeaderSearch(level, matches or {}, limit=10)


async def test_every_kind_of_match(store: Store, tmp_path: Path) -> None:
    rows = await filled(store, tmp_path)
    cases: list[tuple[dict[str, Match], int]] = [
        ({}, 3),
        ({"patient_id": OneOf(("x", "A%_1"))}, 3),
        ({"patient_id": Like("a%*")}, 3),
        ({"patient_id": Like("a%?1")}, 3),
        ({"patient_id": Like("a%x*")}, 0),
        ({"accession_number": Like("q!*")}, 3),
        ({"patient_name": Named("yamada*")}, 3),
        ({"patient_name": Named("山田^太郎")}, 3),
        ({"patient_name": Named("山田")}, 0),
        ({"study_date": Between("20260329", "20260329")}, 3),
        ({"study_date": Between("", "20260101")}, 0),
        ({"study_time": Between("0159", "0159")}, 3),
        ({"study_time": Between("02", "")}, 0),
        ({"series_number": OneOf((1,))}, 1),
        ({"modalities_in_study": OneOf((rows[0].modality,))}, 3),
        ({"modalities_in_study": OneOf(("CT",))}, 0),
        ({"study_id": Between("1", "")}, 0),
    ]
    for matches, count in cases:
        assert len(await store.headers.find(search(matches=matches))) == count, matches


async def test_levels_count_what_they_consist_of(store: Store, tmp_path: Path) -> None:
    rows = await filled(store, tmp_path)
    (study,) = await store.headers.find(search(Level.STUDY))
    assert (study.series, study.instances) == (3, 3)
    assert study.modalities == tuple(sorted({one.modality for one in rows}))
    series = await store.headers.find(search(Level.SERIES))
    assert [one.series_instance_uid for one in series] == [one.series_instance_uid for one in rows]
    assert {(one.series, one.instances) for one in series} == {(1, 1)}
    page = await store.headers.find(replace(search(), limit=2, offset=1))
    assert [one.sop_instance_uid for one in page] == [one.sop_instance_uid for one in rows[1:]]
