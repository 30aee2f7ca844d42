"""What may be behind and before a person: seeded backgrounds and things in the way, linear light."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
_KINDS = 6
_SKIN_COLOURED = 0.3


def waves(rng: np.random.Generator, side: int, cells: int) -> Picture:
    """(S, S) smooth noise of unit variance with `cells` features a side."""
    coarse = rng.standard_normal((cells, cells)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)


def colour(rng: np.random.Generator) -> Picture:
    """A linear colour; dark ones are as likely as they look."""
    return np.asarray(rng.uniform(0, 1, 3) ** rng.uniform(0.7, 2.5), np.float32)


def backdrop(rng: np.random.Generator, side: int, skin: Picture) -> Picture:
    """(S, S, 3) background: plain, graded, vignetted, mottled, full of shapes or grainy.

    `skin` (N, 3) are colours of which some shapes take one, so that colour alone does not tell skin.
    """
    kind = int(rng.integers(_KINDS))
    picture = np.ones((side, side, 3), np.float32) * colour(rng)
    if kind >= 1:
        picture = _graded(rng, picture)
    if kind >= 2:
        picture *= np.exp(rng.uniform(0.05, 0.5) * waves(rng, side, int(rng.integers(3, 40))))[..., None]
    if kind >= 3:
        for _ in range(int(rng.integers(2, 14))):
            _shape(rng, picture, skin)
        if rng.random() < 0.6:
            picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 9)), np.float32)
    if kind == 5:
        picture *= np.exp(0.25 * rng.standard_normal((side, side), dtype=np.float32))[..., None]
    return np.asarray(np.clip(picture, 0, 1), np.float32)


def occluders(rng: np.random.Generator, side: int, skin: Picture) -> tuple[Picture, Picture]:
    """(S, S, 3) colours and (S, S) opacity of one or two things before the picture."""
    colours, opacity = np.zeros((side, side, 3), np.float32), np.zeros((side, side), np.float32)
    for _ in range(int(rng.integers(1, 3))):
        mask = np.zeros((side, side), np.float32)
        centre = tuple(int(v) for v in rng.integers(0, side, 2))
        reach = tuple(int(v) for v in rng.integers(side // 48, max(side // 7, side // 48 + 1), 2))
        cv2.ellipse(mask, centre, reach, float(rng.uniform(0, 180)), 0, 360, 1.0, -1, cv2.LINE_AA)
        tone = colour(rng) if rng.random() > _SKIN_COLOURED else _of(rng, skin)
        shade = tone * np.exp(0.15 * waves(rng, side, 9))[..., None]
        colours = colours * (1 - mask[..., None]) + shade * mask[..., None]
        opacity = np.maximum(opacity, mask)
    return colours, opacity


def _graded(rng: np.random.Generator, picture: Picture) -> Picture:
    side = len(picture)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
    angle = rng.uniform(0, 2 * np.pi)
    share = (np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5) + 0.5)[..., None]
    picture = picture * (1 - share) + colour(rng) * share
    if rng.random() < 0.5:
        cx, cy = rng.uniform(0.2, 0.8, 2)
        picture = picture * (0.5 + np.exp(-((x - cx) ** 2 + (y - cy) ** 2) * rng.uniform(2, 9)))[..., None]
    return np.asarray(picture, np.float32)


def _of(rng: np.random.Generator, skin: Picture) -> Picture:
    return np.asarray(skin[int(rng.integers(len(skin)))] * rng.uniform(0.5, 1.5), np.float32)


def _shape(rng: np.random.Generator, picture: Picture, skin: Picture) -> None:
    side = len(picture)
    tone = colour(rng) if rng.random() > _SKIN_COLOURED else _of(rng, skin)
    value = [float(v) for v in tone]
    corner = [(int(x), int(y)) for x, y in rng.integers(-side // 10, side + side // 10, (4, 2))]
    kind = int(rng.integers(4))
    if kind == 0:
        cv2.rectangle(picture, corner[0], corner[1], value, -1)
    elif kind == 1:
        reach = (int(rng.integers(4, side // 3)), int(rng.integers(4, side // 3)))
        cv2.ellipse(picture, corner[0], reach, float(rng.uniform(0, 180)), 0, 360, value, -1, cv2.LINE_AA)
    elif kind == 2:
        cv2.fillPoly(picture, [np.array(corner, np.int32)], value, cv2.LINE_AA)
    else:
        cv2.line(picture, corner[0], corner[1], value, int(rng.integers(1, 9)), cv2.LINE_AA)
