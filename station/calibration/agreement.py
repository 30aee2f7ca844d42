"""How well a measurement repeats itself: within-subject deviation, intraclass correlation, limits of agreement.

Of n subjects with k captures each. Intervals hold with 95 % confidence.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

CONFIDENCE: Final = 0.95
_Z: Final = 1.959964

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval."""

    value: float
    low: float
    high: float

    def scaled(self, factor: float) -> "Estimate":
        """The figure in other units."""
        low, high = sorted((self.low * factor, self.high * factor))
        return Estimate(self.value * factor, low, high)


@dataclass(frozen=True)
class BlandAltman:
    """Differences between two captures of a subject, over their mean."""

    points: tuple[tuple[float, float], ...]
    """(mean, later - earlier) of every pair of captures of every subject."""
    bias: Estimate
    lower: Estimate
    """Limits of agreement: bias -/+ 1.96 standard deviations of the differences."""
    upper: Estimate


@dataclass(frozen=True)
class Repeatability:
    """What repeated captures of the same subjects tell of a measure."""

    subjects: int
    captures: int
    mean: float
    sem: Estimate
    """Standard error of measurement: the within-subject standard deviation, in the measure's unit."""
    smallest_change: Estimate
    """Smallest detectable change, 1.96 sqrt(2) `sem`: a larger difference of one subject is more than chance."""
    cv_percent: Estimate | None
    """`sem` over the mean, %; None for a measure that is not positive throughout."""
    icc: Estimate | None
    """ICC(A,1); None where there is no variance at all."""
    bland_altman: BlandAltman


def repeatability(values: Values) -> Repeatability:
    """The figures of (n, k) values; n and k of 2 and more, all finite. Raises `ValueError` otherwise."""
    if values.ndim != 2 or min(values.shape) < 2:
        raise ValueError("needs two subjects and two captures of each at least")
    if not np.isfinite(values).all():
        raise ValueError("every capture needs a value")
    sem = within_subject(values)
    mean = float(values.mean())
    return Repeatability(
        subjects=values.shape[0],
        captures=values.shape[1],
        mean=mean,
        sem=sem,
        smallest_change=sem.scaled(_Z * np.sqrt(2)),
        cv_percent=sem.scaled(100 / mean) if values.min() > 0 else None,
        icc=icc_agreement(values),
        bland_altman=bland_altman(values),
    )


def within_subject(values: Values) -> Estimate:
    """Within-subject standard deviation (Bland and Altman 1996, BMJ 313:744), interval by chi-square."""
    # SciPy's distributions take a second to load; only this command needs them.
    from scipy.stats import chi2

    subjects, captures = values.shape
    degrees = subjects * (captures - 1)
    variance = float(values.var(1, ddof=1).mean())
    low, high = (
        float(np.sqrt(variance * degrees / chi2.ppf(share, degrees)))
        for share in ((1 + CONFIDENCE) / 2, (1 - CONFIDENCE) / 2)
    )
    return Estimate(float(np.sqrt(variance)), low, high)


def icc_agreement(values: Values) -> Estimate | None:
    """ICC(A,1), two-way random effects, absolute agreement, single capture (McGraw and Wong 1996, tables 4 and 7).

    None where the values do not vary.
    """
    from scipy.stats import f

    n, k = values.shape
    grand = values.mean()
    rows = k * float(((values.mean(1) - grand) ** 2).sum()) / (n - 1)
    columns = n * float(((values.mean(0) - grand) ** 2).sum()) / (k - 1)
    rest = values - values.mean(1, keepdims=True) - values.mean(0, keepdims=True) + grand
    error = float((rest**2).sum()) / ((n - 1) * (k - 1))
    whole = rows + (k - 1) * error + k * (columns - error) / n
    if whole <= 0:
        return None
    icc = (rows - error) / whole
    if icc >= 1:
        return Estimate(1.0, 1.0, 1.0)
    if rows == 0 and error == 0:  # captures differ, subjects do not: both limits of the interval are 0
        return Estimate(0.0, 0.0, 0.0)
    a = k * icc / (n * (1 - icc))
    b = 1 + k * icc * (n - 1) / (n * (1 - icc))
    spread = (a * columns) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1))
    degrees = (a * columns + b * error) ** 2 / spread
    share = (1 + CONFIDENCE) / 2
    one, other = float(f.ppf(share, n - 1, degrees)), float(f.ppf(share, degrees, n - 1))
    rim = k * columns + (k * n - k - n) * error
    low = n * (rows - one * error) / (one * rim + n * rows)
    high = n * (other * rows - error) / (rim + n * other * rows)
    return Estimate(icc, low, high)


def bland_altman(values: Values) -> BlandAltman:
    """Bias and limits of agreement (Bland and Altman 1986, Lancet i:307) over all pairs of captures.

    Of two captures it is the paper's own method. Of more, pairs of one subject share captures: the interval counts
    subjects, not pairs, so it does not look better than it is.
    """
    from scipy.stats import t

    subjects, captures = values.shape
    pairs = [(one, other) for one in range(captures) for other in range(one + 1, captures)]
    first = np.concatenate([values[:, one] for one, _ in pairs])
    second = np.concatenate([values[:, other] for _, other in pairs])
    difference = second - first
    bias, deviation = float(difference.mean()), float(difference.std(ddof=1))
    reach = float(t.ppf((1 + CONFIDENCE) / 2, subjects - 1))
    about_bias = reach * deviation / np.sqrt(subjects)
    about_limit = reach * deviation * np.sqrt(3 / subjects)

    def estimate(value: float, half: float) -> Estimate:
        return Estimate(value, value - half, value + half)

    return BlandAltman(
        points=tuple(zip(((first + second) / 2).tolist(), difference.tolist(), strict=True)),
        bias=estimate(bias, float(about_bias)),
        lower=estimate(bias - _Z * deviation, float(about_limit)),
        upper=estimate(bias + _Z * deviation, float(about_limit)),
    )
