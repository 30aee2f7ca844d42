"""What a FHIR server sees of visits that were corrected, and of pictures that come late."""

import asyncio
import contextlib
import hashlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydicom.uid import Comprehensive3DSRStorage, VLPhotographicImageStorage

from server.fhir import Release
from server.outbox import Outbox
from server.outbox.contract import Fate, Parcel
from server.outbox.destinations.fhir import FhirDestination
from server.store import (
    Archive,
    Cause,
    Correction,
    DeliveryState,
    Instance,
    Noted,
    Route,
    StepResult,
    Store,
    Unwanted,
)
from station.protocol import Encoding, FrameHeader, Light, StillOffer, View, new_uid
from tests.fixtures.corrected_visits import OTHER, STEPS, Shot, corrected, shoot, wanted
from tests.fixtures.dicom_objects import PATIENT, measures
from tests.fixtures.fhir_hospital import Hospital, opened_hospital
from tests.fixtures.outbox_stores import wait_until_committed

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]

EHR, BOOTH = "ehr", "one"
DICOMWEB = "https://pacs.example/dicom-web"
ERROR, STANDING = "entered-in-error", "preliminary"
EVERY_RELEASE = pytest.mark.parametrize("hospital", Release, indirect=True)
KINDS = ("ImagingStudy", "DocumentReference", "Observation", "DiagnosticReport")


@pytest.fixture
def hospital(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hospital]:
    """Of R4 unless told; one of its own for every test: the more it holds, the longer it searches."""
    with opened_hospital(tmp_path, getattr(request, "param", Release.R4)) as one:
        yield one


@pytest_asyncio.fixture
async def opened(tmp_path: Path) -> AsyncIterator[tuple[Store, Archive]]:
    routes = [Route(EHR, frozenset({"report"}), keeps=False)]
    store = Store.open(f"sqlite:///{tmp_path}/store.db", steps=STEPS, routes=routes)
    yield store, Archive(tmp_path / "archive")
    await store.close()


