"""The OpenAPI document against the application: what is generated from it is answered as it says."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import hypothesis.strategies as st
import pytest
import pytest_asyncio
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from server.access import Scope, Tokens
from server.api import ApiParts, ApiSettings, EventHub, NoPreviews, make_api
from server.store import Archive, DeliveryState, Route, Store
from tests.fixtures.dicom_visits import STEPS, Made, put_visit
from tests.fixtures.outbox_stores import EVERY_KIND
from tests.fixtures.web import serving

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

EXAMPLES = 8
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_SEED = 20261122
_LEFT_OUT = {"/api/events", "/api/session"}
"""A WebSocket, and a door that closes after five wrong guesses; both have tests of their own."""


@dataclass
class Served:
    """A running server with one visit, and its document."""

    url: str
    tokens: Tokens
    document: dict[str, Any]
    made: Made

    def known(self, name: str) -> str | None:
        """What a parameter in the path may name that is there."""
        photo = next(one for one in self.made.instances if one.modality == "XC")
        return {
            "study": photo.study_instance_uid,
            "series": photo.series_instance_uid,
            "instance": photo.sop_instance_uid,
            "sop": photo.still_uid,
            "earlier": photo.still_uid,
            "delivery": "1",
            "frame": "1",
            "frames": "1",
            "tag": "7FE00010",
            "name": "skin",
        }.get(name)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Served]:
    store = Store.open(
        f"sqlite:///{folder / 'dermabooth.db'}", steps=STEPS, routes=[Route("pacs", EVERY_KIND)]
    )
    archive, tokens = Archive(folder / "archive"), Tokens.open(folder / "keys")
    (folder / "index.html").write_text("<!doctype html><title>viewer</title>")
    made = await put_visit(store, archive)
    held = await store.deliveries.claim("pacs", DeliveryState.WAITING, "w", lease_s=0.0)
    assert held
    parts = ApiParts(ApiSettings(folder, version="0.1.0"), tokens, store, archive, EventHub(NoPreviews()))
    async with serving(make_api(parts)) as url, aiohttp.ClientSession() as http:
        async with http.get(f"{url}/api/openapi.json") as response:
            document = await response.json()
        yield Served(url, tokens, document, made)
    await store.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    async with running(tmp_path_factory.mktemp("openapi")) as served:
        yield served


def without_tuples(schema: Any) -> Any:
    """Tuples of one type as arrays of a fixed length: schemathesis 4.32 makes invalid schemas of `prefixItems`."""
    if isinstance(schema, dict):
        told = {key: without_tuples(value) for key, value in schema.items()}
        if (parts := told.pop("prefixItems", None)) is not None:
            assert all(part == parts[0] for part in parts)
            told["items"] = parts[0]
        return told
    return [without_tuples(one) for one in schema] if isinstance(schema, list) else schema


def operations(served: Served, modes: list[GenerationMode]) -> Iterator[Any]:
    schema = schemathesis.openapi.from_dict(without_tuples(served.document))
    schema.config.generation.update(modes=modes)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        if operation.path not in _LEFT_OUT:
            yield operation


def ask(served: Served, operation: Any, headers: dict[str, str], examples: int) -> None:
    """Put generated requests to one operation; half of them name what is there."""

    @seed(_SEED)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), there=st.booleans())
    def each(case: Any, there: bool) -> None:
        if there:
            for name in case.path_parameters:
                case.path_parameters[name] = served.known(name) or case.path_parameters[name]
        response = case.call(base_url=served.url, headers=headers, timeout=20)
        case.validate_response(response, checks=CHECKS, headers=headers)

    each()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
async def test_what_the_document_asks_for_is_answered_as_it_says(
    served: Served, mode: GenerationMode
) -> None:
    headers = {"Authorization": f"Bearer {served.tokens.issue('test', [Scope.ADMIN])}"}
    failures = list[str]()
    for operation in operations(served, [mode]):
        try:
            await asyncio.to_thread(ask, served, operation, headers, EXAMPLES)
        except BaseExceptionGroup as error:
            failures.append(f"{operation.label}: {[str(one) for one in error.exceptions]}")
    assert failures == []
