"""The layer between the driver and the camera: controls by name, pictures with the time they were taken.

`Device` is all that the driver knows. Whoever has no camera gives the driver another one.
"""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from station.errors import DeviceUnavailable


class Control(Enum):
    """A V4L2 control or format field, with OpenCV's property for it; values are V4L2's own."""

    FORMAT = cv2.CAP_PROP_FOURCC
    """Four characters, the first in the lowest byte."""
    WIDTH = cv2.CAP_PROP_FRAME_WIDTH
    HEIGHT = cv2.CAP_PROP_FRAME_HEIGHT
    RATE = cv2.CAP_PROP_FPS
    AUTO_EXPOSURE = cv2.CAP_PROP_AUTO_EXPOSURE
    """V4L2_CID_EXPOSURE_AUTO: 1 manual, 3 aperture priority."""
    EXPOSURE = cv2.CAP_PROP_EXPOSURE
    """V4L2_CID_EXPOSURE_ABSOLUTE, in units of 100 µs."""
    GAIN = cv2.CAP_PROP_GAIN
    AUTO_WHITE_BALANCE = cv2.CAP_PROP_AUTO_WB
    WHITE_BALANCE = cv2.CAP_PROP_WB_TEMPERATURE
    """V4L2_CID_WHITE_BALANCE_TEMPERATURE, in kelvin."""
    AUTO_FOCUS = cv2.CAP_PROP_AUTOFOCUS
    FOCUS = cv2.CAP_PROP_FOCUS
    """V4L2_CID_FOCUS_ABSOLUTE."""


@dataclass(frozen=True, eq=False)
class Picture:
    """What the camera delivered."""

    pixels: NDArray[np.uint8]
    """(height, width, 3) BGR."""
    taken_at: float
    """The buffer's time on the monotonic clock, in seconds; 0 where the camera's driver tells none."""


class Device(Protocol):
    """A camera; every method may block, and all are called from one thread."""

    def get(self, control: Control) -> float:
        """The control's value; negative for one that the camera does not have."""

    def set(self, control: Control, value: float) -> bool:
        """Ask for a value; whether the camera says that it took it."""

    def read(self) -> Picture | None:
        """The oldest picture that was not read yet, or the next; None if none comes."""

    def release(self) -> None:
        """Let go of the camera."""


class _Capture:
    """OpenCV's V4L2 back end."""

    def __init__(self, capture: cv2.VideoCapture) -> None:
        self._capture = capture

    def get(self, control: Control) -> float:
        return float(self._capture.get(control.value))

    def set(self, control: Control, value: float) -> bool:
        return bool(self._capture.set(control.value, value))

    def read(self) -> Picture | None:
        read, pixels = self._capture.read()
        if not read:
            return None
        return Picture(np.asarray(pixels, np.uint8), self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)

    def release(self) -> None:
        self._capture.release()


def open_device(path: Path) -> Device:
    """The camera behind this device file; raises `DeviceUnavailable`."""
    if not path.exists():
        raise DeviceUnavailable(
            f"no camera at {path}: plug it in; `dermabooth devices` lists those that are there"
        )
    capture = cv2.VideoCapture(str(path), cv2.CAP_V4L2)
    if not capture.isOpened():
        raise DeviceUnavailable(
            f"the camera at {path} cannot be opened: another program has it, or this user may not (group video)"
        )
    return _Capture(capture)
