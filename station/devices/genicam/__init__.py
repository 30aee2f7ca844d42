"""GenICam cameras (GigE Vision, USB3 Vision) by Aravis, which runs in a process of its own."""

from station.devices.genicam.camera import GenicamCamera, GenicamCameraOptions
from station.devices.genicam.client import FoundCamera, find_cameras
from station.devices.genicam.pixels import PIXEL_FORMATS, decoded

__all__ = [
    "PIXEL_FORMATS",
    "FoundCamera",
    "GenicamCamera",
    "GenicamCameraOptions",
    "decoded",
    "find_cameras",
]
