"""The exam of the quality measures, small: one person in the lightest and the darkest tone."""

from pathlib import Path

import pytest

from benchmarks import quality, quality_run
from benchmarks.quality_booth import BOOTH_FAULTS
from benchmarks.quality_faults import FAULTS
from benchmarks.quality_run import Answer, Part, Plan, examined, run
from benchmarks.quality_tables import Outcome, found, passed

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ROUGH = {"head_pose", "pose_change", "polariser", "occlusion", "eye_opening", "registration"}
"""Measures that one picture may get wrong."""


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return run(1, 4, tones=("very_light", "dark"), pictures=2)


def test_faults_are_found_and_small_ones_pass_in_both_tones(outcome: Outcome) -> None:
    for fault in (*FAULTS, *BOOTH_FAULTS):
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


def test_a_run_goes_on_where_the_last_one_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(part: Part, plan: Plan) -> Answer:
        asked.append(part.group)
        return examined(part, plan)

    monkeypatch.setattr(quality_run, "examined", counted)
    monkeypatch.setitem(quality_run.GROUPS, "traced", ())
    groups, kept = list(quality_run.GROUPS), tmp_path / "kept.jsonl"
    first = run(1, 1, tones=("tan",), pictures=1, kept=kept)
    with kept.open("ab") as file:
        file.write(b'{"part": ["pose", 0], "tri')
    again = run(1, 1, tones=("tan",), pictures=1, kept=kept)
    assert asked == groups
    assert again.trials == first.trials
    assert again.passed == first.passed
    run(1, 1, tones=("tan",), pictures=1, kept=kept, again=["pose"])
    assert asked == [*groups, "pose"]
    run(1, 2, tones=("tan",), pictures=1, kept=kept, minutes=0)
    assert len(kept.read_bytes().splitlines()) == 1, "another plan is another exam"


def test_nobody_is_begun_after_the_time() -> None:
    late = run(2, 1, tones=("tan",), pictures=1, minutes=0)
    assert late.people == 0
    assert late.trials == []
