"""Tethered cameras by libgphoto2."""

from station.devices.gphoto2.camera import Gphoto2Camera, Gphoto2CameraOptions
from station.devices.gphoto2.originals import Originals
from station.devices.gphoto2.tether import FoundCamera, Tether, find_cameras
from station.devices.gphoto2.times import exposure_times

__all__ = [
    "FoundCamera",
    "Gphoto2Camera",
    "Gphoto2CameraOptions",
    "Originals",
    "Tether",
    "exposure_times",
    "find_cameras",
]
