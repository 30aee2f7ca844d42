"""The whole server: a visit is analysed and sent, the wrong patient is corrected by the API, and Orthanc shows the outcome."""

import asyncio
import io
import json
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import highdicom as hd
import pytest

from server.store import CorrectionState, DeliveryState, Store
from station.protocol import Light, derived_uid
from tests.fixtures.orthanc import Orthanc
from tests.fixtures.visits import PlannedVisit, a_booth, plan_visit
from tests.integration.server.conftest import ServerProgram, server_program, until

pytestmark = [pytest.mark.interop, pytest.mark.timeout(180)]

RIGHT = {
    "patient_id": "P-2",
    "issuer_of_patient_id": "CLINIC",
    "patient_name": "Moreau^Claire",
    "patient_birth_date": "19900101",
    "patient_sex": "F",
}
LIGHTS = (Light.WHITE, Light.CROSS_POLARISED)


async def test_the_wrong_patient_is_corrected_from_the_api_to_the_pacs(
    tmp_path: Path, orthanc: Orthanc, triton_url: str
) -> None:
    config = tmp_path / "server.toml"
    config.write_text(f'[[destinations]]\ntype = "stow"\nname = "pacs"\nurl = "{orthanc.web}"\n')
    visit = await asyncio.to_thread(plan_visit, 8, LIGHTS)
    options = ("--config", str(config), "--triton", triton_url)
    with server_program(tmp_path / "data", *options) as program:
        await asyncio.to_thread(until, lambda: _is_up(program) or program.process.poll() is not None)
        assert program.process.poll() is None, program.log.read_text()
        store = Store.open(f"sqlite:///{program.data}/dermabooth.db")
        try:
            await _take(program, visit, tmp_path / "spool")
            await _until(lambda: _is_sent(store, visit))
            first = {one.sop_instance_uid for one in await store.instances(visit.study)}
            assert await asyncio.to_thread(orthanc.instances) == sorted(first)
            [asked] = (await asyncio.to_thread(_correct, program, visit))["corrections"]
            await _until(lambda: _is_done(store, asked["id"]))
            await _until(lambda: _is_sent(store, visit))
            copies = {one.sop_instance_uid for one in await store.instances(visit.study)}
        finally:
            await store.close()
        assert program.stop() == 0
    await asyncio.to_thread(_look_into, orthanc, visit, asked, first, copies)


def _is_up(program: ServerProgram) -> bool:
    return program.health() == 200 and program.addresses("work") is not None


async def _take(program: ServerProgram, visit: PlannedVisit, spool: Path) -> None:
    told = program.addresses("work")
    assert told is not None
    async with a_booth(spool, program.data, told["capture"]) as booth:
        await booth.send(visit)
        await booth.delivered()


async def _is_sent(store: Store, visit: PlannedVisit) -> bool:
    """Whether the analysis has ended and the PACS keeps everything."""
    work = await store.work(visit.study)
    counts = await store.deliveries.counts()
    ended = len(work) > 0 and all(one.state in ("done", "failed") for one in work)
    return ended and set(counts.get("pacs", {})) == {DeliveryState.COMMITTED}


async def _is_done(store: Store, uid: str) -> bool:
    one = await store.corrections.get(uid)
    assert one.state is not CorrectionState.FAILED, one.error
    return one.state is CorrectionState.DONE


async def _until(holds: Callable[[], Awaitable[bool]], limit_s: float = 60.0) -> None:
    async with asyncio.timeout(limit_s):
        while not await holds():
            await asyncio.sleep(0.1)


def _correct(program: ServerProgram, visit: PlannedVisit) -> Any:
    live = program.addresses("live")
    assert live is not None
    seen = {"patient_id": "P-1", "patient_name": "Phantom^One"}
    body = {"kind": "move", "seen": seen, "patient": RIGHT, "reason": "chosen one line too low"}
    request = urllib.request.Request(
        f"{live['http']}/api/visits/{visit.study}/corrections",
        data=json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {(program.data / 'keys' / 'admin.token').read_text()}",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def _look_into(
    orthanc: Orthanc, visit: PlannedVisit, asked: dict[str, Any], first: set[str], copies: set[str]
) -> None:
    """Both studies under their patients, the wrong one withdrawn whole, the right one readable."""
    notice = derived_uid(asked["id"], "withdrawn")
    assert not first & copies
    assert len(first) == len(copies)
    assert set(orthanc.instances()) == {*first, *copies, notice}
    patients: dict[str, set[str]] = {}
    withdrawn: set[str] = set()
    for one in orthanc.get("/instances"):
        tags = orthanc.get(f"/instances/{one}/simplified-tags")
        patients.setdefault(tags["StudyInstanceUID"], set()).add(tags["PatientID"])
        if tags["SOPInstanceUID"] == notice:
            assert tags["ConceptNameCodeSequence"][0]["CodeValue"] == "113038"
            withdrawn = set(_evidence(tags))
        if tags["Modality"] == "SR" and tags["SOPInstanceUID"] in copies:
            _reads(orthanc, one)
    assert patients == {visit.study: {"P-1"}, asked["study_after"]: {"P-2"}}
    assert withdrawn == first


def _evidence(tags: dict[str, Any]) -> list[str]:
    [study] = tags["CurrentRequestedProcedureEvidenceSequence"]
    return [
        one["ReferencedSOPInstanceUID"]
        for series in study["ReferencedSeriesSequence"]
        for one in series["ReferencedSOPSequence"]
    ]


def _reads(orthanc: Orthanc, one: str) -> None:
    with urllib.request.urlopen(f"{orthanc.http}/instances/{one}/file", timeout=20) as answer:
        document = hd.sr.srread(io.BytesIO(answer.read()))
    assert (document.PatientID, document.PatientName) == ("P-2", "Moreau^Claire")
    assert isinstance(document.content, hd.sr.MeasurementReport)
    assert document.content.get_image_measurement_groups()
