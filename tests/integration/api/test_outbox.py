"""The outbox over HTTP: what goes where, and what a person says about it."""

from typing import Any

import pytest

from server.access import Scope
from server.store import DeliveryState, Noted, Route
from station.protocol import new_uid
from tests.fixtures.filled_store import FilledVisit, fill_visit
from tests.fixtures.outbox_stores import EVERY_KIND
from tests.integration.api.conftest import Api

pytestmark = pytest.mark.integration


@pytest.fixture
async def filled(api: Api) -> FilledVisit:
    """A visit of nine objects on its way to two destinations."""
    api.store.deliveries.routes = (Route("pacs", EVERY_KIND), Route("disk", frozenset({"photo"})))
    return await fill_visit(api.store, api.archive)


async def ask(api: Api, path: str, status: int = 200) -> Any:
    async with api.http.get(api.url + path, headers=api.reader) as response:
        assert response.status == status, await response.text()
        return await response.json()


async def say(api: Api, path: str, status: int = 200, body: Any = None, scope: Scope = Scope.ADMIN) -> Any:
    async with api.http.post(api.url + path, headers=api.bearer(scope), json=body) as response:
        assert response.status == status, await response.text()
        return await response.json()


async def park_all(api: Api, destination: str) -> None:
    claimed = await api.store.deliveries.claim(destination, DeliveryState.WAITING, "w", lease_s=60)
    notes = [
        Noted(one.id, DeliveryState.PARKED, reason="no such SOP class", next_step="allow it", failed=True)
        for one in claimed
    ]
    await api.store.deliveries.note("w", notes)


async def test_destinations_and_deliveries_are_told(api: Api, filled: FilledVisit) -> None:
    await park_all(api, "disk")
    page = await ask(api, "/api/outbox")
    assert [(one["name"], one["configured"]) for one in page["destinations"]] == [
        ("pacs", True),
        ("disk", True),
    ]
    assert page["destinations"][0]["deliveries"] == {
        "waiting": 9,
        "sending": 0,
        "stored": 0,
        "committed": 0,
        "parked": 0,
    }
    assert (len(page["deliveries"]), page["next_before"]) == (12, None)
    parked = await ask(api, "/api/outbox?state=parked&destination=disk")
    first = parked["deliveries"][0]
    assert (first["reason"], first["next_step"], first["kind"]) == ("no such SOP class", "allow it", "photo")
    assert first["still_uid"] in filled.stills


async def test_deliveries_are_searched_and_paged(api: Api, filled: FilledVisit) -> None:
    first = await ask(api, "/api/outbox?limit=5")
    rest = await ask(api, f"/api/outbox?before={first['next_before']}")
    assert len({one["id"] for one in (*first["deliveries"], *rest["deliveries"])}) == 12
    assert len((await ask(api, f"/api/outbox?study={filled.study}"))["deliveries"]) == 12
    assert (await ask(api, f"/api/outbox?study={new_uid()}"))["deliveries"] == []
    assert len((await ask(api, "/api/outbox?q=claire"))["deliveries"]) == 12
    assert (await ask(api, "/api/outbox?q=dupont"))["deliveries"] == []


async def test_a_delivery_is_parked_and_retried_by_hand(api: Api, filled: FilledVisit) -> None:
    number = (await ask(api, "/api/outbox?destination=disk"))["deliveries"][0]["id"]
    parked = await say(api, f"/api/outbox/{number}/park")
    assert (parked["state"], bool(parked["next_step"])) == ("parked", True)
    again = await say(api, f"/api/outbox/{number}/retry")
    assert (again["state"], again["next_try_at"]) == ("waiting", None)
    await park_all(api, "disk")
    assert await say(api, "/api/outbox/retry", body={"destination": "disk"}) == {"retried": 3}
    claimed = await api.store.deliveries.claim("disk", DeliveryState.WAITING, "w", lease_s=60)
    await say(api, f"/api/outbox/{claimed[0].id}/park", 409)


@pytest.mark.parametrize("path", ["/api/outbox/1/retry", "/api/outbox/1/park", "/api/outbox/retry"])
async def test_who_may_only_read_changes_nothing(api: Api, filled: FilledVisit, path: str) -> None:
    await say(api, path, 403, body={"destination": "disk"}, scope=Scope.READ)
    async with api.http.post(api.url + path) as response:
        assert response.status == 401


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/outbox?state=lost", 400),
        ("/api/outbox?limit=0", 400),
        ("/api/outbox?before=x", 400),
        (f"/api/outbox?study={'1' * 65}", 400),
    ],
)
async def test_questions_that_make_no_sense_are_refused(api: Api, path: str, status: int) -> None:
    await ask(api, path, status)


@pytest.mark.parametrize("number", ["1", "99999999999999999999999", "0"])
async def test_what_is_not_there_is_not_found(api: Api, number: str) -> None:
    await say(api, f"/api/outbox/{number}/retry", 404)
    await say(api, "/api/outbox/retry", 400, body={"destination": 1})
