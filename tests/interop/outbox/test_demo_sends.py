"""`dermabooth demo --once --send-to`: the visit is found complete in a PACS and read back from there."""

import io
import json
import urllib.request
from pathlib import Path
from typing import Any

import highdicom as hd
import pydicom
import pytest

from tests.fixtures.demo import Demo, person
from tests.fixtures.orthanc import Orthanc

pytestmark = [pytest.mark.interop, pytest.mark.timeout(300)]


def ask(orthanc: Orthanc, path: str, accept: str = "application/dicom+json") -> bytes:
    request = urllib.request.Request(orthanc.web + path, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return bytes(answer.read())


def test_the_visit_is_found_complete_everywhere_it_was_sent_to(tmp_path: Path, orthanc: Orthanc) -> None:
    target = tmp_path / "reports"
    target.mkdir()
    dimse = f"dicom://{orthanc.aet}@127.0.0.1:{orthanc.dicom_port}"
    places = ["--send-to", orthanc.web, "--send-to", dimse, "--send-to", f"folder:{target}"]
    demo = Demo.sim(tmp_path, person(dark=False), "--once", *places)
    try:
        status = demo.wait_ended(240)
        outcome = demo.outcome
        assert [one["ok"] for one in outcome["destinations"]] == [True] * 3, demo.output
        assert status == 0, demo.output
    finally:
        demo.close()
    made = {one["sop_instance_uid"]: one for one in outcome["instances"]}
    assert {path.stem for path in target.rglob("*.dcm")} == set(made)
    assert orthanc.instances() == sorted(made)
    _read_back(orthanc, outcome["study_instance_uid"], set(made))


def _read_back(orthanc: Orthanc, study: str, made: set[str]) -> None:
    found: list[dict[str, Any]] = json.loads(ask(orthanc, f"/studies/{study}/instances"))
    assert {one["00080018"]["Value"][0] for one in found} == made
    for one in found:
        path = (
            f"/studies/{study}/series/{one['0020000E']['Value'][0]}/instances/{one['00080018']['Value'][0]}"
        )
        match one["00080060"]["Value"][0]:
            case "XC":
                assert ask(orthanc, f"{path}/frames/1/rendered", "image/jpeg").startswith(b"\xff\xd8")
            case "SR":
                part = 'multipart/related; type="application/dicom"; transfer-syntax=*'
                body = ask(orthanc, path, part)
                document = hd.sr.srread(io.BytesIO(body[body.index(b"DICM") - 128 : body.rindex(b"\r\n--")]))
                assert isinstance(document.content, hd.sr.MeasurementReport)
                assert document.content.get_image_measurement_groups()
            case _:
                assert pydicom.uid.UID(one["00080016"]["Value"][0]).is_valid
