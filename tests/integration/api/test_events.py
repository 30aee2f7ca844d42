"""Events reach every page, and no page holds the server up."""

import asyncio
from typing import Any

import aiohttp
import pytest

from server.api import EventHub, LivePreview, NoPreviews
from server.events import BoothJudged, BoothSeen, StepEnded
from station.protocol import PreviewVerdict, Verdict
from tests.integration.api.conftest import Api

pytestmark = pytest.mark.integration


async def hear(socket: aiohttp.ClientWebSocketResponse) -> Any:
    return await socket.receive_json(timeout=30)


async def test_the_state_comes_first_then_events(api: Api) -> None:
    api.hub.publish(BoothSeen(booth_id="one", connected=True))
    async with api.http.ws_connect(f"{api.url}/api/events", headers=api.reader) as socket:
        state = {"type": "LiveState", "connected": {"one": True}, "previews": {}, "judged": {}}
        assert await hear(socket) == state
        step = StepEnded(study_instance_uid="1.2", sop_instance_uid="1.3", step="report", done=True)
        api.hub.publish(step)
        heard = await hear(socket)
        assert heard["type"] == "StepEnded"
        assert heard["step"] == "report"


async def test_a_change_of_the_previews_is_told(api: Api) -> None:
    async with api.http.ws_connect(f"{api.url}/api/events", headers=api.reader) as socket:
        await hear(socket)
        api.board.now = {"one": LivePreview(width=640, height=360)}
        while (heard := await hear(socket))["previews"] == {}:
            pass
        assert heard["previews"]["one"]["width"] == 640


async def test_how_a_booth_judges_its_preview_is_told_until_it_leaves(api: Api) -> None:
    verdict = PreviewVerdict(verdict=Verdict.WARN, advice=("Come a little closer.",))
    async with api.http.ws_connect(f"{api.url}/api/events", headers=api.reader) as socket:
        await hear(socket)
        api.hub.publish(BoothJudged(booth_id="one", preview=verdict))
        told = (await hear(socket))["judged"]
        assert told == {"one": {"verdict": "warn", "advice": ["Come a little closer."]}}
        api.hub.publish(BoothSeen(booth_id="one", connected=True))
        assert api.hub.state().judged == {"one": verdict}
        api.hub.publish(BoothSeen(booth_id="one", connected=False))
        while (heard := await hear(socket))["type"] != "LiveState":
            pass
        assert heard["judged"] == {}


async def test_leaving_pages_are_forgotten(api: Api) -> None:
    sockets = [await api.http.ws_connect(f"{api.url}/api/events", headers=api.reader) for _ in range(3)]
    for socket in sockets:
        await hear(socket)
    assert api.hub.clients == 3
    for socket in sockets:
        await socket.close()
    async with asyncio.timeout(30):
        while api.hub.clients:
            await asyncio.sleep(0.02)


async def test_a_page_that_falls_behind_is_let_go() -> None:
    hub = EventHub(NoPreviews())
    async with hub.subscribe() as slow, hub.subscribe() as quick:
        for number in range(500):
            hub.publish(BoothSeen(booth_id=f"b{number}", connected=True))
            assert await quick.get()
        assert await slow.get() is None
        assert slow.empty()
        assert hub.clients == 1


async def test_close_ends_every_subscription() -> None:
    hub = EventHub(NoPreviews())
    async with hub.subscribe() as queue:
        hub.close()
        hub.close()
        assert await queue.get() is None
