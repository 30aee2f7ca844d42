"""The phantom in the chair, under simulated lights."""

from station.devices.sim.camera import (
    CALIBRATION,
    NOMINAL_S,
    SimCamera,
    SimCameraOptions,
    neutral_tab,
    px_per_mm,
)
from station.devices.sim.interlock import SimInterlock, SimInterlockOptions
from station.devices.sim.lights import SimLightRig, SimLightsOptions

__all__ = [
    "CALIBRATION",
    "NOMINAL_S",
    "SimCamera",
    "SimCameraOptions",
    "SimInterlock",
    "SimInterlockOptions",
    "SimLightRig",
    "SimLightsOptions",
    "neutral_tab",
    "px_per_mm",
]
