"""Triton, disk or a step fails: the work waits, goes on by itself, and a photo is archived whatever happens."""

import asyncio
import os
import resource
import signal
from pathlib import Path

import pytest

from server.errors import InferenceError
from server.inference import ManagedTriton
from server.pipeline import STEPS, worker
from server.store import Archive, StepResult, Still, Store, WorkState
from station.protocol import Light
from tests.fixtures.completeness import is_done, violations
from tests.fixtures.pipelines import Opener, arrive
from tests.fixtures.uplink_processes import free_endpoint
from tests.fixtures.uplinks import until
from tests.fixtures.visits import BOOTH, plan_visit
from tests.fixtures.work_process import POLL_S, WorkProcess

pytestmark = pytest.mark.integration


async def test_stills_wait_for_triton_at_the_start_and_when_it_is_killed(
    pipeline: Opener, tmp_path: Path, triton_environment: Path, triton_repository: Path
) -> None:
    visit = plan_visit(8, [Light.WHITE, Light.CROSS_POLARISED])
    port = int(free_endpoint().rpartition(":")[2])
    managed = ManagedTriton(triton_environment, triton_repository, tmp_path / "triton", port, 1)
    async with pipeline(f"127.0.0.1:{port}") as room:
        await room.open(visit)
        await room.arrive(visit, Light.WHITE)
        steps = await room.until(visit, Light.WHITE, lambda steps: steps["skin"].error != "")
        assert (steps["quality"].state, steps["skin"].attempts) == (WorkState.DONE, 0)
        assert room.archive.rendition(visit.study, visit.stills[Light.WHITE].sop_instance_uid).is_file()
        async with managed:
            await room.ended_all(visit, Light.WHITE)
            assert managed.pid is not None
            os.kill(managed.pid, signal.SIGKILL)
            await room.arrive(visit, Light.CROSS_POLARISED)
            await room.close(visit)
            await room.assert_complete(visit)
            assert managed.restarts == 1


async def test_work_waits_for_room_on_the_disk(data: Path, small_triton_url: str) -> None:
    visit = plan_visit(8, [Light.WHITE])
    store = Store.open(f"sqlite:///{data / 'dermabooth.db'}", steps=STEPS)
    archive = Archive(data / "archive")
    process = WorkProcess(data, small_triton_url, free_endpoint())
    try:
        await process.up()
        process.limit_files(200_000)
        await store.open_visit(BOOTH, visit.opened)
        await arrive(store, archive, visit, Light.WHITE)
        await store.close_visit(BOOTH, visit.closed())
        await asyncio.sleep(15 * POLL_S)
        assert process.exit_code is None
        assert not await is_done(store, visit.study, 1)
        assert not archive.photo(visit.study, visit.stills[Light.WHITE].sop_instance_uid).exists()
        process.limit_files(resource.RLIM_INFINITY)
        async with asyncio.timeout(60):
            while not await is_done(store, visit.study, 1):
                await asyncio.sleep(0.05)
        assert await violations(store, archive, visit) == []
    finally:
        await process.kill()
        await store.close()


async def test_a_photo_is_archived_even_if_its_analysis_fails_for_good(
    pipeline: Opener, small_triton_url: str
) -> None:
    async def refused(_still: Still) -> StepResult:
        raise InferenceError("Triton refused: no such model")

    visit = plan_visit(8, [Light.WHITE])
    async with pipeline(small_triton_url, inference=refused) as room:
        await room.open(visit)
        await room.arrive(visit, Light.WHITE)
        await room.close(visit)
        await room.ended_all(visit)
        states = await room.states(visit, Light.WHITE)
        failed = [step for step, status in states.items() if status.state == WorkState.FAILED]
        assert failed == ["inference", "findings", "segmentation", "heat_maps", "report", "overlay"]
        assert states["findings"].error == "needs inference, which was given up"
        (photo,) = await room.store.instances(visit.study)
        assert photo.modality == "XC"
        still = await room.still(visit, Light.WHITE)
        assert still.quality is not None
        assert still.blob is None
        await until(lambda: ("tidy", True) in room.ended)


async def test_a_step_that_raises_is_tried_a_few_times(
    pipeline: Opener, small_triton_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    async def raises(_still: Still) -> StepResult:
        nonlocal tries
        tries += 1
        raise ZeroDivisionError

    monkeypatch.setattr(worker, "RETRY_S", 0.01)
    visit = plan_visit(8, [Light.WHITE])
    async with pipeline(small_triton_url, findings=raises) as room:
        await room.open(visit)
        await room.arrive(visit, Light.WHITE)
        await room.close(visit)
        await room.ended_all(visit)
        states = await room.states(visit, Light.WHITE)
        assert tries == worker.MAX_ATTEMPTS == states["findings"].attempts
        assert states["findings"].error == f"ZeroDivisionError after {worker.MAX_ATTEMPTS} tries"
        assert states["photo"].state == WorkState.DONE
