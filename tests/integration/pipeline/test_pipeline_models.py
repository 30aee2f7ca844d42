"""Trained models in the pipeline: each on its light, and each may be absent or fail alone."""

from collections import Counter
from pathlib import Path

import numpy as np
import pydicom
import pytest

from server.analysis import find_face
from server.inference import SEVERITY_MODELS
from server.pipeline import worker
from server.store import WorkState
from station.protocol import Encoding, Layer, Light, Measure, encode_pixels
from tests.fixtures.dicom_validators import assert_valid
from tests.fixtures.pipelines import Opener, Pipeline
from tests.fixtures.visits import FOUR_LIGHTS, PlannedVisit, plan_visit

pytestmark = pytest.mark.integration

WHITE, CROSS, PARALLEL, UV = FOUR_LIGHTS
SHOWN = {
    WHITE: {Layer.ACNE, Layer.SEVERITY},
    CROSS: set(),
    PARALLEL: {Layer.SPOTS, Layer.TROUBLE},
    UV: {Layer.PORPHYRIN, Layer.UV_SPOTS},
}
SCALE = 6.0


async def examined(room: Pipeline, visit: PlannedVisit) -> None:
    await room.open(visit)
    for light in visit.stills:
        await room.arrive(visit, light)
    await room.close(visit)
    await room.ended_all(visit)


async def told(room: Pipeline, visit: PlannedVisit, light: Light) -> dict[tuple[str, str], Measure]:
    found = await room.store.measures(visit.stills[light].sop_instance_uid)
    return {(each.region, each.name): each for each in found}


def layers(room: Pipeline, visit: PlannedVisit, light: Light) -> set[Layer]:
    uid = visit.stills[light].sop_instance_uid
    return {layer for layer in Layer if room.archive.layer(visit.study, uid, layer.value).is_file()}


async def test_a_visit_runs_every_model_on_the_light_it_needs(
    pipeline: Opener, small_triton_url: str, small_repository: Path
) -> None:
    visit = plan_visit(8, FOUR_LIGHTS, px_per_mm=SCALE)
    async with pipeline(small_triton_url, models=small_repository) as room:
        await examined(room, visit)
        await room.assert_complete(visit)
        for light, expected in SHOWN.items():
            own = layers(room, visit, light)
            assert own & set().union(*SHOWN.values()) == expected
            assert (Layer.MELANIN in own) == (light is not UV)
        white, parallel = await told(room, visit, WHITE), await told(room, visit, PARALLEL)
        uv, cross = await told(room, visit, UV), await told(room, visit, CROSS)
        assert white["face", "acne_severity"].method == "acne_severity/1"
        shares = [white["face", f"acne_severity_p{grade}"].value for grade in range(5)]
        assert sum(share or 0 for share in shares) == pytest.approx(1, abs=1e-3)
        assert white["forehead", "condition_melasma"].value is not None
        assert parallel["face", "spots_area"].unit == "%"
        assert parallel["face", "pores_area"].reason == "6.0 px/mm, needs 10"
        assert uv["face", "porphyrins_density"].unit == "/cm2"
        assert cross["face", "brown_spots_area"].value is not None
        assert not [key for key in uv if key[1] in ("melanin", "redness")]
        still = await room.still(visit, WHITE)
        assert still.face is not None
        assert still.face.pose is not None
        assert abs(still.face.pose.yaw) < 15
        await check_objects(room, visit)


async def check_objects(room: Pipeline, visit: PlannedVisit) -> None:
    """Marks are segments that name their model; the report says what the weights are."""
    paths = {
        (one.still_uid, one.kind): room.archive.resolve(one.path)
        for one in await room.store.instances(visit.study)
    }
    assert_valid(list(paths.values()))
    uid = visit.stills[PARALLEL].sop_instance_uid
    masks = pydicom.dcmread(paths[uid, "segmentation"])
    named = {
        item.SegmentLabel: item.SegmentationAlgorithmIdentificationSequence[0].AlgorithmName
        for item in masks.SegmentSequence
    }
    assert named["Facial skin"] == "skin_segmenter"
    assert named["Papules, pustules and comedones"] == "skin_items"
    heat = pydicom.dcmread(paths[uid, "heat_map"])
    tracked = {item.SegmentLabel: item.TrackingUID for item in masks.SegmentSequence}
    assert tracked.keys() & {one.SegmentLabel for one in heat.SegmentSequence}
    for one in heat.SegmentSequence:
        assert one.SegmentationAlgorithmIdentificationSequence[0].AlgorithmName == "skin_items"
        assert one.TrackingUID == tracked.get(one.SegmentLabel, one.TrackingUID)
    report = pydicom.dcmread(paths[uid, "report"])
    assert "phantom-trained reference weights" in report.to_json()


