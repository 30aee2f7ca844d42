"""Signing over HTTP: who may, what is refused, what is told and shown."""

from typing import Any

import pytest

from server.access import Person, Scope
from tests.fixtures.corrected_visits import Shot, shoot
from tests.fixtures.signed_visits import SIGNER
from tests.integration.api.conftest import Api

pytestmark = pytest.mark.integration

BOTH = (Scope.READ, Scope.SIGN)


@pytest.fixture
async def visit(api: Api) -> Shot:
    return await shoot(api.store, api.archive)


def holder(api: Api, person: Person | None = SIGNER, subject: str = "kim") -> dict[str, str]:
    """Headers of somebody whose token says who they are."""
    return {"Authorization": f"Bearer {api.tokens.issue(subject, BOTH, person=person)}"}


async def ask(api: Api, path: str, headers: dict[str, str]) -> Any:
    async with api.http.get(api.url + path, headers=headers) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def sign(api: Api, study: str, headers: dict[str, str], seen: str, status: int = 201) -> Any:
    path = f"{api.url}/api/visits/{study}/signatures"
    async with api.http.post(path, headers=headers, json={"seen": seen}) as response:
        assert response.status == status, await response.text()
        return await response.json()


async def test_a_person_signs_and_the_page_is_told(api: Api, visit: Shot) -> None:
    path = f"/api/visits/{visit.study}/signatures"
    before = await ask(api, path, holder(api))
    assert (before["hindrance"], before["signatures"]) == ("", [])
    assert before["signer"] == {"name": SIGNER.name, "organization": SIGNER.organization}
    assert (await ask(api, path, api.reader))["signer"] is None
    made = await sign(api, visit.study, holder(api), before["content"])
    assert (made["account"], made["signer"], made["current"]) == ("kim", before["signer"], True)
    after = await ask(api, path, api.reader)
    assert after["signatures"] == [made]
    assert await sign(api, visit.study, holder(api), before["content"]) == made, "again is the same"
    refused = await sign(api, visit.study, holder(api, subject="lee"), before["content"], status=409)
    assert refused["detail"].startswith("the visit is signed already, by kim")


async def test_the_signed_report_and_the_one_that_is_not(api: Api, visit: Shot) -> None:
    path = f"/api/visits/{visit.study}"
    seen = (await ask(api, f"{path}/signatures", api.reader))["content"]
    made = await sign(api, visit.study, holder(api), seen)
    for of in (f"{path}/report", f"{path}/signatures/{made['id']}/report"):
        async with api.http.get(api.url + of, headers=api.reader) as response:
            assert (response.status, response.content_type) == (200, "application/pdf")
            assert response.headers["Content-Disposition"].startswith("inline;")
            assert response.headers["Cache-Control"] == "no-store"
            assert (await response.read()).startswith(b"%PDF-")
    async with api.http.get(f"{api.url}{path}/signatures/2.25.1/report", headers=api.reader) as response:
        assert response.status == 404


async def test_only_a_token_that_names_a_person_signs(api: Api, visit: Shot) -> None:
    seen = (await ask(api, f"/api/visits/{visit.study}/signatures", api.reader))["content"]
    refused = await sign(api, visit.study, api.bearer(Scope.READ, Scope.CORRECT), seen, status=403)
    assert "scope `sign`" in refused["detail"]
    for nobody in (api.bearer(*BOTH), api.bearer(Scope.ADMIN)):
        refused = await sign(api, visit.study, nobody, seen, status=403)
        assert "names no person" in refused["detail"]
    assert (await api.store.signatures.state(visit.study)).signatures == ()


async def test_what_was_not_seen_is_not_signed(api: Api, visit: Shot) -> None:
    refused = await sign(api, visit.study, holder(api), "0" * 64, status=409)
    assert "look at it again" in refused["detail"]
    assert (await sign(api, visit.study, holder(api), "no digest", status=400))["status"] == 400
    assert (await sign(api, "2.25.1", holder(api), "0" * 64, status=404))["status"] == 404


async def test_a_signed_in_browser_signs_as_its_person(api: Api, visit: Shot) -> None:
    async with api.http.post(f"{api.url}/api/session", headers=holder(api)) as response:
        assert response.status == 201
        told = await response.json()
    assert told["person"] == {"name": SIGNER.name, "organization": SIGNER.organization}
    path = f"{api.url}/api/visits/{visit.study}/signatures"
    cookies = {name: one.value for name, one in response.cookies.items()}
    async with api.http.get(path, cookies=cookies) as response:
        assert (await response.json())["signer"] == told["person"]
