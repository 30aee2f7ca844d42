"""Faces with acne on normalised portraits: skin repainted on traced heads, with counts, grades and a table of shifts."""

from phantom.complexion.face import (
    DETECTABILITY_FLOOR,
    ILLUMINATIONS,
    FaceLesion,
    FacePicture,
    face,
)
from phantom.complexion.law import Law, groups, parameters
from phantom.complexion.lesions import HAYASHI, INFLAMMATORY, hayashi_grade
from phantom.complexion.plate import (
    EYE_ROW,
    HEADS,
    MIDLINE_COLUMN,
    PX_PER_MM,
    SIDE,
    People,
    cache_folder,
    prepare,
)

__all__ = [
    "DETECTABILITY_FLOOR", "EYE_ROW", "HAYASHI", "HEADS", "ILLUMINATIONS", "INFLAMMATORY", "MIDLINE_COLUMN", "PX_PER_MM", "SIDE",
    "FaceLesion", "FacePicture", "Law", "People", "cache_folder", "face", "groups", "hayashi_grade", "parameters",
    "prepare",
]  # fmt: skip