async def test_the_skin_of_a_uv_picture_is_that_of_its_white_twin(
    pipeline: Opener, small_triton_url: str, small_repository: Path
) -> None:
    visit = plan_visit(8, (WHITE, UV), px_per_mm=SCALE)
    async with pipeline(small_triton_url, models=small_repository) as room:
        await examined(room, visit)
        skins = [
            room.archive.layer(visit.study, visit.stills[light].sop_instance_uid, "skin").read_bytes()
            for light in (WHITE, UV)
        ]
        assert skins[0] == skins[1]


async def test_a_uv_picture_without_its_white_twin_says_that_it_needs_it(
    pipeline: Opener, small_triton_url: str, small_repository: Path
) -> None:
    visit = plan_visit(8, (WHITE, UV), px_per_mm=SCALE)
    async with pipeline(small_triton_url, models=small_repository) as room:
        await room.open(visit)
        await room.arrive(visit, UV)
        await room.close(visit, lights=(UV,), complete=False)
        await room.ended_all(visit, UV)
        uv = await told(room, visit, UV)
        assert {uv["face", name].reason for name in ("porphyrins_area", "uv_spots_area")} == {
            "needs the white picture of this view, in which the skin is found"
        }


async def test_a_uv_picture_whose_white_twin_is_broken_says_so(
    pipeline: Opener, small_triton_url: str, small_repository: Path
) -> None:
    visit = plan_visit(8, (WHITE, UV), px_per_mm=SCALE)
    async with pipeline(small_triton_url, models=small_repository) as room:
        await room.open(visit)
        await room.arrive(visit, WHITE, data=b"no picture")
        await room.arrive(visit, UV)
        await room.close(visit)
        await room.ended_all(visit)
        reason = (await told(room, visit, UV))["face", "porphyrins_area"].reason
        assert reason == "the white picture of this view, in which the skin is found, was not analysed"


async def test_severity_comes_from_the_model_that_is_chosen(
    pipeline: Opener, small_triton_url: str, small_repository: Path
) -> None:
    visit = plan_visit(8, (WHITE,), px_per_mm=SCALE)
    fast = SEVERITY_MODELS["fast"]
    async with pipeline(small_triton_url, models=small_repository, severity=fast) as room:
        await examined(room, visit)
        assert (await told(room, visit, WHITE))["face", "acne_severity"].method == "acne_severity_fast/1"


async def test_a_model_that_fails_or_is_absent_leaves_the_others_results(
    pipeline: Opener, partial_triton_url: str, partial_repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "RETRY_S", 0.01)
    visit = plan_visit(8, (WHITE, CROSS, PARALLEL), px_per_mm=SCALE)
    async with pipeline(partial_triton_url, models=partial_repository) as room:
        await examined(room, visit)
        states = await room.states(visit, WHITE)
        failed = [step for step, status in states.items() if status.state == WorkState.FAILED]
        assert failed == ["severity"]
        assert states["severity"].attempts == worker.MAX_ATTEMPTS
        assert "out of order" in states["severity"].error
        white = await told(room, visit, WHITE)
        assert white["face", "acne_severity"].reason == "the model failed"
        assert white["face", "condition_dryness"].reason == "no model for it is installed"
        assert white["face", "porphyrins_area"].reason == "needs ultraviolet light"
        assert white["face", "acne_probability"].value is not None
        assert (await told(room, visit, PARALLEL))["face", "spots_area"].value is not None
        kinds = Counter(one.kind for one in await room.store.instances(visit.study))
        assert kinds == {"photo": 3, "segmentation": 3, "report": 3, "overlay": 3, "heat_map": 2}


async def test_a_face_that_the_cascade_misses_is_found_by_its_skin(
    pipeline: Opener, small_triton_url: str, small_repository: Path
) -> None:
    visit = plan_visit(8, (WHITE,), px_per_mm=SCALE)
    pixels = np.array(visit.stills[WHITE].frame.pixels, np.uint8)
    pixels[170:260, 110:340] = pixels[330, 225]  # a bandage where the cascade seeks the eyes
    assert find_face(pixels) is None
    data = bytes(encode_pixels(pixels, Encoding.DELTA_ZSTD))
    async with pipeline(small_triton_url, models=small_repository) as room:
        await room.open(visit)
        await room.arrive(visit, WHITE, data=data)
        await room.close(visit)
        await room.ended_all(visit)
        still = await room.still(visit, WHITE)
        assert still.face is not None
        assert still.face.source == "segmented"
        assert still.face.box.width == pytest.approx(1.67 * 162, rel=0.25)
