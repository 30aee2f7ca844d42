"""What the models do on real skin whose truth nobody knows: they must not invent, and must follow what is put there.

Only aggregates are handed out, never what a model says of a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from dermabooth.exam.portraits import Portrait, box_of
from server.analysis import face_of, normalising
from server.inference import ITEMS, ITEMS_MODEL, SEVERITY, SKIN_FROM, TritonClient, segment_face
from server.inference.faces import placed
from station.protocol import Landmark

SIDE = 256
FACE_MM = 162.0
BLUR_MM = 2.5
"""Standard deviation; less leaves real marks standing."""
DOSES = (0.0, 0.3, 0.6, 0.9, 1.2)
"""Gains of log melanin of the spots that are put on real skin."""
SPOT_MM = 1.3
BRIGHTER = 1.1
_FOUND = 128
_ITEMS_PX_PER_MM = 20.0
_MELANIN = np.array([0.242, 0.464, 0.852]) / np.linalg.norm([0.242, 0.464, 0.852])
_DENSITY_PER_GAIN = 0.8
"""Optical density along the pigment's vector of one unit of log melanin on light to tan skin."""

Picture = NDArray[np.uint8]


def skin_crops(portrait: Portrait) -> Iterator[Picture]:
    """The squares of 12.8 mm with nothing but skin in them, of each cheek and the forehead, at 20 px/mm."""
    box = box_of(portrait.image)
    if box is None:
        return
    left, top, width, height = box
    side = max(4, round(SIDE / _ITEMS_PX_PER_MM * width / FACE_MM))
    for x, y in ((0.27, 0.62), (0.73, 0.62), (0.5, 0.16)):
        row, column = round(top + y * height - side / 2), round(left + x * width - side / 2)
        window = slice(row, row + side), slice(column, column + side)
        if row >= 0 and column >= 0 and (portrait.mask[window] == 255).sum() == side * side:
            crop = cv2.resize(portrait.image[window], (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
            yield np.asarray(crop, np.uint8)


async def _maps(client: TritonClient, crop: Picture) -> tuple[NDArray[np.bool_], Picture]:
    """Where each item is found, and how strong; both lights show the same."""
    answer = await client.infer(ITEMS_MODEL, {"image": np.concatenate([crop, crop], 2)[None]})
    return answer["area"][0] >= _FOUND, np.asarray(answer["intensity"][0], np.uint8)


async def invented(client: TritonClient, crops: Sequence[Picture]) -> dict[str, float]:
    """Largest mean share over the items found on blurred and on uniform skin."""
    blurred = [
        np.asarray(cv2.GaussianBlur(each, (0, 0), BLUR_MM * _ITEMS_PX_PER_MM), np.uint8) for each in crops
    ]
    even = [np.broadcast_to(np.median(each, (0, 1)).astype(np.uint8), each.shape).copy() for each in crops]
    told: dict[str, float] = {}
    for name, pictures in (("blurred", blurred), ("uniform", even)):
        means = np.mean([(await _maps(client, each))[0].mean((1, 2)) for each in pictures], axis=0)
        told |= {
            f"area_found_on_{name}_skin_{item}": float(each) for item, each in zip(ITEMS, means, strict=True)
        }
    return {"skin_crops": float(len(crops)), "hallucinated_area": max(told.values())} | told


async def followed(client: TritonClient, crops: Sequence[Picture]) -> dict[str, float]:
    """Share of steps in dose at which the melanin measure does not fall, and of crops on which it rises over all.

    The measure is the intensity summed over what is found.
    """
    index, steps, whole = ITEMS.index("melanin"), [], []
    for number, crop in enumerate(crops):
        measured = []
        for dose in DOSES:
            found, strength = await _maps(client, spotted(crop, dose, number))
            measured.append(float((strength[index] * found[index]).mean()))
        steps.append(float((np.diff(measured) >= 0).mean()))
        whole.append(measured[-1] > measured[0])
    return {"melanin_rises": float(np.mean(steps)), "melanin_rises_over_all_doses": float(np.mean(whole))}


def spotted(crop: Picture, dose: float, seed: int) -> Picture:
    """Real skin with five soft pigment spots of that dose put on it, in optical density."""
    rng = np.random.default_rng([seed, 23])
    row, column = np.mgrid[:SIDE, :SIDE]
    level = np.zeros((SIDE, SIDE))
    for y, x in rng.uniform(0.15, 0.85, (5, 2)) * SIDE:
        reach = np.hypot(row - y, column - x) / (SPOT_MM * _ITEMS_PX_PER_MM * rng.uniform(0.7, 1.2))
        level = np.maximum(level, 1 / (1 + np.exp(np.clip((reach - 1) / 0.12, -30, 30))))
    linear = (crop / 255.0) ** 2.2
    absorbed = np.exp(-dose * _DENSITY_PER_GAIN * level[..., None] * _MELANIN)
    return np.asarray(np.rint(255 * (linear * absorbed) ** (1 / 2.2)), np.uint8)


async def repeated(client: TritonClient, portraits: Sequence[Portrait]) -> dict[str, float]:
    """Share of faces whose grade stays when they are mirrored, or 10 % brighter; largest change of the estimate."""
    same: dict[str, list[bool]] = {"mirrored": [], "brighter": []}
    change: dict[str, list[float]] = {"mirrored": [], "brighter": []}
    for portrait in portraits:
        shown = await _normalised(client, portrait)
        if shown is None:
            continue
        grade, estimate = await _graded(client, shown)
        for name, other in (("mirrored", shown[:, ::-1]), ("brighter", brighter(shown))):
            again, value = await _graded(client, np.ascontiguousarray(other))
            same[name].append(again == grade)
            change[name].append(abs(value - estimate))
    told = {"faces_graded": float(len(same["mirrored"]))}
    for name in same:
        told[f"same_grade_{name}"] = float(np.mean(same[name])) if same[name] else 0.0
        told[f"largest_change_{name}"] = max(change[name], default=float("nan"))
    return told


async def _graded(client: TritonClient, shown: Picture) -> tuple[int, float]:
    answer = await client.infer(SEVERITY, {"image": shown[None]})
    return round(float(answer["grade"][0, 0])), float(answer["estimate"][0, 0])


async def _normalised(client: TritonClient, portrait: Portrait) -> Picture | None:
    """The face as `acne_severity` takes it, placed by the segmenter's landmarks."""
    seen = await segment_face(client, portrait.image, box_of(portrait.image))
    if seen is None or not (seen.skin >= SKIN_FROM).any():
        return None
    face = face_of(tuple(Landmark(*map(float, each)) for each in seen.landmarks))
    return None if face is None else placed(portrait.image, normalising(face))


def brighter(srgb: Picture) -> Picture:
    """10 % more light."""
    linear = (srgb / 255.0) ** 2.2 * BRIGHTER
    return np.asarray(np.rint(255 * np.clip(linear, 0, 1) ** (1 / 2.2)), np.uint8)
