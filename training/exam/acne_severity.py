"""The exam of `acne_severity`: grades, when it says that it is uncertain, and whether its map lies on the lesions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantom.complexion import FacePicture, Law, groups
from training.exam.agreement import quadratic_weighted_kappa, within_one
from training.exam.faces import (
    GRADES,
    CountRule,
    blob_heights,
    candidates,
    faces,
    lesions_of,
    near_lesions,
    tuning_faces,
)
from training.exam.goals import BOOTH, FAINT, IN_RANGE, SHIFTED, SHIFTED_ONE
from training.exam.intervals import Rows
from training.exam.items_scoring import mean, ratio
from training.exam.report import (
    Figure,
    Figures,
    Report,
    Size,
    Table,
    Track,
    plain,
    untracked,
    worst_over_best,
)
from training.exam.served import Model, ServedModel
from training.exam.sets import SIZES, Sizes
from training.exam.thresholds import best_threshold

NAME: Final = "acne_severity"
BATCH: Final = 4
COVERAGES: Final = (1.0, 0.9, 0.8, 0.7, 0.5)
"""Shares of the faces, the surest first, at which the error is told."""
MAP_GRADES: Final = (1, 2)
ALONE: Final = tuple(each for each in groups() if each != "dose")
"""Groups shifted one at a time; contrast has the faint set."""
PAIR: Final = ("grade", "said")


@dataclass(frozen=True)
class Graded:
    """A face and what a model says of it."""

    truth: FacePicture
    grade: int
    distribution: NDArray[np.float32]
    uncertain: bool
    heatmap: NDArray[np.uint8]


def exam(
    repository: Path, size: Size = "full", track: Track = untracked, compare: Sequence[Path] = ()
) -> Report:
    """Every set; beside the default's figures those of the same weights with other numbers of copies.

    These are `acne_severity_fast` of the repository and `acne_severity` of the repositories to `compare`. Some five
    minutes on one core at full size.
    """
    sizes, report, model = SIZES[size], Report(), ServedModel.of(repository, NAME)
    others = _others(
        ServedModel.of(repository, f"{NAME}_fast"), *(ServedModel.of(each, NAME) for each in compare)
    )
    rule = _rule(track(tuning_faces(sizes.tuning), "tuning the count rule", sizes.tuning))
    for part, name, law in (("in-range", IN_RANGE, Law.training()), ("shifted", SHIFTED, Law.shifted())):
        made = list(track(faces(part, sizes.pictures, law), f"{name}: faces", sizes.pictures))
        table = _table(track(_asked(model, made), name, sizes.pictures))
        by_ita = {"kappa": table.by_ita(kappa, *PAIR)}
        report.metrics[name] = _agreement(table) | _certainty(table) | _maps(table)
        report.metrics[name]["worst over best ITA class"] = worst_over_best(by_ita["kappa"], sizes.fairness)
        for k, other in sorted(others.items()):
            asked = track(_asked(other, made), f"{name}, k = {k}", sizes.pictures)
            report.metrics[name] |= _at_copies(k, _table(asked))
        report.by_ita[name], report.baseline[name] = by_ita, _agreement(_by_rule(made, rule))
    report.metrics[SHIFTED_ONE] = _one_group(model, sizes, track)
    booth = faces("booth", sizes.booth, Law.shifted(), booth=True)
    faint = faces("faint", sizes.faint, Law.faint())
    for name, made_so, count in ((BOOTH, booth, sizes.booth), (FAINT, faint, sizes.faint)):
        report.metrics[name] = _agreement(_table(track(_asked(model, made_so), name, count)))
    return report


def _at_copies(k: int, table: Table) -> Figures:
    return {f"{measure}, k = {k}": figure for measure, figure in (_agreement(table) | _maps(table)).items()}


def _others(*models: ServedModel) -> dict[int, ServedModel]:
    """By their number of copies; a model that does not say has one."""
    return {int(each.metadata.get("augmentations", "1")): each for each in models}


def kappa(rows: Rows) -> float:
    """Quadratic weighted kappa of true and said grades."""
    return quadratic_weighted_kappa(rows[:, 0], rows[:, 1], GRADES)


def _asked(model: Model, made: Iterable[FacePicture]) -> Iterator[Graded]:
    remaining = iter(made)
    while batch := list(islice(remaining, BATCH)):
        answer = model(image=np.stack([each.image for each in batch]))
        columns = (answer[name] for name in ("grade", "distribution", "uncertain", "heatmap"))
        for truth, grade, distribution, uncertain, heatmap in zip(batch, *columns, strict=True):
            yield Graded(truth, round(float(grade[0])), distribution, bool(uncertain[0]), heatmap)


def _table(graded: Iterable[Graded]) -> Table:
    table = Table()
    for each in graded:
        numbers = {
            "grade": float(each.truth.grade),
            "said": float(each.grade),
            "uncertain": float(each.uncertain),
        }
        numbers["spread"] = _spread(each.distribution)
        table.add(each.truth.head, each.truth.ita_class, numbers | _map(each))
    return table


def _spread(distribution: NDArray[np.float32]) -> float:
    """Standard deviation of the stated distribution."""
    grades = np.arange(GRADES)
    middle = float(distribution @ grades)
    return float(np.sqrt(max(0.0, float(distribution @ (grades - middle) ** 2))))


def _map(each: Graded) -> dict[str, float]:
    """Share of the map's mass near lesions, lesions hit, and share of the skin near lesions; none without lesions."""
    lesions = lesions_of(each.truth)
    if not lesions:
        return {}
    near, mass = near_lesions(each.truth), each.heatmap.astype(np.float64)
    last = len(mass) - 1
    hits = sum(bool(mass[min(max(round(d.y), 0), last), min(max(round(d.x), 0), last)]) for d in lesions)
    inside = float(mass[near].sum() / mass.sum()) if mass.any() else 0.0
    numbers = {
        "inside": inside,
        "hit": hits,
        "lesions": len(lesions),
        "chance": float(near[each.truth.skin].mean()),
    }
    if each.truth.grade not in MAP_GRADES:
        return {f"{name} above": value for name, value in numbers.items()}
    return numbers


