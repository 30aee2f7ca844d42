"""What light and camera do to a picture: seeded, from linear light to 8-bit sRGB."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.datasets.backdrops import Picture, waves

_MID_SKIN = 0.28
_LEVELS = 4095
_VALUE = np.arange(256) / 255
LINEAR = np.where(_VALUE <= 0.04045, _VALUE / 12.92, ((_VALUE + 0.055) / 1.055) ** 2.4).astype(np.float32)
"""linear light of an sRGB byte (IEC 61966-2-1)"""
_LIGHT = np.arange(_LEVELS + 1) / _LEVELS
_ENCODED = np.where(_LIGHT <= 0.0031308, 12.92 * _LIGHT, 1.055 * _LIGHT ** (1 / 2.4) - 0.055).astype(
    np.float32
)


def expose(rng: np.random.Generator, linear: Picture, skin_level: float | None) -> NDArray[np.uint8]:
    """A photograph (H, W, 3) of linear light under drawn faults; `skin_level` is the mean light of its skin."""
    picture = _lit(rng, linear, skin_level)
    picture = _ENCODED[(np.clip(picture, 0, 1) * _LEVELS).astype(np.int32)]
    picture = _noisy(rng, _sharpened(rng, _coloured(rng, picture)))
    return _compressed(rng, np.asarray(np.clip(picture, 0, 1) * 255, np.uint8))


def plainly(linear: Picture) -> NDArray[np.uint8]:
    """The same without any fault."""
    return np.asarray(np.rint(_ENCODED[(np.clip(linear, 0, 1) * _LEVELS).astype(np.int32)] * 255), np.uint8)


def _lit(rng: np.random.Generator, picture: Picture, skin_level: float | None) -> Picture:
    if rng.random() < 0.4:
        picture = picture * np.exp(0.35 * waves(rng, len(picture), 3))[..., None]
    stops = rng.normal(0, 0.35)
    if skin_level is not None:
        stops += rng.uniform(0, 0.9) * np.log(np.clip(_MID_SKIN / max(1e-3, skin_level), 0.3, 3))
    picture = picture * np.float32(np.exp(stops)) * np.exp(rng.normal(0, 0.10, 3)).astype(np.float32)
    curve = rng.random()
    if curve < 0.18:
        picture = picture / (1 + np.float32(0.35) * picture) * np.float32(1.35)
    elif curve < 0.35:
        picture = np.clip(picture, 0, 1) ** np.float32(rng.uniform(0.8, 1.3))
    return np.asarray(picture, np.float32)


def _coloured(rng: np.random.Generator, picture: Picture) -> Picture:
    if rng.random() < 0.5:
        offset = np.float32(0.5 + rng.normal(0, 0.04))
        picture = np.clip((picture - 0.5) * np.float32(rng.uniform(0.75, 1.35)) + offset, 0, 1)
    if rng.random() < 0.5:
        grey = picture.mean(-1, keepdims=True)
        least = 0.0 if rng.random() < 0.35 else 0.5
        picture = np.clip(grey + (picture - grey) * np.float32(rng.uniform(least, 1.5)), 0, 1)
    return picture


def _sharpened(rng: np.random.Generator, picture: Picture) -> Picture:
    if rng.random() < 0.5:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.6)), np.float32)
    if rng.random() < 0.25:
        soft = cv2.GaussianBlur(picture, (0, 0), 1.0)
        picture = picture + (picture - soft) * np.float32(rng.uniform(0.3, 1.5))
    return picture


def _noisy(rng: np.random.Generator, picture: Picture) -> Picture:
    if rng.random() < 0.5:
        sigma = np.float32(rng.uniform(0, 0.05))
        picture = picture + rng.standard_normal(picture.shape, dtype=np.float32) * sigma
    return picture


def _compressed(rng: np.random.Generator, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if rng.random() < 0.35:
        quality = int(rng.integers(35, 93))
        stored = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        picture = np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR), np.uint8)
    return picture
