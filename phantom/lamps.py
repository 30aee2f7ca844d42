"""What lights the phantom: three large diffuse lamps and an ambient share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Lamp:
    """A large diffuse lamp: direction (azimuth to the right of the picture, elevation; degrees), strength and colour."""

    azimuth: float
    elevation: float
    strength: float
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @property
    def direction(self) -> NDArray[np.float64]:
        """Unit vector to the lamp in world space."""
        a, e = np.radians(self.azimuth), np.radians(self.elevation)
        return np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])


@dataclass(frozen=True)
class Rig:
    """Key, fill and a third lamp; irradiance is relative to a white diffuser that faces the camera."""

    lamps: tuple[Lamp, Lamp, Lamp]
    ambient: float = 0.20


def front_irradiance(lamps: tuple[Lamp, ...], ambient: float) -> float:
    """Irradiance of a diffuser that faces the camera, in the lamps' units."""
    return ambient + sum(lamp.strength * max(0.0, float(lamp.direction[2])) for lamp in lamps)


BOOTH = Rig((Lamp(-38, 22, 0.72), Lamp(44, 10, 0.26), Lamp(6, 50, 0.24)))
