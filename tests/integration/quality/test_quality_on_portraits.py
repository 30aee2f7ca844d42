"""Photographs of real people, with and without strong faults, under the recipe of photographs from elsewhere."""

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.quality_portraits import FAULTS, PORTRAITS, SOFT, exposed, judged, portraits, try_all
from station.protocol import Verdict
from tests.fixtures.real_face import real_face
from tests.fixtures.skin_pictures import NORMAL

pytestmark = pytest.mark.integration

Srgb = NDArray[np.uint8]


def pictures() -> dict[str, Srgb]:
    found = portraits()
    if not found:
        pytest.skip(f"the portraits are not beside this checkout ({PORTRAITS.parent.name}/{PORTRAITS.name})")
    return found


def test_the_bundled_face_does_not_fail() -> None:
    assert judged(real_face(), NORMAL).verdict is not Verdict.FAIL


@pytest.mark.parametrize("fault", FAULTS)
def test_strong_faults_of_the_bundled_face_are_found(fault: str) -> None:
    name, spoil = FAULTS[fault]
    report = judged(spoil(real_face()), NORMAL)
    verdicts = {measure.name: measure.verdict for measure in report.measures}
    assert verdicts[name] is Verdict.FAIL
    assert report.advice


def test_without_a_face_box_the_middle_is_judged() -> None:
    report = judged(exposed(real_face(), -3), NORMAL, with_face=False)
    assert report.verdict is Verdict.FAIL
    assert {measure.region.split(",")[0] for measure in report.measures} == {"picture"}


def test_unaltered_portraits_pass_and_soft_ones_are_noticed() -> None:
    verdicts = {name: judged(picture, NORMAL).verdict for name, picture in pictures().items()}
    sharp = [verdict for name, verdict in verdicts.items() if name not in SOFT]
    assert sharp.count(Verdict.FAIL) <= 1
    assert sharp.count(Verdict.PASS) >= 0.75 * len(sharp)
    soft = [verdict for name, verdict in verdicts.items() if name in SOFT]
    assert soft.count(Verdict.WARN) >= 0.5 * len(soft)


def test_strong_faults_of_portraits_are_found() -> None:
    pictures()
    _, tried = try_all(NORMAL)
    for fault in FAULTS:
        own = [one for one in tried if one.fault == fault]
        missed = [(one.portrait, one.before, one.after) for one in own if not one.found]
        assert len(missed) <= 0.05 * len(own), (fault, missed)
