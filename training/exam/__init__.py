"""The exam of the trained models: what they are shown, how their answers are scored, and beside whom they stand."""

import importlib
from collections.abc import Sequence
from pathlib import Path

from training.exam.goals import GOALS, REAL_GOALS, Goal, goal
from training.exam.report import Figure, Report, Size, Track, untracked
from training.exam.served import Model, ServedModel

__all__ = [
    "GOALS",
    "NAMES",
    "REAL_GOALS",
    "Figure",
    "Goal",
    "Model",
    "Report",
    "ServedModel",
    "Size",
    "Track",
    "examine",
    "goal",
]

NAMES = tuple(GOALS)
"""Models that have an exam; each is in the module of its name in this folder."""


def examine(
    name: str,
    repository: Path,
    size: Size = "full",
    track: Track = untracked,
    compare: Sequence[Path] = (),
) -> Report:
    """The exam of a model of a Triton repository, one thread.

    `compare` are repositories with the same weights at another number of augmented copies, which only
    `acne_severity` has. ValueError without such an exam, FileNotFoundError without the model's file,
    ModuleNotFoundError without ONNX Runtime.
    """
    if name not in NAMES:
        raise ValueError(f"{name}: there is no exam of it; one of {', '.join(NAMES)}")
    exam = importlib.import_module(f"training.exam.{name}").exam
    extra = {"compare": compare} if compare and name == "acne_severity" else {}
    report: Report = exam(repository, size, track, **extra)
    return report
