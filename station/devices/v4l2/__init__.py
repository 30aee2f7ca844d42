"""UVC cameras by Video4Linux2."""

from station.devices.v4l2.camera import V4l2Camera, V4l2CameraOptions
from station.devices.v4l2.device import Control, Picture, open_device

__all__ = ["Control", "Picture", "V4l2Camera", "V4l2CameraOptions", "open_device"]
