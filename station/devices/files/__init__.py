"""A folder of real photographs in place of the lens."""

from station.devices.base import read_picture
from station.devices.files.camera import FilesCamera, FilesCameraOptions
from station.devices.files.catalogue import Subject, common_lights, read_catalogue
from station.devices.files.lights import FilesLightRig, FilesLightsOptions

__all__ = [
    "FilesCamera",
    "FilesCameraOptions",
    "FilesLightRig",
    "FilesLightsOptions",
    "Subject",
    "common_lights",
    "read_catalogue",
    "read_picture",
]
