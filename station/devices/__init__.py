"""Cameras, lights and interlock of the booth, each behind a contract.

The drivers are behind a door of their own, `registry`, so that whoever needs the contracts does not load the drivers.
"""

from station.devices.base import (
    Camera,
    Captured,
    ExposureRange,
    FolderRoom,
    Interlock,
    InterlockReading,
    LightRig,
    Shot,
    pace,
)
from station.devices.bench import Bench, Progress, Shining, Standing
from station.devices.completion import completed
from station.devices.driver_thread import DriverThread
from station.devices.latest import Latest, LatestFrame
from station.devices.worker import Worker

__all__ = [
    "Bench",
    "Camera",
    "Captured",
    "DriverThread",
    "ExposureRange",
    "FolderRoom",
    "Interlock",
    "InterlockReading",
    "Latest",
    "LatestFrame",
    "LightRig",
    "Progress",
    "Shining",
    "Shot",
    "Standing",
    "Worker",
    "completed",
    "pace",
]
