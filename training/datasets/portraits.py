"""Portraits of the phantom before random backgrounds, under random light, seen by random cameras."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from phantom.landmarks import MIRRORED
from phantom.portrait import IGNORE
from phantom.scene import PART
from training.datasets.backdrops import Picture, backdrop, colour, occluders, waves
from training.datasets.exposures import LINEAR, expose, plainly

_EMPTY = 0.06
"""share of pictures without anybody"""
_RECOLOURED = (
    ("clothing", 0.6), ("hair", 0.4), ("lips", 0.2), ("glasses", 0.2), ("beard", 0.2), ("brow", 0.15), ("neck", 0.3), ("ear", 0.3),
)  # fmt: skip
_SKIN_LIKE = ("neck", "ear")
_SMALLEST, _LARGEST = 0.65, 1.35
_SOFT_PX, _SHINE = 1.6, 1.6
_CUT = tuple(PART[name] for name in ("skin", "lips", "beard", "eye", "mouth", "hair"))


class Portraits(Dataset[dict[str, NDArray[Any]]]):
    """`image` uint8 (S, S, 3), `labels` uint8 (S, S) of `PARTS` or 255, `landmarks` float32 (8, 3).

    Landmarks are x and y in 0..1 of the picture, and 1 where seen. Example `index` is a function of `seed` and
    index; the data set has no end. Without `augmented` portraits stand as rendered, before a plain wall.
    """

    def __init__(
        self,
        pixels: NDArray[np.uint8],
        landmarks: NDArray[np.float32],
        side: int,
        seed: int,
        *,
        augmented: bool,
    ) -> None:
        self._pixels, self._landmarks = pixels, landmarks
        self._side, self._seed, self._augmented = side, seed, augmented

    def __getitem__(self, index: int) -> dict[str, NDArray[Any]]:
        """Draw one example."""
        turn, place = divmod(index, len(self._pixels))
        order = np.random.default_rng([self._seed, turn]).permutation(len(self._pixels))
        rng = np.random.default_rng([self._seed, index, 7])
        pixels, landmarks = self._pixels[order[place]], self._landmarks[order[place]]
        if not self._augmented:
            return _plain(pixels, landmarks, self._side)
        return _Example(rng, pixels, landmarks, self._side).drawn()


def _plain(pixels: NDArray[np.uint8], landmarks: NDArray[np.float32], side: int) -> dict[str, NDArray[Any]]:
    scale = side / len(pixels)
    matrix = np.array([[scale, 0, (scale - 1) / 2], [0, scale, (scale - 1) / 2]])
    layers, labels = _warped(pixels, LINEAR[pixels[..., :3]], matrix, side)
    wall = np.float32(0.2) * (1 - layers[..., 3:])
    points = _normalised(landmarks[:, :2] * scale + (scale - 1) / 2, landmarks[:, 2], labels)
    return {"image": plainly(layers[..., :3] + wall), "labels": labels, "landmarks": points}


def _warped(
    pixels: NDArray[np.uint8], linear: Picture, matrix: NDArray[np.float64], side: int
) -> tuple[Picture, NDArray[np.uint8]]:
    """Colour with alpha, and labels, on the new square; the borders repeat, so that nobody floats."""
    stack = np.dstack([linear, pixels[..., 3].astype(np.float32) / 255])
    shrinking = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if shrinking < 0.8:
        stack = cv2.GaussianBlur(stack, (0, 0), 0.45 / shrinking)
    flags, border = cv2.INTER_LINEAR, cv2.BORDER_REPLICATE
    layers = cv2.warpAffine(stack, matrix, (side, side), flags=flags, borderMode=border)
    label = np.ascontiguousarray(pixels[..., 4])
    labels = cv2.warpAffine(label, matrix, (side, side), flags=cv2.INTER_NEAREST, borderMode=border)
    return np.asarray(layers, np.float32), np.asarray(labels, np.uint8)


def _normalised(points: NDArray[Any], seen: NDArray[Any], labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    side = len(labels)
    inside = ((points >= 0) & (points <= side - 1)).all(1)
    column, row = np.clip(np.rint(points), 0, side - 1).astype(int).T
    seen = seen * inside * (labels[row, column] != PART["background"])
    return np.hstack([(points + 0.5) / side, seen[:, None]]).astype(np.float32)


class _Example:
    def __init__(
        self, rng: np.random.Generator, pixels: NDArray[np.uint8], landmarks: NDArray[np.float32], side: int
    ) -> None:
        self._rng, self._pixels, self._landmarks, self._side = rng, pixels, landmarks, side
        self._linear = LINEAR[pixels[..., :3]]
        skin = self._linear[pixels[..., 4] == PART["skin"]]
        self._skin = skin[:: max(1, len(skin) // 8)] if len(skin) else np.full((1, 3), 0.4, np.float32)

    def drawn(self) -> dict[str, NDArray[Any]]:
        """The example."""
        rng, side = self._rng, self._side
        if rng.random() < _EMPTY:
            return self._empty()
        self._recolour()
        matrix, flipped = self._placing()
        layers, labels = _warped(self._pixels, self._linear, matrix, side)
        points = np.hstack([self._landmarks[:, :2], np.ones((8, 1))]) @ matrix.T
        seen = self._landmarks[:, 2]
        if flipped:
            points, seen = points[list(MIRRORED)], seen[list(MIRRORED)]
        if rng.random() < 0.5:
            layers, labels, points = self._bent(layers, labels, points)
        picture = layers[..., :3] + backdrop(rng, side, self._skin) * (1 - layers[..., 3:])
        picture, labels = self._occluded(picture, labels)
        lit = picture[labels == PART["skin"]]
        image = expose(rng, picture, float(lit.mean()) if len(lit) > 50 else None)
        return {"image": image, "labels": labels, "landmarks": _normalised(points, seen, labels)}

    def _empty(self) -> dict[str, NDArray[Any]]:
        picture = backdrop(self._rng, self._side, self._skin)
        nothing = np.zeros((self._side, self._side), np.uint8)
        points = np.hstack([np.full((8, 2), 0.5), np.zeros((8, 1))]).astype(np.float32)
        return {"image": expose(self._rng, picture, None), "labels": nothing, "landmarks": points}

    def _recolour(self) -> None:
        """Give whole parts another colour; the change fades out where their edge is soft."""
        rng, labels = self._rng, self._pixels[..., 4]
        for name, chance in _RECOLOURED:
            part = labels == PART[name]
            if rng.random() >= chance or not part.any():
                continue
            present = self._linear[part].mean(0)
            gain = self._gain(name, present)
            share = part.astype(np.float32)
            spread = cv2.GaussianBlur(share, (0, 0), _SOFT_PX)
            share = np.where(labels == IGNORE, np.minimum(2 * spread, 1), share)[..., None]
            # Skin that shines through hair is brighter than it; it must not outshine the new colour.
            limit = np.where(labels == IGNORE, np.float32(_SHINE), np.inf)[..., None] * (gain * present)
            changed = np.minimum(self._linear * gain, limit)
            self._linear = np.clip(self._linear + share * (changed - self._linear), 0, 1).astype(np.float32)

    def _gain(self, name: str, present: Picture) -> Picture:
        """Of a part's three colours: another shade, any colour, or for hair that of skin; necks only get brighter."""
        rng, choice = self._rng, self._rng.random()
        if name in _SKIN_LIKE:
            return np.full(3, np.exp(rng.normal(0.15, 0.25)), np.float32)
        if name == "hair" and choice < 0.35:
            tone = self._skin.mean(0) * np.exp(rng.normal(0, 0.3) + rng.normal(0, 0.12, 3))
            return np.asarray(tone / np.maximum(present, 0.02), np.float32)
        if choice > 0.65:
            return colour(rng) / np.float32(max(0.02, float(present.mean())))
        return np.exp(rng.normal(0, 0.5, 3) + rng.normal(0, 0.6)).astype(np.float32)

    def _placing(self) -> tuple[NDArray[np.float64], bool]:
        """Picture pixel from portrait pixel, and whether it is mirrored."""
        rng, side, size = self._rng, self._side, len(self._pixels)
        above, below = self._pixels[0, :, 3].any(), np.isin(self._pixels[-1, :, 4], _CUT).any()
        scale = float(np.exp(rng.uniform(np.log(_SMALLEST), np.log(_LARGEST))))
        scale = (max(scale, 1.02) if above and below else scale) * side / size
        matrix = cv2.getRotationMatrix2D((size / 2, size / 2), float(rng.normal(0, 9)), scale)
        spread = np.array([max(0.05, 0.35 * (1 - scale * size / side)), 0.05]) * side
        matrix[:, 2] += (side - size) / 2 + rng.normal(0, 1, 2) * spread
        if rng.random() < 0.3:
            matrix[0] *= rng.uniform(0.88, 1.12)
        flipped = bool(rng.random() < 0.5)
        if flipped:
            matrix[0] = -matrix[0]
            matrix[0, 2] += side - 1
        # A head cut by the portrait's edge has to be cut by the picture's.
        if above:
            matrix[1, 2] -= max(0.0, min(matrix[1] @ (x, 0, 1) for x in (0, size - 1)))
        if below:
            matrix[1, 2] += max(0.0, side - 1 - max(matrix[1] @ (x, size - 1, 1) for x in (0, size - 1)))
        return np.asarray(matrix, np.float64), flipped

    def _bent(
        self, layers: Picture, labels: NDArray[np.uint8], points: NDArray[Any]
    ) -> tuple[Picture, NDArray[np.uint8], NDArray[Any]]:
        rng, side = self._rng, self._side
        cells, reach = int(rng.integers(3, 7)), np.float32(rng.uniform(1, 5) * side / 192)
        dx, dy = waves(rng, side, cells) * reach, waves(rng, side, cells) * reach
        column, row = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32))
        border = cv2.BORDER_REPLICATE
        bent = cv2.remap(layers, column + dx, row + dy, cv2.INTER_LINEAR, borderMode=border)
        parts = cv2.remap(labels, column + dx, row + dy, cv2.INTER_NEAREST, borderMode=border)
        at = np.clip(np.rint(points), 0, side - 1).astype(int)
        shift = np.stack([dx[at[:, 1], at[:, 0]], dy[at[:, 1], at[:, 0]]], -1)
        return np.asarray(bent, np.float32), np.asarray(parts, np.uint8), points - shift

    def _occluded(self, picture: Picture, labels: NDArray[np.uint8]) -> tuple[Picture, NDArray[np.uint8]]:
        if self._rng.random() >= 0.25:
            return picture, labels
        colours, opacity = occluders(self._rng, self._side, self._skin)
        picture = picture * (1 - opacity[..., None]) + colours * opacity[..., None]
        return picture, np.where(opacity > 0.5, PART["background"], labels).astype(np.uint8)
