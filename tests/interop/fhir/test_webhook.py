"""A webhook's messages hold before an independent verifier, are repeatable, and tell no patient unless asked to."""

import asyncio
import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web

from server.config.destinations import WebhookSection
from server.errors import ConfigError, DestinationUnavailable
from server.outbox import Outbox
from server.outbox.contract import Fate, Outcome, Parcel
from server.outbox.destinations.webhook import WebhookDestination
from server.store import Archive, Route, Store
from station.protocol import derived_uid
from tests.fixtures.corrected_visits import OTHER, STEPS, corrected, shoot, wanted
from tests.fixtures.dicom_objects import PATIENT as PUT
from tests.fixtures.fhir_visits import PATIENT
from tests.fixtures.filled_store import fill_visit, open_store
from tests.fixtures.outbox_stores import wait_until_committed
from tests.fixtures.peers import run
from tests.fixtures.web import serving

pytestmark = pytest.mark.interop

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr"


@dataclass
class Receiver:
    """A site's own service: keeps what comes, answers with `status`."""

    status: int = 204
    got: list[dict[str, Any]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append({"headers": headers, "body": await request.text()})
        return web.Response(status=self.status, headers={"Retry-After": "7"})

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/hook", self.take)
        return app


def destination(url: str, folder: Path, **more: Any) -> WebhookDestination:
    secret = folder / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    section = WebhookSection.model_validate(
        {"type": "webhook", "name": "hook", "url": f"{url}/hook", "secret_file": secret, **more}
    )
    return WebhookDestination(section, cast(Store, None))


def parcels(study: str = "2.25.1") -> list[Parcel]:
    return [Parcel(f"2.25.{n}", "1.2.840.10008.5.1.4.1.1.88.34", study, Path("x"), "0" * 64) for n in (7, 8)]


async def sent(one: WebhookDestination, what: list[Parcel]) -> list[Outcome]:
    return [outcome async for outcome in one.send(what)]


async def test_a_message_holds_before_another_verifier(tmp_path: Path) -> None:
    receiver = Receiver()
    async with serving(receiver.app()) as url:
        hook = destination(url, tmp_path)
        assert [one.fate for one in await sent(hook, parcels())] == [Fate.COMMITTED] * 2
        await sent(hook, parcels())
        await hook.close()
    first, again = receiver.got
    told = json.loads(run("webhook_verify.mjs", SECRET, text=json.dumps(first)))
    assert told["type"] == "objects.ready"
    assert told["data"]["study_instance_uid"] == "2.25.1"
    assert [one["sop_instance_uid"] for one in told["data"]["instances"]] == ["2.25.7", "2.25.8"]
    assert "patient" not in told["data"]
    assert first["headers"]["webhook-id"] == again["headers"]["webhook-id"]
    forged = {**first, "body": first["body"].replace("2.25.7", "2.25.9")}
    with pytest.raises(subprocess.CalledProcessError):
        run("webhook_verify.mjs", SECRET, text=json.dumps(forged))


async def test_the_patient_is_told_where_that_is_wanted(tmp_path: Path) -> None:
    receiver = Receiver()
    store, archive = open_store(tmp_path)
    visit = await fill_visit(store, archive, patient=PATIENT)
    async with serving(receiver.app()) as url:
        section = destination(url, tmp_path)._section.model_copy(update={"patient": True})
        hook = WebhookDestination(section, store)
        await sent(hook, parcels(visit.study))
        await hook.close()
    await store.close()
    assert json.loads(receiver.got[0]["body"])["data"]["patient"] == {"id": "P-1047", "issuer": "HOSPITAL"}
    assert "Moreau" not in receiver.got[0]["body"]


async def test_what_was_withdrawn_is_told_of_whom_it_was(tmp_path: Path) -> None:
    receiver = Receiver()
    routes = [Route("hook", frozenset({"photo", "report"}), keeps=False)]
    store = Store.open(f"sqlite:///{tmp_path}/d.db", steps=STEPS, routes=routes)
    archive = Archive(tmp_path / "archive")
    visit = await shoot(store, archive)
    async with serving(receiver.app()) as url:
        section = destination(url, tmp_path)._section.model_copy(update={"patient": True})
        outbox = Outbox([WebhookDestination(section, store)], store, archive, worker="test")
        carrying = asyncio.create_task(outbox.run())
        try:
            await wait_until_committed(store, 4)
            [done] = await corrected(store, archive, await store.corrections.ask(wanted(visit)))
            await wait_until_committed(store, 9)
        finally:
            carrying.cancel()
            await asyncio.wait({carrying})
    copies = await store.instances(visit.study)
    await store.close()
    for one in receiver.got:
        run("webhook_verify.mjs", SECRET, text=json.dumps(one))
    told = [json.loads(one["body"]) for one in receiver.got]
    [withdrawn] = [one["data"] for one in told if one["type"] == "objects.withdrawn"]
    ready = [one["data"] for one in told if one["type"] == "objects.ready"]
    assert (withdrawn["study_instance_uid"], withdrawn["cause"]) == (visit.study, "worklist_entry")
    assert withdrawn["patient"]["id"] == PUT.patient_id
    assert named(withdrawn) == {one.sop_instance_uid for one in visit.instances}
    assert withdrawn["key_object"]["sop_instance_uid"] == derived_uid(done.id, "withdrawn")
    new = [one for one in ready if one["study_instance_uid"] == done.study_after]
    assert {one["patient"]["id"] for one in new} == {OTHER.patient_id}
    assert set().union(*map(named, new)) == {
        one.sop_instance_uid for one in copies if one.kind in ("photo", "report")
    }


def named(data: dict[str, Any]) -> set[str]:
    return {one["sop_instance_uid"] for one in data["instances"]}


@pytest.mark.parametrize("status", [429, 500, 503, 401, 302])
async def test_what_time_or_a_setting_mends_is_tried_again(tmp_path: Path, status: int) -> None:
    receiver = Receiver(status)
    async with serving(receiver.app()) as url:
        hook = destination(url, tmp_path)
        with pytest.raises(DestinationUnavailable) as away:
            await sent(hook, parcels())
        await hook.close()
    assert away.value.retry_after_s == (7 if status in (429, 500, 503) else None)
    assert "whsec" not in str(away.value)


async def test_what_is_refused_is_parked_and_who_is_away_is_waited_for(tmp_path: Path) -> None:
    receiver = Receiver(422)
    async with serving(receiver.app()) as url:
        hook = destination(url, tmp_path)
        outcomes = await sent(hook, parcels())
    assert {one.fate for one in outcomes} == {Fate.PARKED}
    assert "422" in outcomes[0].reason
    with pytest.raises(DestinationUnavailable, match=r"does not answer|broke"):
        await sent(hook, parcels())
    await hook.close()


def test_a_short_or_open_secret_is_refused(tmp_path: Path) -> None:
    destination("http://127.0.0.1:1", tmp_path)
    secret = tmp_path / "other"
    secret.write_text("whsec_c2hvcnQ=")
    secret.chmod(0o600)
    with pytest.raises(ConfigError, match="at least 24"):
        destination("http://127.0.0.1:1", tmp_path, secret_file=secret)
    with pytest.raises(ValueError, match="https only"):
        destination("http://ehr.example", tmp_path, patient=True)
