"""The two contracts of the booth's instruments."""

from station.devices.base.camera import Camera, Captured, ExposureRange, Shot, pace
from station.devices.base.lights import DARK_LIMIT_S, LightRig

__all__ = ["DARK_LIMIT_S", "Camera", "Captured", "ExposureRange", "LightRig", "Shot", "pace"]
