"""The sets of an exam: seeds no training uses, tones in equal parts, and the booth's own path for pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import cv2
import jpeg_ls
import numpy as np
from numpy.typing import NDArray

from phantom import ITA_CLASSES, CameraModel, Light
from phantom.identity import ITA_RANGES
from training.exam.report import Size

FIRST_SEED = 1 << 40
"""Exams draw from here on; recipes draw below."""
_STRIDE = 1 << 24

POLARISER_LEAK = 0.02
"""Share of reflections that the booth's crossed polarisers let through."""

PX_PER_MM, FEWER_PX_PER_MM = 20.0, 12.0
"""What skin_items is trained at, and what a camera of 24 MP gives on a whole face."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Sizes:
    """How many pictures each part of an exam has, and how many an ITA class needs for fairness."""

    pictures: int
    """in-range and shifted"""
    one_group: int
    """of each group shifted alone"""
    faint: int
    clean: int
    """lesion-free"""
    booth: int
    tuning: int
    """in-range, apart from those scored: thresholds of the opponents are tuned on them"""
    fairness: int


SIZES: dict[Size, Sizes] = {
    "small": Sizes(pictures=6, one_group=1, faint=3, clean=2, booth=3, tuning=6, fairness=1),
    "full": Sizes(pictures=384, one_group=48, faint=96, clean=48, booth=96, tuning=60, fairness=60),
}


def seeds(part: str, count: int) -> range:
    """Seeds of a part of an exam; parts never share any."""
    parts = ("in-range", "shifted", "faint", "clean", "clean shifted", "tuning", "booth", "one group")
    first = FIRST_SEED + parts.index(part) * _STRIDE
    return range(first, first + count)


def tones(part: str, count: int) -> Iterator[tuple[int, str, float]]:
    """(seed, ITA class, ITA in degrees) of a part: the six classes in turn, evenly within each."""
    for index, seed in enumerate(seeds(part, count)):
        name = ITA_CLASSES[index % len(ITA_CLASSES)]
        low, high = sorted(ITA_RANGES[name])
        yield seed, name, float(np.random.default_rng([seed, 7]).uniform(low, high))


def through_booth(pictures: Mapping[Light, Picture], seed: int) -> dict[Light, Picture]:
    """The pictures as the booth hands them on: leaking polarisers, its camera, its codec (JPEG-LS), its development.

    `pictures` by light, sRGB (H, W, 3); the same seed gives the same result.
    """
    linear = {light: _linear(each) for light, each in pictures.items()}
    if "parallel_polarised" in linear and "cross_polarised" in linear:
        reflected = linear["parallel_polarised"] - linear["cross_polarised"]
        linear["cross_polarised"] = linear["cross_polarised"] + np.float32(POLARISER_LEAK) * reflected
    camera = CameraModel()
    return {
        light: _coded(camera.expose(each, seed + turn).srgb)
        for turn, (light, each) in enumerate(sorted(linear.items()))
    }


def enlarged(pictures: Mapping[Light, Picture], _: int) -> dict[Light, Picture]:
    """The pictures as of a camera with 12 px to the millimetre, enlarged to the 20 px/mm they had."""
    made = {}
    for light, picture in pictures.items():
        height, width = picture.shape[:2]
        size = round(width * FEWER_PX_PER_MM / PX_PER_MM), round(height * FEWER_PX_PER_MM / PX_PER_MM)
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        made[light] = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    return made


def _linear(srgb: Picture) -> NDArray[np.float32]:
    value = srgb.astype(np.float32) / 255
    curve = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return np.asarray(curve, np.float32)


def _coded(srgb: Picture) -> Picture:
    codestream = bytes(jpeg_ls.encode_array(np.ascontiguousarray(srgb), 0))
    return np.asarray(jpeg_ls.jlsread(codestream), np.uint8)
