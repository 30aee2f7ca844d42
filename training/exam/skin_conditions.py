"""The exam of `skin_conditions`: which of eight conditions a piece of skin shows, one or several at once or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantom.scene import Light
from phantom.swatch import CONDITIONS, GROUPS, Condition, Law, Swatch, swatch
from training.exam.agreement import auc, class_f1, expected_calibration_error, macro_f1
from training.exam.conditions_baseline import Rules, measures
from training.exam.goals import BOOTH, FAINT, IN_RANGE, SHIFTED, SHIFTED_ONE
from training.exam.intervals import Rows
from training.exam.report import Figures, Report, Size, Table, Track, untracked, worst_over_best
from training.exam.served import Model, ServedModel
from training.exam.sets import SIZES, Sizes, through_booth, tones

NAME: Final = "skin_conditions"
SIDE: Final = 224
PX_PER_MM: Final = 6.0
BATCH: Final = 4
LIGHT: Final[Light] = "white"
MOST: Final = 4
"""Conditions at once."""
ALONE: Final = tuple(each for each in GROUPS if each != "contrast")
TRUE: Final = tuple(f"{each} true" for each in CONDITIONS)
SAID: Final = tuple(f"{each} said" for each in CONDITIONS)
_HALF: Final = len(CONDITIONS)


@dataclass(frozen=True)
class Piece:
    """A piece of skin with its class and conditions (0 or 1 each)."""

    seed: int
    ita_class: str
    made: Swatch
    truth: NDArray[np.float64]

    @property
    def image(self) -> NDArray[np.uint8]:
        """(224, 224, 3) sRGB."""
        return self.made.pictures[LIGHT]


def exam(repository: Path, size: Size = "full", track: Track = untracked) -> Report:
    """Every set. Some four minutes on one core at full size."""
    sizes, report, model = SIZES[size], Report(), ServedModel.of(repository, NAME)
    tuning = track(pieces("tuning", sizes.tuning, Law.training()), "tuning the opponent", sizes.tuning)
    rules = Rules.tuned((measures(each.image), each.truth) for each in tuning)
    for part, name, law in (("in-range", IN_RANGE, Law.training()), ("shifted", SHIFTED, Law.shifted())):
        table, opponent = Table(), Table()
        for piece, probability in track(
            _asked(model, pieces(part, sizes.pictures, law)), name, sizes.pictures
        ):
            _note(table, piece, probability)
            _note(opponent, piece, rules.say(measures(piece.image)))
        by_ita = {"macro F1": table.by_ita(macro, *TRUE, *SAID)}
        report.metrics[name] = _f1s(table) | _probabilities(table)
        report.metrics[name]["worst over best ITA class"] = worst_over_best(
            by_ita["macro F1"], sizes.fairness
        )
        report.by_ita[name], report.baseline[name] = by_ita, _f1s(opponent)
    report.metrics[SHIFTED_ONE] = _one_group(model, sizes, track)
    booth = pieces("booth", sizes.booth, Law.shifted(), booth=True)
    report.metrics[BOOTH] = _f1s(_table(model, booth))
    report.metrics[FAINT] = _f1s(_table(model, pieces("faint", sizes.faint, Law.faint())))
    return report


def pieces(part: str, count: int, law: Law, first: int = 0, *, booth: bool = False) -> Iterator[Piece]:
    """Pieces of skin with up to `MOST` conditions, each as often, in every ITA class alike often."""
    for index, (seed, name, ita) in enumerate(tones(part, first + count)):
        if index < first:
            continue
        chosen = conditions(seed)
        made = swatch(seed, law, side=SIDE, px_per_mm=PX_PER_MM, ita=ita, conditions=chosen, lights=(LIGHT,))
        if booth:
            made = replace(made, pictures=through_booth(made.pictures, seed))
        yield Piece(seed, name, made, np.array([float(each in chosen) for each in CONDITIONS]))


def conditions(seed: int) -> tuple[Condition, ...]:
    """The conditions of a seed: none to `MOST` of the eight."""
    rng = np.random.default_rng([seed, 8])
    chosen = rng.choice(len(CONDITIONS), int(rng.integers(0, MOST + 1)), replace=False)
    return tuple(CONDITIONS[int(each)] for each in chosen)


def macro(rows: Rows) -> float:
    """Mean F1 of the conditions, of their true and then their said probabilities."""
    return macro_f1(rows[:, :_HALF], (rows[:, _HALF:] > 0.5).astype(np.float64))


def _asked(model: Model, made: Iterable[Piece]) -> Iterator[tuple[Piece, NDArray[np.float32]]]:
    remaining = iter(made)
    while batch := list(islice(remaining, BATCH)):
        answer = model(image=np.stack([each.image for each in batch]))
        yield from zip(batch, answer["probability"], strict=True)


def _note(table: Table, piece: Piece, said: NDArray[np.floating]) -> None:
    numbers = dict(zip(TRUE, map(float, piece.truth), strict=True)) | dict(
        zip(SAID, map(float, said), strict=True)
    )
    table.add(piece.seed, piece.ita_class, numbers)


def _table(model: Model, made: Iterable[Piece]) -> Table:
    table = Table()
    for piece, probability in _asked(model, made):
        _note(table, piece, probability)
    return table


def _f1s(table: Table) -> Figures:
    figures = {"macro F1": table.figure(macro, *TRUE, *SAID)}
    for name, *columns in zip(CONDITIONS, TRUE, SAID, strict=True):
        figures[f"F1 {name}"] = table.figure(lambda r: class_f1(r[:, 0], np.round(r[:, 1])), *columns)
    return figures


def _probabilities(table: Table) -> Figures:
    figures: Figures = {}
    for name, *columns in zip(CONDITIONS, TRUE, SAID, strict=True):
        figures[f"AUC {name}"] = table.figure(lambda r: auc(r[:, 1], r[:, 0] > 0), *columns)
    figures["calibration error"] = table.figure(_calibration, *TRUE, *SAID)
    return figures


def _calibration(rows: Rows) -> float:
    return expected_calibration_error(rows[:, _HALF:].ravel(), rows[:, :_HALF].ravel() > 0)


def _one_group(model: Model, sizes: Sizes, track: Track) -> Figures:
    figures: Figures = {}
    for turn, group in enumerate(track(ALONE, SHIFTED_ONE, len(ALONE))):
        made = pieces("one group", sizes.one_group, Law.shifted_in(group), first=turn * sizes.one_group)
        figures[f"macro F1, {group}"] = _f1s(_table(model, made))["macro F1"]
    return figures
