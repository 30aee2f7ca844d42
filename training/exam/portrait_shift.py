"""Portraits under light, cameras and surroundings that training does not have (`portrait_law.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom.scene import PART
from training.datasets.exposures import LINEAR
from training.exam.rendered import Rendered

Plane = NDArray[np.float32]
_GAMMA: Final = 1 / 2.2


@lru_cache(maxsize=1)
def rows() -> dict[str, dict[str, Any]]:
    """The committed table by parameter."""
    return tomllib.loads(files("training.exam").joinpath("portrait_law.toml").read_text("utf-8"))


def groups() -> tuple[str, ...]:
    """What can be shifted one at a time, in the table's order."""
    return tuple(dict.fromkeys(row["group"] for row in rows().values()))


def shifted(
    drawn: Rendered, side: int, seed: int, only: Collection[str] | None = None, *, always: bool = False
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Picture (side, side, 3) sRGB and labels (side, side) of a portrait with every group shifted, or `only` these.

    A shift comes as often as the table has it, or, where `always` or one of `only`, in every picture.
    """
    rng = np.random.default_rng([seed, 17])
    chosen = {
        name
        for name, row in rows().items()
        if (row["group"] in only if only is not None else rng.random() < row["often"] or always)
    }
    return _Shift(rng, side, chosen).picture(drawn)


class _Shift:
    def __init__(self, rng: np.random.Generator, side: int, chosen: Collection[str]) -> None:
        self._rng, self._side, self._chosen = rng, side, chosen

    def _draw(self, name: str) -> float | None:
        """A shifted value, or None where the parameter is not shifted."""
        if name not in self._chosen:
            return None
        ranges = rows()[name]["shifted"]
        low, high = ranges[int(self._rng.integers(len(ranges)))]
        return float(self._rng.uniform(low, high))

    def picture(self, drawn: Rendered) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        person, alpha, labels = self._placed(drawn)
        linear = person + self._wall() * (1 - alpha[..., None])
        linear, labels = self._covered(linear, labels)
        lit = self._lit(linear, labels == PART["skin"])
        value = np.clip(lit, 0, 1) ** np.float32(_GAMMA)
        return self._stored(self._blurred(self._toned(value))), labels

    def _placed(self, drawn: Rendered) -> tuple[Plane, Plane, NDArray[np.uint8]]:
        size, roll = len(drawn.image), (self._draw("roll") or 0.0) * float(self._rng.choice([-1.0, 1.0]))
        matrix = cv2.getRotationMatrix2D(((size - 1) / 2, (size - 1) / 2), roll, self._side / size)
        matrix = matrix + np.array([[0, 0, (self._side - size) / 2]] * 2)
        stack = np.dstack([LINEAR[drawn.image], drawn.alpha.astype(np.float32) / 255])
        where, border = (self._side, self._side), cv2.BORDER_REPLICATE
        layers = cv2.warpAffine(stack, matrix, where, flags=cv2.INTER_LINEAR, borderMode=border)
        labels = cv2.warpAffine(drawn.labels, matrix, where, flags=cv2.INTER_NEAREST, borderMode=border)
        return (
            np.asarray(layers[..., :3], np.float32),
            np.asarray(layers[..., 3], np.float32),
            np.asarray(labels, np.uint8),
        )

    def _wall(self) -> Plane:
        colour = self._rng.uniform(0.05, 0.6, 3).astype(np.float32)
        wall = np.broadcast_to(colour, (self._side, self._side, 3)).copy()
        contrast = self._draw("stripes")
        if contrast is None:
            return wall
        turn, period = self._rng.uniform(0, np.pi), self._rng.uniform(0.04, 0.2) * self._side
        row, column = np.mgrid[: self._side, : self._side].astype(np.float32)
        wave = np.sign(np.sin((column * np.cos(turn) + row * np.sin(turn)) * (2 * np.pi / period)))
        return np.asarray(wall * (1 + np.float32(contrast) * wave)[..., None], np.float32)

    def _covered(self, linear: Plane, labels: NDArray[np.uint8]) -> tuple[Plane, NDArray[np.uint8]]:
        share = self._draw("cover")
        if share is None:
            return linear, labels
        mask = np.zeros(labels.shape, np.uint8)
        centre = tuple(float(each) for each in self._rng.uniform(0.2, 0.8, 2) * self._side)
        sides = (share * self._side, share * self._side * float(self._rng.uniform(0.5, 1)))
        corners = cv2.boxPoints((centre, sides, float(self._rng.uniform(0, 90))))
        cv2.fillConvexPoly(mask, np.rint(corners).astype(np.int32), 1)
        colour = self._rng.uniform(0.02, 0.8, 3).astype(np.float32)
        covered = np.where(mask[..., None] > 0, colour, linear)
        return np.asarray(covered, np.float32), np.where(mask > 0, PART["background"], labels).astype(
            np.uint8
        )

    def _lit(self, linear: Plane, skin: NDArray[np.bool_]) -> Plane:
        loss, level, cast = self._draw("shadow"), self._draw("level"), self._draw("colour_cast")
        if loss is not None:
            turn = self._rng.uniform(0, 2 * np.pi)
            row, column = np.mgrid[: self._side, : self._side].astype(np.float32) / self._side - 0.5
            behind = column * np.cos(turn) + row * np.sin(turn) > self._rng.uniform(-0.1, 0.1)
            linear = linear * np.where(behind, 1 - np.float32(loss), np.float32(1))[..., None]
        present = float(linear[skin].mean()) if skin.any() else 0.28
        linear = linear * np.float32((0.28 if level is None else level) / max(present, 1e-3))
        if cast is not None:
            half = 0.5 * cast * float(self._rng.choice([-1.0, 1.0]))
            linear = linear * np.exp(np.array([half, 0.0, -half], np.float32))
        return np.asarray(linear, np.float32)

    def _toned(self, value: Plane) -> Plane:
        contrast, saturation = self._draw("contrast"), self._draw("saturation")
        if contrast is not None:
            value = (value - 0.5) * np.float32(contrast) + np.float32(0.5)
        if saturation is not None:
            grey = value.mean(-1, keepdims=True)
            value = grey + (value - grey) * np.float32(saturation)
        return np.asarray(np.clip(value, 0, 1), np.float32)

    def _blurred(self, value: Plane) -> Plane:
        sigma, length = self._draw("blur"), self._draw("motion")
        if sigma is not None:
            value = np.asarray(cv2.GaussianBlur(value, (0, 0), sigma), np.float32)
        if length is not None:
            kernel = np.zeros((9, 9), np.float32)
            reach = length / 2 * np.array([np.cos(t := self._rng.uniform(0, np.pi)), np.sin(t)])
            ends = [tuple(int(each) for each in np.rint((4 + sign * reach) * 16)) for sign in (-1, 1)]
            cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, 4)
            value = np.asarray(cv2.filter2D(value, -1, kernel / kernel.sum()), np.float32)
        return value

    def _stored(self, value: Plane) -> NDArray[np.uint8]:
        sigma, quality = self._draw("noise"), self._draw("jpeg_quality")
        if sigma is not None:
            value = value + self._rng.standard_normal(value.shape, dtype=np.float32) * np.float32(sigma)
        picture = np.asarray(np.rint(255 * np.clip(value, 0, 1)), np.uint8)
        if quality is None:
            return picture
        coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, round(quality)])[1]
        return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
