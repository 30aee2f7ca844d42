"""Pictures of a folder: found, read, divided into training and check, and varied."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.recipe import Split

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp"})
CACHE = Path(".cache/dermabooth")
"""What is made once and kept, below the folder of work"""
CHECK_SHARE = 0.1
"""of the pictures, or of the people where they are named"""

Bytes = NDArray[np.uint8]


def folder_of(path: Path, what: str) -> Path:
    """`path` if it is a folder, else ValueError that says what has to be there."""
    if not path.is_dir():
        raise ValueError(f"{path}: no such folder; {what}")
    return path


def pictures(folder: Path) -> dict[str, Path]:
    """The picture files of a folder by stem; ValueError if there are none or two of one stem."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in PICTURES:
            continue
        if path.stem in found:
            raise ValueError(f"{path}: {found[path.stem].name} has the same name; remove one of them")
        found[path.stem] = path
    if not found:
        raise ValueError(f"{folder}: no pictures; put {', '.join(sorted(PICTURES))} files there")
    return found


def colour(path: Path) -> Bytes:
    """RGB (H, W, 3), turned as its EXIF says; ValueError if it cannot be read."""
    return np.ascontiguousarray(_read(path, cv2.IMREAD_COLOR)[..., ::-1])


def grey(path: Path) -> Bytes:
    """One channel (H, W) of bytes; ValueError if it cannot be read."""
    return _read(path, cv2.IMREAD_GRAYSCALE)


def _read(path: Path, flags: int) -> Bytes:
    if not path.is_file():
        raise ValueError(f"{path}: missing")
    read = cv2.imread(str(path), flags)
    if read is None:
        raise ValueError(f"{path}: not a readable picture; replace or remove it")
    return np.asarray(read, np.uint8)


def divided(keys: Iterable[str], split: Split) -> frozenset[str]:
    """The keys of this split: about `CHECK_SHARE` of them, by a hash of the key, are for checking.

    ValueError if there are fewer than two.
    """
    ordered = sorted(set(keys), key=lambda key: hashlib.sha256(key.encode()).digest())
    if len(ordered) < 2:
        raise ValueError("at least two pictures (or people) are needed, to train on and to check on")
    check = max(1, round(CHECK_SHARE * len(ordered)))
    return frozenset(ordered[:check] if split == "check" else ordered[check:])


def turned(
    rng: np.random.Generator,
    image: Bytes,
    labels: Bytes | None = None,
    *,
    border: int = cv2.BORDER_CONSTANT,
    outside: int = 0,
) -> tuple[Bytes, Bytes | None, bool]:
    """Both mirrored, rotated (6 degrees), scaled (10 %) and shifted (4 %) alike, and whether mirrored.

    Beyond the edge the picture goes on as OpenCV's `border` says, black by default, and labels are `outside`.
    """
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(
        (width / 2, height / 2), float(rng.normal(0, 6)), float(np.exp(rng.normal(0, 0.1)))
    )
    matrix[0, 2] += rng.normal(0, 0.04 * width)
    matrix[1, 2] += rng.normal(0, 0.04 * height)
    mirrored = bool(rng.random() < 0.5)
    if mirrored:
        matrix[0] = -matrix[0]
        matrix[0, 2] += width - 1
    size = (width, height)
    moved = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=border)
    if labels is None:
        return np.asarray(moved, np.uint8), None, mirrored
    beside = cv2.warpAffine(labels, matrix, size, flags=cv2.INTER_NEAREST, borderValue=(outside,))
    return np.asarray(moved, np.uint8), np.asarray(beside, np.uint8), mirrored


def lit(rng: np.random.Generator, image: NDArray[Any]) -> Bytes:
    """Another exposure, white balance, sharpness and noise; black stays black."""
    channels = image.shape[-1]
    gain = np.exp(rng.normal(0, 0.15) + rng.normal(0, 0.04, channels))
    varied = np.power(image.astype(np.float32) / 255, np.exp(rng.normal(0, 0.1))) * gain
    if rng.random() < 0.3:
        varied = cv2.GaussianBlur(varied, (0, 0), float(rng.uniform(0.3, 1.2)))
    varied += rng.normal(0, rng.uniform(0, 0.02), image.shape)
    inside = image.max(-1, keepdims=True) > 0
    return np.asarray(np.clip(varied * 255 * inside + 0.5, 0, 255), np.uint8)
