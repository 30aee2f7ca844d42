"""Faces of an exam, their count-rule opponent, and where their lesions are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom.complexion import INFLAMMATORY, SIDE, FacePicture, Law, face, hayashi_grade
from training.exam.filters import chromophores, difference_of_gaussians, peaks
from training.exam.overlap import Disc, Mask, disc_mask, grown
from training.exam.sets import through_booth, tones

GRADES = 5
EVERY_GRADE = tuple(range(GRADES))
GROWTH = 0.05
"""What truth is grown by to judge a map, in face widths."""
PEAK_STEPS = 40


def faces(
    part: str,
    count: int,
    law: Law,
    first: int = 0,
    *,
    grades: Sequence[int] = EVERY_GRADE,
    booth: bool = False,
) -> Iterator[FacePicture]:
    """People no training knows, with these grades in every ITA class alike often; from the `first` of the part's seeds on."""
    for index, (seed, _, ita) in enumerate(tones(part, first + count)):
        if index < first:
            continue
        made = face(seed, law, people="test", grade=grades[(index + index // 6) % len(grades)], ita=ita)
        yield _delivered(made, seed) if booth else made


def _delivered(made: FacePicture, seed: int) -> FacePicture:
    return replace(made, image=through_booth({"white": made.image}, seed)["white"])


def lesions_of(made: FacePicture) -> list[Disc]:
    """The inflammatory lesions that count."""
    return [
        Disc(each.y, each.x, each.radius)
        for each in made.lesions
        if each.visible and each.kind in INFLAMMATORY
    ]


def near_lesions(made: FacePicture) -> Mask:
    """Where a map of the face may be strong: its lesions grown by `GROWTH` of the face's width."""
    mask = np.zeros((SIDE, SIDE), bool)
    for disc in lesions_of(made):
        mask |= disc_mask(mask.shape, disc)
    return grown(mask, GROWTH * made.face_width)


class CountRule:
    """Grades by the number of red blobs above a threshold: the opponent without training."""

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold

    def count(self, heights: NDArray[np.float32]) -> int:
        """Blobs of a face."""
        return int((heights > self.threshold).sum())

    def grade(self, heights: NDArray[np.float32]) -> int:
        """Hayashi's grade of that number."""
        return hayashi_grade(self.count(heights))


def blob_heights(made: FacePicture) -> NDArray[np.float32]:
    """Heights of the red blobs of lesion size on the skin, away from its edge."""
    _, blood = chromophores(made.image)
    inside = cv2.erode(made.skin.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return peaks(difference_of_gaussians(blood, 1.2, 4.0), 5, inside)


def candidates(heights: Sequence[NDArray[np.float32]]) -> NDArray[np.floating]:
    """Thresholds to try on faces whose blobs are these."""
    pooled = np.concatenate(heights)
    return np.quantile(pooled, np.linspace(0.02, 0.998, PEAK_STEPS))


def tuning_faces(count: int, grades: Sequence[int] = EVERY_GRADE) -> Iterator[FacePicture]:
    """In-range faces that are not scored."""
    return faces("tuning", count, Law.training(), grades=grades)
