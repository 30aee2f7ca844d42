"""The colour matrix of a rig: from the camera's white-balanced RGB to linear sRGB, fitted on a chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from station.calibration.colour import Colours, delta_e_2000, lab_from_linear_srgb
from station.calibration.layout import NEUTRALS, SKIN_PATCHES, ChartLayout
from station.calibration.reading import ChartReading
from station.errors import BadPicture

_NEUTRAL_WEIGHT = 3.0
LEAST_PATCHES: Final = 12
"""Patches that must be readable for six coefficients and an honest error."""


class NotFitted(BadPicture):
    """No matrix can be fitted; the text says why and what to do."""


@dataclass(frozen=True, eq=False)
class ColourMatrix:
    """What maps the rig's colours, and how well."""

    matrix: NDArray[np.float64]
    """3x3, rows sum to 1: white stays white. Applied to linear RGB over that of a perfect white."""
    white: Colours
    """(3,) linear RGB that a perfect white reads."""
    fitted: dict[str, float]
    """dE2000 of every patch with the matrix fitted on all."""
    left_out: dict[str, float]
    """dE2000 of every patch with the matrix fitted on the others: the honest figure."""
    refused: tuple[str, ...]
    """Patches that were clipped."""

    @property
    def mean(self) -> float:
        """Mean of `left_out`."""
        return float(np.mean(list(self.left_out.values())))

    @property
    def maximum(self) -> float:
        """Largest of `left_out`."""
        return max(self.left_out.values())

    @property
    def skin(self) -> float | None:
        """Largest of the skin patches in `left_out`; None where none was readable."""
        values = [self.left_out[name] for name in SKIN_PATCHES if name in self.left_out]
        return max(values, default=None)


def fit_matrix(reading: ChartReading, layout: ChartLayout) -> ColourMatrix:
    """The matrix with the least sum of dE2000 over the readable patches, started from least squares.

    White is what the camera would read of a perfect one, by least squares over all patches, the neutral ones counting most.
    Raises `NotFitted` where too few patches are readable.
    """
    usable, measured, wanted = _readable(reading, layout)
    white = chart_white(reading, layout)
    balanced = measured / white
    matrix = _fit(balanced, wanted, _least_squares(balanced, wanted))
    errors = delta_e_2000(lab_from_linear_srgb(balanced @ matrix.T), lab_from_linear_srgb(wanted))
    return ColourMatrix(
        matrix=matrix,
        white=white,
        fitted=dict(zip(usable, errors.tolist(), strict=True)),
        left_out=dict(zip(usable, _left_out(balanced, wanted, matrix), strict=True)),
        refused=tuple(patch.name for patch in layout.patches if patch.name not in usable),
    )


def patch_colours(
    reading: ChartReading, layout: ChartLayout, matrix: NDArray[np.float64], white: Colours
) -> dict[str, Colours]:
    """CIELAB (D65) of every readable patch through a matrix, for the linear RGB of a perfect `white`."""
    return {
        patch.name: lab_from_linear_srgb(matrix @ (reading.patches[patch.name].rgb / white))
        for patch in layout.patches
        if not reading.patches[patch.name].clipped
    }


def chart_white(reading: ChartReading, layout: ChartLayout) -> Colours:
    """(3,) linear RGB of a perfect white at the chart's place; raises `NotFitted` as `fit_matrix` does."""
    usable, measured, wanted = _readable(reading, layout)
    white = _white(measured, wanted, np.isin(usable, NEUTRALS))
    if white.min() <= 0:
        raise NotFitted("the neutral patches are black: was the light on?")
    return white


def polarisation_gain(parallel: ChartReading, cross: ChartReading) -> float | None:
    """Light of parallel over cross pictures on matte patches: the slope through the origin over all patches and channels.

    Matte surfaces send half their light into either polarisation, so it is the ratio of the two modes' exposure. None
    where nothing is readable in both.
    """
    names = [
        name
        for name, patch in parallel.patches.items()
        if not patch.clipped and name in cross.patches and not cross.patches[name].clipped
    ]
    one = np.array([parallel.patches[name].rgb for name in names])
    other = np.array([cross.patches[name].rgb for name in names])
    power = float((other**2).sum())
    return float((one * other).sum()) / power if names and power > 0 else None


def _readable(reading: ChartReading, layout: ChartLayout) -> tuple[list[str], Colours, Colours]:
    """Names, light and reference of the patches that are not clipped."""
    patches = [patch for patch in layout.patches if not reading.patches[patch.name].clipped]
    usable = [patch.name for patch in patches]
    if len(usable) < LEAST_PATCHES or sum(name in NEUTRALS for name in usable) < 2:
        refused = ", ".join(patch.name for patch in layout.patches if patch.name not in usable)
        raise NotFitted(
            f"only {len(usable)} of {len(layout.patches)} patches are readable, clipped are {refused}: expose less"
        )
    measured = np.array([reading.patches[name].rgb for name in usable])
    return usable, measured, np.array([patch.rgb for patch in patches])


def _white(measured: Colours, wanted: Colours, neutral: NDArray[np.bool_]) -> Colours:
    weight = np.where(neutral, _NEUTRAL_WEIGHT, 1.0)[:, None]
    return np.asarray(np.linalg.lstsq(wanted * weight, measured * weight, rcond=None)[0].sum(0))


def _left_out(balanced: Colours, wanted: Colours, matrix: NDArray[np.float64]) -> list[float]:
    errors = []
    for index in range(len(balanced)):
        others = np.arange(len(balanced)) != index
        other = _fit(balanced[others], wanted[others], matrix[:, :2].ravel())
        one = lab_from_linear_srgb(balanced[index] @ other.T)
        errors.append(float(delta_e_2000(one, lab_from_linear_srgb(wanted[index]))))
    return errors


def _fit(balanced: Colours, wanted: Colours, start: NDArray[np.float64]) -> NDArray[np.float64]:
    # SciPy takes longer to load than a booth that only reads records needs to start.
    from scipy.optimize import least_squares

    target = lab_from_linear_srgb(wanted)

    def errors(free: NDArray[np.float64]) -> NDArray[np.float64]:
        return delta_e_2000(lab_from_linear_srgb(balanced @ _matrix(free).T), target)

    # The soft norm grows like the sum of the differences, not of their squares, and is smooth where they vanish.
    done = least_squares(errors, start, loss="soft_l1", f_scale=0.5, ftol=1e-3, xtol=1e-5, max_nfev=20)
    return _matrix(np.asarray(done.x))


def _least_squares(balanced: Colours, wanted: Colours) -> NDArray[np.float64]:
    """The free coefficients of each row, the third being 1 less their sum."""
    inputs = balanced[:, :2] - balanced[:, 2:]
    outputs = wanted - balanced[:, 2:]
    found = np.linalg.lstsq(inputs, outputs, rcond=None)[0]
    return np.asarray(found.T).ravel()


def _matrix(free: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    rows = np.reshape(np.asarray(free, np.float64), (3, 2))
    return np.column_stack([rows, 1 - rows.sum(1)])
