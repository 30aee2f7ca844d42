"""`python -m phantom.sheet OUT.png`: a contact sheet of twelve people of all six ITA classes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom.camera import CameraModel
from phantom.identity import Identity, Pose
from phantom.shade import shade
from phantom.spectral import ITA_CLASSES
from phantom.trace import trace

_COLUMNS, _ROWS = 6, 2
_SEEDS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)


def person(seed: int, ita_class: str, width: int, height: int, *, demo: bool = True) -> NDArray[np.uint8]:
    """One portrait, uint8 sRGB (height, width, 3), rendered at twice the size and averaged down."""
    identity = Identity.sample(seed, ita_class, demo=demo)
    rng = np.random.default_rng([seed, 95])
    pose = Pose(float(rng.normal(0, 7)), float(rng.normal(0, 2)), float(rng.normal(0, 1.5)))
    geometry = trace(
        identity, 2 * width, 2 * height, pose, px_per_mm=2 * min(width / 222, height / 280), neutral_tab=False
    )
    linear = cv2.resize(np.clip(shade(geometry).linear, 0, 1), (width, height), interpolation=cv2.INTER_AREA)
    return CameraModel(exposure=0.15, psf_sigma_px=0.0).expose(np.asarray(linear, np.float32), seed).srgb


def sheet(width: int, height: int, *, seeds: tuple[int, ...], demo: bool) -> NDArray[np.uint8]:
    """The contact sheet, uint8 sRGB: portraits of `width` x `height`, light to dark from left to right, two a class."""
    portraits = []
    for index, seed in enumerate(seeds):
        portraits.append(person(seed, ITA_CLASSES[index % _COLUMNS], width, height, demo=demo))
        sys.stderr.write(f"\r{index + 1}/{len(seeds)}")
    sys.stderr.write("\n")
    lines = [np.hstack(portraits[i : i + _COLUMNS]) for i in range(0, len(portraits), _COLUMNS)]
    return np.asarray(np.vstack(lines))


def main(argv: list[str] | None = None) -> int:
    """Write the sheet."""
    parser = argparse.ArgumentParser(prog="python -m phantom.sheet", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--width", type=int, default=240, help="pixels per portrait")
    parser.add_argument("--any", action="store_true", help="all styles, not only those made for showing")
    parser.add_argument("--first-seed", type=int, help="twelve consecutive seeds from here")
    options = parser.parse_args(argv)
    seeds = (
        _SEEDS
        if options.first_seed is None
        else tuple(range(options.first_seed, options.first_seed + _COLUMNS * _ROWS))
    )
    picture = sheet(options.width, options.width * 5 // 4, seeds=seeds, demo=not options.any)
    cv2.imwrite(str(options.out), picture[..., ::-1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
