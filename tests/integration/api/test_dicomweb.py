"""The server's own DICOMweb, read by dicomweb-client as any viewer would."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import cv2
import numpy as np
import pydicom
import pytest
import pytest_asyncio
import requests
from dicomweb_client.api import DICOMwebClient
from pydicom.uid import ExplicitVRLittleEndian, JPEGLSLossless

from server.access import Scope, Tokens
from server.api import ApiParts, ApiSettings, EventHub, NoPreviews, make_api
from server.dicom import read_photo
from server.dicomweb import DicomWeb
from server.store import Archive, Instance, Level, Store
from station.protocol import Patient
from tests.fixtures.dicom_objects import HEIGHT, STUDY_AT, WIDTH, picture
from tests.fixtures.dicom_visits import STEPS, Made, put_visit
from tests.fixtures.web import serving

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

T = TypeVar("T")
ANNA = Patient(
    patient_id="P-2",
    issuer_of_patient_id="CLINIC",
    patient_name="Müller^Anna",
    patient_birth_date="19700101",
    patient_sex="F",
)
DAY = 86400.0


@dataclass
class Origin:
    """A running server with two visits, newest last."""

    url: str
    http: aiohttp.ClientSession
    tokens: Tokens
    store: Store
    archive: Archive
    visits: tuple[Made, Made]

    @property
    def reader(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens.issue('test', [Scope.READ])}"}

    def client(self) -> DICOMwebClient:
        session = requests.Session()
        session.headers.update(self.reader)
        return DICOMwebClient(f"{self.url}/dicom-web", session=session)

    async def ask(self, work: Callable[[DICOMwebClient], T]) -> T:
        """What the client gets; it blocks."""
        return await asyncio.to_thread(lambda: work(self.client()))

    async def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        url = f"{self.url}/dicom-web{path}"
        async with self.http.get(url, headers={**self.reader, **headers}) as response:
            return response.status, dict(response.headers), await response.read()

    def of(self, visit: int, modality: str) -> Instance:
        return next(one for one in self.visits[visit].instances if one.modality == modality)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Origin]:
    store = Store.open(f"sqlite:///{folder / 'dermabooth.db'}", steps=STEPS)
    archive, tokens = Archive(folder / "archive"), Tokens.open(folder / "keys")
    first = await put_visit(store, archive)
    second = await put_visit(store, archive, patient=ANNA, accession="A-18", opened_at=time.time() - 100)
    parts = ApiParts(ApiSettings(folder), tokens, store, archive, EventHub(NoPreviews()))
    async with serving(make_api(parts)) as url, aiohttp.ClientSession() as http:
        yield Origin(url, http, tokens, store, archive, (first, second))
    await store.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def origin(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Origin]:
    async with running(tmp_path_factory.mktemp("origin")) as found:
        yield found


def place(one: Instance) -> str:
    return (
        f"/studies/{one.study_instance_uid}/series/{one.series_instance_uid}/instances/{one.sop_instance_uid}"
    )


def studies_in(results: list[dict[str, Any]]) -> set[str]:
    return {one["0020000D"]["Value"][0] for one in results}


async def test_studies_are_found_by_what_is_known_of_them(origin: Origin) -> None:
    first, second = (one.study for one in origin.visits)
    both = {first, second}
    day = f"{STUDY_AT:%Y%m%d}"
    cases: list[tuple[dict[str, str], set[str]]] = [
        ({}, both),
        ({"PatientID": "P-2"}, {second}),
        ({"PatientID": "P-?"}, both),
        ({"PatientName": "muller*"}, {second}),
        ({"PatientName": "山田*"}, {first}),
        ({"PatientName": "*anna"}, {second}),
        ({"AccessionNumber": "A-17"}, {first}),
        ({"AccessionNumber": "A-1"}, set()),
        ({"StudyInstanceUID": f"{first},{second}"}, both),
        ({"StudyInstanceUID": first}, {first}),
        ({"StudyDate": day}, both),
        ({"StudyDate": "-20000101"}, set()),
        ({"StudyDate": f"{day}-"}, both),
        ({"ModalitiesInStudy": "SEG"}, both),
        ({"ModalitiesInStudy": "CT"}, set()),
        ({"00100020": "P-2", "PatientSex": ""}, {second}),
        ({"PatientID": "100%"}, set()),
    ]
    for filters, expected in cases:
        found = await origin.ask(lambda client, f=filters: client.search_for_studies(search_filters=f))  # type: ignore[misc]
        assert studies_in(found) == expected, filters


async def test_a_study_tells_what_the_standard_asks_of_it(origin: Origin) -> None:
    (study,) = await origin.ask(lambda client: client.search_for_studies(search_filters={"PatientID": "P-2"}))
    told = pydicom.Dataset.from_json(study)
    assert str(told.PatientName) == "Müller^Anna"
    assert list(told.ModalitiesInStudy) == ["SEG", "SR", "XC"]
    assert (told.NumberOfStudyRelatedSeries, told.NumberOfStudyRelatedInstances) == (6, 6)
    assert told.RetrieveURL == f"{origin.url}/dicom-web/studies/{origin.visits[1].study}"
    assert (told.AccessionNumber, told.InstanceAvailability) == ("A-18", "ONLINE")
    assert "SeriesDescription" not in told
    assert "IssuerOfPatientID" not in told
    (more,) = await origin.ask(
        lambda client: client.search_for_studies(
            fields=["IssuerOfPatientID", "Rows"], search_filters={"PatientID": "P-2"}
        )
    )
    assert pydicom.Dataset.from_json(more).IssuerOfPatientID == "CLINIC"
    assert "Rows" not in pydicom.Dataset.from_json(more), "no attribute of a study"


async def test_series_and_instances_are_found_at_every_address(origin: Origin) -> None:
    first = origin.visits[0].study
    series = await origin.ask(lambda client: client.search_for_series(first))
    assert sorted(one["00080060"]["Value"][0] for one in series) == ["SEG", "SEG", "SR", "SR", "XC", "XC"]
    assert all(one["00201209"]["Value"] == [1] for one in series)
    masks = await origin.ask(lambda client: client.search_for_series(search_filters={"Modality": "SEG"}))
    assert len(masks) == 4
    assert all("00100010" in one for one in masks), "without a study in the address its attributes are told"
    photo = origin.of(0, "XC")
    found = await origin.ask(
        lambda client: client.search_for_instances(photo.study_instance_uid, photo.series_instance_uid)
    )
    (told,) = (pydicom.Dataset.from_json(one) for one in found)
    assert (told.SOPInstanceUID, told.Rows, told.Columns) == (photo.sop_instance_uid, HEIGHT, WIDTH)
    everything = await origin.ask(lambda client: client.search_for_instances())
    assert len(everything) == 12


async def test_pages_do_not_overlap_and_say_that_there_is_more(origin: Origin) -> None:
    pages = []
    for offset in (0, 5, 10):
        status, headers, body = await origin.get(f"/instances?limit=5&offset={offset}")
        assert status == 200
        pages.append([one["00080018"]["Value"][0] for one in json.loads(body)])
        assert ("Warning" in headers) == (offset < 10)
    assert [len(page) for page in pages] == [5, 5, 2]
    assert len({uid for page in pages for uid in page}) == 12


@pytest.mark.parametrize(
    "path",
    [
        "/studies?limit=-1",
        "/studies?offset=x",
        "/studies?StudyDate=yesterday",
        "/studies?PatientName=a%00b",
        "/studies?Nonsense=1",
        "/studies?PixelSpacing=1",
        "/studies?includefield=nothing",
        "/studies?fuzzymatching=perhaps",
        "/studies?StudyInstanceUID=../../etc",
        "/studies/..%2f..%2fetc",
        "/studies/1.2.3/series/x",
    ],
)
async def test_what_is_no_query_is_refused_with_the_reason(origin: Origin, path: str) -> None:
    status, headers, body = await origin.get(path)
    assert status == 400
    assert headers["Content-Type"].startswith("application/problem+json")
    assert len(json.loads(body)["detail"]) > 10


async def test_fuzzy_matching_is_declined_in_a_warning(origin: Origin) -> None:
    status, headers, _ = await origin.get("/studies?PatientName=muller*&fuzzymatching=true")
    assert status == 200
    assert "fuzzymatching parameter is not supported" in headers["Warning"]


async def test_objects_come_back_byte_for_byte(origin: Origin) -> None:
    for one in origin.visits[0].instances:
        status, headers, body = await origin.get(
            place(one), Accept='multipart/related; type="application/dicom"; transfer-syntax=*'
        )
        stored = origin.archive.resolve(one.path).read_bytes()
        assert status == 200
        assert stored in body
        status, headers, body = await origin.get(place(one), Accept="application/dicom; transfer-syntax=*")
        assert body == stored
        assert headers["Content-Length"] == str(len(stored))
        again, _, nothing = await origin.get(
            place(one), Accept="application/dicom; transfer-syntax=*", **{"If-None-Match": headers["Etag"]}
        )
        assert (again, nothing) == (304, b"")


async def test_a_study_is_retrieved_whole(origin: Origin) -> None:
    made = origin.visits[1]
    datasets = await origin.ask(lambda client: client.retrieve_study(made.study))
    assert {one.SOPInstanceUID for one in datasets} == {one.sop_instance_uid for one in made.instances}
    # Told no transfer syntax, the default: nobody is surprised by a codec.
    assert {one.file_meta.TransferSyntaxUID for one in datasets} == {ExplicitVRLittleEndian}
    photo = next(one for one in datasets if one.Modality == "XC")
    assert np.array_equal(photo.pixel_array, picture())
    kept = await origin.ask(
        lambda client: client.retrieve_study(made.study, media_types=(("application/dicom", "*"),))
    )
    assert JPEGLSLossless in {one.file_meta.TransferSyntaxUID for one in kept}


async def test_metadata_tells_every_attribute_and_refers_to_pixels(origin: Origin) -> None:
    photo = origin.of(0, "XC")
    (told,) = await origin.ask(
        lambda client: client.retrieve_series_metadata(photo.study_instance_uid, photo.series_instance_uid)
    )
    uri = told.pop("7FE00010")["BulkDataURI"]
    whole = pydicom.dcmread(origin.archive.resolve(photo.path), stop_before_pixels=True)
    assert pydicom.Dataset.from_json(told) == pydicom.Dataset.from_json(whole.to_json_dict())
    frames = await origin.ask(lambda client: client.retrieve_bulkdata(uri))
    assert np.array_equal(np.frombuffer(frames[0], np.uint8).reshape(HEIGHT, WIDTH, 3), picture())
    report = await origin.ask(lambda client: client.retrieve_study_metadata(photo.study_instance_uid))
    assert sorted(one["00080060"]["Value"][0] for one in report) == ["SEG", "SEG", "SR", "SR", "XC", "XC"]
    text = next(one for one in report if one["00080060"]["Value"] == ["SR"])
    assert text["0040A730"]["Value"]


async def test_frames_come_as_stored_or_decoded(origin: Origin) -> None:
    photo = origin.of(0, "XC")
    uids = photo.study_instance_uid, photo.series_instance_uid, photo.sop_instance_uid
    (stored,) = await origin.ask(
        lambda client: client.retrieve_instance_frames(*uids, [1], media_types=("image/jls",))
    )
    assert stored in origin.archive.resolve(photo.path).read_bytes()
    assert stored[:2] == b"\xff\xd8"
    (plain,) = await origin.ask(
        lambda client: client.retrieve_instance_frames(*uids, [1], media_types=("application/octet-stream",))
    )
    assert np.array_equal(np.frombuffer(plain, np.uint8).reshape(HEIGHT, WIDTH, 3), picture())
    masks = origin.of(0, "SEG")
    where = masks.study_instance_uid, masks.series_instance_uid, masks.sop_instance_uid
    both = await origin.ask(lambda client: client.retrieve_instance_frames(*where, [3, 1]))
    truth = pydicom.dcmread(origin.archive.resolve(masks.path)).pixel_array
    for number, data in zip((3, 1), both, strict=True):
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[: WIDTH * HEIGHT]
        assert np.array_equal(bits.reshape(HEIGHT, WIDTH), truth[number - 1])
    assert (await origin.get(f"{place(masks)}/frames/9"))[0] == 404
    assert (await origin.get(f"{place(masks)}/frames/0"))[0] == 400
    assert (await origin.get(f"{place(photo)}/frames/1", Accept="video/mp4"))[0] == 406
    assert (await origin.get(f"{place(origin.of(0, 'SR'))}/frames/1"))[0] == 406


async def test_pictures_are_rendered_in_any_size(origin: Origin) -> None:
    photo = origin.of(0, "XC")

    async def rendered(path: str, kind: str = "image/png") -> np.ndarray:
        status, headers, data = await origin.get(path, Accept=kind)
        assert (status, headers["Content-Type"]) == (200, kind)
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert bgr is not None
        return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))

    truth = read_photo(origin.archive.resolve(photo.path)).srgb
    assert np.array_equal(await rendered(f"{place(photo)}/rendered"), truth)
    jpeg = await rendered(f"{place(photo)}/frames/1/rendered?quality=95", "image/jpeg")
    assert np.abs(jpeg.astype(int) - truth).mean() < 6
    assert (await rendered(f"{place(photo)}/rendered?viewport=80,80")).shape == (60, 80, 3)
    part = await rendered(f"{place(photo)}/rendered?viewport=500,500,10,20,50,40")
    assert np.array_equal(part, truth[20:60, 10:60])
    assert (await rendered(f"/studies/{photo.study_instance_uid}/thumbnail")).shape == (HEIGHT, WIDTH, 3)
    mask = await rendered(f"{place(origin.of(0, 'SEG'))}/frames/1/rendered")
    assert set(np.unique(mask)) == {0, 255}
    for query in ("viewport=0,5", "viewport=1", "quality=0", "viewport=99999,1"):
        assert (await origin.get(f"{place(photo)}/rendered?{query}"))[0] == 400
    assert (await origin.get(f"{place(origin.of(0, 'SR'))}/rendered"))[0] == 406
    assert (await origin.get(f"{place(photo)}/rendered", Accept="image/gif"))[0] == 406


async def test_only_readers_come_in_and_pages_elsewhere_may_ask(origin: Origin) -> None:
    url = f"{origin.url}/dicom-web/studies"
    for headers in ({}, {"Authorization": "Bearer x"}):
        async with origin.http.get(url, headers=headers) as response:
            assert response.status == 401
    publisher = origin.tokens.issue("booth-1", [Scope.PUBLISH])
    async with origin.http.get(url, headers={"Authorization": f"Bearer {publisher}"}) as response:
        assert response.status == 403
    async with origin.http.options(url) as response:
        assert response.status == 204
        assert "Authorization" in response.headers["Access-Control-Allow-Headers"]
    async with origin.http.get(
        url, headers={**origin.reader, "Origin": "https://viewer.example"}
    ) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "*"


async def test_a_head_tells_the_size_and_sends_nothing(origin: Origin) -> None:
    url = f"{origin.url}/dicom-web{place(origin.of(0, 'XC'))}"
    accept = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
    async with origin.http.get(url, headers={**origin.reader, **accept}) as response:
        length = len(await response.read())
    async with origin.http.head(url, headers={**origin.reader, **accept}) as response:
        assert response.status == 200
        assert response.headers["Content-Length"] == str(length)


async def test_what_is_not_there_is_not_found(origin: Origin) -> None:
    photo, other = origin.of(0, "XC"), origin.of(1, "XC")
    mixed = f"/studies/{other.study_instance_uid}/series/{photo.series_instance_uid}"
    for path in (f"{mixed}", f"{mixed}/metadata", "/studies/1.2.3", f"{place(photo)}/bulkdata/00100010"):
        assert (await origin.get(path))[0] == 404, path
    assert (await origin.get(f"{place(photo)}/bulkdata/xyz"))[0] == 400
    assert (await origin.get(place(photo), Accept="text/html"))[0] == 406


async def test_a_damaged_file_is_told_and_the_others_are_served(tmp_path: Path) -> None:
    async with running(tmp_path) as origin:
        photo, masks = origin.of(0, "XC"), origin.of(0, "SEG")
        path = origin.archive.resolve(photo.path)
        whole = path.read_bytes()
        path.write_bytes(b"\x00" * 128 + b"DICM" + b"\xff" * 400)
        for what in ("", "/metadata", "/rendered", "/frames/1"):
            status, _, body = await origin.get(place(photo) + what)
            assert status == 500, what
            assert b"archive" in body or b"DICOM" in body, body
        assert (await origin.get(f"{place(masks)}/metadata"))[0] == 200
        _, _, body = await origin.get("/instances")
        assert len(json.loads(body)) == 11
        path.write_bytes(whole)
        restarted = DicomWeb(origin.store, origin.archive)
        found = await restarted.search(Level.INSTANCE, [], {}, "http://server")
        restarted.close()
        assert len(found.results) == 12, "a restored file is found again after a restart"