def _agreement(table: Table) -> Figures:
    return {
        "kappa": table.figure(kappa, *PAIR),
        "within one": table.figure(lambda r: within_one(r[:, 0], r[:, 1]), *PAIR),
        "exact": table.figure(lambda r: float(np.mean(r[:, 0] == r[:, 1])), *PAIR),
        "bias, grades": table.figure(lambda r: float(np.mean(r[:, 1] - r[:, 0])), *PAIR),
    }


def _maps(table: Table) -> Figures:
    """Of grades 1 and 2, as the goal has it, and of the grades above."""
    figures: Figures = {}
    for ending, of_grades in (("", ""), (" above", ", grades 3 and 4")):
        figures[f"map in lesions{of_grades}"] = table.figure(mean, f"inside{ending}")
        figures[f"lesions hit{of_grades}"] = table.figure(ratio, f"hit{ending}", f"lesions{ending}")
        figures[f"map by chance{of_grades}"] = table.figure(mean, f"chance{ending}")
    return figures


def _certainty(table: Table) -> Figures:
    """Share told as uncertain, mean error of both kinds, and the error where only the surest are graded."""
    figures = {
        "share uncertain": table.figure(mean, "uncertain"),
        "error when certain": table.figure(lambda r: _error(r[r[:, 2] == 0]), *PAIR, "uncertain"),
        "error when uncertain": table.figure(lambda r: _error(r[r[:, 2] == 1]), *PAIR, "uncertain"),
    }
    for coverage in COVERAGES:
        figures[f"error at coverage {coverage:.0%}"] = _error_at(table, coverage)
    return figures


def _error_at(table: Table, coverage: float) -> Figure:
    def of(rows: Rows) -> float:
        kept = max(1, round(coverage * len(rows)))
        return _error(rows[np.argsort(rows[:, 2], kind="stable")[:kept]])

    return table.figure(of, *PAIR, "spread")


def _error(rows: Rows) -> float:
    """Mean distance of said from true grades."""
    return float(np.abs(rows[:, 0] - rows[:, 1]).mean()) if len(rows) else float("nan")


def _rule(made: Iterable[FacePicture]) -> CountRule:
    """The count rule whose threshold is best on these faces, which are to be in range."""
    people = list(made)
    heights = [blob_heights(each) for each in people]

    def quality(threshold: float) -> float:
        said = np.array(
            [[each.grade, CountRule(threshold).grade(of)] for each, of in zip(people, heights, strict=True)]
        )
        return kappa(said.astype(np.float64))

    return CountRule(best_threshold(candidates(heights), quality))


def _by_rule(made: Iterable[FacePicture], rule: CountRule) -> Table:
    table = Table()
    for each in made:
        numbers = {"grade": float(each.grade), "said": float(rule.grade(blob_heights(each)))}
        table.add(each.head, each.ita_class, numbers)
    return table


def _one_group(model: Model, sizes: Sizes, track: Track) -> Figures:
    figures: Figures = {}
    for turn, group in enumerate(track(ALONE, SHIFTED_ONE, len(ALONE))):
        made = faces("one group", sizes.one_group, Law.shifted_in(group), first=turn * sizes.one_group)
        told = _agreement(_table(_asked(model, made)))
        figures |= {f"{measure}, {group}": told[measure] for measure in ("kappa", "within one")}
    worst = min((each.value, name) for name, each in figures.items() if name.startswith("kappa"))
    return {"kappa, worst group": plain(worst[0], sizes.one_group)} | figures
