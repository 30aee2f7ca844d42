"""The phantom in the chair, under simulated lights."""

from station.devices.sim.camera import CALIBRATION, NOMINAL_S, SimCamera, SimCameraOptions
from station.devices.sim.interlock import SimInterlock, SimInterlockOptions
from station.devices.sim.lights import SIM_LIGHTS, SimLightRig, SimLightsOptions

__all__ = [
    "CALIBRATION",
    "NOMINAL_S",
    "SIM_LIGHTS",
    "SimCamera",
    "SimCameraOptions",
    "SimInterlock",
    "SimInterlockOptions",
    "SimLightRig",
    "SimLightsOptions",
]
