"""The two contracts of the booth's instruments."""

from station.devices.base.camera import Camera, Captured, ExposureRange, Shot, pace
from station.devices.base.lights import DARK_LIMIT_S, LightRig
from station.devices.base.options import CameraOptions

__all__ = ["DARK_LIMIT_S", "Camera", "CameraOptions", "Captured", "ExposureRange", "LightRig", "Shot", "pace"]
