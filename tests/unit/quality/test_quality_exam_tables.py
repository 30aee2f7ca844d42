"""Shares, bounds and tables of the exam of the quality measures."""

import pytest

from benchmarks.quality_faults import FAULTS
from benchmarks.quality_portraits import Tried
from benchmarks.quality_tables import Outcome, Share, close, found, gap, page, passed, rows
from benchmarks.quality_trials import Trial
from station.protocol import Verdict

pytestmark = pytest.mark.unit

NOISE = next(fault for fault in FAULTS if fault.measure == "noise")


def trial(size: float, verdict: Verdict, value: float | None = 30.0, truth: float = 30.0) -> Trial:
    return Trial(NOISE.name, "tan", size, truth, value, verdict)


TRIALS = [
    trial(1.3, Verdict.WARN),
    trial(2.0, Verdict.PASS),
    trial(1.0, Verdict.PASS),
    trial(0.5, Verdict.PASS),
    trial(0.5, Verdict.UNKNOWN, None),
]


@pytest.mark.parametrize(("hits", "of", "bound"), [(50, 50, 0.9287), (45, 50, 0.7864), (0, 50, 0.0)])
def test_the_bound_is_wilsons(hits: int, of: int, bound: float) -> None:
    assert Share(hits, of).lower == pytest.approx(bound, abs=2e-4)


def test_what_is_near_the_limit_does_not_count() -> None:
    assert (found(TRIALS).hits, found(TRIALS).of) == (1, 2)
    assert (passed(TRIALS).hits, passed(TRIALS).of) == (1, 2)


def test_a_value_is_right_within_a_tenth_or_the_floor() -> None:
    values = [trial(1.3, Verdict.WARN, value) for value in (30.4, 32.9, 33.1, None)]
    assert close(NOISE, values).hits == 2


def test_the_gap_is_between_best_and_worst_tone() -> None:
    outcome = Outcome(1, "x/1", passed={"light": [True] * 4, "dark": [True, True, True, False]})
    assert gap(outcome) == pytest.approx(25)
    assert rows(outcome)[-1]["met"] is False


def test_the_page_shows_faults_tones_and_portraits() -> None:
    outcome = Outcome(1, "x/1", TRIALS, passed={"tan": [True, False]}, portraits={"a": Verdict.PASS})
    outcome.tried = [
        Tried("a", "noisy", Verdict.PASS, Verdict.FAIL),
        Tried("a", "blurred", Verdict.WARN, Verdict.WARN),
    ]
    text = page(outcome, "2030-01-01")
    assert "| noise | `noise` | 5 | 0.500 |" in text
    assert "| tan | 2 | 50.0 % | 50.0 % |" in text
    assert "| noisy | 1 of 1 |" in text
    assert "| blurred | 0 of 1 |" in text
    assert len(rows(outcome)) == 3
