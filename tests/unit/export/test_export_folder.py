"""An export as a whole: chosen visits, the same every time, there whole or not at all, with its record."""

import json
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pydicom
import pytest
import pytest_asyncio

from server.errors import BadImage, ConfigError, NotFound
from server.export import Exporter, ExportOptions, ExportRecord, Option, Pseudonyms, Selection, record_path
from server.export.planning import NEEDS_CONTENT, NO_PHOTO, NOT_THERE
from server.store import Archive, Store
from station.protocol import Patient
from tests.fixtures.research_visits import (
    ANNA,
    BRUNO,
    DAY_S,
    OPENED_AT,
    ResearchVisit,
    add_visit,
    open_research,
)

pytestmark = pytest.mark.unit

KEY = Pseudonyms(b"k" * 32)


class Clinic:
    """Three visits of two people."""

    def __init__(self, store: Store, archive: Archive) -> None:
        self.store, self.archive = store, archive
        self.visits: list[ResearchVisit] = []

    async def fill(self) -> None:
        for patient, day in ((ANNA, 0), (BRUNO, 1), (ANNA, 30)):
            self.visits.append(
                await add_visit(self.store, self.archive, patient, opened_at=OPENED_AT + day * DAY_S)
            )

    def exporter(self, *options: Option, key: Pseudonyms = KEY) -> Exporter:
        chosen = ExportOptions(frozenset(options)) if options else ExportOptions()
        return Exporter(self.store, self.archive, key, chosen, "0.1.0")


@pytest_asyncio.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    made = Clinic(*open_research(tmp_path / "data"))
    await made.fill()
    yield made
    await made.store.close()


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def nothing_left(folder: Path) -> Iterator[None]:
    """Whatever happens within, no file of an export is there after it."""
    before = set(folder.iterdir())
    yield
    assert set(folder.iterdir()) == before


async def test_the_same_key_gives_the_same_bytes_and_another_other_names(
    clinic: Clinic, tmp_path: Path
) -> None:
    for name, key in (("one", KEY), ("two", KEY), ("other", Pseudonyms(b"o" * 32))):
        await clinic.exporter(key=key).export(tmp_path / name, Selection(), measures="csv")
    one, two, other = (content(tmp_path / name) for name in ("one", "two", "other"))
    assert one == two
    assert {path for path in one if "/" in path}.isdisjoint(other)
    people = {path.split("/")[0] for path in one if "/" in path}
    assert len(people) == 2


@pytest.mark.parametrize(
    ("selection", "visits"),
    [
        (Selection(), 3),
        (Selection(patient="MRN-2222"), 1),
        (Selection(patient="MRN-2222", words="quist"), 1),
        (Selection(words="oberh"), 2),
        (Selection(since=OPENED_AT + DAY_S), 2),
        (Selection(before=OPENED_AT + DAY_S), 1),
        (Selection(patient="MRN"), 0),
        (Selection(words="nobody"), 0),
    ],
)
async def test_visits_are_chosen_by_what_is_known_of_them(
    clinic: Clinic, selection: Selection, visits: int
) -> None:
    if visits == 0:
        with pytest.raises(NotFound):
            await clinic.exporter().summary(selection)
        return
    assert (await clinic.exporter().summary(selection)).visits == visits


async def test_one_visit_is_chosen_by_its_uid(clinic: Clinic, tmp_path: Path) -> None:
    record = await clinic.exporter().export(tmp_path / "out", Selection(visit=clinic.visits[1].study))
    assert record.studies == (clinic.visits[1].study,)
    with pytest.raises(NotFound):
        await clinic.exporter().summary(Selection(visit="2.25.404"))


