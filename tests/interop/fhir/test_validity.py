"""Every resource is held against HL7's own definitions of its release, by a validator that is not ours."""

import asyncio
from dataclasses import replace

import pytest

from server.fhir import Release, VisitRecord
from tests.fixtures.fhir_visits import record, told
from tests.fixtures.peers import fhir_faults

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> VisitRecord:
    return asyncio.run(record(tmp_path_factory.mktemp("store")))


@pytest.mark.parametrize("release", Release)
@pytest.mark.parametrize("demographics", [False, True])
def test_a_visit_keeps_to_the_definitions(visit: VisitRecord, release: Release, demographics: bool) -> None:
    inline = replace(visit, renditions={visit.stills[0].sop_instance_uid: b"\xff\xd8"})
    assert fhir_faults(release, told(inline, release, demographics=demographics)) == []


@pytest.mark.parametrize("release", Release)
def test_a_withdrawn_visit_and_a_corrected_one_keep_to_the_definitions(
    visit: VisitRecord, release: Release
) -> None:
    corrected = replace(visit, visit=replace(visit.visit, study_now="2.25.9"))
    for one in (replace(visit, withdrawn=True), corrected):
        assert fhir_faults(release, told(one, release, demographics=True)) == []


def test_the_validator_sees_what_is_wrong(visit: VisitRecord) -> None:
    assert any("series[0].modality" in one for one in fhir_faults("R4", told(visit, Release.R5)))
    bad = told(visit)
    bad["entry"][0]["resource"]["colour"] = "red"
    assert any("colour" in one for one in fhir_faults("R4", bad))
