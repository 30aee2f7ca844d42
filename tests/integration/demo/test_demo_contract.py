"""What `dermabooth demo` writes and prints, held against its contract."""

import re
from pathlib import Path
from typing import Any

import pytest

from dermabooth.demo.outcome import KINDS
from server.inference import model_infos
from tests.fixtures.demo import ROOT, Demo
from tests.fixtures.dicom_validators import assert_valid

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

SOP_CLASSES = {
    "XC": "1.2.840.10008.5.1.4.1.1.77.1.4",
    "SEG": "1.2.840.10008.5.1.4.1.1.66.4",
    "SR": "1.2.840.10008.5.1.4.1.1.88.34",
}
LIGHTS = {"white", "cross_polarised", "parallel_polarised", "uv"}
COLUMNS, LINES = 100, 40
_BUILDING_BLOCKS = {
    "ok",
    "study_instance_uid",
    "stills",
    "instances",
    "live",
    "quality",
    "measures",
    "triton",
}


@pytest.fixture
def outcome(demo: Demo) -> dict[str, Any]:
    return demo.outcome


def test_every_key_of_the_contract_is_there(outcome: dict[str, Any]) -> None:
    assert set(outcome) >= _BUILDING_BLOCKS
    assert outcome["ok"] is True
    assert outcome["not_taken"] == []
    assert outcome["failures"] == []
    assert outcome["study_instance_uid"].startswith("2.25.")


def test_no_still_is_lost(outcome: dict[str, Any]) -> None:
    assert outcome["stills"] == {"taken": 4, "stored": 4, "lost": 0}


def test_the_instances_are_valid_dicom_of_one_study(outcome: dict[str, Any]) -> None:
    instances = outcome["instances"]
    kinds = [instance["kind"] for instance in instances]
    assert [kinds.count(kind) for kind in KINDS] == [len(LIGHTS)] * len(KINDS)
    assert len({instance["sop_instance_uid"] for instance in instances}) == len(instances)
    for instance in instances:
        assert instance["sop_class_uid"] == SOP_CLASSES[instance["modality"]]
        assert outcome["study_instance_uid"] in instance["path"]
    assert_valid([Path(instance["path"]) for instance in instances])


def test_the_live_picture_came_back_with_overlays(outcome: dict[str, Any]) -> None:
    live = outcome["live"]
    assert 10 < live["overlays_received"] <= live["frames_sent"]
    assert isinstance(live["dropped"], int)
    assert live["dropped"] >= 0
    assert 0 < live["latency_ms"]["p50"] <= live["latency_ms"]["p95"] < 5000


def test_every_still_has_a_quality_report(outcome: dict[str, Any]) -> None:
    photos = {each["sop_instance_uid"] for each in outcome["instances"] if each["kind"] == "photo"}
    assert {record["image"] for record in outcome["quality"]} == photos
    assert {record["light"] for record in outcome["quality"]} == LIGHTS
    for record in outcome["quality"]:
        assert record["verdict"] in {"pass", "warn"}
        assert len(record["measures"]) >= 3
        for measure in record["measures"]:
            assert set(measure) >= {"name", "value", "unit", "verdict"}
            assert measure["verdict"] in {"pass", "warn", "fail", "unknown"}


def test_every_measure_has_region_name_value_and_unit(outcome: dict[str, Any]) -> None:
    photos = {each["sop_instance_uid"] for each in outcome["instances"] if each["kind"] == "photo"}
    measures = outcome["measures"]
    assert {measure["image"] for measure in measures} == photos
    assert {measure["region"] for measure in measures} >= {"face", "forehead", "left_cheek", "nose", "chin"}
    for measure in measures:
        assert isinstance(measure["name"], str)
        assert isinstance(measure["unit"], str)
        if measure["value"] is None:
            assert measure["reason"]
        else:
            assert isinstance(measure["value"], float | int)
            assert measure["method"]


def test_tritons_own_statistics_say_that_it_worked(outcome: dict[str, Any]) -> None:
    triton = outcome["triton"]
    assert triton["server_version"][0].isdigit()
    assert set(triton["models"]) == {info.name for info in model_infos(ROOT / "triton_models")}
    # Triton counts a moment after it has answered.
    assert triton["models"]["live"]["inference_count"] >= 0.9 * outcome["live"]["overlays_received"]
    for counts in triton["models"].values():
        assert 0 <= counts["execution_count"] <= counts["inference_count"]
    assert sum(counts["execution_count"] for counts in triton["models"].values()) > 0


def test_what_it_prints_fits_a_screen(demo: Demo) -> None:
    lines = demo.output.splitlines()
    assert len(lines) <= LINES
    assert [
        line for line in lines if len(line) > COLUMNS and not re.search("#code=|admin.token$", line)
    ] == []
    assert "not measurable: not measurable" not in demo.output
    assert demo.kiosk.startswith("http://127.0.0.1:")
    assert demo.viewer.startswith("http://127.0.0.1:")
