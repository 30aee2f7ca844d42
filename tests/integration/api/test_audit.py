"""Every way to see a patient's data leaves a record before the data, and nothing is seen that cannot be recorded."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import aiohttp
import pytest

from server.access import Person, Scope, Tokens
from server.api import ApiParts, ApiSettings, EventHub, LoginCodes, NoPreviews, make_api
from server.audit import Auditor, AuditSource, verify
from server.audit.chain import trail_files
from server.store import Archive, Store
from station.protocol import Patient, new_uid
from tests.fixtures.audit_schema import assert_valid_message, details
from tests.fixtures.corrected_visits import shoot
from tests.fixtures.filled_store import FilledVisit, fill_visit, open_store
from tests.fixtures.web import serving

pytestmark = pytest.mark.integration

NAME = "Moreau^Claire"


@dataclass
class Audited:
    url: str
    http: aiohttp.ClientSession
    tokens: Tokens
    visit: FilledVisit
    trail: Path
    store: Store
    archive: Archive

    async def get(self, path: str, *, subject: str = "dr.lee", status: int = 200) -> bytes:
        headers = {"Authorization": f"Bearer {self.tokens.issue(subject, [Scope.READ])}"}
        async with self.http.get(self.url + path, headers=headers) as answer:
            assert answer.status == status, await answer.text()
            return await answer.read()

    def records(self) -> list[Element]:
        found = [
            line.split(b" ", 2)[2]
            for path in trail_files(self.trail)
            for line in path.read_bytes().splitlines()
        ]
        return [assert_valid_message(one) for one in found]

    async def until_told(self, records: int) -> None:
        """What is noted after the answer has been written."""
        async with asyncio.timeout(30):
            while len(self.told()) < records:
                await asyncio.sleep(0.02)

    def told(self) -> list[tuple[str, str, str, str]]:
        """Event, outcome, user and things of every record."""
        return [
            (
                _code(one, "EventIdentification/EventID"),
                one[0].attrib["EventOutcomeIndicator"],
                "/".join(actor.attrib["UserID"] for actor in one.iter("ActiveParticipant")),
                " ".join(
                    thing.attrib["ParticipantObjectID"]
                    for thing in one.iter("ParticipantObjectIdentification")
                ),
            )
            for one in self.records()
        ]


def _code(root: Element, path: str) -> str:
    found = root.find(path)
    assert found is not None
    return found.attrib["csd-code"]


@pytest.fixture
async def audited(tmp_path: Path) -> AsyncIterator[Audited]:
    store, archive = open_store(tmp_path)
    patient = Patient(patient_id="P-1047", issuer_of_patient_id="HOSPITAL", patient_name=NAME)
    visit = await fill_visit(store, archive, patient=patient)
    tokens = Tokens.open(tmp_path / "keys")
    with Auditor(tmp_path / "audit", AuditSource("booths.example", process="dermabooth live")) as auditor:
        parts = ApiParts(
            ApiSettings(tmp_path), tokens, store, archive, EventHub(NoPreviews()), auditor=auditor,
            checks={"audit": auditor.ready},
        )  # fmt: skip
        async with serving(make_api(parts)) as url, aiohttp.ClientSession() as http:
            yield Audited(url, http, tokens, visit, tmp_path / "audit", store, archive)
    await store.close()
    assert verify(tmp_path / "audit").fault == ""


async def test_a_visit_a_picture_and_measures_are_accesses_to_the_study(audited: Audited) -> None:
    study, still = audited.visit.study, audited.visit.stills[0]
    for path in (f"/api/visits/{study}", f"/api/stills/{still}/image", f"/api/visits/{study}/measures"):
        await audited.get(path)
    assert audited.told() == [("110103", "0", "dr.lee", f"{study} P-1047^^^HOSPITAL")] * 3
    assert [details(one)["access"] for one in audited.records()] == [
        "/api/visits/{study}",
        "/api/stills/{sop}/image",
        "/api/visits/{study}/measures",
    ]
    actor = audited.records()[0].find("ActiveParticipant")
    assert actor is not None
    assert actor.attrib["NetworkAccessPointID"] == "127.0.0.1"


async def test_the_same_again_is_recorded_once_per_caller(audited: Audited) -> None:
    for subject in ("dr.lee", "dr.kim", "dr.lee"):
        for still in audited.visit.stills:
            await audited.get(f"/api/stills/{still}/image?width=320", subject=subject)
    assert [user for _, _, user, _ in audited.told()] == ["dr.lee", "dr.kim"]


async def test_a_search_is_a_query_with_its_words(audited: Audited) -> None:
    await audited.get("/api/visits?q=moreau&limit=5")
    await audited.get("/dicom-web/studies?PatientName=Mo*")
    await audited.get(f"/dicom-web/studies/{audited.visit.study}/series")
    queries = [one.findtext(".//ParticipantObjectQuery", "") for one in audited.records()]
    assert [base64.b64decode(one).decode() for one in queries] == [
        "/api/visits?q=moreau&limit=5",
        "/dicom-web/studies?PatientName=Mo*",
        f"/dicom-web/studies/{audited.visit.study}/series",
    ]
    assert {event for event, *_ in audited.told()} == {"110112"}


async def test_what_a_dicomweb_client_takes_is_a_transfer(audited: Audited) -> None:
    # The store of this test holds rows without their files.
    await audited.get(f"/dicom-web/studies/{audited.visit.study}", status=500)
    assert audited.told() == [
        ("110104", "0", "dermabooth live/dr.lee", f"{audited.visit.study} P-1047^^^HOSPITAL")
    ]


async def test_what_is_not_there_leaves_no_record(audited: Audited) -> None:
    for path in (f"/api/visits/{new_uid()}", f"/api/stills/{new_uid()}", "/api/visits/x", "/api/stills/x"):
        await audited.get(path, status=404)
    await audited.get("/api/booths")
    assert audited.told() == []


async def test_signing_in_and_out_and_being_refused(audited: Audited) -> None:
    code = LoginCodes(audited.tokens).new()
    session = audited.url + "/api/session"
    async with audited.http.post(session, json={"code": code}) as answer:
        assert answer.status == 201
        cookies = {name: one.value for name, one in answer.cookies.items()}
    async with audited.http.post(session, json={"code": code}) as answer:
        assert answer.status == 401
    async with audited.http.delete(session, cookies=cookies) as answer:
        assert answer.status == 204
    for _ in range(3):
        async with audited.http.get(
            audited.url + "/api/visits", headers={"Authorization": "Bearer x"}
        ) as answer:
            assert answer.status == 401
    publisher = {"Authorization": f"Bearer {audited.tokens.issue('booth1', [Scope.PUBLISH])}"}
    async with audited.http.get(audited.url + "/api/visits", headers=publisher) as answer:
        assert answer.status == 403
    await audited.until_told(5)
    assert [one[:3] for one in audited.told()] == [
        ("110114", "0", "viewer"),
        ("110114", "4", "unknown"),
        ("110114", "0", "viewer"),
        ("110114", "4", "unknown"),
        ("110113", "8", "booth1"),
    ]
    types = [_code(one, "EventIdentification/EventTypeCode") for one in audited.records()]
    assert types == ["110122", "110122", "110123", "110122", "110132"]


async def test_nobody_sees_what_cannot_be_recorded(audited: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    write: Callable[[int, bytes], int] = os.write
    monkeypatch.setattr("server.audit.chain.os.write", no_space)
    body = json.loads(await audited.get(f"/api/visits/{audited.visit.study}", status=507))
    assert "audit trail" in body["detail"]
    assert NAME.encode() not in json.dumps(body).encode()
    health = json.loads(await audited.get("/api/health", status=503))
    assert health["checks"]["audit"] is False
    monkeypatch.setattr("server.audit.chain.os.write", write)
    await audited.get(f"/api/visits/{audited.visit.study}")
    assert len(audited.told()) == 1


async def test_no_name_of_a_patient_is_recorded(audited: Audited) -> None:
    await audited.get(f"/api/visits/{audited.visit.study}")
    text = b"".join(path.read_bytes() for path in trail_files(audited.trail))
    assert b"P-1047" in text
    assert b"Moreau" not in text


async def test_a_signature_is_recorded_before_it_is_made(audited: Audited) -> None:
    visit = await shoot(audited.store, audited.archive)
    token = audited.tokens.issue("dr.lee", [Scope.READ, Scope.SIGN], person=Person("Lee^Ann", "Clinic"))
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{audited.url}/api/visits/{visit.study}/signatures"
    archived = next(one for one in visit.instances if one.modality == "SR")
    audited.archive.resolve(archived.path).unlink()
    for seen, status in (
        ("0" * 64, 409),
        ((await audited.store.signatures.state(visit.study)).content.digest, 422),
    ):
        async with audited.http.post(url, headers=headers, json={"seen": seen}) as answer:
            assert answer.status == status, await answer.text()
    signing = [one for one in audited.records() if one[0].attrib["EventActionCode"] == "C"]
    assert len(signing) == 1, "what was not seen is not signed at all"
    assert [actor.attrib["UserID"] for actor in signing[0].iter("ActiveParticipant")] == ["dr.lee"]
    assert visit.study in ElementTree.tostring(signing[0], encoding="unicode")


async def test_a_correction_is_recorded_for_both_patients(audited: Audited) -> None:
    headers = {"Authorization": f"Bearer {audited.tokens.issue('dr.lee', [Scope.CORRECT])}"}
    seen = {"patient_id": "P-1047", "issuer_of_patient_id": "HOSPITAL", "patient_name": NAME}
    right = {**seen, "patient_id": "P-2", "patient_birth_date": "", "patient_sex": ""}
    body = {"kind": "move", "seen": seen, "patient": right, "reason": "one line too low"}
    url = f"{audited.url}/api/visits/{audited.visit.study}/corrections"
    async with audited.http.post(url, headers=headers, json=body) as answer:
        assert answer.status == 202, await answer.text()
    async with audited.http.post(url, headers=headers, json=body) as answer:
        assert answer.status == 409
    await audited.until_told(2)
    changed = [one for one in audited.told() if one[0] == "110110"]
    assert changed == [
        ("110110", "0", "dr.lee", "P-1047^^^HOSPITAL"),
        ("110110", "0", "dr.lee", "P-2^^^HOSPITAL"),
    ]
    assert all(NAME not in path.read_text() for path in trail_files(audited.trail))
