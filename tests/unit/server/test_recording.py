"""What the rooms of the work process tell, as records of the audit trail."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from server.app import recording
from server.app.recording import Recorder, corrected, given_up, receiver
from server.audit import AuditEvent, Auditor, AuditSource, codes, verify
from server.audit.chain import trail_files
from server.audit.codes import Result
from server.config.destinations import AnyDestination, DimseSection, FolderSection, StowSection
from server.orders import Query
from server.outbox import Stage, Transfer
from server.store import Archive, Cause, Correction, CorrectionKind, CorrectionState, Store, Whose
from station.protocol import Patient
from tests.fixtures.audit_schema import assert_valid_message, details
from tests.fixtures.outbox_stores import open_with_routes, put_visit

pytestmark = pytest.mark.unit

PACS = DimseSection(type="dimse", name="pacs", host="pacs.example", ae_title="PACS")
BEFORE, AFTER = Patient(patient_id="P-1", issuer_of_patient_id="CLINIC"), Patient(patient_id="P-2")


@dataclass
class Recorded:
    """A recorder, and what it has written."""

    recorder: Recorder
    auditor: Auditor
    trail: Path
    store: Store
    archive: Archive

    def records(self) -> list[Element]:
        self.auditor.close()
        assert verify(self.trail).fault == ""
        lines = [line for path in trail_files(self.trail) for line in path.read_bytes().splitlines()]
        return [assert_valid_message(line.split(b" ", 2)[2]) for line in lines]


@pytest.fixture
async def recorded(tmp_path: Path) -> AsyncIterator[Recorded]:
    store, archive = open_with_routes(tmp_path, "pacs")
    with Auditor(tmp_path / "audit", AuditSource("booths.example", process="dermabooth work")) as auditor:
        yield Recorded(Recorder(auditor, store, [PACS]), auditor, tmp_path / "audit", store, archive)
    await store.close()


def event_of(root: Element) -> str:
    found = root.find("EventIdentification/EventID")
    assert found is not None
    return found.attrib["csd-code"]


def things(root: Element) -> list[str]:
    return [one.attrib["ParticipantObjectID"] for one in root.iter("ParticipantObjectIdentification")]


def users(root: Element) -> list[str]:
    return [one.attrib["UserID"] for one in root.iter("ActiveParticipant")]


async def test_a_transfer_names_both_sides_the_study_and_the_patient(recorded: Recorded) -> None:
    put = await put_visit(recorded.store, recorded.archive)
    transfer = Transfer("pacs", put.study, put.uids[0], Stage.BEGINS, {"1.2.3": put.uids})
    await recorded.recorder.transfer(transfer)
    await recorded.recorder.transfer(replace(transfer, stage=Stage.STORED))
    await recorded.recorder.transfer(replace(transfer, stage=Stage.PARKED, reason="no such SOP class"))
    begun, stored, parked = await asyncio.to_thread(recorded.records)
    assert [event_of(one) for one in (begun, stored, parked)] == ["110102", "110104", "110104"]
    for one in (begun, stored, parked):
        assert things(one) == [put.study, "P1"]
        assert users(one) == ["dermabooth work", "pacs"]
        assert [kind.attrib["NumberOfInstances"] for kind in one.iter("SOPClass")] == ["3"]
    assert stored[0].attrib["EventOutcomeIndicator"] == "0"
    assert parked[0].attrib["EventOutcomeIndicator"] == "8"
    assert [one.attrib["UID"] for one in parked.iter("Instance")] == list(put.uids)


async def test_a_transfer_whose_patient_nobody_knows_is_recorded_all_the_same(recorded: Recorded) -> None:
    await recorded.recorder.transfer(Transfer("pacs", "1.2", "1.3", Stage.STORED, {"1.2.3": ["1.3"]}))
    (one,) = await asyncio.to_thread(recorded.records)
    assert things(one) == ["1.2", "unidentified"]


async def test_the_list_is_recorded_when_its_query_changes_or_an_hour_has_gone_by(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = Query("MWL@host:104", b"today", "1.2.840.10008.5.1.4.31", "1.2.840.10008.1.2.1")
    tomorrow = replace(today, content=b"tomorrow")
    for query in (today, today, tomorrow, tomorrow):
        recorded.recorder.query("", query)
    later = time.monotonic() + recording.LIST_AGAIN_S + 1
    monkeypatch.setattr("server.app.recording.time.monotonic", lambda: later)
    recorded.recorder.query("", tomorrow)
    assert len(await asyncio.to_thread(recorded.records)) == 3


async def test_every_search_is_recorded_with_its_booth(recorded: Recorded) -> None:
    for _ in range(2):
        recorded.recorder.query("one", Query("fhir@host/r4", b"identifier=P-1"))
    found = await asyncio.to_thread(recorded.records)
    assert [event_of(one) for one in found] == ["110112", "110112"]
    assert users(found[0]) == ["dermabooth work", "fhir@host/r4", "one"]


async def test_who_is_refused_is_recorded_once_a_minute(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        recorded.recorder.refusal("10.0.0.9", "its key is not enrolled")
        recorded.recorder.refusal("one", "more messages at once than credit allows")
    later = time.monotonic() + recording.REFUSED_AGAIN_S + 1
    monkeypatch.setattr("server.app.recording.time.monotonic", lambda: later)
    recorded.recorder.refusal("one", "more messages at once than credit allows")
    found = await asyncio.to_thread(recorded.records)
    assert [users(one) for one in found] == [["10.0.0.9"], ["one"], ["one"]]
    assert {event_of(one) for one in found} == {"110113"}
    assert "110126" in {one.attrib["csd-code"] for one in found[0].iter("EventTypeCode")}
    assert details(found[0])["Alert Description"] == "its key is not enrolled"


async def test_many_addresses_do_not_fill_the_trail(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_MOST_REFUSED", 5)
    for number in range(50):
        recorded.recorder.refusal(f"10.0.0.{number}", "its key is not enrolled")
    assert len(await asyncio.to_thread(recorded.records)) == 5


def correction(kind: CorrectionKind) -> Correction:
    reject = kind is CorrectionKind.REJECT
    return Correction(
        id="2.25.9",
        kind=kind,
        study_instance_uid="2.25.1",
        still_uid="2.25.5" if reject else None,
        requested_by="dr.lee#session",
        requested_at=0.0,
        cause=Cause.MOTION_BLUR if reject else Cause.WORKLIST_ENTRY,
        reason="",
        before=Whose(patient=BEFORE),
        after=Whose(patient=BEFORE if reject else AFTER),
        study_before="2.25.1",
        study_after="2.25.1" if reject else "2.25.2",
        state=CorrectionState.DONE,
        attempts=0,
        error="",
        ended_at=1.0,
    )


def told(found: list[AuditEvent]) -> list[tuple[str, str, list[str]]]:
    return [(one.id.value, one.action.value, [thing.id for thing in one.things]) for one in found]


def test_a_moved_visit_changes_two_records_and_replaces_its_objects() -> None:
    found = list(corrected(correction(CorrectionKind.MOVE)))
    assert told(found) == [
        (codes.PATIENT_RECORD.value, "U", ["P-1^^^CLINIC"]),
        (codes.PATIENT_RECORD.value, "U", ["P-2"]),
        (codes.INSTANCES_ACCESSED.value, "U", ["2.25.1", "P-1^^^CLINIC"]),
        (codes.INSTANCES_ACCESSED.value, "C", ["2.25.2", "P-2"]),
    ]
    assert {one.actors[0].user_id for one in found} == {"dr.lee"}


def test_a_correction_that_was_given_up_is_told_with_its_reason() -> None:
    moved, rejected = (
        replace(correction(kind), state=CorrectionState.FAILED, error="the file a/b.dcm is missing")
        for kind in (CorrectionKind.MOVE, CorrectionKind.REJECT)
    )
    found = list(given_up(moved))
    assert told(found) == [
        (codes.PATIENT_RECORD.value, "U", ["P-1^^^CLINIC"]),
        (codes.PATIENT_RECORD.value, "U", ["P-2"]),
    ]
    found += given_up(rejected)
    assert told(found)[2:] == [(codes.INSTANCES_ACCESSED.value, "U", ["2.25.1", "P-1^^^CLINIC"])]
    assert {(one.result, one.reason) for one in found} == {(Result.SERIOUS_FAILURE, moved.error)}


def test_a_rejected_still_is_told_as_an_update_of_its_study() -> None:
    (found,) = corrected(correction(CorrectionKind.REJECT))
    assert told([found]) == [(codes.INSTANCES_ACCESSED.value, "U", ["2.25.1", "P-1^^^CLINIC"])]
    assert "2.25.5" in dict(found.things[0].details)["access"]


@pytest.mark.parametrize(
    ("section", "alternative", "address"),
    [
        (PACS, "AETITLES=PACS", "pacs.example"),
        (
            StowSection(type="stow", name="pacs", url="https://pacs.example/dicom-web"),
            "https://pacs.example/dicom-web",
            "pacs.example",
        ),
        (FolderSection(type="folder", name="pacs", path=Path("/mnt/out")), "/mnt/out", ""),
    ],
)
def test_a_destination_is_named_by_where_it_is(
    section: AnyDestination, alternative: str, address: str
) -> None:
    found = receiver(section)
    assert (found.user_id, found.alternative_id, found.address) == ("pacs", alternative, address)
    assert not found.requestor
