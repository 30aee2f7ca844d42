"""Where everything lies on a chart sheet, in millimetres from its upper left corner, and what colours it has."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from station.calibration.colour import Colours, lab_from_linear_srgb, linear_srgb_from_lab

PAGE_MM: Final = (210.0, 297.0)
"""ISO 216 A4, upright, so that it fits the frame of a face."""
MARKER_MM: Final = 24.0
_MARKER_AT: Final = ((12.0, 12.0), (174.0, 12.0), (174.0, 261.0), (12.0, 261.0))
"""Upper left corners of the markers 0 to 3, clockwise."""
WHITE: Final = "white field"
SKIN_PATCHES: Final = frozenset({"dark skin", "light skin"})
PITCH_MM: Final = 24.0
"""From patch to patch, centre to centre, of the printed patches."""
LARGEST_PITCH_MM: Final = 30.0
"""Six columns of the classic chart fit between the markers."""
CLASSIC: Final = "classic-24"
PRINTED: Final = "printed"
CLASSIC_SOURCE: Final = "X-Rite, ColorChecker Classic made after November 2014, CIELAB D50 2 degrees"
NOMINAL_SOURCE: Final = "nominal: what the file asks of the printer"

CLASSIC_LAB: Final[dict[str, tuple[float, float, float]]] = {
    "dark skin": (37.54, 14.37, 14.92),
    "light skin": (64.66, 19.27, 17.50),
    "blue sky": (49.32, -3.82, -22.54),
    "foliage": (43.46, -12.74, 22.72),
    "blue flower": (54.94, 9.61, -24.79),
    "bluish green": (70.48, -32.26, -0.37),
    "orange": (62.73, 35.83, 56.50),
    "purplish blue": (39.43, 10.75, -45.17),
    "moderate red": (50.57, 48.64, 16.67),
    "purple": (30.10, 22.54, -20.87),
    "yellow green": (71.77, -24.13, 58.19),
    "orange yellow": (71.51, 18.24, 67.37),
    "blue": (28.37, 15.42, -49.80),
    "green": (54.38, -39.72, 32.27),
    "red": (42.43, 51.05, 28.62),
    "yellow": (81.80, 2.67, 80.41),
    "magenta": (50.63, 51.28, -14.12),
    "cyan": (49.57, -29.71, -28.32),
    "white 9.5": (95.19, -1.03, 2.93),
    "neutral 8": (81.29, -0.57, 0.44),
    "neutral 6.5": (66.89, -0.75, -0.06),
    "neutral 5": (50.76, -0.13, 0.14),
    "neutral 3.5": (35.63, -0.46, -0.48),
    "black 2": (20.64, 0.07, -0.46),
}
"""The classic chart row by row, as its maker published it (see `CLASSIC_SOURCE`)."""
NEUTRALS: Final = tuple(CLASSIC_LAB)[18:]


@dataclass(frozen=True)
class Rectangle:
    """Upper left corner and size, mm."""

    x: float
    y: float
    width: float
    height: float

    @property
    def corners(self) -> Colours:
        """(4, 2), clockwise from the upper left."""
        right, bottom = self.x + self.width, self.y + self.height
        return np.array([(self.x, self.y), (right, self.y), (right, bottom), (self.x, bottom)])

    def inner(self, share: float) -> "Rectangle":
        """The middle of it, `share` of each side."""
        return Rectangle(
            self.x + self.width * (1 - share) / 2,
            self.y + self.height * (1 - share) / 2,
            self.width * share,
            self.height * share,
        )


MARKERS: Final = {n: Rectangle(x, y, MARKER_MM, MARKER_MM) for n, (x, y) in enumerate(_MARKER_AT)}
"""ArUco markers (4x4, dictionary of 50) by id."""


@dataclass(frozen=True)
class Patch:
    """One even field of the chart."""

    name: str
    at: Rectangle
    rgb: tuple[float, float, float]
    """Linear sRGB of its reflectance under D65; may lie outside 0 .. 1."""

    @property
    def lab(self) -> Colours:
        """CIELAB under D65."""
        return lab_from_linear_srgb(np.array(self.rgb))


@dataclass(frozen=True)
class ChartLayout:
    """A chart sheet."""

    name: str
    source: str
    """Where the colours come from."""
    printed: bool
    """The colours come out of the printer too; otherwise a bought chart lies in the sheet's frame."""
    patches: tuple[Patch, ...]
    """Those that colour is fitted on."""
    ramp: tuple[Patch, ...]
    white: Rectangle
    edge: Rectangle
    """The black square of the slanted edge (ISO 12233), before its turn."""
    scale: Rectangle
    """The millimetre scale."""

    @property
    def traceable(self) -> bool:
        """Whether the colours are known of the thing itself, so that calibrated colour may rest on them."""
        return self.source != NOMINAL_SOURCE


