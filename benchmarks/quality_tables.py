"""What the trials say: shares with their bounds, as rows and as a page."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.quality_booth import BOOTH_FAULTS
from benchmarks.quality_faults import FAULTS
from benchmarks.quality_portraits import SOFT, Tried
from benchmarks.quality_trials import FOUND_FROM, PASSED_TO, Fault, Trial
from phantom import ITA_CLASSES
from station.protocol import Verdict
from station.quality.gate import SIGNED

Z = 1.959964
GOAL = 0.95
"""Least lower bound of a share."""
LARGEST_GAP = 3.0
"""Points between the pass rates of two skin tones."""
TENTH = 0.1

Row = dict[str, Any]


@dataclass
class Outcome:
    """Everything that one run found."""

    people: int
    profile: str
    trials: list[Trial] = field(default_factory=list)
    compared: int = 0
    """People whose tones were compared."""
    passed: dict[str, list[bool]] = field(default_factory=dict)
    """By skin tone, whether each picture of the same people under the same faults passed."""
    portraits: dict[str, Verdict] = field(default_factory=dict)
    tried: list[Tried] = field(default_factory=list)


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """0 where there were none."""
        return self.hits / self.of if self.of else 0.0

    @property
    def lower(self) -> float:
        """Lower bound of Wilson's 95 % interval."""
        if not self.of:
            return 0.0
        n, p = self.of, self.value
        centre, spread = p + Z * Z / (2 * n), Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        return (centre - spread) / (1 + Z * Z / n)


def found(trials: Sequence[Trial]) -> Share:
    """Of the faults that are large enough to be found."""
    large = [trial.right for trial in trials if trial.size >= FOUND_FROM]
    return Share(sum(bool(right) for right in large), len(large))


def passed(trials: Sequence[Trial]) -> Share:
    """Of the faults that are small enough to pass."""
    small = [trial.right for trial in trials if trial.size <= PASSED_TO]
    return Share(sum(bool(right) for right in small), len(small))


def close(fault: Fault, trials: Sequence[Trial]) -> Share:
    """Of the values, those within a tenth of the truth or the floor."""
    near = [
        trial.value is not None and _away(fault, trial) <= max(TENTH * abs(trial.truth), fault.floor)
        for trial in trials
    ]
    return Share(sum(near), len(near))


def gap(outcome: Outcome) -> float:
    """Points between the best and the worst pass rate of a skin tone."""
    rates = [100 * sum(passes) / len(passes) for passes in outcome.passed.values() if passes]
    return max(rates) - min(rates) if rates else 0.0


def rows(outcome: Outcome) -> list[Row]:
    """A row for each fault and each way to be wrong, and one for the tones."""
    rows = []
    for fault, trials in _by_fault(outcome):
        for words, share in (("found", found(trials)), ("passed", passed(trials))):
            size = f"from {FOUND_FROM}" if words == "found" else f"up to {PASSED_TO}"
            rows.append(
                _row(
                    f"{fault.name} {size} times the limit {words}, lower bound",
                    round(share.lower, 3),
                    "share",
                    f">= {GOAL}",
                    met=share.lower >= GOAL,
                    context=f"{share.hits} of {share.of} phantom pictures",
                )
            )
    points = gap(outcome)
    number = len(next(iter(outcome.passed.values()), []))
    rows.append(
        _row(
            "pass rate of the same heads, best over worst skin tone",
            round(points, 1),
            "points",
            f"<= {LARGEST_GAP:g}",
            met=points <= LARGEST_GAP,
            context=f"{number} pictures of {outcome.compared} people in each of {len(outcome.passed)} tones",
        )
    )
    return rows


def page(outcome: Outcome, date: str) -> str:
    """The tables as Markdown."""
    head = (
        f"Measured {date} on {outcome.people} phantom people in {len(outcome.passed)} skin tones each, profile "
        f"`{outcome.profile}`. A fault counts as found from {FOUND_FROM} times the limit of `warn`, and must pass up to "
        f"{PASSED_TO} times. Bounds are the lower ends of Wilson's 95 % intervals. A value is right within a tenth of the "
        f"truth or the floor."
    )
    parts = [head, _detection(outcome), "### Skin tones", _tones(outcome)]
    if outcome.tried:
        parts += ["### Real portraits", _portraits(outcome)]
    return "\n\n".join(parts)


def _by_fault(outcome: Outcome) -> Iterator[tuple[Fault, list[Trial]]]:
    for fault in (*FAULTS, *BOOTH_FAULTS):
        if trials := [trial for trial in outcome.trials if trial.fault == fault.name]:
            yield fault, trials


def _detection(outcome: Outcome) -> str:
    lines = [
        "| fault | measure | pictures | found | bound | passed | bound | floor | values right | bias |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for fault, trials in _by_fault(outcome):
        large, small, right = found(trials), passed(trials), close(fault, trials)
        lines.append(
            f"| {fault.name} | `{fault.measure}` | {len(trials)} | {large.value:.3f} | {large.lower:.3f} "
            f"| {small.value:.3f} | {small.lower:.3f} | {fault.floor:g} | {right.value:.3f} | {_bias(fault, trials):+.3g} |"
        )
    return "\n".join(lines)


def _tones(outcome: Outcome) -> str:
    lines = [
        f"The same {outcome.compared} heads under the same random faults in every tone; right: faults of the table above found "
        "or passed.",
        "",
        "| tone | pictures | pass rate | right |",
        "|---|---|---|---|",
    ]
    for tone in ITA_CLASSES:
        passes = outcome.passed.get(tone, [])
        own = [trial.right for trial in outcome.trials if trial.tone == tone and trial.right is not None]
        rate = 100 * sum(passes) / max(len(passes), 1)
        right = 100 * sum(map(bool, own)) / max(len(own), 1)
        lines.append(f"| {tone.replace('_', ' ')} | {len(passes)} | {rate:.1f} % | {right:.1f} % |")
    return "\n".join([*lines, "", f"Largest gap {gap(outcome):.1f} points; at most {LARGEST_GAP:g}."])


def _portraits(outcome: Outcome) -> str:
    sharp = [verdict for name, verdict in outcome.portraits.items() if name not in SOFT]
    lines = [
        f"{len(outcome.portraits)} public-domain portraits: of {len(sharp)} sharp ones {sharp.count(Verdict.FAIL)} fail "
        f"unaltered and {sharp.count(Verdict.PASS)} pass. Found: warned of or failed, and worse than unaltered.",
        "",
        "| fault | found |",
        "|---|---|",
    ]
    for fault in dict.fromkeys(one.fault for one in outcome.tried):
        own = [one.found for one in outcome.tried if one.fault == fault]
        lines.append(f"| {fault} | {sum(own)} of {len(own)} |")
    return "\n".join(lines)


def _away(fault: Fault, trial: Trial) -> float:
    """Distance of value and truth; of the size alone where the fault's sign has no part in the value."""
    assert trial.value is not None
    if fault.measure in SIGNED:
        return abs(trial.value - trial.truth)
    return abs(trial.value - abs(trial.truth))


def _bias(fault: Fault, trials: Sequence[Trial]) -> float:
    signed = fault.measure in SIGNED
    errors = [
        trial.value - (trial.truth if signed else abs(trial.truth))
        for trial in trials
        if trial.value is not None
    ]
    return sum(errors) / max(len(errors), 1)


def _row(name: str, value: float, unit: str, goal: str, *, met: bool, context: str) -> Row:
    return {"name": name, "value": value, "unit": unit, "goal": goal, "met": met, "context": context}
