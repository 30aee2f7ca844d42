"""The booth says in time that its disk runs short, and starts no visit that would not fit."""

from collections.abc import Callable

import aiohttp
import pytest

from station.config import StationConfig
from station.kiosk import VisitRequest
from tests.fixtures.booth_run import has_ended, is_ready, running, until

pytestmark = pytest.mark.integration

ROOT_PAGE = "<!doctype html><title>kiosk</title>"


async def test_a_visit_that_would_not_fit_is_refused_and_told_before(
    make_config: Callable[..., StationConfig],
) -> None:
    config = make_config()
    async with running(config) as agent:
        state = await until(agent, is_ready)
        assert state.disk.visits_left is None
        await agent.start_visit(VisitRequest())
        await until(agent, has_ended)
        state = await until(agent, lambda state: state.disk.visits_left)
        taken = state.disk.used_bytes
        assert (state.disk.problem, taken > 0) == ("", True)
    tight = make_config(uplink={"spool_gb": taken / 1e9}, data=config.data)
    pages = config.data / "pages"
    pages.mkdir()
    (pages / "kiosk.html").write_text(ROOT_PAGE)
    async with running(tight, web_root=pages) as agent, aiohttp.ClientSession() as http:
        await until(agent, is_ready)
        state = await until(agent, lambda state: state.disk.visits_left == 0)
        assert state.disk.limit_bytes == pytest.approx(taken, abs=1)
        headers = {"Origin": agent.kiosk_url.rstrip("/")}
        async with http.post(f"{agent.kiosk_url}visit", json={}, headers=headers) as response:
            assert response.status == 507
            detail = (await response.json())["detail"]
        assert detail == state.disk.problem
        assert "Connect the server" in detail


async def test_a_still_that_cannot_be_read_after_a_restart_is_told(
    make_config: Callable[..., StationConfig], caplog: pytest.LogCaptureFixture
) -> None:
    config = make_config()
    async with running(config) as agent:
        await until(agent, is_ready)
        await agent.start_visit(VisitRequest())
        before = (await until(agent, has_ended)).uplink.pending
    damaged = min((config.data / "spool" / "stills").iterdir())
    with (damaged / "pixels").open("ab") as pixels:
        pixels.truncate(100)
    async with running(config) as agent:
        state = await until(agent, is_ready)
        assert (state.uplink.pending, state.uplink.parked) == (before - 1, 1)
        assert damaged.name in state.uplink.parked_because
        assert "again" in state.uplink.parked_because
    assert damaged.name in str([vars(record) for record in caplog.records])
