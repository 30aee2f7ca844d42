"""`python -m phantom.swatch.sheet OUT.png`: swatches of the six ITA classes in four lights with their truth, or the
eight conditions in white and ultraviolet light.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom.scene import Light
from phantom.spectral import ITA_CLASSES
from phantom.swatch.conditions import CONDITIONS
from phantom.swatch.law import Law
from phantom.swatch.patch import ITA_BANDS, Swatch, swatch

_COLOURS = ((70, 160, 60), (220, 50, 60), (60, 110, 230), (240, 200, 50))
"""melanin, trouble, wrinkle, pore"""
_LAWS = {"training": Law.training, "shifted": Law.shifted, "faint": Law.faint}
_GAP = 4


def truth(piece: Swatch) -> NDArray[np.uint8]:
    """The masks in colours (S, S, 3); truth too faint to be scored is half as bright."""
    layer = np.zeros((*piece.masks.shape[1:], 3), np.uint8)
    for mask, ignored, colour in zip(piece.masks, piece.ignore, _COLOURS, strict=True):
        layer[mask > 0] = colour
        layer[ignored] = np.asarray(colour, np.uint8) // 2
    return layer


def items_sheet(law: Law, first_seed: int = 300, side: int = 224) -> NDArray[np.uint8]:
    """Columns from very light to dark; rows parallel, crossed, white, ultraviolet, truth."""
    lights: tuple[Light, ...] = ("parallel_polarised", "cross_polarised", "white", "uv")
    columns = []
    for index, (lo, hi) in enumerate(ITA_BANDS):
        piece = swatch(first_seed + index, law, side=side, ita=(lo + hi) / 2, lights=lights)
        columns.append([*(piece.pictures[light] for light in lights), truth(piece)])
    return _tiled(columns)


def conditions_sheet(law: Law, first_seed: int = 100, side: int = 224) -> NDArray[np.uint8]:
    """A column for each condition; rows light skin, brown skin, and the light skin under ultraviolet."""
    columns = []
    for index, name in enumerate(CONDITIONS):
        light, brown = (
            swatch(
                first_seed + index,
                law,
                side=side,
                px_per_mm=6,
                ita=ita,
                conditions={name},
                lights=("white", "uv"),
            )
            for ita in (48.0, -12.0)
        )
        columns.append([light.pictures["white"], brown.pictures["white"], light.pictures["uv"]])
    return _tiled(columns)


def _tiled(columns: list[list[NDArray[np.uint8]]]) -> NDArray[np.uint8]:
    padded = [
        [np.pad(each, ((0, _GAP), (0, _GAP), (0, 0)), constant_values=255) for each in c] for c in columns
    ]
    return np.hstack([np.vstack(column) for column in padded])[:-_GAP, :-_GAP]


def main(argv: list[str] | None = None) -> int:
    """Write the sheet."""
    parser = argparse.ArgumentParser(
        prog="python -m phantom.swatch.sheet",
        description=f"Columns: {', '.join(ITA_CLASSES)}; or the conditions.",
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--conditions", action="store_true")
    parser.add_argument("--law", choices=sorted(_LAWS), default="training")
    parser.add_argument("--first-seed", type=int)
    options = parser.parse_args(argv)
    make, law = conditions_sheet if options.conditions else items_sheet, _LAWS[options.law]()
    picture = make(law) if options.first_seed is None else make(law, options.first_seed)
    cv2.imwrite(str(options.out), picture[..., ::-1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
