"""What other cameras, lamps and skins do to a picture of a face, without a change of its truth."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

MELANIN = np.array([0.45, 0.75, 1.0], np.float32)
"""Density of brown spots in R, G and B, relative to blue."""
BLOOD = np.array([0.15, 1.0, 0.75], np.float32)
"""Density of blood in R, G and B, relative to green."""
_AROUND = 8
_LEAST_LIGHT = np.float32(2e-3)
_MOST_SPECKS = 24
_GAMMA = np.float32(2.2)


def altered(rng: np.random.Generator, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 (H, W, 3) as another camera and lamp would have it, with more brown specks and mottling than before."""
    density = -np.log(np.maximum((image.astype(np.float32) / 255) ** _GAMMA, _LEAST_LIGHT))
    density = _contrast(rng, density)
    if rng.random() < 0.5:
        density += _shade(rng, *density.shape[:2])[..., None]
    if rng.random() < 0.5:
        density += _specks(rng, *density.shape[:2])[..., None] * MELANIN
    if rng.random() < 0.3:
        density += _mottle(rng, *density.shape[:2])[..., None] * BLOOD
    density += (rng.uniform(-0.3, 0.3) + rng.uniform(-0.06, 0.06, 3)).astype(np.float32)
    light = _captured(rng, np.exp(-density))
    return np.asarray(np.rint(255 * np.clip(light, 0, 1) ** (1 / _GAMMA)), np.uint8)


def _contrast(rng: np.random.Generator, density: Field) -> Field:
    around = cv2.GaussianBlur(density, (0, 0), _AROUND)
    gain = np.exp(rng.uniform(np.log(0.6), np.log(1.5), 1) + rng.uniform(-0.08, 0.08, 3))
    return np.asarray(around + (density - around) * gain.astype(np.float32), np.float32)


def _shade(rng: np.random.Generator, height: int, width: int) -> Field:
    """A key light from elsewhere: densities that change slowly over the face, by 0.6 at most."""
    coarse = rng.uniform(-0.5, 0.5, (4, 4)).astype(np.float32) * np.float32(rng.uniform(0.0, 0.6))
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _specks(rng: np.random.Generator, height: int, width: int) -> Field:
    """Soft round spots of 1 to 5 px."""
    layer = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(1, _MOST_SPECKS))):
        x, y, reach = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.7, 2.5)
        left, top = max(0, int(x - 3 * reach)), max(0, int(y - 3 * reach))
        rows, columns = np.mgrid[
            top : min(height, int(y + 3 * reach) + 1), left : min(width, int(x + 3 * reach) + 1)
        ]
        spot = np.exp(-((((columns - x) ** 2 + (rows - y) ** 2) / (2 * reach * reach)) ** 1.5))
        layer[rows, columns] += (rng.uniform(0.1, 0.5) * spot).astype(np.float32)
    return layer


def _mottle(rng: np.random.Generator, height: int, width: int) -> Field:
    """Patches of more and less blood, with 4 to 12 px between them."""
    noise = rng.standard_normal((height, width), dtype=np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), rng.uniform(2, 6))
    return np.asarray(smooth / max(float(smooth.std()), 1e-6) * rng.uniform(0.01, 0.06), np.float32)


def _captured(rng: np.random.Generator, light: Field) -> Field:
    """Blur, then noise of the photons and of reading."""
    if rng.random() < 0.5:
        light = np.asarray(cv2.GaussianBlur(light, (0, 0), rng.uniform(0.3, 0.9)), np.float32)
    level = np.float32(10 ** rng.uniform(-4.8, -3.4))
    spread = np.sqrt(np.clip(light, 0, 1) * level + level * np.float32(0.02))
    return np.asarray(light + rng.standard_normal(light.shape, dtype=np.float32) * spread, np.float32)
