"""Orthanc fetches whole studies from the server's DICOMweb, and says the same of them."""

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pydicom
import pytest
import pytest_asyncio

from server.access import Scope, Tokens
from server.api import ApiParts, ApiSettings, EventHub, NoPreviews, make_api
from server.store import Archive, Store
from tests.fixtures.dicom_visits import STEPS, Made, put_visit
from tests.fixtures.orthanc import Orthanc, running
from tests.fixtures.web import serving

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]


@dataclass
class Both:
    """The server, and an Orthanc that knows it as `booths`."""

    url: str
    reader: dict[str, str]
    orthanc: Orthanc
    archive: Archive
    made: Made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Both]:
    folder = tmp_path_factory.mktemp("origin")
    store = Store.open(f"sqlite:///{folder / 'dermabooth.db'}", steps=STEPS)
    archive, tokens = Archive(folder / "archive"), Tokens.open(folder / "keys")
    made = await put_visit(store, archive)
    parts = ApiParts(ApiSettings(folder), tokens, store, archive, EventHub(NoPreviews()))
    reader = {"Authorization": f"Bearer {tokens.issue('orthanc', [Scope.READ])}"}
    async with serving(make_api(parts)) as url:
        server = {"Url": f"{url}/dicom-web/", "HttpHeaders": reader, "HasDelete": False}
        web = {"Enable": True, "Root": "/dicom-web/", "Servers": {"booths": server}}
        with running({"DicomWeb": web, "DefaultEncoding": "Utf8"}) as orthanc:
            yield Both(url, reader, orthanc, archive, made)
    await store.close()


@pytest.fixture
def fresh(both: Both) -> Both:
    both.orthanc.empty()
    return both


async def test_orthanc_pulls_a_study_byte_for_byte(fresh: Both) -> None:
    # The star asks for objects as they are stored.
    accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
    order = {"Resources": [{"Study": fresh.made.study}], "HttpHeaders": {"Accept": accept}}
    await asyncio.to_thread(post, f"{fresh.orthanc.web}/servers/booths/retrieve", order)
    for one in fresh.made.instances:
        held = await asyncio.to_thread(file_of, fresh.orthanc, one.sop_instance_uid)
        assert held == fresh.archive.resolve(one.path).read_bytes(), one.modality


async def test_orthanc_pulls_a_study_pixel_for_pixel_if_it_asks_for_no_syntax(fresh: Both) -> None:
    order = {"Resources": [{"Study": fresh.made.study}]}
    await asyncio.to_thread(post, f"{fresh.orthanc.web}/servers/booths/retrieve", order)
    assert await asyncio.to_thread(fresh.orthanc.instances) == sorted(
        one.sop_instance_uid for one in fresh.made.instances
    )
    for one in fresh.made.instances:
        if one.modality == "SR":
            continue
        held = await asyncio.to_thread(file_of, fresh.orthanc, one.sop_instance_uid)
        path = Path(fresh.archive.resolve(one.path))
        found = pydicom.dcmread(pydicom.filebase.DicomBytesIO(held))
        assert np.array_equal(found.pixel_array, pydicom.dcmread(path).pixel_array)


@pytest.mark.parametrize(
    "query",
    [
        "/studies?StudyInstanceUID={study}",
        "/studies/{study}/series?includefield=SeriesDescription",
        "/studies/{study}/series?Modality=SEG",
        "/studies?PatientID=P-1&ModalitiesInStudy=SR",
        "/studies?StudyDate=20200101-20300101",
    ],
)
async def test_searches_are_answered_as_orthanc_answers_them(both: Both, query: str) -> None:
    await asyncio.to_thread(put_all, both)
    path = query.format(study=both.made.study)
    ours = await ask(f"{both.url}/dicom-web{path}", both.reader)
    theirs = await ask(f"{both.orthanc.web}{path}", {})
    assert ours
    key = "0020000E" if "/series" in path else "0020000D"
    told = {one[key]["Value"][0]: one for one in ours}
    assert sorted(told) == sorted(one[key]["Value"][0] for one in theirs)
    for one in theirs:
        mine = told[one[key]["Value"][0]]
        for tag in sorted(one.keys() & mine.keys() - {"00081190"}):
            assert values(mine[tag]) == values(one[tag]), tag


async def test_metadata_says_what_orthanc_says(both: Both) -> None:
    await asyncio.to_thread(put_all, both)
    for one in both.made.instances:
        path = (
            f"/studies/{one.study_instance_uid}/series/{one.series_instance_uid}"
            f"/instances/{one.sop_instance_uid}/metadata"
        )
        (ours,) = await ask(f"{both.url}/dicom-web{path}", both.reader)
        (theirs,) = await ask(f"{both.orthanc.web}{path}", {})
        # Orthanc tells of lengths of groups and of private groups otherwise.
        missing = {tag for tag in theirs.keys() - ours.keys() if not tag.endswith("0000")}
        assert not missing
        for tag in ours.keys() & theirs.keys():
            if "BulkDataURI" not in ours[tag] and "BulkDataURI" not in theirs[tag]:
                assert ours[tag]["vr"] == theirs[tag]["vr"], tag


def values(element: dict[str, Any]) -> object:
    """As a set where the order is free; integers also where they were written as text."""
    found = element.get("Value", [])
    if element["vr"] == "CS":
        return sorted(found)
    return [int(one) for one in found] if element["vr"] == "IS" else found


def post(url: str, body: object) -> None:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 200


def put_all(both: Both) -> None:
    for one in both.made.instances:
        data = both.archive.resolve(one.path).read_bytes()
        request = urllib.request.Request(f"{both.orthanc.http}/instances", data, method="POST")
        urllib.request.urlopen(request, timeout=20).close()


def file_of(orthanc: Orthanc, sop_instance_uid: str) -> bytes:
    body = json.dumps({"Level": "Instance", "Query": {"SOPInstanceUID": sop_instance_uid}}).encode()
    request = urllib.request.Request(f"{orthanc.http}/tools/find", body)
    with urllib.request.urlopen(request, timeout=20) as answer:
        (found,) = json.load(answer)
    with urllib.request.urlopen(f"{orthanc.http}/instances/{found}/file", timeout=20) as answer:
        data: bytes = answer.read()
        return data


async def ask(url: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    accept = {"Accept": "application/dicom+json"}
    async with (
        aiohttp.ClientSession() as http,
        http.get(url, headers={**headers, **accept}) as response,
    ):
        assert response.status == 200, await response.text()
        found: list[dict[str, Any]] = json.loads(await response.read())
        return found
