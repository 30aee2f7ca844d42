"""A picture of a file as a frame, and its measures as a record."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from dermabooth.commands.quality_faces import Look
from server.errors import ConfigError
from station.protocol import Box, Frame, FrameHeader, Light, NeutralTab, View
from station.quality import UNCONTROLLED, QualityProfile, examine

_TAB = "--tab is X,Y,WIDTH,HEIGHT,REFLECTANCE: four whole numbers of pixels and a share from 0 to 1"


@dataclass(frozen=True)
class Asked:
    """How the pictures were taken, as the command line says."""

    recipe: str
    light: Light
    view: View
    tab: NeutralTab | None = None

    @classmethod
    def read(cls, recipe: str, *, light: Light, view: View, tab: str) -> "Asked":
        """Raises `ConfigError` for a tab that is none."""
        if recipe == UNCONTROLLED:
            return cls(recipe, Light.UNCONTROLLED, View.UNSPECIFIED)
        return cls(recipe, light, view, _tab(tab) if tab else None)


def record(
    path: Path, srgb: NDArray[np.uint8], asked: Asked, profile: QualityProfile, look: Look
) -> dict[str, Any]:
    """The measures of one picture (height, width, 3) and the verdict, as plain values."""
    height, width = srgb.shape[:2]
    header = FrameHeader(
        frame_id=0, width=width, height=height, light=asked.light, view=asked.view, neutral_tab=asked.tab
    )
    frame = Frame(header, np.ascontiguousarray(srgb))
    report = examine(frame, recipe=asked.recipe, profile=profile, face=look.face, parts=look.parts)
    found: dict[str, Any] = msgspec.to_builtins(report)
    measures = found.pop("measures")
    order = ("recipe", "profile", "verdict", "threshold_version")
    return {"image": str(path), **{name: found[name] for name in order}, "measures": measures}


def _tab(text: str) -> NeutralTab:
    words = text.split(",")
    try:
        x, y, width, height = (int(word) for word in words[:4])
        (reflectance,) = (float(word) for word in words[4:])
    except ValueError as error:
        raise ConfigError(f"{_TAB}, not {text!r}") from error
    if min(x, y) < 0 or min(width, height) < 1 or not 0 < reflectance <= 1:
        raise ConfigError(f"{_TAB}, not {text!r}")
    return NeutralTab(Box(x, y, width, height), reflectance)
