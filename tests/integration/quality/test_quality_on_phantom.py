"""Faults of known size on heads of every skin tone."""

import cv2
import numpy as np
import pytest

from phantom import ITA_CLASSES
from station.protocol import Frame, Light, QualityMeasure, QualityReport, Verdict
from station.quality import examine, highlights, hint, linear, luminance
from tests.fixtures.phantom_heads import photograph, scene, true_face, true_skin
from tests.fixtures.skin_pictures import NORMAL, profile

pytestmark = pytest.mark.integration

LIGHTS = (Light.WHITE, Light.CROSS_POLARISED, Light.PARALLEL_POLARISED)


def judged(
    tone: str, light: Light = Light.WHITE, *, stops: float = 0.0, sharpness_px: float = 0.6
) -> QualityReport:
    picture = scene(tone, light)
    frame = photograph(picture, light, stops=stops, sharpness_px=sharpness_px)
    return examine(
        frame, recipe="standard", profile=NORMAL, face=true_face(picture).box, skin=true_skin(picture)
    )


def named(report: QualityReport, name: str) -> QualityMeasure:
    return next(measure for measure in report.measures if measure.name == name)


@pytest.mark.parametrize("light", LIGHTS)
def test_good_pictures_pass_alike_in_every_tone(light: Light) -> None:
    reports = {tone: judged(tone, light) for tone in ITA_CLASSES}
    failed = {tone: report.advice for tone, report in reports.items() if report.verdict is not Verdict.PASS}
    assert failed == {}


@pytest.mark.parametrize("tone", ITA_CLASSES)
def test_exposure_errors_are_measured_and_judged_alike(tone: str) -> None:
    for stops in (-2.0, -1.25, -0.4, 0.0, 0.25, 1.25, 2.0):
        measure = named(judged(tone, stops=stops), "neutral_tab_exposure")
        assert measure.value == pytest.approx(stops, abs=0.1)
        expected = Verdict.PASS if abs(stops) <= 0.4 else Verdict.FAIL
        assert measure.verdict is expected


@pytest.mark.parametrize("tone", ITA_CLASSES)
def test_blur_is_found_alike(tone: str) -> None:
    verdicts = [named(judged(tone, sharpness_px=sigma), "sharpness").verdict for sigma in (0.6, 2.0, 3.5)]
    assert verdicts == [Verdict.PASS, Verdict.FAIL, Verdict.FAIL]


@pytest.mark.parametrize("tone", ITA_CLASSES)
def test_a_hint_agrees_with_the_verdict(tone: str) -> None:
    picture = scene(tone, Light.WHITE)
    for stops in (-2.0, 0.0):
        frame = photograph(picture, Light.WHITE, stops=stops)
        face = true_face(picture).box
        assert (
            hint(frame, recipe="standard", profile=NORMAL, face=face).verdict
            is judged(tone, stops=stops).verdict
        )


@pytest.mark.parametrize("tone", ITA_CLASSES)
def test_added_reflections_are_found_where_they_are(tone: str) -> None:
    picture = scene(tone, Light.WHITE)
    frame = photograph(picture, Light.WHITE)
    box = true_face(picture).box
    height, width = picture.labels.shape
    blob = np.zeros((height, width), np.float32)
    centre = box.x + round(0.74 * box.width), box.y + round(0.64 * box.height)
    cv2.circle(blob, centre, round(0.06 * box.width), 0.35, -1)
    light = np.clip(linear(frame) + blob[..., None], 0, 1)
    codes = np.rint(frame.header.black_level + light * (frame.header.white_level - frame.header.black_level))
    shiny = Frame(frame.header, codes.astype(np.uint16))
    measure = named(
        examine(shiny, recipe="standard", profile=NORMAL, face=box, skin=true_skin(picture)),
        "specular_reflection",
    )
    assert measure.verdict is Verdict.FAIL
    assert measure.region == "left_cheek"
    assert "left cheek" in measure.advice
    found = highlights(light.astype(np.float32), true_skin(picture)) > 0
    painted = blob > 0
    assert (found & painted).sum() / painted.sum() > 0.85


@pytest.mark.parametrize("tone", ITA_CLASSES)
def test_a_polarised_pair_gives_the_true_gloss(tone: str) -> None:
    parallel, cross = scene(tone, Light.PARALLEL_POLARISED), scene(tone, Light.CROSS_POLARISED)
    report = examine(
        photograph(parallel, Light.PARALLEL_POLARISED),
        recipe="standard",
        profile=NORMAL,
        face=true_face(parallel).box,
        skin=true_skin(parallel),
        pair=photograph(cross, Light.CROSS_POLARISED, seed=2),
    )
    skin = parallel.masks["skin"]
    rows, columns = np.nonzero(skin)
    box = true_face(parallel).box
    u = (columns - box.x) / box.width - 0.5
    v = (rows - box.y) / box.height - 0.535
    inside = (u / 0.42) ** 2 + (v / 0.615) ** 2 <= 1
    at = rows[inside], columns[inside]
    truth = 100 * parallel.maps["specular"][at].sum() / luminance(parallel.linear)[at].sum()
    assert named(report, "gloss").value == pytest.approx(truth, rel=0.1)
    assert named(report, "polariser").verdict is Verdict.PASS


@pytest.mark.parametrize("tone", ITA_CLASSES)
def test_open_polarisers_are_found(tone: str) -> None:
    parallel = scene(tone, Light.PARALLEL_POLARISED)
    cross = scene(tone, Light.CROSS_POLARISED, polariser_leak=0.7)
    report = examine(
        photograph(cross, Light.CROSS_POLARISED),
        recipe="standard",
        profile=NORMAL,
        face=true_face(cross).box,
        skin=true_skin(cross),
        pair=photograph(parallel, Light.PARALLEL_POLARISED, seed=2),
    )
    assert named(report, "polariser").verdict is Verdict.FAIL
    assert named(report, "polariser").value == pytest.approx(70, abs=25)


def test_strict_asks_for_more() -> None:
    picture = scene("tan", Light.WHITE)
    frame = photograph(picture, Light.WHITE, stops=-0.4)
    verdicts = [
        examine(frame, recipe="standard", profile=profile(name), face=true_face(picture).box).verdict
        for name in ("off", "normal", "strict")
    ]
    assert verdicts == [Verdict.PASS, Verdict.PASS, Verdict.WARN]
