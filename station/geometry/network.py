"""The trained segmenter in this process, without a server: OpenCV's own inference, on one square at a time."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE: Final = 256
"""Px of the square that the network sees."""
PARTS: Final = (
    "background",
    "skin",
    "lips",
    "eye",
    "brow",
    "hair",
    "ear",
    "neck",
    "clothing",
    "glasses",
    "mouth",
    "beard",
)
_OUTPUTS: Final = ("skin", "parts", "landmarks")
_SHAPES: Final = {"skin": (1, SIDE, SIDE), "parts": (1, SIDE, SIDE), "landmarks": (1, 8, 3)}

Plane = NDArray[np.uint8]


class NotLoadable(ValueError):
    """The file is no network that this room can run."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What the network sees in one square."""

    skin: Plane
    """(256, 256): probability times 255."""
    parts: Plane
    """(256, 256): index into `PARTS`."""
    landmarks: NDArray[np.float32]
    """(8, 3): x, y in shares of the square and confidence, in the order of `Face.landmarks`."""


class SkinNetwork:
    """`skin_segmenter` from its ONNX file. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Raises `NotLoadable` with the reason if the file is missing, damaged or another network."""
        try:
            # The newer engine of OpenCV 5 refuses a resize of this network.
            self._net = cv2.dnn.readNetFromONNX(str(path), cv2.dnn.ENGINE_CLASSIC)
            self.see(np.zeros((SIDE, SIDE, 3), np.uint8))
        except cv2.error as error:
            raise NotLoadable(f"{path.name} is no face network: {_first_line(error)}") from error

    def see(self, square: Plane) -> Seen:
        """One forward pass over a square (256, 256, 3) in sRGB: some 30 ms of one core."""
        self._net.setInput(square[None])
        found = self._net.forward(list(_OUTPUTS))
        outputs: dict[str, NDArray[Any]] = dict(zip(_OUTPUTS, map(np.asarray, found), strict=True))
        for name, shape in _SHAPES.items():
            if outputs[name].shape != shape:
                raise NotLoadable(f"output {name} has shape {outputs[name].shape} instead of {shape}")
        # The network's memory is its own: the next pass writes over it.
        skin, parts = (np.array(outputs[name][0], np.uint8) for name in ("skin", "parts"))
        return Seen(skin, parts, np.array(outputs["landmarks"][0], np.float32))


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200]
