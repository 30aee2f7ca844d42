"""The exam of `skin_segmenter`: facial skin, parts and landmarks of portraits no training has."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom.portrait import IGNORE
from phantom.scene import PART
from training.datasets.portraits import Portraits
from training.exam.goals import BOOTH, IN_RANGE, SHIFTED, SHIFTED_ALWAYS, SHIFTED_ONE
from training.exam.items_scoring import mean
from training.exam.overlap import dice, dice_counts
from training.exam.portrait_shift import groups, shifted
from training.exam.rendered import Rendered, people
from training.exam.report import Figures, Report, Size, Table, Track, untracked, worst_over_best
from training.exam.served import Model, ServedModel
from training.exam.sets import SIZES, through_booth

NAME: Final = "skin_segmenter"
OPPONENT: Final = "face_layers"
SIDE: Final = 256
FROM: Final = 128
"""Skin values from here on are skin."""
LEAST_SKIN: Final = 50
"""True px of skin below which a picture shows nobody."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Shown:
    """A picture and its truth; landmarks (8, 3) in 0..1 and seen or not, None where they were not kept."""

    image: Picture
    labels: Picture
    landmarks: NDArray[np.float32] | None


def exam(repository: Path, size: Size = "full", track: Track = untracked) -> Report:
    """Every set, of the same people. Some five minutes on one core at full size, most of them for rendering, once."""
    sizes, report = SIZES[size], Report()
    model, opponent = ServedModel.of(repository, NAME), ServedModel.of(repository, OPPONENT)
    tables = {name: Table() for name in (IN_RANGE, SHIFTED, SHIFTED_ALWAYS, BOOTH, *groups())}
    others = {name: Table() for name in (IN_RANGE, SHIFTED)}
    for index, drawn in enumerate(track(people(sizes.pictures), "portraits", sizes.pictures)):
        for name, shown in _pictures(drawn, one_by_one=index < sizes.one_group, booth=index < sizes.booth):
            tables[name].add(drawn.seed, drawn.ita_class, _score(model, shown))
            if name in others:
                others[name].add(drawn.seed, drawn.ita_class, _score_opponent(opponent, shown))
    for name in (IN_RANGE, SHIFTED):
        by_ita = {"dice": tables[name].by_ita(mean, "dice")}
        report.metrics[name] = _told(tables[name])
        report.metrics[name]["worst over best ITA class"] = worst_over_best(by_ita["dice"], sizes.fairness)
        report.by_ita[name] = by_ita
        report.baseline[name] = {
            measure: others[name].figure(mean, measure) for measure in ("dice", "dice skin")
        }
    for name in (SHIFTED_ALWAYS, BOOTH):
        report.metrics[name] = {each: tables[name].figure(mean, each) for each in ("dice", "dice skin")}
    report.metrics[SHIFTED_ONE] = {f"dice, {name}": tables[name].figure(mean, "dice") for name in groups()}
    return report


def _pictures(drawn: Rendered, *, one_by_one: bool, booth: bool) -> Iterator[tuple[str, Shown]]:
    pixels = np.dstack([drawn.image, drawn.alpha, drawn.labels])[None]
    example = Portraits(pixels, drawn.landmarks[None], SIDE, drawn.seed, augmented=True)[0]
    yield IN_RANGE, Shown(example["image"], example["labels"], example["landmarks"])
    image, labels = shifted(drawn, SIDE, drawn.seed)
    yield SHIFTED, Shown(image, labels, None)
    if booth:
        yield SHIFTED_ALWAYS, Shown(*shifted(drawn, SIDE, drawn.seed, always=True), None)
        yield BOOTH, Shown(through_booth({"white": image}, drawn.seed)["white"], labels, None)
    for name in groups() if one_by_one else ():
        yield name, Shown(*shifted(drawn, SIDE, drawn.seed, (name,)), None)


def _score(model: Model, shown: Shown) -> dict[str, float]:
    answer = model(image=shown.image[None])
    known = shown.labels != IGNORE
    numbers = _overlap(answer["skin"][0] >= FROM, shown.labels)
    numbers["parts"] = float((answer["parts"][0] == shown.labels)[known].mean())
    if shown.landmarks is not None and (shown.landmarks[:2, 2] > 0).all():
        numbers["landmarks"] = _distance(answer["landmarks"][0], shown.landmarks)
    return numbers


def _overlap(found: NDArray[np.bool_], labels: Picture) -> dict[str, float]:
    """Dice of skin and of the rest, and their mean, or where nobody is shown the share taken for skin."""
    truth, ignore = labels == PART["skin"], labels == IGNORE
    if truth.sum() < LEAST_SKIN:
        return {"false area": float(found.mean())}
    skin, rest = dice(dice_counts(found, truth, ignore)), dice(dice_counts(~found, ~truth, ignore))
    return {"dice": (skin + rest) / 2, "dice skin": skin, "dice background": rest}


def _distance(said: NDArray[np.float32], truth: NDArray[np.float32]) -> float:
    """Mean distance of the landmarks that are seen, in distances of the outer corners of the eyes."""
    seen = truth[:, 2] > 0
    away = np.linalg.norm(said[seen, :2] - truth[seen, :2], axis=1)
    return float(away.mean() / np.linalg.norm(truth[0, :2] - truth[1, :2]))


def _score_opponent(model: Model, shown: Shown) -> dict[str, float]:
    """Colour of the patch between eyes and mouth inside an ellipse, told the true place of the face."""
    box = _true_box(shown.labels)
    answer = model(image=shown.image[None], box=box[None])
    return _overlap(answer["skin"][0] >= FROM, shown.labels)


def _true_box(labels: Picture) -> NDArray[np.float32]:
    """The detector's square, in 0..1 of the picture, from the extent of the true skin: its sides are face widths."""
    x, y, width, height = cv2.boundingRect((labels == PART["skin"]).astype(np.uint8))
    side = max(width * 1.08, height * 0.92)
    corner = x + width / 2 - side / 2, y + 0.48 * height - side / 2
    return np.array([*corner, side, side], np.float32) / np.float32(len(labels))


def _told(table: Table) -> Figures:
    measures: Collection[str] = ("dice", "dice skin", "dice background", "parts", "landmarks", "false area")
    figures = {measure: table.figure(mean, measure) for measure in measures}
    named = {"parts": "parts, share right", "landmarks": "landmark error, eye distances"}
    return {
        named.get(name, name.replace("false area", "false area without a face")): figure
        for name, figure in figures.items()
        if np.isfinite(figure.value)
    }
