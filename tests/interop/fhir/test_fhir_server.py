"""Results arrive at a FHIR server once, whole, and are updated there."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from server.errors import DestinationUnavailable
from server.fhir import PRIVATE_SYSTEM
from server.outbox.contract import Fate, Outcome, Parcel
from server.outbox.destinations.fhir import FhirDestination
from server.outbox.destinations.web import Answer
from server.store import Archive, Store
from station.protocol import Patient
from tests.fixtures.fhir_hospital import TOKEN, Hospital, opened_hospital
from tests.fixtures.fhir_visits import PATIENT
from tests.fixtures.filled_store import FilledVisit, fill_visit, open_store

pytestmark = pytest.mark.interop

REPORT = "1.2.840.10008.5.1.4.1.1.88.34"


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    with opened_hospital(tmp_path_factory.mktemp("secrets")) as one:
        yield one


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[tuple[Store, Archive, FilledVisit]]:
    store, archive = open_store(tmp_path)
    visit = await fill_visit(store, archive, patient=PATIENT)
    yield store, archive, visit
    await store.close()


def parcels(visit: FilledVisit) -> list[Parcel]:
    return [Parcel(still, REPORT, visit.study, Path("unread"), "0" * 64) for still in visit.stills]


async def sent(destination: FhirDestination, what: list[Parcel]) -> list[Outcome]:
    return [outcome async for outcome in destination.send(what)]


async def test_a_visit_arrives_whole_and_is_proved(
    hospital: Hospital, filled: tuple[Store, Archive, FilledVisit]
) -> None:
    store, archive, visit = filled
    destination = hospital.destination(store, archive, demographics=True, photos="inline")
    assert {one.fate for one in await destination.confirm(parcels(visit))} == {Fate.AGAIN}
    outcomes = await sent(destination, parcels(visit))
    assert [one.sop_instance_uid for one in outcomes] == list(visit.stills)
    assert {one.fate for one in outcomes} == {Fate.STORED}
    assert {one.fate for one in await destination.confirm(parcels(visit))} == {Fate.COMMITTED}
    await destination.close()
    _look_around(hospital, visit)


def _look_around(hospital: Hospital, visit: FilledVisit) -> None:
    """From the study over the report to the results, as a reader would."""
    studies = hospital.get(f"ImagingStudy?identifier=urn:dicom:uid%7Curn:oid:{visit.study}")["entry"]
    assert len(studies) == 1
    study = studies[0]["resource"]
    reports = [
        one
        for one in hospital.all("DiagnosticReport")
        if one["imagingStudy"][0]["reference"] == f"ImagingStudy/{study['id']}"
    ]
    assert len(reports) == 1
    patient = hospital.get(study["subject"]["reference"])
    assert patient["name"][0]["family"] == "Moreau"
    results = [hospital.get(one["reference"]) for one in reports[0]["result"]]
    assert len(results) == 12
    assert {one["code"]["coding"][0]["system"] for one in results} == {
        PRIVATE_SYSTEM,
        "http://dicom.nema.org/resources/ontology/DCM",
    }
    photo = hospital.get(results[0]["derivedFrom"][1]["reference"])
    assert photo["content"][0]["attachment"]["contentType"] == "image/jpeg"
    assert hospital.get(results[0]["device"]["reference"])["version"][0]["value"] == "dermabooth 0.1.0"


async def test_sending_again_updates_and_makes_nothing_new(
    hospital: Hospital, filled: tuple[Store, Archive, FilledVisit]
) -> None:
    store, archive, visit = filled
    destination = hospital.destination(store, archive)
    await sent(destination, parcels(visit))
    kinds = ("ImagingStudy", "Observation", "DocumentReference", "DiagnosticReport", "Device", "Patient")
    before = {kind: sorted(one["id"] for one in hospital.all(kind)) for kind in kinds}
    await sent(destination, parcels(visit)[:1])
    await destination.close()
    assert {kind: sorted(one["id"] for one in hospital.all(kind)) for kind in kinds} == before


async def test_a_break_in_the_middle_leaves_no_report_and_nothing_twice(
    hospital: Hospital,
    filled: tuple[Store, Archive, FilledVisit],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, archive, visit = filled
    reports = len(hospital.all("DiagnosticReport"))
    cut = hospital.destination(store, archive, most_entries=4)
    ask, asked = cut._web.ask, 0

    async def broken_off(*arguments: Any, **more: Any) -> Answer:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise DestinationUnavailable("the connection broke")
        return await ask(*arguments, **more)

    monkeypatch.setattr(cut._web, "ask", broken_off)
    with pytest.raises(DestinationUnavailable):
        await sent(cut, parcels(visit))
    await cut.close()
    assert len(hospital.all("DiagnosticReport")) == reports
    destination = hospital.destination(store, archive)
    await sent(destination, parcels(visit))
    assert {one.fate for one in await destination.confirm(parcels(visit))} == {Fate.COMMITTED}
    await destination.close()
    names = [one["identifier"][0]["value"] for one in hospital.all("Observation")]
    assert len(set(names)) == len(names)


async def test_a_visit_that_goes_on_waits_and_one_of_nobody_is_parked(
    hospital: Hospital, tmp_path: Path
) -> None:
    store, archive = open_store(tmp_path)
    nobody = await fill_visit(store, archive, patient=Patient(patient_name="Walk^In"))
    visit = await fill_visit(store, archive, patient=PATIENT)
    destination = hospital.destination(store, archive)
    (outcome, *_) = await sent(destination, parcels(nobody))
    assert (outcome.fate, "patient ID" in outcome.reason) == (Fate.PARKED, True)
    assert "Walk" not in outcome.reason + outcome.next_step
    gone = FilledVisit("2.25.1", visit.stills)
    assert (await sent(destination, parcels(gone)))[0].fate is Fate.PARKED
    await destination.close()
    await store.close()


async def test_a_refusal_is_told_in_the_servers_words_without_the_patient(
    hospital: Hospital, filled: tuple[Store, Archive, FilledVisit]
) -> None:
    store, archive, visit = filled
    destination = hospital.destination(store, archive, version="R5", demographics=True)
    outcome = (await sent(destination, parcels(visit)))[0]
    await destination.close()
    assert outcome.fate is Fate.PARKED
    assert outcome.reason.startswith("the server refuses the results (422): ")
    assert "additional property" in outcome.reason or "Expected" in outcome.reason
    assert "retry" in outcome.next_step


async def test_a_transaction_that_is_too_large_names_the_setting_that_helps(
    hospital: Hospital, filled: tuple[Store, Archive, FilledVisit]
) -> None:
    store, archive, visit = filled
    large = hospital.destination(store, archive, most_entries=400)
    outcome = (await sent(large, parcels(visit)))[0]
    await large.close()
    assert outcome.fate is Fate.PARKED
    assert outcome.reason.startswith("the server refuses the results (400): ")
    assert outcome.next_step.startswith("lower most_entries if it takes fewer than ")
    small = hospital.destination(store, archive, most_entries=8)
    assert {one.fate for one in await sent(small, parcels(visit))} == {Fate.STORED}
    await small.close()


async def test_who_is_not_known_there_waits(
    hospital: Hospital, filled: tuple[Store, Archive, FilledVisit], tmp_path: Path
) -> None:
    store, archive, visit = filled
    stranger = tmp_path / "stranger"
    stranger.write_text("somebody")
    stranger.chmod(0o600)
    destination = hospital.destination(store, archive, token_file=stranger)
    with pytest.raises(DestinationUnavailable, match="token_file") as refused:
        await sent(destination, parcels(visit))
    assert "somebody" not in str(refused.value)
    stranger.write_text(TOKEN)
    assert {one.fate for one in await sent(destination, parcels(visit))} == {Fate.STORED}
    await destination.close()
