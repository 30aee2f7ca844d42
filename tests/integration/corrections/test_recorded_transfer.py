"""In whose name the audit trail tells of objects that go out after a correction."""

import asyncio
from pathlib import Path

import pytest

from server.app.recording import Recorder
from server.audit import Auditor, AuditSource
from server.audit.chain import trail_files
from server.config.destinations import DimseSection
from server.corrections import CopyMaker, Corrector
from server.outbox import Stage, Transfer
from server.store import Archive, Correction, CorrectionState, Store
from tests.fixtures.audit_schema import assert_valid_message
from tests.fixtures.corrected_visits import OTHER, STEPS, TRACKING, corrected, shoot, wanted
from tests.fixtures.dicom_objects import PATIENT

pytestmark = pytest.mark.integration

OBJECT = "ParticipantObjectIdentification"
PACS = DimseSection(type="dimse", name="pacs", host="pacs.example", ae_title="PACS")


async def test_a_correction_that_is_given_up_stands_in_the_trail(tmp_path: Path) -> None:
    store, archive = Store.open(f"sqlite:///{tmp_path / 'd.db'}", steps=STEPS), Archive(tmp_path / "archive")
    visit = await shoot(store, archive)
    archive.resolve(visit.instances[-1].path).unlink()
    await store.corrections.ask(wanted(visit))
    with Auditor(tmp_path / "audit", AuditSource("booths.example")) as auditor:
        recorder, ended = Recorder(auditor, store, [PACS]), asyncio.Queue[Correction]()

        def heard(one: Correction) -> None:
            recorder.correction(one)
            ended.put_nowait(one)

        maker = CopyMaker(archive, "dermabooth tests", TRACKING.uid)
        task = asyncio.create_task(Corrector(store.corrections, maker, worker="w", on_end=heard).run())
        async with asyncio.timeout(20):
            assert (await ended.get()).state is CorrectionState.FAILED
        task.cancel()
        await asyncio.wait({task})
    await store.close()
    (path,) = await asyncio.to_thread(trail_files, tmp_path / "audit")
    messages = [assert_valid_message(line.split(b" ", 2)[2]) for line in path.read_bytes().splitlines()]
    assert [one[0].attrib["EventOutcomeIndicator"] for one in messages] == ["8", "8"]
    people = [one.attrib["ParticipantObjectID"] for told in messages for one in told.iter(OBJECT)]
    assert [one.partition("^")[0] for one in people] == [PATIENT.patient_id, OTHER.patient_id]
    assert all("is missing" in one.findtext(".//EventOutcomeDescription", "") for one in messages)


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
