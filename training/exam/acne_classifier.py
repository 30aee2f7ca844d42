"""The exam of `acne_classifier`: faces with acne told from faces without, by their masked skin crop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom.complexion import FacePicture, Law, groups
from training.exam.agreement import auc, class_f1, expected_calibration_error
from training.exam.faces import CountRule, blob_heights, candidates, faces, near_lesions, tuning_faces
from training.exam.goals import BOOTH, FAINT, IN_RANGE, SHIFTED, SHIFTED_ONE
from training.exam.intervals import Rows
from training.exam.items_scoring import mean
from training.exam.report import Figures, Report, Size, Table, Track, untracked, worst_over_best
from training.exam.served import Model, ServedModel
from training.exam.sets import SIZES, Sizes
from training.exam.thresholds import best_threshold

NAME: Final = "acne_classifier"
SIDE: Final = 224
BATCH: Final = 4
ALONE: Final = tuple(each for each in groups() if each != "dose")
"""Groups shifted one at a time; contrast has the faint set."""
HALF_CLEAR: Final = (0, 1, 0, 2, 0, 3, 0, 4)
"""Grades of the faces: half of them without acne."""
PAIR: Final = ("acne", "said")


def exam(repository: Path, size: Size = "full", track: Track = untracked) -> Report:
    """Every set. Some three minutes on one core at full size."""
    sizes, report, model = SIZES[size], Report(), ServedModel.of(repository, NAME)
    rule = _rule(track(tuning_faces(sizes.tuning, HALF_CLEAR), "tuning the count rule", sizes.tuning))
    for part, name, law in (("in-range", IN_RANGE, Law.training()), ("shifted", SHIFTED, Law.shifted())):
        table, opponent = Table(), Table()
        for made, numbers in track(
            _asked(model, faces(part, sizes.pictures, law, grades=HALF_CLEAR)), name, sizes.pictures
        ):
            table.add(made.head, made.ita_class, numbers)
            said = float(rule.count(blob_heights(made)) > 0)
            opponent.add(made.head, made.ita_class, {"acne": numbers["acne"], "said": said})
        by_ita = {"mean F1": table.by_ita(mean_f1, *PAIR)}
        report.metrics[name] = _f1s(table) | _probabilities(table)
        report.metrics[name]["worst over best ITA class"] = worst_over_best(by_ita["mean F1"], sizes.fairness)
        report.by_ita[name], report.baseline[name] = by_ita, _f1s(opponent)
    report.metrics[SHIFTED_ONE] = _one_group(model, sizes, track)
    booth = faces("booth", sizes.booth, Law.shifted(), grades=HALF_CLEAR, booth=True)
    faint = faces("faint", sizes.faint, Law.faint(), grades=HALF_CLEAR)
    for name, made_so, count in ((BOOTH, booth, sizes.booth), (FAINT, faint, sizes.faint)):
        report.metrics[name] = _f1s(_table(track(_asked(model, made_so), name, count)))
    return report


def crop(made: FacePicture) -> tuple[NDArray[np.uint8], tuple[slice, slice]]:
    """The smallest box around the skin, nothing but skin in it, at 224 px; and where it was."""
    x, y, width, height = cv2.boundingRect(made.skin.astype(np.uint8))
    window = slice(y, y + height), slice(x, x + width)
    part = made.image[window] * made.skin[window][..., None]
    shown = cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(shown, np.uint8), window


def mean_f1(rows: Rows) -> float:
    """Mean of the F1 of both classes, of true and said; NaN where the truth has only one."""
    truth, said = rows[:, 0], rows[:, 1]
    return (class_f1(truth, said) + class_f1(1 - truth, 1 - said)) / 2 if np.ptp(truth) else float("nan")


def _asked(model: Model, made: Iterable[FacePicture]) -> Iterator[tuple[FacePicture, dict[str, float]]]:
    remaining = iter(made)
    while batch := list(islice(remaining, BATCH)):
        crops = [crop(each) for each in batch]
        answer = model(image=np.stack([shown for shown, _ in crops]))
        for each, (_, window), probability, heatmap in zip(
            batch, crops, answer["probability"], answer["heatmap"], strict=True
        ):
            yield each, _numbers(each, window, float(probability[1]), heatmap)


def _numbers(
    made: FacePicture, window: tuple[slice, slice], probability: float, heatmap: NDArray[np.uint8]
) -> dict[str, float]:
    acne = float(made.grade > 0)
    numbers = {"acne": acne, "said": float(probability > 0.5), "probability": probability}
    near, skin = near_lesions(made)[window], made.skin[window]
    mass = cv2.resize(heatmap, skin.shape[::-1]).astype(np.float64) * skin
    if 1 <= made.grade <= 2 and mass.any():
        numbers |= {"inside": float(mass[near].sum() / mass.sum()), "chance": float(near[skin].mean())}
    return numbers


def _table(asked: Iterable[tuple[FacePicture, dict[str, float]]]) -> Table:
    table = Table()
    for made, numbers in asked:
        table.add(made.head, made.ita_class, numbers)
    return table


def _f1s(table: Table) -> Figures:
    return {
        "mean F1": table.figure(mean_f1, *PAIR),
        "F1 acne": table.figure(lambda r: class_f1(r[:, 0], r[:, 1]), *PAIR),
        "F1 no acne": table.figure(lambda r: class_f1(1 - r[:, 0], 1 - r[:, 1]), *PAIR),
    }


def _probabilities(table: Table) -> Figures:
    columns = "acne", "probability"
    return {
        "AUC": table.figure(lambda r: auc(r[:, 1], r[:, 0] > 0), *columns),
        "calibration error": table.figure(
            lambda r: expected_calibration_error(r[:, 1], r[:, 0] > 0), *columns
        ),
        "map in lesions, grades 1 and 2": table.figure(mean, "inside"),
        "map by chance, grades 1 and 2": table.figure(mean, "chance"),
    }


def _rule(made: Iterable[FacePicture]) -> CountRule:
    """Acne is one red blob or more; the threshold is best on these faces, which are to be in range."""
    people = list(made)
    heights, truth = (
        [blob_heights(each) for each in people],
        np.array([float(each.grade > 0) for each in people]),
    )

    def quality(threshold: float) -> float:
        said = np.array([float(CountRule(threshold).count(of) > 0) for of in heights])
        return mean_f1(np.stack([truth, said], 1))

    return CountRule(best_threshold(candidates(heights), quality))


def _one_group(model: Model, sizes: Sizes, track: Track) -> Figures:
    figures: Figures = {}
    for turn, group in enumerate(track(ALONE, SHIFTED_ONE, len(ALONE))):
        made = faces(
            "one group", sizes.one_group, Law.shifted_in(group), turn * sizes.one_group, grades=HALF_CLEAR
        )
        figures[f"mean F1, {group}"] = _f1s(_table(_asked(model, made)))["mean F1"]
    return figures
