"""Cameras and lights of the booth, behind two contracts.

The drivers are behind a door of their own, `registry`, so that whoever needs the contracts does not load the drivers.
"""

from station.devices.base import DARK_LIMIT_S, Camera, Captured, ExposureRange, LightRig, Shot, pace
from station.devices.bench import Bench, Progress, Shining
from station.devices.completion import completed
from station.devices.mailbox import LatestFrame
from station.devices.worker import Worker

__all__ = [
    "DARK_LIMIT_S",
    "Bench",
    "Camera",
    "Captured",
    "ExposureRange",
    "LatestFrame",
    "LightRig",
    "Progress",
    "Shining",
    "Shot",
    "Worker",
    "completed",
    "pace",
]