@contextlib.asynccontextmanager
async def carrying(store: Store, archive: Archive, hospital: Hospital) -> AsyncIterator[None]:
    destination = hospital.destination(store, archive, dicomweb=DICOMWEB)
    task = asyncio.create_task(Outbox([destination], store, archive, worker="test").run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


def by_patient(hospital: Hospital) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """What the server holds, by patient number and kind."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for kind in KINDS:
        for one in hospital.all(kind):
            number = one["subject"]["identifier"]["value"]
            found.setdefault(number, {each: [] for each in KINDS})[kind].append(one)
    return found


def statuses(held: list[dict[str, Any]]) -> set[str]:
    return {one["status"] for one in held}


async def move(store: Store, archive: Archive, visit: Shot) -> Correction:
    [done] = await corrected(store, archive, await store.corrections.ask(wanted(visit)))
    return done


@EVERY_RELEASE
async def test_results_of_the_wrong_patient_are_withdrawn_and_told_anew_of_the_right_one(
    opened: tuple[Store, Archive], hospital: Hospital
) -> None:
    store, archive = opened
    visit = await shoot(store, archive)
    async with carrying(store, archive, hospital):
        await wait_until_committed(store, 2)
        assert by_patient(hospital).keys() == {PATIENT.patient_id}
        done = await move(store, archive, visit)
        await wait_until_committed(store, 5)
    held = await asyncio.to_thread(by_patient, hospital)
    before, after = held[PATIENT.patient_id], held[OTHER.patient_id]
    for kind in KINDS:
        assert len(before[kind]) == len(after[kind]) > 0
        assert statuses(before[kind]) == {ERROR}, kind
    assert statuses(after["ImagingStudy"]) == {"available"}
    assert statuses(after["DocumentReference"]) == {"current"}
    assert statuses(after["Observation"]) == statuses(after["DiagnosticReport"]) == {STANDING}
    assert PATIENT.patient_id not in json.dumps(after)
    _old_names_nothing(before, visit)
    _new_leads_to_the_copies(hospital, after, done, await store.instances(visit.study))


def _old_names_nothing(before: dict[str, list[dict[str, Any]]], visit: Shot) -> None:
    """What was entered in error leads to no object and to no result."""
    assert before["ImagingStudy"][0]["identifier"][0]["value"] == f"urn:oid:{visit.study}"
    assert "result" not in before["DiagnosticReport"][0]
    assert "Withdrawn" in before["DiagnosticReport"][0]["conclusion"]
    assert all("url" not in one["content"][0]["attachment"] for one in before["DocumentReference"])


def _new_leads_to_the_copies(
    hospital: Hospital, after: dict[str, list[dict[str, Any]]], done: Correction, copies: list[Instance]
) -> None:
    study = after["ImagingStudy"][0]
    assert study["identifier"][0]["value"] == f"urn:oid:{done.study_after}"
    listed = {one["uid"] for series in study["series"] for one in series["instance"]}
    assert listed == {one.sop_instance_uid for one in copies}
    photos = {
        f"{DICOMWEB}/studies/{done.study_after}/series/{one.series_instance_uid}/instances/{one.sop_instance_uid}"
        for one in copies
        if one.kind == "photo"
    }
    assert {one["content"][0]["attachment"]["url"] for one in after["DocumentReference"]} == photos
    results = {one["reference"] for one in after["DiagnosticReport"][0]["result"]}
    assert results == {f"Observation/{one['id']}" for one in after["Observation"]}
    sources = {one["derivedFrom"][0]["reference"] for one in after["Observation"]}
    assert sources == {f"ImagingStudy/{study['id']}"}


async def test_what_never_arrived_is_not_withdrawn_there(
    opened: tuple[Store, Archive], hospital: Hospital
) -> None:
    store, archive = opened
    visit = await shoot(store, archive)
    for one in await store.deliveries.claim(EHR, DeliveryState.WAITING, "w", lease_s=60):
        await store.deliveries.note("w", [Noted(one.id, DeliveryState.WAITING, failed=True)])
    await move(store, archive, visit)
    async with carrying(store, archive, hospital):
        await wait_until_committed(store, 3)
    assert (await asyncio.to_thread(by_patient, hospital)).keys() == {OTHER.patient_id}


async def test_a_visit_that_is_corrected_twice_stands_once(
    opened: tuple[Store, Archive], hospital: Hospital
) -> None:
    store, archive = opened
    visit = await shoot(store, archive)
    async with carrying(store, archive, hospital):
        await wait_until_committed(store, 2)
        await move(store, archive, visit)
        await wait_until_committed(store, 5)
        back = wanted(visit, seen=OTHER, patient=PATIENT, reason="it was right at first")
        await corrected(store, archive, await store.corrections.ask(back))
        await wait_until_committed(store, 8)
    held = await asyncio.to_thread(by_patient, hospital)
    assert statuses(held[OTHER.patient_id]["Observation"]) == {ERROR}
    told = held[PATIENT.patient_id]
    assert sorted(one["status"] for one in told["DiagnosticReport"]) == [ERROR, STANDING]
    assert sorted(one["status"] for one in told["ImagingStudy"]) == ["available", ERROR]
    standing = [one for one in told["Observation"] if one["status"] == STANDING]
    assert len(standing) * 2 == len(told["Observation"])


async def test_results_of_a_rejected_picture_were_entered_in_error(
    opened: tuple[Store, Archive], hospital: Hospital
) -> None:
    store, archive = opened
    visit = await shoot(store, archive)
    asked = Unwanted(
        sop_instance_uid=visit.stills[0],
        study_instance_uid=visit.study,
        cause=Cause.PATIENT_SAFETY,
        reason="another person is in the picture",
        by="admin",
        at=time.time(),
    )
    async with carrying(store, archive, hospital):
        await wait_until_committed(store, 2)
        await corrected(store, archive, [await store.corrections.reject(asked)])
        await wait_until_committed(store, 3)
    held = (await asyncio.to_thread(by_patient, hospital))[PATIENT.patient_id]
    assert sorted(one["status"] for one in held["DocumentReference"]) == ["current", ERROR]
    half = len(held["Observation"]) // 2
    assert sorted(one["status"] for one in held["Observation"]) == [ERROR] * half + [STANDING] * half
    assert len(held["DiagnosticReport"][0]["result"]) == half
    [study] = held["ImagingStudy"]
    assert study["numberOfInstances"] == 3


@EVERY_RELEASE
async def test_a_picture_that_comes_late_is_added_to_what_is_there(
    opened: tuple[Store, Archive], hospital: Hospital
) -> None:
    store, archive = opened
    visit = await shoot(store, archive)
    destination = hospital.destination(store, archive, dicomweb=DICOMWEB)
    await send(destination, visit.instances)
    before = await asyncio.to_thread(by_patient, hospital)
    late = await come_late(store, visit)
    assert await send(destination, visit.instances) == {Fate.AGAIN}
    made = await analyse(store, archive, late, visit.study)
    assert await send(destination, made) == {Fate.STORED}
    assert {one.fate for one in await destination.confirm(parcels(made))} == {Fate.COMMITTED}
    await destination.close()
    held = (await asyncio.to_thread(by_patient, hospital))[PATIENT.patient_id]
    was = before[PATIENT.patient_id]
    for kind in ("ImagingStudy", "DiagnosticReport"):
        assert [one["id"] for one in held[kind]] == [one["id"] for one in was[kind]]
    assert held["ImagingStudy"][0]["numberOfInstances"] == 8
    assert len(held["DocumentReference"]) == 3
    assert len(held["Observation"]) * 2 == len(was["Observation"]) * 3
    assert len(held["DiagnosticReport"][0]["result"]) == len(held["Observation"])


async def test_a_picture_that_comes_late_to_a_corrected_visit_is_the_right_patients(
    opened: tuple[Store, Archive], hospital: Hospital
) -> None:
    store, archive = opened
    visit = await shoot(store, archive)
    async with carrying(store, archive, hospital):
        await wait_until_committed(store, 2)
        done = await move(store, archive, visit)
        late = await come_late(store, visit)
        await analyse(store, archive, late, done.study_after)
        await wait_until_committed(store, 6)
    held = await asyncio.to_thread(by_patient, hospital)
    assert len(held[PATIENT.patient_id]["DocumentReference"]) == 2
    assert len(held[OTHER.patient_id]["DocumentReference"]) == 3
    addresses = [
        one["content"][0]["attachment"]["url"] for one in held[OTHER.patient_id]["DocumentReference"]
    ]
    assert any(one.endswith(late.sop_instance_uid) for one in addresses)
    assert all(f"/studies/{done.study_after}/" in one for one in addresses)


async def come_late(store: Store, visit: Shot) -> StillOffer:
    """One more still of a visit, not analysed yet."""
    late = StillOffer(
        sop_instance_uid=new_uid(),
        series_instance_uid=new_uid(),
        study_instance_uid=visit.study,
        series_number=3,
        instance_number=1,
        header=FrameHeader(frame_id=3, width=4, height=2, light=Light.PARALLEL_POLARISED, view=View.FRONT),
        encoding=Encoding.RAW,
        size=24,
        sha256="0" * 64,
    )
    await store.add_still(BOOTH, late, "blob", time.time())
    return late


async def analyse(store: Store, archive: Archive, late: StillOffer, study: str) -> list[Instance]:
    """Its photograph and report in this study, as bytes that a FHIR destination does not read."""
    item = await store.claim("test", lease_s=60)
    assert item is not None
    folder = archive.folder(late.study_instance_uid, late.sop_instance_uid)
    made = []
    for uid, modality, sop_class in (
        (late.sop_instance_uid, "XC", VLPhotographicImageStorage),
        (new_uid(), "SR", Comprehensive3DSRStorage),
    ):
        archive.write(folder / f"{modality}.dcm", modality.encode())
        made.append(
            Instance(
                sop_instance_uid=uid,
                still_uid=late.sop_instance_uid,
                study_instance_uid=study,
                series_instance_uid=new_uid(),
                sop_class_uid=sop_class,
                modality=modality,
                path=archive.relative(folder / f"{modality}.dcm"),
                sha256=hashlib.sha256(modality.encode()).hexdigest(),
                created_at=time.time(),
            )
        )
    await store.finish(item, StepResult(instances=tuple(made), measures=measures()))
    return made


def parcels(made: tuple[Instance, ...] | list[Instance]) -> list[Parcel]:
    return [
        Parcel(one.sop_instance_uid, one.sop_class_uid, one.study_instance_uid, Path("unread"), one.sha256)
        for one in made
        if one.modality == "SR"
    ]


async def send(destination: FhirDestination, made: tuple[Instance, ...] | list[Instance]) -> set[Fate]:
    return {outcome.fate async for outcome in destination.send(parcels(made))}
