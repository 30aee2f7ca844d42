"""Triton away during a visit: stills are kept and wait, nothing is measured; then it comes back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import psutil
import pytest

from dermabooth.demo.booth import BoothClient
from server.pipeline import STEPS
from server.store import Store, WorkState
from station.protocol import Patient
from tests.fixtures.demo import Demo

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

AWAY_S = 4.0
LIGHTS = 4
"""Pictures of a visit under the standard recipe."""


@contextlib.asynccontextmanager
async def triton_held_down(demo: Demo) -> AsyncIterator[None]:
    """Kills the demo's `tritonserver` whenever there is one."""

    async def hold() -> None:
        while True:
            for process in psutil.Process(demo.process.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    if process.name() == "tritonserver":
                        process.kill()
            await asyncio.sleep(0.02)

    holding = asyncio.create_task(hold())
    await asyncio.sleep(0.2)
    try:
        yield
    finally:
        holding.cancel()
        await asyncio.wait({holding})


async def test_stills_wait_for_triton_and_then_finish(demo: Demo) -> None:
    store = Store.open(demo.database)
    try:
        async with BoothClient(demo.kiosk) as booth:
            async with triton_held_down(demo):
                study = await booth.start_visit(Patient(patient_id="P-AWAY"))
                await until_stored(store, study, LIGHTS)
                await asyncio.sleep(AWAY_S)
                stills = await store.stills(study)
                states = {(await_.step, await_.state) for await_ in await store.work(study)}
                assert [await store.measures(still.sop_instance_uid) for still in stills] == [[]] * LIGHTS
                assert ("inference", WorkState.DONE) not in states
                assert WorkState.FAILED not in {state for _, state in states}
            await until_done(store, study, LIGHTS)
            assert all([await store.measures(still.sop_instance_uid) for still in stills])
    finally:
        await store.close()


async def until_stored(store: Store, study: str, stills: int) -> None:
    async with asyncio.timeout(120):
        while len(await store.stills(study)) < stills:
            await asyncio.sleep(0.1)


async def until_done(store: Store, study: str, stills: int) -> None:
    async with asyncio.timeout(180):
        while True:
            done = [work for work in await store.work(study) if work.state == WorkState.DONE]
            if len(done) == stills * len(STEPS):
                return
            await asyncio.sleep(0.1)
