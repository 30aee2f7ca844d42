"""Proof from the picture that a lamp shone."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from station.devices import Camera, Shot
from station.errors import DeviceUnavailable, LightUnavailable
from station.protocol import Exposure, Frame, FrameHeader, Light, LightStep, Pixels, Transfer

CLEARLY = 3.0
"""Times the light from outside from which on a picture is lit beyond doubt: a camera's tone curve, flickering room lamps and
the seconds since the picture in the dark stay within it."""
UNSCALED = 0.02
"""Share of full scale at most that a picture in the dark may owe to a wrong black level, the same at every exposure."""
LEAST = 0.001
"""Least difference between lit and dark, as a share of full scale; the mean of so many pixels is known better."""
LEAST_OVER_DARK = 0.2
"""Least difference as a share of what falls in from outside."""
_CLIPPED = 0.98
_STRIDE = 8


@dataclass(frozen=True)
class Outside:
    """The light that falls in from outside: a picture in the dark, in linear light, as shares of full scale."""

    level: float
    """Mean of the picture."""
    clipped: float
    """Share of its samples that tell no more than that they are bright."""
    gathered: float
    """Exposure time times gain, s."""

    @classmethod
    def of(cls, frame: Frame, asked: Exposure) -> Self:
        """What the picture tells; `asked` counts where the camera did not say what it had."""
        share = _sampled(frame)
        gathered = _gathered(frame.header.actual or asked)
        return cls(max(0.0, _mean(share, frame.header)), float(np.mean(share >= _CLIPPED)), gathered)

    def most(self, exposure: Exposure) -> float:
        """The most that a picture of this exposure can have of it; a clipped sample may be clipped there too."""
        ratio = _gathered(exposure) / self.gathered
        unscaled = max(0.0, 1 - ratio) * min(self.level, UNSCALED)
        return ratio * self.level + unscaled + self.clipped


async def look_outside(camera: Camera, steps: Iterable[LightStep], shot: Shot) -> Outside | None:
    """One picture while the lights are dark, at the longest exposure of the steps.

    None where no step has a lamp to prove, and for a folder of photographs, which has none of the dark: its lamps shone
    elsewhere. Raises whatever the camera raises.
    """
    lamps = [step for step in steps if _has_lamp(step)]
    if not lamps:
        return None
    longest = max((step.exposure for step in lamps), key=_gathered)
    await asyncio.sleep(max(step.settle_s for step in lamps))  # the preview's lamp fades as long as it rises
    try:
        frame = await camera.expose(longest, replace(shot, proof=True))
    except LightUnavailable:
        return None
    return await asyncio.to_thread(Outside.of, frame, longest)


async def prove_lit(
    frame: Frame, step: LightStep, camera: Camera, shot: Shot, outside: Outside | None
) -> None:
    """Return if the step's lamp has lit this picture; called when the lights are dark again.

    A picture that the light from outside does not explain by far is proved; any other is compared with one more of the
    same exposure in the dark. Raises `DeviceUnavailable` that names the lamp, and whatever the camera raises.
    """
    if outside is None or not _has_lamp(step):
        return
    lit = await asyncio.to_thread(light_level, frame)
    most = outside.most(frame.header.actual or step.exposure)
    if lit >= CLEARLY * most and lit - most >= LEAST:
        return
    unlit = await camera.expose(step.exposure, replace(shot, proof=True))
    dark = await asyncio.to_thread(light_level, unlit)
    if lit - dark < max(LEAST, LEAST_OVER_DARK * dark):
        raise DeviceUnavailable(
            f"the {step.light} lamp gives no light: told to shine at {step.power:.0%}, the picture has "
            f"{lit:.2%} of full scale and {dark:.2%} in the dark; check the lamp and its cable"
        )


def light_level(frame: Frame) -> float:
    """Mean of a picture in linear light, as a share of full scale, by every eighth pixel of every eighth row."""
    return _mean(_sampled(frame), frame.header)


def _has_lamp(step: LightStep) -> bool:
    return step.power > 0 and step.light is not Light.UNCONTROLLED


def _gathered(exposure: Exposure) -> float:
    return exposure.time_s * 10 ** (exposure.gain_db / 20)


def _sampled(frame: Frame) -> NDArray[np.floating[Any]]:
    """Samples between black and white level; below black is negative."""
    header = frame.header
    samples: Pixels = frame.pixels[::_STRIDE, ::_STRIDE]
    share = (samples.astype(np.float32) - header.black_level) / (header.white_level - header.black_level)
    return np.clip(share, -1, 1)


def _mean(share: NDArray[np.floating[Any]], header: FrameHeader) -> float:
    return float(np.mean(_linear(share, header)))


def _linear(share: NDArray[np.floating[Any]], header: FrameHeader) -> NDArray[np.floating[Any]]:
    if header.transfer is Transfer.LINEAR:
        return share
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055).clip(0) ** 2.4)