def classic_sheet(pitch_mm: float = PITCH_MM) -> ChartLayout:
    """A sheet with a frame in which the classic 24-patch chart is mounted.

    `pitch_mm` is the distance between the centres of neighbouring patches, measured on the chart. Raises `ValueError`
    for a chart that does not fit between the markers.
    """
    if not 5 <= pitch_mm <= LARGEST_PITCH_MM:
        raise ValueError(
            f"pitch of {pitch_mm:g} mm: the sheet takes charts of 5 to {LARGEST_PITCH_MM:g} mm from patch to patch"
        )
    name = CLASSIC if pitch_mm == PITCH_MM else f"{CLASSIC}@{pitch_mm:g}mm"
    return _sheet(name, CLASSIC_SOURCE, pitch_mm, printed=False)


def printed_sheet(measured: dict[str, tuple[float, float, float]] | None = None) -> ChartLayout:
    """A sheet whose patches are printed.

    Without `measured` (CIELAB D50 by patch name, from a spectrophotometer) the colours are nominal: good for watching
    a rig from day to day, not for calibrated colour. Raises `ValueError` that names missing patches.
    """
    if measured is None:
        return _sheet(PRINTED, NOMINAL_SOURCE, PITCH_MM, printed=True)
    if missing := [name for name in CLASSIC_LAB if name not in measured]:
        raise ValueError(f"the reference has no {', '.join(missing)}: give CIELAB of all 24 patches")
    return _sheet(PRINTED, "measured on the print, CIELAB D50", PITCH_MM, printed=True, colours=measured)


def sheet_named(name: str) -> ChartLayout:
    """The sheet that a record was made with, by the record's `chart`; raises `ValueError` for another name.

    Measured colours of a print are not in the name: it comes with the nominal ones, which a daily check does without.
    """
    if name == PRINTED:
        return printed_sheet()
    kind, _, pitch = name.partition("@")
    if kind != CLASSIC:
        raise ValueError(f"no chart sheet is called {name!r}")
    try:
        return classic_sheet(float(pitch.removesuffix("mm")) if pitch else PITCH_MM)
    except ValueError:
        raise ValueError(f"no chart sheet is called {name!r}") from None


def _sheet(
    name: str,
    source: str,
    pitch: float,
    *,
    printed: bool,
    colours: dict[str, tuple[float, float, float]] | None = None,
) -> ChartLayout:
    known = {patch: (colours or CLASSIC_LAB)[patch] for patch in CLASSIC_LAB}
    return ChartLayout(
        name=name,
        source=source,
        printed=printed,
        patches=tuple(
            _patch(patch, _cell(index, pitch), lab) for index, (patch, lab) in enumerate(known.items())
        ),
        ramp=tuple(
            _patch(f"grey {level}", Rectangle(28 + 14 * step, 166, 14, 12), (float(level), 0.0, 0.0))
            for step, level in enumerate(range(95, 10, -8))
        ),
        white=Rectangle(45, 186, 120, 36),
        edge=Rectangle(93, 230, 24, 24),
        scale=Rectangle(55, 264, 100, 8),
    )


def _cell(index: int, pitch: float) -> Rectangle:
    row, column = divmod(index, 6)
    side = pitch * 5 / 6
    x, y = PAGE_MM[0] / 2 + (column - 2.5) * pitch, 100.0 + (row - 1.5) * pitch
    return Rectangle(x - side / 2, y - side / 2, side, side)


def _patch(name: str, at: Rectangle, lab: tuple[float, float, float]) -> Patch:
    red, green, blue = (float(value) for value in linear_srgb_from_lab(np.array(lab)))
    return Patch(name, at, (red, green, blue))
