"""Orders of a FHIR server: ServiceRequests in the shapes of R4 and R5 over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from server.config.orders import FhirOrdersSection, OrdersConfig
from server.errors import ConfigError, OrdersUnavailable
from server.orders import Found
from server.orders.fhir import FhirSource
from station.protocol import CodedConcept, Issuer, OrderEntry
from tests.fixtures.fhir_orders import FhirServer, a_fhir_server, identifier, patient
from tests.fixtures.ports import free_port
from tests.fixtures.worklists import today

pytestmark = pytest.mark.integration


@pytest.fixture
async def server() -> AsyncIterator[FhirServer]:
    async with a_fhir_server() as running:
        yield running


@asynccontextmanager
async def asking(url: str, limit: int = 500, **settings: Any) -> AsyncIterator[FhirSource]:
    source = FhirSource(FhirOrdersSection(url=url, **settings), limit)
    try:
        yield source
    finally:
        await source.close()


async def listed(server: FhirServer, limit: int = 500, **settings: Any) -> Found:
    async with asking(server.url, limit, **settings) as source:
        return await source.expected(today(), today())


def only(found: Found) -> OrderEntry:
    assert not found.unusable
    [entry] = found.entries
    return entry


@pytest.mark.parametrize("r5", [False, True])
async def test_a_request_with_what_it_refers_to_is_an_entry(server: FhirServer, r5: bool) -> None:
    server.hold(7, r5=r5)
    entry = only(await listed(server, version="R5" if r5 else "R4"))
    person, order = entry.patient, entry.order
    assert (person.patient_id, person.issuer_of_patient_id) == ("P0007", "CLINIC")
    assert (person.patient_name, person.patient_birth_date, person.patient_sex) == (
        "Müller^Ann^Bea^Dr.",
        "19840229",
        "F",
    )
    assert order.study_instance_uid == "1.2.840.113619.2.1.7"
    assert (order.accession_number, order.requested_procedure_id, order.admission_id) == (
        "ACC0007",
        "F7",
        "V7",
    )
    issuer = Issuer(name="RIS", universal_id="1.2.840.99", universal_id_type="ISO")
    assert order.issuer_of_accession_number == issuer
    assert order.requested_procedure_code == CodedConcept(
        value="72310004", scheme="SCT", meaning="Photography"
    )
    assert order.requested_procedure_description == "Facial photography"
    assert (order.reason, order.referring_physician_name) == ("Acne under treatment", "Ref^Doctor")
    assert entry.scheduled_at is not None


async def test_names_are_written_in_up_to_three_ways(server: FhirServer) -> None:
    url = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"

    def written(way: str, family: str, given: str) -> dict[str, Any]:
        extension = [{"url": url, "valueCode": way}]
        return {"use": "official", "family": family, "given": [given], "extension": extension}

    names = [
        written("IDE", "山田", "太郎"),
        written("ABC", "Yamada^x", "Tarou"),
        written("SYL", "やまだ", "たろう"),
    ]
    server.hold(1)
    server.others[0] = patient(1, name=names)
    assert only(await listed(server)).patient.patient_name == "Yamada x^Tarou=山田^太郎=やまだ^たろう"


async def test_a_long_list_comes_in_pages_up_to_the_limit(server: FhirServer) -> None:
    server.hold(*range(1, 101))
    found = await listed(server)
    assert (len(found.entries), found.more) == (100, False)
    assert sum(method == "GET" for method, _, _ in server.asked) == 3
    found = await listed(server, limit=30)
    assert (len(found.entries), found.more) == (30, True)


async def test_other_days_are_left_out_although_the_server_tells_them(server: FhirServer) -> None:
    server.hold(1, occurrenceDateTime=f"{today() + timedelta(days=2)}T09:00:00Z")
    assert (await listed(server)).entries == ()
    [(_, asked, _)] = server.asked
    assert asked.count("occurrence=") == 2
    assert "status=active" in asked


@pytest.mark.parametrize("sought", ["P0003", "ACC0003"])
async def test_whoever_is_sought_is_not_named_in_an_address(server: FhirServer, sought: str) -> None:
    server.hold(*range(1, 6))
    async with asking(server.url) as source:
        found = await source.search(sought)
        assert [entry.patient.patient_id for entry in found.entries] == ["P0003"]
        assert len((await source.search("mül")).entries) == 5
        assert (await source.search("nobody")).entries == ()
    assert all(method == "POST" and sought not in path for method, path, _ in server.asked)
    assert any(sought in form.values() for _, _, form in server.asked)


async def test_a_request_that_cannot_be_used_is_counted_without_its_patient(server: FhirServer) -> None:
    server.hold(1, 2)
    server.requests[0]["identifier"] = [identifier("ACSN", "A" * 40)]
    server.requests.append({"resourceType": "ServiceRequest", "id": "odd", "code": 7})
    server.requests.append({"resourceType": "ServiceRequest", "id": "nobody", "subject": {"display": ""}})
    found = await listed(server)
    assert [entry.patient.patient_id for entry in found.entries] == ["P0002"]
    assert sum(found.unusable.values()) == 3
    assert not any("ller" in why or "P0001" in why for why in found.unusable)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"status": 500}, "status 500"),
        ({"status": 400}, "orders.fhir.query"),
        ({"token": "wanted"}, "orders.fhir.token_file"),
        ({"status": 302}, "status 302"),
        ({"body": b"<html>"}, "not answer with a FHIR Bundle"),
        ({"body": b'{"resourceType":"Patient"}'}, "not answer with a FHIR Bundle"),
        ({"body": b'{"resourceType":"Bundle","entry":' + b"[" * 5000}, "not answer with a FHIR Bundle"),
        ({"body": b" " * (9 << 20)}, "not answer with a FHIR Bundle"),
        ({"next_url": "http://127.0.0.1:1/elsewhere"}, "not answer with a FHIR Bundle"),
    ],
)
async def test_what_is_wrong_is_told_with_what_to_do(
    server: FhirServer, change: dict[str, Any], told: str
) -> None:
    server.hold(1)
    for name, value in change.items():
        setattr(server, name, value)
    with pytest.raises(OrdersUnavailable, match=told):
        await listed(server)


async def test_a_token_is_shown_and_an_absent_server_is_told(server: FhirServer, tmp_path: Path) -> None:
    server.hold(1)
    server.token = "secret-1"
    secret = tmp_path / "token"
    secret.write_text("secret-1\n")
    secret.chmod(0o600)
    only(await listed(server, token_file=secret))
    async with asking(f"http://127.0.0.1:{free_port()}/fhir") as source:
        with pytest.raises(OrdersUnavailable, match="does not answer"):
            await source.expected(today(), today())
    secret.chmod(0o644)
    with pytest.raises(ConfigError, match=r"orders\.fhir\.token_file"):
        FhirSource(FhirOrdersSection(url=server.url, token_file=secret), 1)


async def test_a_server_that_pages_for_ever_is_left(server: FhirServer) -> None:
    server.hold(1)
    server.next_url = f"{server.url}/ServiceRequest?_page=0"
    assert len((await listed(server)).entries) == 1
    assert len(server.asked) < 60


def test_one_source_is_named() -> None:
    section = {"host": "ris.example", "ae_title": "RIS"}
    with pytest.raises(ValidationError, match="name one source"):
        OrdersConfig.model_validate({"mwl": section, "fhir": {"url": "https://fhir.example/r4"}})
    with pytest.raises(ValidationError, match="no character set"):
        OrdersConfig.model_validate({"mwl": {**section, "assume_charset": "latin1"}})
    with pytest.raises(ValidationError, match="https only"):
        OrdersConfig.model_validate({"fhir": {"url": "http://fhir.example/r4", "token_file": "t"}})
    assert not OrdersConfig().configured
