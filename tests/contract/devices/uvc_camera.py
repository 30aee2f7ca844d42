"""A UVC camera below the driver: the table of controls of a common webcam, and pictures that obey them.

The ranges and defaults are those of the UVC 1.1 webcam described in the table; the rules are V4L2's: a value out of range
is clamped, a step is rounded to, an unknown control reads -1, and exposure cannot be set while it is automatic.
"""

import time
from collections import deque
from dataclasses import dataclass, field

import cv2
import numpy as np

from station.devices import Bench
from station.devices.v4l2 import Control, Picture
from station.protocol import Light

BUFFERS = 4
PICTURES_PER_S = 100.0
REFLECTANCE = {Light.WHITE: 0.5, Light.PARALLEL_POLARISED: 0.4, Light.CROSS_POLARISED: 0.3, Light.UV: 0.05}


@dataclass(frozen=True)
class Range:
    least: int
    most: int
    step: int
    default: int

    def nearest(self, value: float) -> int:
        steps = round((min(max(value, self.least), self.most) - self.least) / self.step)
        return self.least + self.step * steps


CONTROLS = {
    Control.AUTO_EXPOSURE: Range(1, 3, 2, 3),
    Control.EXPOSURE: Range(3, 2047, 1, 250),
    Control.GAIN: Range(0, 255, 1, 64),
    Control.AUTO_WHITE_BALANCE: Range(0, 1, 1, 1),
    Control.WHITE_BALANCE: Range(2000, 6500, 1, 4000),
    Control.AUTO_FOCUS: Range(0, 1, 1, 1),
    Control.FOCUS: Range(0, 250, 5, 0),
}


@dataclass
class UvcCamera:
    """Looks at a moving bar in the bench's light."""

    bench: Bench
    stuck: dict[Control, float] = field(default_factory=dict)
    """Controls that keep this value whatever they are told."""
    lag: int = 0
    """Pictures for which a new exposure is not seen yet."""
    timeless: bool = False
    """Tells no times."""
    silent: bool = False
    """Delivers nothing."""

    def __post_init__(self) -> None:
        self.values: dict[Control, float] = {control: range_.default for control, range_ in CONTROLS.items()}
        self.values |= {Control.FORMAT: 0, Control.WIDTH: 640, Control.HEIGHT: 480, Control.RATE: 30}
        self.released = False
        self._number = 0
        self._waiting: deque[Picture] = deque()
        self._exposures: deque[float] = deque()

    def get(self, control: Control) -> float:
        return self.stuck.get(control, self.values.get(control, -1))

    def set(self, control: Control, value: float) -> bool:
        if control not in self.values or control in self.stuck:
            return False
        automatic = self.values[Control.AUTO_EXPOSURE] != 1
        if control is Control.EXPOSURE and automatic:
            return False
        self.values[control] = CONTROLS[control].nearest(value) if control in CONTROLS else value
        return True

    def read(self) -> Picture | None:
        """The oldest of the pictures that piled up, as a driver's queue hands them out."""
        if self.silent:
            return None
        if not self._waiting:
            time.sleep(1 / PICTURES_PER_S)
            self._waiting.append(self._picture())
        return self._waiting.popleft()

    def pile_up(self) -> None:
        """Fill the queue, as happens while nobody reads."""
        while len(self._waiting) < BUFFERS:
            self._waiting.append(self._picture())

    def release(self) -> None:
        self.released = True

    def _picture(self) -> Picture:
        self._number += 1
        self._exposures.append(self.get(Control.EXPOSURE))
        exposure = (
            self._exposures[0] if len(self._exposures) > self.lag else CONTROLS[Control.EXPOSURE].default
        )
        if len(self._exposures) > self.lag:
            self._exposures.popleft()
        shining = self.bench.shining
        light = REFLECTANCE[shining.light] * shining.power if shining.light else 0.0
        height, width = int(self.values[Control.HEIGHT]), int(self.values[Control.WIDTH])
        pixels = np.full((height, width, 3), min(255, 510 * light * exposure / 100), np.uint8)
        at = 3 * self._number % (width - 8)
        cv2.rectangle(pixels, (at, 0), (at + 8, height), (0, 0, 0), -1)
        return Picture(pixels, 0.0 if self.timeless else time.monotonic())
