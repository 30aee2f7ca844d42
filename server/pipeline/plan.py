"""The list: what is done with every still, in this order."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class Turn(Enum):
    """When a step has its turn among those of several stills."""

    VERDICT = auto()
    """While the operator waits: a worker of its own does nothing else."""
    FIRST = auto()
    """What the first layers take; it comes before anything later of any still."""
    LATER = auto()


@dataclass(frozen=True)
class Planned:
    """One step of the list."""

    name: str
    """As the table `work` holds it, and the method that does it."""
    makes: str
    """In words, for who reads the list."""
    needs: tuple[str, ...] = ()
    """The steps that it cannot do without; with anything else missing it does what it can."""
    turn: Turn = Turn.LATER
    of_faces: bool = False
    """Left out for a picture through a dermoscope: models and measures know whole faces alone."""


PLAN: Final = (
    Planned("face", "where the face is", turn=Turn.VERDICT),
    Planned("quality", "the verdict on the capture", turn=Turn.VERDICT),
    Planned("skin", "facial skin, landmarks and pose, by the segmenter", turn=Turn.FIRST),
    Planned("inference", "the maps that need no training", turn=Turn.FIRST, of_faces=True),
    Planned("severity", "the severity of acne", of_faces=True),
    Planned("acne", "acne or not", of_faces=True),
    Planned("conditions", "conditions of the skin", of_faces=True),
    Planned("items", "spots, trouble, wrinkles and pores", of_faces=True),
    Planned("fluorescence", "porphyrins and UV spots", of_faces=True),
    Planned("findings", "measures and findings", needs=("inference",)),
    Planned("photo", "the DICOM photo"),
    Planned(
        "segmentation",
        "the DICOM segmentation of skin and findings",
        needs=("findings", "photo"),
        of_faces=True,
    ),
    Planned("heat_maps", "the DICOM segmentation of heat maps", needs=("findings", "photo"), of_faces=True),
    Planned("report", "the DICOM structured report", needs=("segmentation",), of_faces=True),
    Planned(
        "overlay",
        "the DICOM picture with the findings drawn on it",
        needs=("findings", "photo"),
        of_faces=True,
    ),
    Planned("release", "the proof that the photo holds the still's pixels", needs=("photo",)),
    Planned("tidy", "room: transport bytes that are no longer needed are deleted"),
)
STEPS: Final = tuple(one.name for one in PLAN)
VERDICT_STEPS: Final = frozenset(one.name for one in PLAN if one.turn is Turn.VERDICT)
FIRST_STEPS: Final = frozenset(one.name for one in PLAN if one.turn is Turn.FIRST)
OF_FACES: Final = frozenset(one.name for one in PLAN if one.of_faces)
NEEDS: Final = {one.name: one.needs for one in PLAN if one.needs}