async def test_more_visits_than_a_page_all_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.export.selection._PAGE", 2)
    store, archive = open_research(tmp_path / "data")
    try:
        for number in range(5):
            patient = Patient(patient_id=f"P-{number}", patient_name="Same^Time")
            await add_visit(store, archive, patient, opened_at=OPENED_AT + number // 2, lights=())
        exporter = Exporter(store, archive, KEY, ExportOptions(), "0.1.0")
        with pytest.raises(ConfigError, match="same time"):
            await exporter.summary(Selection())
        monkeypatch.setattr("server.export.selection._PAGE", 3)
        assert (await exporter.summary(Selection())).visits == 5
    finally:
        await store.close()


async def test_the_record_says_what_left_and_the_folder_not_whose(clinic: Clinic, tmp_path: Path) -> None:
    told: list[ExportRecord] = []
    exporter = Exporter(clinic.store, clinic.archive, KEY, ExportOptions(), "0.1.0", told.append)
    record = await exporter.export(tmp_path / "out", Selection(words="oberhauser"), measures="csv")
    assert told == [record]
    beside = json.loads(record_path(tmp_path / "out").read_text())
    assert stat.S_IMODE(record_path(tmp_path / "out").stat().st_mode) == 0o600
    assert beside["selection"] == {"words": "oberhauser"}
    assert sorted(beside["studies"]) == sorted(
        visit.study for visit in clinic.visits if visit.patient is ANNA
    )
    inside = json.loads((tmp_path / "out" / "export.json").read_text())
    assert (inside["patients"], inside["visits"], inside["measures"]) == (1, 2, 16)
    assert inside["files"] == {"masks": 4, "photo": 4, "report": 4}
    assert "selection" not in inside
    assert "studies" not in inside
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == 12


async def test_without_structured_content_reports_stay(clinic: Clinic, tmp_path: Path) -> None:
    record = await clinic.exporter(Option.CLEAN_DESCRIPTORS).export(tmp_path / "out", Selection())
    assert record.tally.stays == {NEEDS_CONTENT: 6}
    for path in (tmp_path / "out").rglob("*.dcm"):
        dataset = pydicom.dcmread(path)
        assert dataset.Modality in {"XC", "SEG"}
        assert not dataset.get("AcquisitionContextSequence")


async def test_a_missing_photograph_keeps_its_masks_and_report_here(clinic: Clinic, tmp_path: Path) -> None:
    photo = clinic.visits[0].shots[0].photo
    clinic.archive.photo(photo.StudyInstanceUID, photo.SOPInstanceUID).unlink()
    record = await clinic.exporter().export(tmp_path / "out", Selection())
    assert record.tally.stays == {NOT_THERE: 1, NO_PHOTO: 2}


async def test_a_damaged_file_ends_the_export_and_leaves_nothing(clinic: Clinic, tmp_path: Path) -> None:
    photo = clinic.visits[1].shots[0].photo
    path = clinic.archive.photo(photo.StudyInstanceUID, photo.SOPInstanceUID)
    path.write_bytes(path.read_bytes()[:-3000])
    with nothing_left(tmp_path), pytest.raises(BadImage) as raised:
        await clinic.exporter().export(tmp_path / "out", Selection(), measures="csv")
    assert "choose other visits" in str(raised.value)
    assert "Quist" not in str(raised.value)


async def test_a_failing_disk_leaves_nothing(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("server.export.exporter.write", full)
    with nothing_left(tmp_path), pytest.raises(OSError, match="No space"):
        await clinic.exporter().export(tmp_path / "out", Selection())


async def test_a_folder_in_use_is_refused(clinic: Clinic, tmp_path: Path) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "notes.txt").write_text("mine")
    with nothing_left(tmp_path), pytest.raises(ConfigError, match="not empty"):
        await clinic.exporter().export(tmp_path / "used", Selection())
    (tmp_path / "empty").mkdir()
    await clinic.exporter().export(tmp_path / "empty", Selection(visit=clinic.visits[0].study))
    with pytest.raises(ConfigError, match="not empty"):
        await clinic.exporter().export(tmp_path / "empty", Selection())
