"""Small pictures of skin with known faults."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.protocol import Box, Frame, FrameHeader, Light, NeutralTab, Transfer
from station.quality import QualityProfile, load_profile

CONFIGS = Path(__file__).parents[3] / "configs" / "quality"
LIGHT_SKIN = (0.62, 0.42, 0.33)
DARK_SKIN = (0.12, 0.065, 0.042)
FACE = Box(40, 30, 240, 240)
TAB = NeutralTab(Box(4, 4, 32, 32), 0.2)

Picture = NDArray[np.float32]
MakeFrame = Callable[..., Frame]


def profile(name: str) -> QualityProfile:
    return load_profile(tomllib.loads((CONFIGS / f"{name}.toml").read_text()))


def skin_picture(
    colour: tuple[float, float, float] = LIGHT_SKIN, *, seed: int = 1, detail: float = 0.06
) -> Picture:
    """Textured skin with slow shading, 320 x 320, as reflectance, the tab in the corner."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:320, 0:320] / 320
    shading = 1.0 - 0.5 * ((x - 0.5) ** 2 + (y - 0.5) ** 2)
    texture = np.exp(detail * rng.standard_normal((320, 320)))
    picture: Picture = (np.array(colour) * (shading * texture)[..., None]).astype(np.float32)
    picture[4:36, 4:36] = 0.2
    return picture


def expose(
    picture: Picture,
    *,
    stops: float = 0.0,
    noise: float = 0.002,
    light: Light = Light.WHITE,
    tab: bool = True,
) -> Frame:
    """A 12-bit frame of a picture; `noise` is the standard deviation of the signal at white."""
    rng = np.random.default_rng(7)
    signal = picture * 2.0**stops
    noisy = signal + noise * np.sqrt(np.maximum(signal, 1e-4)) * rng.standard_normal(picture.shape)
    codes = np.clip(np.rint(64 + noisy * (4095 - 64)), 0, 4095).astype(np.uint16)
    header = FrameHeader(
        frame_id=0,
        width=picture.shape[1],
        height=picture.shape[0],
        bit_depth=12,
        transfer=Transfer.LINEAR,
        black_level=64,
        white_level=4095,
        light=light,
        neutral_tab=TAB if tab else None,
    )
    return Frame(header, codes)
