"""The work process ends by SIGKILL at every point that matters: each visit ends complete, each object once."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tritonclient.grpc.aio import InferenceServerClient

from server.store import Archive, Store
from station.protocol import Light
from tests.fixtures.completeness import is_done, violations
from tests.fixtures.uplink_processes import free_endpoint
from tests.fixtures.visits import PlannedVisit, a_booth, plan_visit
from tests.fixtures.work_process import HELD, POINTS, WorkProcess

pytestmark = pytest.mark.integration


@asynccontextmanager
async def work(data: Path, triton: str, endpoint: str, **how: str) -> AsyncIterator[WorkProcess]:
    process = WorkProcess(data, triton, endpoint, **how)  # type: ignore[arg-type]
    try:
        await process.up()
        yield process
    finally:
        await process.kill()


async def check_complete(data: Path, *visits: PlannedVisit) -> None:
    """Wait until the visits are done, and see that nothing is missing, twice or half."""
    store, archive = Store.open(f"sqlite:///{data / 'dermabooth.db'}"), Archive(data / "archive")
    try:
        async with asyncio.timeout(60):
            for visit in visits:
                while not await is_done(store, visit.study, len(visit.stills)):
                    await asyncio.sleep(0.05)
        for visit in visits:
            assert await violations(store, archive, visit) == []
    finally:
        await store.close()
    assert list((data / "incoming").iterdir()) == []


def objects(data: Path) -> dict[Path, bytes]:
    """Every DICOM file as it is now."""
    return {path: path.read_bytes() for path in sorted((data / "archive").rglob("*.dcm"))}


@pytest.mark.parametrize("point", [point for point in POINTS if point != HELD])
async def test_a_server_that_kills_itself(
    point: str, data: Path, tmp_path: Path, small_triton_url: str
) -> None:
    visit, endpoint = plan_visit(8, [Light.WHITE]), free_endpoint()
    async with a_booth(tmp_path / "spool", data, endpoint) as booth:
        async with work(data, small_triton_url, endpoint, die_at=point) as process:
            await booth.send(visit)
            assert await process.dead() == -signal.SIGKILL
        before = objects(data)
        async with work(data, small_triton_url, endpoint):
            await booth.delivered()
            await check_complete(data, visit)
    after = objects(data)
    assert {path: after[path] for path in before} == before


async def test_a_killed_server_leaves_no_shared_memory_with_triton(
    data: Path, tmp_path: Path, small_triton_url: str
) -> None:
    endpoint = free_endpoint()
    async with a_booth(tmp_path / "spool", data, endpoint) as booth:
        for point in ("photo between file and row", ""):
            visit = plan_visit(8, [Light.WHITE])
            async with work(data, small_triton_url, endpoint, die_at=point) as process:
                await booth.send(visit)
                if point:
                    await process.dead()
                    assert await regions_of(process, small_triton_url)
                    killed = process
                else:
                    await check_complete(data, visit)
        assert not await regions_of(killed, small_triton_url)


async def regions_of(process: WorkProcess, small_triton_url: str) -> list[str]:
    """Shared memory that Triton holds for a process."""
    async with InferenceServerClient(small_triton_url) as triton:
        status = await triton.get_system_shared_memory_status()
        return [name for name in status.regions if name.startswith(f"dermabooth-{process.pid}-")]


async def test_a_server_that_is_killed_after_it_acknowledged(
    data: Path, tmp_path: Path, small_triton_url: str
) -> None:
    visit, endpoint = plan_visit(12, [Light.WHITE]), free_endpoint()
    async with a_booth(tmp_path / "spool", data, endpoint) as booth:
        async with work(data, small_triton_url, endpoint, die_at=HELD):
            await booth.send(visit)
            await booth.delivered()
        assert objects(data) == {}
    async with work(data, small_triton_url, endpoint):
        await check_complete(data, visit)
