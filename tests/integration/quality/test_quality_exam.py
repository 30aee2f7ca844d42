"""The exam of the quality measures, small: one person in the lightest and the darkest tone."""

from pathlib import Path

import pytest

from benchmarks import quality
from benchmarks.quality_faults import FAULTS
from benchmarks.quality_tables import Outcome, found, passed

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ROUGH = {"head_pose", "pose_change", "polariser"}
"""Measures that one picture may get wrong."""


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return quality.run(1, 4, tones=("very_light", "dark"), pictures=2)


def test_faults_are_found_and_small_ones_pass_in_both_tones(outcome: Outcome) -> None:
    for fault in FAULTS:
        trials = [trial for trial in outcome.trials if trial.fault == fault.name]
        assert len(trials) == 4
        if fault.measure not in ROUGH:
            assert found(trials).value == 1, fault.name
            assert passed(trials).value == 1, fault.name


def test_the_same_pictures_pass_in_both_tones(outcome: Outcome) -> None:
    light, dark = outcome.passed["very_light"], outcome.passed["dark"]
    assert len(light) == len(dark) == 2
    assert abs(sum(light) - sum(dark)) <= 1


def test_the_tables_are_written_between_the_marks(outcome: Outcome, tmp_path: Path) -> None:
    page = tmp_path / "exam.md"
    page.write_text(f"# Exam\n{quality.BEGIN}\nold\n{quality.END}\nend\n")
    quality.write(outcome, page)
    text = page.read_text()
    assert text.startswith(f"# Exam\n{quality.BEGIN}\nMeasured ")
    assert text.endswith(f"{quality.END}\nend\n")
    assert "old" not in text
    shipped = quality.PAGE.read_text()
    assert quality.BEGIN in shipped
    assert quality.END in shipped
