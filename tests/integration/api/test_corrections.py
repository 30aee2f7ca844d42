"""Corrections over HTTP: who may ask, what is refused, what is told."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from server.access import Scope
from server.orders import Keeper, KeptList
from server.store import CorrectionState
from station.protocol import Order, OrderEntry, Patient
from tests.fixtures.corrected_visits import OTHER, Shot, corrected, shoot
from tests.fixtures.dicom_objects import PATIENT
from tests.fixtures.filled_store import FilledVisit, fill_visit
from tests.fixtures.orders import ORDER
from tests.integration.api.conftest import Api

pytestmark = pytest.mark.integration

SEEN = {"patient_id": "P-1047", "patient_name": "Moreau^Claire"}
OTHER_SAID = msgspec.to_builtins(OTHER)


@pytest.fixture
async def filled(api: Api) -> FilledVisit:
    return await fill_visit(api.store, api.archive)


async def ask(api: Api, path: str, scope: Scope = Scope.READ) -> Any:
    async with api.http.get(api.url + path, headers=api.bearer(scope)) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def say(api: Api, path: str, body: Any, status: int = 202, scope: Scope = Scope.CORRECT) -> Any:
    async with api.http.post(api.url + path, headers=api.bearer(scope), json=body) as response:
        assert response.status == status, await response.text()
        return await response.json()


def moved(**more: Any) -> dict[str, Any]:
    return {"kind": "move", "seen": SEEN, "patient": OTHER_SAID, "reason": "one line too low", **more}


async def test_a_correction_is_taken_told_and_done(api: Api) -> None:
    visit = await shoot(api.store, api.archive)
    path = f"/api/visits/{visit.study}"
    body = moved(seen=msgspec.to_builtins(PATIENT))
    [asked] = (await say(api, f"{path}/corrections", body))["corrections"]
    assert (asked["kind"], asked["state"], asked["requested_by"]) == ("move", "waiting", "test")
    assert (asked["before"]["patient_id"], asked["after"]) == (PATIENT.patient_id, OTHER_SAID)
    await _done(api, visit)
    detail = await ask(api, path)
    assert detail["visit"]["patient"] == OTHER_SAID
    [told] = detail["corrections"]
    assert (told["id"], told["state"], told["reason"]) == (asked["id"], "done", "one line too low")
    assert (await ask(api, f"/api/corrections?study={visit.study}"))["corrections"] == [told]
    assert (await ask(api, "/api/corrections?before=1"))["corrections"] == []


async def _done(api: Api, visit: Shot) -> None:
    asked = await api.store.corrections.find(visit.study)
    ended = await corrected(api.store, api.archive, asked)
    assert {one.state for one in ended} == {CorrectionState.DONE}, [one.error for one in ended]


async def test_a_rejected_still_is_told_apart(api: Api) -> None:
    visit = await shoot(api.store, api.archive)
    path = f"/api/visits/{visit.study}"
    body = {"cause": "motion_blur", "reason": "she blinked"}
    asked = await say(api, f"{path}/stills/{visit.stills[0]}/reject", body)
    assert (asked["still_uid"], asked["cause"]) == (visit.stills[0], "motion_blur")
    await _done(api, visit)
    detail = await ask(api, path)
    assert [one["sop_instance_uid"] for one in detail["stills"]] == [visit.stills[1]]
    assert [one["sop_instance_uid"] for one in detail["rejected"]] == [visit.stills[0]]
    assert (detail["visit"]["stored"], detail["visit"]["expected"]) == (1, 1)
    assert detail["corrections"][0]["reason"] == "she blinked"
    measures = await ask(api, f"{path}/measures")
    assert [one["sop_instance_uid"] for one in measures["stills"]] == [visit.stills[1]]


async def test_only_who_may_correct_does(api: Api, filled: FilledVisit) -> None:
    path = f"/api/visits/{filled.study}"
    for scope in (Scope.READ, Scope.PUBLISH):
        await say(api, f"{path}/corrections", moved(), 403, scope)
        await say(api, f"{path}/stills/{filled.stills[0]}/reject", {}, 403, scope)
        async with api.http.get(f"{api.url}/api/orders", headers=api.bearer(scope)) as response:
            assert response.status == 403
    await say(api, f"{path}/corrections", moved(), 202, Scope.ADMIN)


@pytest.mark.parametrize(
    ("changed", "status", "words"),
    [
        ({"seen": {"patient_id": "P-9"}}, 409, "look at it again"),
        ({"patient": {**OTHER_SAID, "patient_nam": "typed wrong"}}, 400, "patient_nam"),
        ({"patient": {"patient_id": "P-2"}}, 400, "issuer_of_patient_id"),
        ({"patient": {**OTHER_SAID, "patient_id": " "}}, 422, "an ID and a name"),
        ({"patient": {**OTHER_SAID, "patient_id": "a\\b"}}, 400, "patient_id"),
        ({"patient": {**OTHER_SAID, "patient_birth_date": "20260231"}}, 422, "birth date"),
        ({"patient": {**OTHER_SAID, "patient_birth_date": "29990101"}}, 422, "birth date"),
        ({"patient": {**OTHER_SAID, "patient_name": "a=b=c=d"}}, 422, "Family"),
        ({"kind": "sign"}, 400, "kind"),
        ({"kind": "order"}, 422, "order"),
        ({"order": {}}, 422, "order"),
        ({"reason": ""}, 400, "reason"),
        ({"reason": "  "}, 422, "reason"),
        ({"reason": "a\nb"}, 400, "reason"),
        ({"more": 1}, 400, "more"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_the_reason(
    api: Api, filled: FilledVisit, changed: dict[str, Any], status: int, words: str
) -> None:
    path = f"/api/visits/{filled.study}/corrections"
    problem = await say(api, path, moved(**changed), status)
    assert words in problem["detail"]
    assert await api.store.corrections.find() == []


async def test_a_walk_in_is_given_an_order_of_the_worklist(api: Api, tmp_path: Path) -> None:
    visit = await shoot(api.store, api.archive)
    assert await ask(api, "/api/orders", Scope.CORRECT) == {"told_at": None, "entries": []}
    keeper = Keeper(tmp_path / "worklist.json", "RIS")
    entry = OrderEntry(patient=PATIENT, order=ORDER, scheduled_at=5.0)
    keeper.write(KeptList(source=keeper.source, told_at=7.0, entries=(entry,)))
    told = await ask(api, "/api/orders", Scope.CORRECT)
    assert (told["told_at"], len(told["entries"])) == (7.0, 1)
    body = {
        "kind": "order",
        "seen": msgspec.to_builtins(PATIENT),
        "patient": told["entries"][0]["patient"],
        "order": told["entries"][0]["order"],
        "reason": "walked in",
    }
    await say(api, f"/api/visits/{visit.study}/corrections", body)
    await _done(api, visit)
    detail = await ask(api, f"/api/visits/{visit.study}")
    assert detail["visit"]["ordered"]
    assert msgspec.convert(detail["order"], Order) == ORDER


async def test_of_an_unknown_visit_or_still_nothing_is_corrected(api: Api, filled: FilledVisit) -> None:
    await say(api, "/api/visits/1.2.3/corrections", moved(), 404)
    body = {"cause": "other", "reason": "blurred"}
    await say(api, f"/api/visits/{filled.study}/stills/1.2.3/reject", body, 404)
    assert Patient(**SEEN) == (await api.store.visit(filled.study)).patient
