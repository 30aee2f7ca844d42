"""A visit as FHIR resources, by fhir.resources and by what they must say."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from fhir.resources.bundle import Bundle as BundleR5
from fhir.resources.R4B.bundle import Bundle as BundleR4B

from server.fhir import Json, Release, Telling, VisitRecord, bundle, entries, transactions
from station.protocol import Measure
from tests.fixtures.fhir_visits import PATIENT, WORDING, codes, record, resources, told

pytestmark = pytest.mark.unit

MODELS: dict[Release, Any] = {Release.R4: BundleR4B, Release.R5: BundleR5}
WAYS: list[dict[str, Any]] = [
    {},
    {"demographics": True},
    {"writes_study": False, "dicomweb": ""},
]


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> VisitRecord:
    return asyncio.run(record(tmp_path_factory.mktemp("store")))


def measured(found: Json, region: str, name: str) -> list[Json]:
    return [
        one
        for one in resources(found, "Observation")
        if one["code"]["text"].lower() == name and one.get("bodySite", {}).get("text") == region
    ]


@pytest.mark.parametrize("release", Release)
@pytest.mark.parametrize("way", WAYS)
def test_every_resource_is_one_of_its_release(
    visit: VisitRecord, release: Release, way: dict[str, Any]
) -> None:
    for one in (visit, replace(visit, renditions={visit.stills[0].sop_instance_uid: b"\xff\xd8"})):
        MODELS[release].model_validate(told(one, release, **way))


@pytest.mark.parametrize("release", Release)
def test_a_visit_without_stills_or_order_is_told(visit: VisitRecord, release: Release) -> None:
    bare = replace(visit, stills=(), instances=(), measures={}, visit=replace(visit.visit, order=None))
    MODELS[release].model_validate(told(bare, release))
    assert "basedOn" not in resources(told(bare, release), "DiagnosticReport")[0]


def test_the_same_record_gives_the_same_bytes_and_names(visit: VisitRecord) -> None:
    assert json.dumps(told(visit)) == json.dumps(told(visit))
    urls = [one["request"]["url"] for one in told(visit)["entry"]]
    assert len(set(urls)) == len(urls)
    assert all(url.split("?")[1].startswith("identifier=urn:") for url in urls)


def test_every_reference_is_to_something_earlier(visit: VisitRecord) -> None:
    known = set[str]()
    for entry in told(visit, demographics=True)["entry"]:
        known.add(entry["fullUrl"])
        assert set(_references(entry["resource"])) <= known | {"#wado"}


def _references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["reference"]] if isinstance(part.get("reference"), str) else []
        return own + [found for value in part.values() for found in _references(value)]
    return [found for one in part for found in _references(one)] if isinstance(part, list) else []


def test_a_measure_is_coded_as_in_the_structured_report(visit: VisitRecord) -> None:
    one = measured(told(visit), "Left cheek", "redness area")[-1]
    assert one["valueQuantity"] == {
        "value": pytest.approx(4.249, abs=0.02),
        "unit": "%",
        "system": "http://unitsofmeasure.org",
        "code": "%",
    }
    assert codes([one["code"]]) == ["REDNESS_AREA"]
    assert codes([one["bodySite"]]) == ["36141000:272741003=7771000", "36141000"]
    assert one["method"] == {"text": "chromophores/1"}
    assert codes(part["code"] for part in one["component"]) == ["112706", "111031"]
    assert one["status"] == "preliminary"
    assert "not a medical device" in one["note"][0]["text"]


def test_what_cannot_be_measured_says_why(visit: VisitRecord) -> None:
    one = measured(told(visit), "Right cheek", "pores density")[0]
    assert "valueQuantity" not in one
    assert codes([one["dataAbsentReason"]]) == ["not-performed"]
    assert one["dataAbsentReason"]["text"] == "5.2 px/mm, needs 20"


def test_a_number_that_is_none_is_no_number(visit: VisitRecord) -> None:
    uid = visit.stills[0].sop_instance_uid
    bad = Measure(region="face", name="gloss", value=float("nan"), unit="%", method="x/1")
    found = told(replace(visit, measures={uid: (bad,)}))
    MODELS[Release.R4].model_validate(found)
    assert codes([measured(found, "Face", "gloss")[0]["dataAbsentReason"]]) == ["not-a-number"]


def test_a_still_that_was_taken_again_is_cancelled_and_superseded(visit: VisitRecord) -> None:
    found = told(visit)
    first, *_ = visit.stills
    document = resources(found, "DocumentReference")[0]
    assert document["status"] == "superseded"
    statuses = {
        one["status"]
        for one in resources(found, "Observation")
        if one["derivedFrom"][1]["reference"] == _named(found, "DocumentReference", first.sop_instance_uid)
    }
    assert statuses == {"cancelled"}
    standing = {one["fullUrl"] for one in found["entry"] if one["resource"].get("status") == "preliminary"}
    report = resources(found, "DiagnosticReport")[0]
    assert {one["reference"] for one in report["result"]} <= standing


def _named(found: Json, kind: str, sop: str) -> str:
    wanted = {"system": "urn:dicom:uid", "value": f"urn:oid:{sop}"}
    urls = [one["fullUrl"] for one in found["entry"] if wanted in one["resource"].get("identifier", ())]
    assert len(urls) == 1
    return str(urls[0])


def test_a_report_is_preliminary_until_it_is_signed(visit: VisitRecord) -> None:
    report = resources(told(visit), "DiagnosticReport")[0]
    assert report["status"] == "preliminary"
    assert "Not signed by a person." in report["conclusion"]
    assert "agreement with clinicians not established" in report["conclusion"]
    signed = resources(told(replace(visit, signed=True)), "DiagnosticReport")[0]
    assert signed["status"] == "final"
    assert "signed" not in signed["conclusion"]


def test_the_order_and_the_patient_are_told_by_identifier(visit: VisitRecord) -> None:
    found = told(visit)
    assert "Moreau" not in json.dumps(found)
    assert not {"1984-02-29", "19840229"} & set(json.dumps(found).split('"'))
    for one in (resources(found, "DiagnosticReport")[0], resources(found, "ImagingStudy")[0]):
        assert one["subject"]["identifier"]["system"] == "urn:oid:1.2.3.4"
        assert one["subject"]["identifier"]["value"] == "P-1047"
        assert one["basedOn"][0]["identifier"]["value"] == "ACC-77"


def test_demographics_are_told_where_they_are_wanted(visit: VisitRecord) -> None:
    found = told(visit, demographics=True)
    patient = resources(found, "Patient")[0]
    assert patient["name"] == [{"family": "Moreau", "given": ["Claire", "Anne"], "prefix": ["Dr"]}]
    assert (patient["birthDate"], patient["gender"]) == ("1984-02-29", "female")
    entry = next(one for one in found["entry"] if one["resource"] is patient)
    # The hospital's own record of the patient is not written over.
    assert entry["request"] == {
        "method": "POST",
        "url": "Patient",
        "ifNoneExist": f"identifier=urn:oid:1.2.3.4%7C{PATIENT.patient_id}",
    }


def test_the_study_lists_every_object(visit: VisitRecord) -> None:
    study = resources(told(visit), "ImagingStudy")[0]
    uids = [one["uid"] for series in study["series"] for one in series["instance"]]
    assert sorted(uids) == sorted(one.sop_instance_uid for one in visit.instances)
    assert study["numberOfInstances"] == len(uids)
    assert study["contained"][0]["address"] == "https://pacs.example/dicom-web"


def test_a_photograph_says_where_it_is_or_is_sent_itself(visit: VisitRecord) -> None:
    still = visit.stills[-1]
    attachment = resources(told(visit), "DocumentReference")[-1]["content"][0]["attachment"]
    assert attachment["contentType"] == "application/dicom"
    assert attachment["url"].endswith(
        f"/studies/{still.study_instance_uid}/series/{still.series_instance_uid}/instances/{still.sop_instance_uid}"
    )
    inline = told(replace(visit, renditions={still.sop_instance_uid: b"\xff\xd8"}))
    assert resources(inline, "DocumentReference")[-1]["content"][0]["attachment"]["data"] == "/9g="


def test_the_address_of_a_corrected_photograph_is_that_of_its_copy(visit: VisitRecord) -> None:
    corrected = replace(visit, visit=replace(visit.visit, study_now="2.25.9"))
    photos = {one.still_uid: one for one in visit.instances if one.modality == "XC"}
    for still, one in zip(visit.stills, resources(told(corrected), "DocumentReference"), strict=True):
        copy = photos[still.sop_instance_uid]
        address = f"/series/{copy.series_instance_uid}/instances/{copy.sop_instance_uid}"
        assert one["content"][0]["attachment"]["url"].endswith(address)
        assert one["identifier"][1]["value"] == f"urn:oid:{copy.sop_instance_uid}"
    bare = resources(told(replace(corrected, instances=())), "DocumentReference")
    assert all("url" not in one["content"][0]["attachment"] for one in bare)


def test_a_corrected_visit_is_told_beside_what_was_told_before(visit: VisitRecord) -> None:
    corrected = replace(visit, visit=replace(visit.visit, study_now="2.25.9"))
    before, after = (_names(told(one)) for one in (visit, corrected))
    assert len(after) == len(before)
    assert not before & after


def _names(found: Json) -> set[str]:
    return {one["request"]["url"] for one in found["entry"] if "/Device" not in f"/{one['request']['url']}"}


@pytest.mark.parametrize("release", Release)
def test_a_withdrawn_visit_was_entered_in_error_and_leads_nowhere(
    visit: VisitRecord, release: Release
) -> None:
    withdrawn = told(replace(visit, withdrawn=True, signed=True), release)
    MODELS[release].model_validate(withdrawn)
    kinds = ("ImagingStudy", "DocumentReference", "Observation", "DiagnosticReport")
    assert {one["status"] for kind in kinds for one in resources(withdrawn, kind)} == {"entered-in-error"}
    assert "result" not in resources(withdrawn, "DiagnosticReport")[0]
    assert "instances/" not in json.dumps(withdrawn)
    assert _names(withdrawn) == _names(told(visit, release))


def test_a_split_visit_refers_to_what_is_there(visit: VisitRecord) -> None:
    parts = list(transactions(entries(Telling(visit, WORDING)), 8))
    assert all(len(part) <= 8 for part in parts)
    there = dict[str, str]()
    for part in parts:
        held = bundle(part, there)
        known = {one["fullUrl"] for one in held["entry"]} | set(there.values()) | {"#wado"}
        assert set(_references(held["entry"])) <= known
        there |= {one["fullUrl"]: f"{one['resource']['resourceType']}/{len(there)}" for one in part}
