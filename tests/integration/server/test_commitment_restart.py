"""The process that takes reports of storage commitment is killed: it is started again, and what is sent is committed."""

import os
import signal
from pathlib import Path

import pytest

from server.pipeline import STEPS
from server.store import Archive, Store
from tests.fixtures.close_ups import plan_close_ups
from tests.fixtures.orthanc import Orthanc, running
from tests.fixtures.outbox_stores import wait_until_committed
from tests.fixtures.pipelines import arrive
from tests.fixtures.ports import free_port
from tests.fixtures.visits import BOOTH, PlannedVisit
from tests.integration.server.conftest import ServerProgram, server_program, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

NOBODY = "127.0.0.1:9"
"""No Triton: pictures through a dermoscope ask no model."""


def configured(folder: Path, orthanc: Orthanc, port: int) -> Path:
    path = folder / "server.toml"
    path.write_text(f"""
[dicom.listener]
enabled = true
port = {port}
allowed_ae_titles = ["{orthanc.aet}"]
allowed_addresses = ["127.0.0.1"]

[[destinations]]
type = "dimse"
name = "pacs"
host = "127.0.0.1"
port = {orthanc.dicom_port}
ae_title = "{orthanc.aet}"
commitment = "listener"
""")
    return path


async def take(data: Path, visit: PlannedVisit) -> None:
    """Let a visit arrive, and wait until the hospital has committed it all."""
    store = Store.open(f"sqlite:///{data / 'dermabooth.db'}", steps=STEPS)
    try:
        await store.open_visit(BOOTH, visit.opened)
        for light in visit.stills:
            await arrive(store, Archive(data / "archive"), visit, light)
        await store.close_visit(BOOTH, visit.closed())
        await wait_until_committed(store, 2, limit_s=60)
    finally:
        await store.close()


def killed_and_back(program: ServerProgram) -> None:
    before = program.addresses("commitment")
    assert before is not None
    os.kill(before["pid"], signal.SIGKILL)
    until(lambda: (told := program.addresses("commitment")) and told["pid"] != before["pid"])
    after = program.addresses("commitment")
    assert after is not None
    assert after["dicom"] == before["dicom"]


async def test_it_comes_back_and_hears_the_hospital(tmp_path: Path) -> None:
    port = free_port()
    booth = {"AET": "DERMABOOTH", "Host": "127.0.0.1", "Port": port, "AllowStorageCommitment": True}
    with running({"DicomModalities": {"booth": booth}}) as orthanc:
        options = ("--config", str(configured(tmp_path, orthanc, port)), "--triton", NOBODY)
        with server_program(tmp_path / "data", *options) as program:
            program.up("commitment", "work")
            killed_and_back(program)
            visit = plan_close_ups()
            await take(program.data, visit)
            assert orthanc.instances() == sorted(one.sop_instance_uid for one in visit.stills.values())
            assert program.stop() == 0, program.log.read_text()
            assert program.left() == []
