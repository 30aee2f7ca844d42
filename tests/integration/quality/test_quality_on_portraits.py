"""Photographs of real people, with and without strong faults, under the recipe of photographs from elsewhere."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from server.analysis import find_face
from station.protocol import Frame, FrameHeader, QualityReport, Verdict
from station.quality import encode_srgb, examine, linear
from tests.fixtures.real_face import real_face
from tests.fixtures.skin_pictures import NORMAL

pytestmark = pytest.mark.integration

Srgb = NDArray[np.uint8]
PORTRAITS = Path(__file__).parents[4] / "shared" / "images" / "portraits"
SOFT = {"D000563", "G000386", "I000024", "M000303"}
"""Enlarged from smaller pictures."""
WORST = (Verdict.PASS, Verdict.UNKNOWN, Verdict.WARN, Verdict.FAIL)


def frame_of(picture: Srgb) -> Frame:
    height, width = picture.shape[:2]
    return Frame(FrameHeader(frame_id=0, width=width, height=height), np.ascontiguousarray(picture))


def judged(picture: Srgb, *, with_face: bool = True) -> QualityReport:
    face = find_face(picture) if with_face else None
    box = None if face is None else face.box
    return examine(frame_of(picture), recipe="uncontrolled", profile=NORMAL, face=box)


def exposed(picture: Srgb, stops: float) -> Srgb:
    return encode_srgb(np.clip(linear(frame_of(picture)) * np.float32(2.0**stops), 0, 1))


def noisy(picture: Srgb) -> Srgb:
    grain = np.random.default_rng(1).normal(0, 20, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def shiny(picture: Srgb) -> Srgb:
    """Two large reflections, on forehead and right cheek."""
    face = find_face(picture)
    assert face is not None
    light = linear(frame_of(picture)).copy()
    y, x = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]]
    for u, v, a, b in ((0.5, 0.17, 0.15, 0.08), (0.26, 0.63, 0.08, 0.1)):
        across = (x - face.box.x - u * face.box.width) / (a * face.box.width)
        down = (y - face.box.y - v * face.box.height) / (b * face.box.height)
        light += 0.5 * np.exp(-((across**2 + down**2) ** 2))[..., None].astype(np.float32)
    return encode_srgb(np.clip(light, 0, 1))


FAULTS: dict[str, tuple[str, Callable[[Srgb], Srgb]]] = {
    "three stops under": ("underexposure", lambda picture: exposed(picture, -3)),
    "two stops over": ("overexposure", lambda picture: exposed(picture, 2)),
    "blurred": ("sharpness", lambda picture: np.asarray(cv2.GaussianBlur(picture, (0, 0), 3), np.uint8)),
    "noisy": ("noise", noisy),
    "shiny": ("specular_reflection", shiny),
}


def portraits() -> dict[str, Srgb]:
    if not PORTRAITS.is_dir():
        pytest.skip("the portraits are not beside this checkout (../shared/images/portraits)")
    paths = sorted(PORTRAITS.iterdir())
    return {path.stem: np.asarray(cv2.imread(str(path)), np.uint8)[..., ::-1].copy() for path in paths}


def test_the_bundled_face_does_not_fail() -> None:
    assert judged(real_face()).verdict is not Verdict.FAIL


@pytest.mark.parametrize("fault", FAULTS)
def test_strong_faults_of_the_bundled_face_are_found(fault: str) -> None:
    name, spoil = FAULTS[fault]
    report = judged(spoil(real_face()))
    verdicts = {measure.name: measure.verdict for measure in report.measures}
    assert verdicts[name] is Verdict.FAIL
    assert report.advice


def test_without_a_face_box_the_middle_is_judged() -> None:
    report = judged(exposed(real_face(), -3), with_face=False)
    assert report.verdict is Verdict.FAIL
    assert {measure.region.split(",")[0] for measure in report.measures} == {"picture"}


def test_unaltered_portraits_pass_and_soft_ones_are_noticed() -> None:
    verdicts = {name: judged(picture).verdict for name, picture in portraits().items()}
    sharp = [verdict for name, verdict in verdicts.items() if name not in SOFT]
    assert Verdict.FAIL not in verdicts.values()
    assert sharp.count(Verdict.PASS) >= 0.8 * len(sharp)
    soft = [verdict for name, verdict in verdicts.items() if name in SOFT]
    assert soft.count(Verdict.WARN) >= 0.5 * len(soft)


@pytest.mark.parametrize("fault", FAULTS)
def test_strong_faults_of_portraits_are_found(fault: str) -> None:
    _, spoil = FAULTS[fault]
    missed = []
    for name, picture in portraits().items():
        before, after = judged(picture).verdict, judged(spoil(picture)).verdict
        if after not in (Verdict.WARN, Verdict.FAIL) or WORST.index(after) <= WORST.index(before):
            missed.append(name)
    assert missed == []
