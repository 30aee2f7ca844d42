"""In whose name the audit trail tells of objects that go out after a correction."""

import asyncio
from pathlib import Path

import pytest

from server.app.recording import Recorder
from server.audit import Auditor, AuditSource
from server.audit.chain import trail_files
from server.config.destinations import DimseSection
from server.outbox import Stage, Transfer
from server.store import Archive, Store
from tests.fixtures.corrected_visits import OTHER, STEPS, corrected, shoot, wanted
from tests.fixtures.dicom_objects import PATIENT

pytestmark = pytest.mark.integration

PACS = DimseSection(type="dimse", name="pacs", host="pacs.example", ae_title="PACS")


async def test_withdrawn_studies_are_of_whom_they_were_before(tmp_path: Path) -> None:
    store, archive = Store.open(f"sqlite:///{tmp_path / 'd.db'}", steps=STEPS), Archive(tmp_path / "archive")
    visit = await shoot(store, archive)
    (done,) = await corrected(store, archive, await store.corrections.ask(wanted(visit)))
    with Auditor(tmp_path / "audit", AuditSource("booths.example")) as auditor:
        recorder = Recorder(auditor, store, [PACS])
        for study in (done.study_before, done.study_after):
            await recorder.transfer(Transfer("pacs", study, visit.stills[0], Stage.STORED, {"1.2": ["1.3"]}))
    await store.close()
    (path,) = await asyncio.to_thread(trail_files, tmp_path / "audit")
    withdrawn, copied = path.read_bytes().splitlines()
    assert f'ParticipantObjectID="{PATIENT.patient_id}'.encode() in withdrawn
    assert f'ParticipantObjectID="{OTHER.patient_id}'.encode() in copied
