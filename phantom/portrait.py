"""Portraits for training: one person, cut out, under any light, from any side, with parts and landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom.fields import Field, f32
from phantom.identity import Identity, Pose
from phantom.lamps import Lamp, Rig
from phantom.scene import PART, Geometry
from phantom.trace import Tracer
from phantom.view import View

IGNORE = 255
"""label of pixels that no one part can claim"""
MAX_YAW_DEG, MAX_PITCH_DEG = 60.0, 30.0
LAW = 2
"""part of the name of what keeps portraits; raise it when a seed draws another one"""
_STYLES = ("bald", "receding", "buzz", "short", "side", "long", "fringe", "curly", "bob", "up")
_VEIL_BLUR_PX, _VEIL_LOW, _VEIL_HIGH = 0.8, 0.22, 0.6
_VEILED = tuple(PART[name] for name in ("skin", "hair", "brow", "beard", "neck", "ear"))


@dataclass(frozen=True)
class Portrait:
    """A cut-out person and the truth about every pixel."""

    image: NDArray[np.uint8]
    """(S, S, 3) sRGB, times coverage: black where there is nobody"""
    alpha: NDArray[np.uint8]
    """(S, S) 255 where the person hides the background"""
    labels: NDArray[np.uint8]
    """(S, S) index into `PARTS`; `IGNORE` where hair is translucent or the jaw has no edge"""
    landmarks: NDArray[np.float32]
    """(8, 3) x, y in pixels, and 1 where the point is seen, in the order of `LANDMARKS`"""
    pose: Pose
    identity: Identity


def portrait(seed: int, side: int = 224, *, pose: Pose | None = None) -> Portrait:
    """The portrait of a seed, `side` pixels square; `pose` replaces the drawn one. About 0.4 s."""
    rng = np.random.default_rng([seed, 97])
    person, drawn = _person(seed, rng), _pose(rng)
    rig = _rig(rng)
    far = rng.random() < 0.25
    scale = (
        side / 224 * float(np.exp(rng.uniform(np.log(0.4 if far else 0.68), np.log(0.7 if far else 1.15))))
    )
    view = View(side, side, scale, pose or drawn, float(rng.uniform(600, 2200)), rig)
    tracer = Tracer(person, view)
    geometry = tracer.run(neutral_tab=False)
    landmarks = tracer.landmarks(geometry)
    alpha = np.clip(f32(geometry.coverage), 0, 1)
    return Portrait(_picture(geometry), _bytes(alpha), _labels(geometry), landmarks, view.pose, person)


def _person(seed: int, rng: np.random.Generator) -> Identity:
    person = Identity.sample(seed)
    changes: dict[str, object] = {}
    style, colour = str(rng.choice(_STYLES)), tuple(float(c) for c in rng.uniform(0.005, 0.6, 3))
    if rng.random() < 0.15:
        changes["hair_style"] = style
    if rng.random() < 0.12:
        changes["hair_colour"] = colour
    if rng.random() < 0.12:
        changes["glasses"] = True
    return person.with_(**changes)


def _pose(rng: np.random.Generator) -> Pose:
    """Mostly near the front; one head in five turns, and one in four nods, as far as heads are trained."""
    yaw = rng.normal(0, 16) if rng.random() < 0.8 else rng.uniform(-MAX_YAW_DEG, MAX_YAW_DEG)
    pitch = rng.normal(0, 7) if rng.random() < 0.75 else rng.uniform(-MAX_PITCH_DEG, MAX_PITCH_DEG)
    return Pose(
        float(np.clip(yaw, -MAX_YAW_DEG, MAX_YAW_DEG)),
        float(np.clip(pitch, -MAX_PITCH_DEG, MAX_PITCH_DEG)),
        float(rng.normal(0, 5)),
    )


def _rig(rng: np.random.Generator) -> Rig:
    """A key from anywhere in front, a fill, and now and then a rim light instead of the top lamp."""

    def tint(sd: float) -> tuple[float, float, float]:
        r, g, b = np.clip(rng.normal(1, sd, 3), 0.6, 1.4)
        return float(r), float(g), float(b)

    side = float(rng.choice([-1.0, 1.0]))
    key = Lamp(
        float(rng.uniform(-75, 75)), float(rng.uniform(-5, 60)), float(rng.uniform(0.4, 1.2)), tint(0.08)
    )
    fill = Lamp(
        float(rng.uniform(-70, 70)), float(rng.uniform(-10, 40)), float(rng.uniform(0.05, 0.7)), tint(0.12)
    )
    rim = rng.random() < 0.2
    third = (
        Lamp(130 * side, 25, float(rng.uniform(0.2, 0.8)), tint(0.1))
        if rim
        else Lamp(6, 55, float(rng.uniform(0, 0.4)))
    )
    return Rig((key, fill, third), float(rng.uniform(0.1, 0.55)))


def _picture(geometry: Geometry) -> NDArray[np.uint8]:
    linear = np.clip(f32(geometry.diffuse) + f32(geometry.specular)[..., None], 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** np.float32(1 / 2.4) - 0.055)
    return _bytes(f32(encoded))


def _bytes(share: Field) -> NDArray[np.uint8]:
    return np.asarray(np.rint(255 * share), np.uint8)


def _labels(geometry: Geometry) -> NDArray[np.uint8]:
    labels = geometry.labels.copy()
    veil = cv2.GaussianBlur(f32(geometry.veil) / np.float32(255), (0, 0), _VEIL_BLUR_PX)
    open_to_doubt = np.isin(labels, _VEILED) & (geometry.coverage > 0.9)
    stray = (labels == PART["hair"]) & (veil < _VEIL_LOW)
    hidden = (labels == PART["skin"]) & (veil > _VEIL_HIGH)
    labels[hidden] = PART["hair"]
    labels[open_to_doubt & (((veil > _VEIL_LOW) & (veil < _VEIL_HIGH)) | stray)] = IGNORE
    return labels
