"""Proof from the picture that a lamp shone."""

import asyncio
from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.devices import Camera, Shot
from station.errors import DeviceUnavailable, LightUnavailable
from station.protocol import Frame, FrameHeader, Light, LightStep, Transfer

DIM = 0.02
"""Mean of a picture, as a share of full scale, above which nobody doubts that a lamp shone: booths are enclosed."""
LEAST = 0.001
"""Least difference between lit and dark, as a share of full scale; the mean of so many pixels is known better."""
LEAST_OVER_DARK = 0.2
"""Least difference as a share of what falls in from outside."""
_STRIDE = 8


async def prove_lit(frame: Frame, step: LightStep, camera: Camera, shot: Shot) -> None:
    """Return if the step's lamp has lit this picture; called when the lights are dark again.

    A dim picture is compared with one more of the same exposure in the dark. Raises `DeviceUnavailable` that names the
    lamp, and whatever the camera raises.
    """
    if step.power == 0 or step.light is Light.UNCONTROLLED:
        return
    lit = await asyncio.to_thread(light_level, frame)
    if lit >= DIM:
        return
    try:
        unlit = await camera.expose(step.exposure, shot)
    except LightUnavailable:
        return  # a folder of photographs has none of the dark: its lamps shone elsewhere
    dark = await asyncio.to_thread(light_level, unlit)
    if lit - dark < max(LEAST, LEAST_OVER_DARK * dark):
        raise DeviceUnavailable(
            f"the {step.light} lamp gives no light: told to shine at {step.power:.0%}, the picture has "
            f"{lit:.2%} of full scale and {dark:.2%} in the dark; check the lamp and its cable"
        )


def light_level(frame: Frame) -> float:
    """Mean of a picture in linear light, as a share of full scale, by every eighth pixel of every eighth row."""
    header = frame.header
    samples = frame.pixels[::_STRIDE, ::_STRIDE].astype(np.float32)
    share = np.clip((samples - header.black_level) / (header.white_level - header.black_level), -1, 1)
    return float(np.mean(_linear(share, header)))


def _linear(share: NDArray[np.floating[Any]], header: FrameHeader) -> NDArray[np.floating[Any]]:
    if header.transfer is Transfer.LINEAR:
        return share
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055).clip(0) ** 2.4)
