"""Who watches a booth live sees the patient of the visit that is open there: it stands in the audit trail, or it is not shown."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from aiortc import RTCPeerConnection

from server.api.auditing import RequestAudit
from server.api.watching import WATCHING, Watching
from server.audit import Auditor, AuditSource
from server.audit.chain import trail_files
from server.events import VisitChanged
from server.live import LiveHub
from server.store import Store
from station.protocol import Patient, VisitClosed, VisitOpened, new_uid
from tests.fixtures.audit_schema import assert_valid_message, details
from tests.fixtures.filled_store import open_store
from tests.fixtures.kiosk_agent import three_lights
from tests.integration.live.clients import WhepViewer, booth, is_live, new_peer
from tests.integration.live.conftest import Server, open_server

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("patience")]

BOOTH = "booth1"


@dataclass
class Audited:
    """A live server whose viewers are recorded."""

    server: Server
    store: Store
    watching: Watching
    trail: Path

    async def open_visit(self, number: str) -> str:
        """A visit opens at the booth, and the live process hears of it."""
        study = new_uid()
        patient = Patient(patient_id=number, issuer_of_patient_id="CLINIC", patient_name="Moreau^Claire")
        opened = VisitOpened(
            study_instance_uid=study, opened_at=time.time(), protocol=three_lights(), patient=patient
        )
        await self.store.open_visit(BOOTH, opened)
        await self.watching.heard(VisitChanged(booth_id=BOOTH, study_instance_uid=study))
        return study

    async def close_visit(self, study: str) -> None:
        """It is over."""
        closed = VisitClosed(study_instance_uid=study, closed_at=time.time(), stills=(), complete=False)
        await self.store.close_visit(BOOTH, closed)
        await self.watching.heard(VisitChanged(booth_id=BOOTH, study_instance_uid=study))

    def told(self) -> list[list[str]]:
        """Of every record the study and the patient."""
        lines = [line for path in trail_files(self.trail) for line in path.read_bytes().splitlines()]
        found = [assert_valid_message(line.split(b" ", 2)[2]) for line in lines]
        assert {details(one)["access"] for one in found} <= {"/whep/{booth}"}
        return [
            [thing.attrib["ParticipantObjectID"] for thing in one.iter("ParticipantObjectIdentification")]
            for one in found
        ]


@pytest.fixture
async def audited(tmp_path: Path) -> AsyncIterator[Audited]:
    store, _ = open_store(tmp_path)
    made: list[Watching] = []
    with Auditor(tmp_path / "audit", AuditSource("booths.example", process="dermabooth live")) as auditor:

        def watched(app: web.Application, hub: LiveHub) -> None:
            made.append(Watching(RequestAudit(auditor, store, repeat_after_s=300), hub))
            app[WATCHING] = made[0]

        async with open_server(tmp_path, dressed=watched) as server:
            yield Audited(server, store, made[0], tmp_path / "audit")
    await store.close()


async def test_a_visit_that_opens_before_a_viewers_eyes_is_recorded_once(
    audited: Audited, connection: RTCPeerConnection
) -> None:
    async with booth(audited.server):
        await is_live(audited.server)
        viewer = WhepViewer(connection)
        assert await viewer.join(audited.server) == 201
        assert audited.told() == []
        study = await audited.open_visit("P-1")
        assert audited.told() == [[study, "P-1^^^CLINIC"]]
        await audited.close_visit(study)
        await viewer.leave()
        await audited.server.hub.end(BOOTH, viewer.location.rpartition("/")[2])
        await audited.open_visit("P-2")
    assert audited.told() == [[study, "P-1^^^CLINIC"]]


async def test_nobody_watches_who_cannot_be_recorded(
    audited: Audited, connection: RTCPeerConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    write: Callable[[int, bytes], int] = os.write
    first = await audited.open_visit("P-1")
    async with booth(audited.server):
        await is_live(audited.server)
        refused, viewer = WhepViewer(new_peer()), WhepViewer(connection)
        monkeypatch.setattr("server.audit.chain.os.write", no_space)
        assert await refused.join(audited.server) == 507
        monkeypatch.setattr("server.audit.chain.os.write", write)
        assert await viewer.join(audited.server) == 201
        monkeypatch.setattr("server.audit.chain.os.write", no_space)
        await audited.close_visit(first)
        await audited.open_visit("P-2")
        async with asyncio.timeout(30):
            while audited.server.hub.state().booths[0].viewers:
                await asyncio.sleep(0.01)
        monkeypatch.setattr("server.audit.chain.os.write", write)
        await refused.leave()
        await viewer.leave()
    assert audited.told() == [[first, "P-1^^^CLINIC"]]
