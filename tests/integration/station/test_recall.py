"""The booth recalls the last visit of whoever is in the chair, on its own page, and forgets nobody's name to a file."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from station.agent import StationAgent
from station.config import StationConfig
from station.kiosk import VisitRequest
from station.protocol import Patient, View
from tests.fixtures.booth_run import has_ended, is_ready, running, until

pytestmark = pytest.mark.integration

JANE = VisitRequest(patient=Patient(patient_id="4711"))


def drawings(folder: Path) -> list[Path]:
    return list(folder.rglob("*.png"))


async def ghost_is_kept(folder: Path) -> None:
    async with asyncio.timeout(30):
        while not drawings(folder):
            await asyncio.sleep(0.02)


async def visit(agent: StationAgent, request: VisitRequest) -> None:
    await until(agent, is_ready)
    await agent.start_visit(request)
    await until(agent, has_ended)


async def test_the_ghost_of_the_last_visit_is_there_while_the_next_one_runs(
    make_config: Callable[..., StationConfig], tmp_path: Path
) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "kiosk.html").write_text("<!doctype html><title>kiosk</title>")
    config = make_config(settle_s=0.2)
    async with running(config, web_root=pages) as agent, aiohttp.ClientSession() as http:
        headers = {"Origin": agent.kiosk_url.rstrip("/")}

        async def ghost(view: str = "front") -> tuple[int, str]:
            async with http.get(f"{agent.kiosk_url}visit/ghost/{view}", headers=headers) as response:
                return response.status, response.content_type

        await visit(agent, JANE)
        assert (await ghost())[0] == 204
        await ghost_is_kept(config.data / "memory")
        starting = asyncio.create_task(agent.start_visit(JANE))
        await until(agent, lambda state: state.visit and not state.visit.closed)
        assert await ghost() == (200, "image/png"), "as soon as the page shows the visit"
        await starting
        assert (await ghost("neck"))[0] == 204
        assert (await ghost("back"))[0] == 404
        await until(agent, has_ended)
        assert (await ghost())[0] == 204
        await agent.start_visit(VisitRequest(patient=Patient(patient_id="4712")))
        assert (await ghost())[0] == 204
        await until(agent, has_ended)


async def test_a_visit_that_was_given_up_and_a_walk_in_leave_nothing(
    make_config: Callable[..., StationConfig],
) -> None:
    config = make_config(settle_s=0.2)
    async with running(config) as agent:
        await visit(agent, VisitRequest())
        await agent.start_visit(JANE)
        await until(agent, lambda state: state.visit and state.visit.stills[0].sop_instance_uid)
        await agent.abort()
        await until(agent, has_ended)
        await agent.start_visit(JANE)
        assert await agent.ghost(View.FRONT) is None
        await until(agent, has_ended)
        await ghost_is_kept(config.data / "memory")
    assert len(drawings(config.data / "memory")) == 1
