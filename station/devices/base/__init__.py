"""The contracts of the booth's instruments: camera, lights, interlock."""

from station.devices.base.camera import Camera, Captured, ExposureRange, Shot, pace
from station.devices.base.extras import extra
from station.devices.base.fitting import fitted
from station.devices.base.folder_room import FolderRoom
from station.devices.base.interlock import POLL_S, Interlock, InterlockReading
from station.devices.base.lights import DARK_LIMIT_S, LightRig
from station.devices.base.options import CameraOptions
from station.devices.base.picture import read_picture
from station.devices.base.watched import Ramp, WatchedLightRig

__all__ = [
    "DARK_LIMIT_S",
    "POLL_S",
    "Camera",
    "CameraOptions",
    "Captured",
    "ExposureRange",
    "FolderRoom",
    "Interlock",
    "InterlockReading",
    "LightRig",
    "Ramp",
    "Shot",
    "WatchedLightRig",
    "extra",
    "fitted",
    "pace",
    "read_picture",
]
