"""Dose of ultraviolet light, and how much a person may have, after ICNIRP 2004 and IEC 62471:2006.

ICNIRP, "Guidelines on limits of exposure to ultraviolet radiation of wavelengths between 180 nm and 400 nm (incoherent
optical radiation)", Health Physics 87(2):171-186, 2004: within 8 hours an effective radiant exposure of 30 J/m² for eye and
skin, weighted with S(λ) (its Table 1), and 10⁴ J/m² of 315 to 400 nm for the unprotected eye. IEC 62471:2006 takes both over
in 4.3.1 (actinic hazard) and 4.3.2 (near-ultraviolet hazard to the eye), S(λ) in its Table 4.1.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from station.calibration.record import IrradianceRecord

EYE_J_M2: Final = 10_000.0
"""Near-ultraviolet radiant exposure of the unprotected eye, J/m², IEC 62471:2006 4.3.2."""
EFFECTIVE_J_M2: Final = 30.0
"""Actinic radiant exposure of eye and skin, J/m², weighted with S(λ), IEC 62471:2006 4.3.1."""
WINDOW_S: Final = 86_400.0
"""Time over which a dose is summed. The limits are for 8 hours; a day is stricter."""
BAND_NM: Final = 15.0
"""The dose is weighted this much below the lamp's peak: S(λ) rises steeply there, and an LED's foot reaches that far."""
_S: Final = (
    (320, 1.0e-3),
    (325, 5.0e-4),
    (330, 4.1e-4),
    (335, 3.4e-4),
    (340, 2.8e-4),
    (345, 2.4e-4),
    (350, 2.0e-4),
    (355, 1.6e-4),
    (360, 1.3e-4),
    (365, 1.1e-4),
    (370, 9.3e-5),
    (375, 7.7e-5),
    (380, 6.4e-5),
    (385, 5.3e-5),
    (390, 4.4e-5),
    (395, 3.6e-5),
    (400, 3.0e-5),
)


def hazard_weight(wavelength_nm: float) -> float:
    """S(λ), 320 to 400 nm; between the rows of the table its logarithm is linear, beyond them the end's value holds."""
    at, value = zip(*_S, strict=True)
    return float(np.exp(np.interp(wavelength_nm, at, np.log(value))))


@dataclass(frozen=True)
class Dose:
    """Radiant exposure of the skin."""

    j_m2: float = 0.0
    """H = E t, J/m²."""
    effective_j_m2: float = 0.0
    """The same weighted with S(λ)."""

    def __add__(self, other: "Dose") -> "Dose":
        """Both together."""
        return Dose(self.j_m2 + other.j_m2, self.effective_j_m2 + other.effective_j_m2)

    def exceeds(self, limit: "Dose") -> bool:
        """Whether either figure is over that of `limit`."""
        return self.j_m2 > limit.j_m2 or self.effective_j_m2 > limit.effective_j_m2

    def times(self, factor: float) -> "Dose":
        """Both figures scaled."""
        return Dose(self.j_m2 * factor, self.effective_j_m2 * factor)


def dose_of(lamp: IrradianceRecord, power: float, on_s: float) -> Dose:
    """The dose of a lamp that shines for `on_s` seconds at a share of its full power.

    Output is taken for proportional to power, and never for less than the share.
    """
    j_m2 = lamp.w_m2 * power * on_s
    return Dose(j_m2, j_m2 * hazard_weight(lamp.peak_nm - BAND_NM))
