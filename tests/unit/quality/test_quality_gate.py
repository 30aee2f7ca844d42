"""Verdicts."""

import numpy as np
import pytest

from station.protocol import Light, QualityReport, Verdict
from station.quality import Limit, QualityProfile, Reading, examine, hint, judge
from tests.fixtures.skin_pictures import (
    DARK_SKIN,
    FACE,
    LIGHT_SKIN,
    NORMAL,
    Picture,
    expose,
    profile,
    skin_picture,
)

pytestmark = pytest.mark.unit

LIMITS = QualityProfile(
    name="test",
    version="test/3",
    limits={
        "booth": {"noise": Limit(warn=30, fail=20), "overexposure": Limit(warn=1, fail=2)},
        "cross_polarised": {"overexposure": Limit(warn=0.5, fail=1)},
        "special/white": {"noise": Limit(warn=40, fail=35)},
    },
)


def verdict(name: str, value: float | None, recipe: str = "standard", light: Light = Light.WHITE) -> Verdict:
    return judge((Reading(name, value, ""),), recipe=recipe, profile=LIMITS, light=light).verdict


def measures(report: QualityReport) -> dict[str, Verdict]:
    return {measure.name: measure.verdict for measure in report.measures}


def test_a_larger_share_and_a_smaller_ratio_are_worse() -> None:
    assert [verdict("overexposure", v) for v in (0.5, 1.0, 2.0)] == [Verdict.PASS, Verdict.WARN, Verdict.FAIL]
    assert [verdict("noise", v) for v in (31, 30, 20)] == [Verdict.PASS, Verdict.WARN, Verdict.FAIL]


def test_the_narrowest_scope_decides() -> None:
    assert verdict("overexposure", 0.7, light=Light.CROSS_POLARISED) is Verdict.WARN
    assert verdict("noise", 38, recipe="special") is Verdict.WARN
    assert verdict("noise", 38, recipe="special", light=Light.CROSS_POLARISED) is Verdict.PASS
    assert verdict("noise", 5, recipe="uncontrolled") is Verdict.PASS


def test_the_worst_wins_and_what_cannot_be_told_does_not_pass() -> None:
    readings = Reading("noise", None, "dB", reason="No tab."), Reading("overexposure", 0.0, "%")
    report = judge(readings, recipe="standard", profile=LIMITS, light=Light.WHITE)
    assert report.verdict is Verdict.UNKNOWN
    assert report.measures[0].advice == "No tab."
    assert verdict("overexposure", 5.0) is Verdict.FAIL


def test_a_report_names_value_threshold_version_and_advice() -> None:
    report = judge(
        (Reading("noise", 25.0, "dB", "neutral_tab"),), recipe="r", profile=LIMITS, light=Light.WHITE
    )
    measure = report.measures[0]
    assert (report.profile, report.recipe, report.threshold_version) == ("test", "r", "test/3")
    assert (measure.value, measure.unit, measure.threshold, measure.region) == (25.0, "dB", 30, "neutral_tab")
    assert report.advice == ("Noisy picture: use more light and less gain.",)


@pytest.mark.parametrize("colour", [LIGHT_SKIN, DARK_SKIN])
@pytest.mark.parametrize(
    ("stops", "expected"),
    [
        (-2.0, Verdict.FAIL),
        (-0.7, Verdict.WARN),
        (-0.45, Verdict.PASS),
        (0.0, Verdict.PASS),
        (0.45, Verdict.WARN),
        (0.7, Verdict.WARN),
        (2.0, Verdict.FAIL),
    ],
)
def test_exposure_is_judged_alike_in_every_tone(
    colour: tuple[float, float, float], stops: float, expected: Verdict
) -> None:
    report = examine(expose(skin_picture(colour), stops=stops), recipe="standard", profile=NORMAL, face=FACE)
    assert measures(report)["neutral_tab_exposure"] is expected


def test_the_profile_off_judges_nothing() -> None:
    report = examine(expose(skin_picture(), stops=-3), recipe="standard", profile=profile("off"), face=FACE)
    assert report.verdict is Verdict.PASS
    assert all(measure.threshold is None for measure in report.measures)
    assert measures(report).keys() >= {"neutral_tab_exposure", "noise", "sharpness", "specular_reflection"}


def test_without_a_face_the_middle_of_the_picture_is_measured() -> None:
    report = examine(expose(skin_picture()), recipe="standard", profile=NORMAL)
    assert {m.region for m in report.measures} == {"neutral_tab", "picture"}


def test_a_booth_without_a_tab_cannot_tell_exposure() -> None:
    report = examine(expose(skin_picture(), tab=False), recipe="standard", profile=NORMAL, face=FACE)
    assert measures(report)["underexposure"] is Verdict.UNKNOWN
    assert report.verdict is not Verdict.PASS


def test_fluorescence_is_not_held_to_the_tab() -> None:
    report = examine(
        expose(skin_picture() * np.float32(0.05), light=Light.UV),
        recipe="standard",
        profile=NORMAL,
        face=FACE,
    )
    assert measures(report).keys() == {"overexposure", "sharpness", "zone_sharpness"}


def test_a_polarised_pair_is_judged_with_either_picture() -> None:
    rng = np.random.default_rng(2)
    shine = np.kron(np.clip(rng.normal(0.02, 0.03, (80, 80)), 0, 1), np.ones((4, 4))).astype(np.float32)[
        ..., None
    ]
    shine[4:36, 4:36] = 0
    matte: Picture = skin_picture((0.36, 0.22, 0.15)) * np.float32(0.5)
    parallel = expose(matte + shine, stops=1, light=Light.PARALLEL_POLARISED)
    for leak, expected in ((0.0, Verdict.PASS), (0.8, Verdict.FAIL)):
        cross = expose(matte + np.float32(leak) * shine, stops=1, light=Light.CROSS_POLARISED)
        for first, second in ((parallel, cross), (cross, parallel)):
            report = examine(first, recipe="standard", profile=NORMAL, face=FACE, pair=second)
            assert measures(report)["polariser"] is expected
    assert "polariser" not in measures(
        examine(parallel, recipe="s", profile=NORMAL, face=FACE, pair=parallel)
    )


def test_a_hint_of_a_large_frame_says_its_scale() -> None:
    large = np.kron(skin_picture(), np.ones((5, 5, 1), np.float32))
    frame = expose(large.astype(np.float32), tab=False)
    report = hint(frame, recipe="standard", profile=NORMAL, face=FACE.scaled(5, 5))
    assert {m.region for m in report.measures if m.name == "overexposure"} == {"face, 1/3 scale"}


def test_a_face_at_the_edge_and_a_tiny_frame_are_measured() -> None:
    frame = expose(skin_picture())
    for box in (FACE.scaled(2, 2), FACE.scaled(0.05, 0.05)):
        assert examine(frame, recipe="standard", profile=NORMAL, face=box).measures
    tiny = expose(np.full((8, 8, 3), 0.4, np.float32), tab=False)
    for recipe in ("standard", "uncontrolled"):
        assert examine(tiny, recipe=recipe, profile=NORMAL).measures


def test_a_skin_mask_without_skin_leaves_the_pixel_measures() -> None:
    empty = np.zeros((320, 320), np.uint8)
    report = examine(expose(skin_picture()), recipe="standard", profile=NORMAL, face=FACE, skin=empty)
    assert {measure.name for measure in report.measures if measure.value is None} == {
        "head_pose",
        "framing",
        "distance",
        "occlusion",
        "illumination_uniformity",
        "zone_uniformity",
        "dynamic_range",
    }
