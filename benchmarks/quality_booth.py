"""Faults as the booth itself sees them: it finds the face first, by its own network, then measures."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from benchmarks.quality_phantom import HEIGHT, WIDTH, Head, Mask, Plane, Shot, photographed
from benchmarks.quality_trials import Draw, Fault, Spoilt, seed
from dermabooth import resources
from phantom import PARTS, Identity, Pose, shade
from phantom.trace import Tracer
from phantom.view import View as PhantomView
from station.geometry import FaceFinder, FoundFace, SkinNetwork
from station.protocol import Box, Exposure, Face, Frame, Landmark, Light
from station.quality import (
    FACE,
    ZONES,
    Guide,
    Reading,
    develop,
    eye_opening,
    framing,
    motion,
    occlusion,
    pose_against_guide,
    registration,
    take_sample,
    zone_mask,
)

_WHOLE = Box(0, 0, WIDTH, HEIGHT)
_SMALL = (300, 400)
"""Width and height of pictures that are traced for one trial alone."""
_INTERVAL_S, _EXPOSURE_S = 1 / 15, 0.010
_JUDGED: Final = ("forehead", "left_cheek", "right_cheek", "chin")
_SHUT = -0.35
"""Opening at which the lids of the phantom meet along their whole length."""
_OPEN_FROM, _OPEN = 0.45, 2.0
"""Share of the own opening from which eyes count as open, and the size in limits that they count as."""
_LARGEST_TILT_DEG = 25.0
"""Heads nod and tilt less far than they turn."""


@lru_cache(maxsize=1)
def finder() -> FaceFinder:
    """The booth's own."""
    return FaceFinder(SkinNetwork(resources.face_model()))


def _found(frame: Frame, guide: Guide) -> FoundFace | None:
    return finder().find(develop(frame), expected=guide.box(frame.header.width, frame.header.height))


def _guide(head: Head) -> Guide:
    """With the head where it belongs."""
    box = head.face.box
    return Guide(
        x=(box.x + box.width / 2) / WIDTH, y=(box.y + box.height / 2) / HEIGHT, size=box.width / HEIGHT
    )


def _moved(head: Head, right: float, down: float, scale: float = 1.0) -> Plane:
    """The scene shifted by px and enlarged about the face."""
    box = head.face.box
    x, y = box.x + box.width / 2, box.y + box.height / 2
    matrix = np.array([[scale, 0, x + right - scale * x], [0, scale, y + down - scale * y]])
    moved = cv2.warpAffine(
        head.white.linear, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, np.float32)


def _framing(head: Head, size: float, limit: float, rng: Draw) -> Spoilt:
    away, angle = size * limit / 100 * head.face.box.width, rng.uniform(0, 2 * math.pi)
    radiance = _moved(head, away * math.cos(angle), away * math.sin(angle))
    return Spoilt(_placed(head, radiance, rng)[0], size * limit, size)


def _distance(head: Head, size: float, limit: float, rng: Draw) -> Spoilt:
    percent = size * limit * rng.choice([-1, 1])
    readings = _placed(head, _moved(head, 0, 0, 1 + percent / 100), rng)
    return Spoilt(readings[1], percent, size)


def _placed(head: Head, radiance: Plane, rng: Draw) -> tuple[Reading, ...]:
    frame, guide = Shot().take(head, radiance, seed(rng)), _guide(head)
    found = _found(frame, guide)
    return framing(None if found is None else found.face, WIDTH, HEIGHT, guide)


def _pose(head: Head, size: float, limit: float, rng: Draw) -> Spoilt:
    axis = ("yaw", "pitch", "roll")[int(rng.integers(3))]
    angle = size * limit if axis == "yaw" else min(size * limit, _LARGEST_TILT_DEG)
    turned = Pose(**{axis: float(angle * rng.choice([-1, 1]))})
    found = _found(_Sitting.of(head.tracer.person, turned).taken(rng), Guide())
    return Spoilt(pose_against_guide(None if found is None else found.face, Guide()), angle, angle / limit)


def _eyes(head: Head, size: float, limit: float, rng: Draw) -> Spoilt:
    """Closed for a size that must pass, else open by a part of the person's own way."""
    person = head.tracer.person
    opening = _SHUT if size < 1 else float(rng.uniform(_OPEN_FROM, 1.0)) * person.eye_opening
    sitting = _Sitting.of(person.with_(eye_opening=opening), Pose())
    frame, clean = sitting.taken(rng), photographed(sitting.radiance, Shot(full_well=1e9), 0)
    found, truth = _found(frame, Guide()), eye_opening(clean, sitting.face).value or 0.0
    reading = eye_opening(frame, None if found is None else found.face)
    return Spoilt(reading, truth, 0.0 if size < 1 else _OPEN)


def _occlusion(head: Head, size: float, limit: float, rng: Draw) -> Spoilt:
    """Own hair mirrored down over the forehead, beside what hides the person already, in the zones that the booth sees."""
    hair, forehead = _part(head, "hair"), zone_mask(head.face.box, ZONES["forehead"], _WHOLE)
    lines = _hairlines(hair, forehead)
    hidden = hair | _part(head, "glasses")
    depth = _depth_for(lines, forehead > 0, hidden, size * limit / 100)
    radiance, lock = _lowered(head.white.linear, lines, depth)
    hidden |= lock
    frame = Shot().take(head, radiance, seed(rng))
    found = _found(frame, _guide(head))
    face = head.face if found is None else found.face
    zones = (zone_mask(face.box, ZONES[name], _WHOLE) > 0 for name in _JUDGED)
    truth = max(100 * float(hidden[zone].mean()) for zone in zones)
    reading = occlusion(take_sample(frame, face), None if found is None else found.parts)
    return Spoilt(reading, truth, truth / limit)


def _part(head: Head, name: str) -> npt.NDArray[np.bool_]:
    return np.asarray(head.white.labels == PARTS.index(name))


def _hairlines(hair: npt.NDArray[np.bool_], forehead: Mask) -> npt.NDArray[np.float64]:
    """By column of the picture, the lowest row of hair above the middle of the forehead; NaN where there is none."""
    rows, columns = np.nonzero(forehead)
    lines = np.full(hair.shape[1], np.nan)
    above = hair[: int(rows.mean())]
    for column in range(columns.min(), columns.max() + 1):
        own = np.flatnonzero(above[:, column])
        if own.size:
            lines[column] = own[-1]
    return lines


def _depth_for(
    lines: npt.NDArray[np.float64],
    forehead: npt.NDArray[np.bool_],
    hidden: npt.NDArray[np.bool_],
    share: float,
) -> float:
    """How far the hair must come down, px, to hide this share of the forehead; 0 where there is no hair."""
    rows = np.arange(forehead.shape[0])[:, None]
    under = np.where(np.isnan(lines), np.inf, rows - lines)
    for depth in range(0, round(np.ptp(np.nonzero(forehead)[0])) * 2, 1):
        if (((under <= depth) | hidden) & forehead).sum() >= share * forehead.sum():
            return float(depth)
    return 0.0


def _lowered(
    radiance: Plane, lines: npt.NDArray[np.float64], depth: float
) -> tuple[Plane, npt.NDArray[np.bool_]]:
    """The picture with its hair mirrored at the hairline for `depth` px, and where that is."""
    rows, columns = np.mgrid[0 : radiance.shape[0], 0 : radiance.shape[1]]
    line = np.where(np.isnan(lines), -1e6, lines)[None]
    lock = np.asarray((rows > line) & (rows <= line + depth) & (line > 0))
    mirrored = np.where(lock, np.clip(2 * line - rows, 0, None), rows).astype(np.intp)
    return np.asarray(radiance[mirrored, columns], np.float32), lock


def _registration(head: Head, size: float, limit: float, rng: Draw) -> Spoilt:
    """A smooth deformation that no turn, scale and shift explains."""
    outline = zone_mask(head.face.box, FACE, _WHOLE) > 0
    field = rng.normal(size=(2, HEIGHT, WIDTH)).astype(np.float32)
    sigma = 0.16 * head.face.box.width
    field = np.stack([cv2.GaussianBlur(one, (0, 0), sigma) for one in field])
    field *= np.float32(size * limit / max(_residual(field, outline), 1e-9))
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    warped = cv2.remap(
        head.white.linear,
        columns + field[0],
        rows + field[1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    first = Shot().take(head, head.white.linear, seed(rng))
    second = Shot().take(head, np.asarray(warped, np.float32), seed(rng))
    box = head.face.box
    return Spoilt(registration(first, second, box, box), size * limit, size)


def _residual(field: npt.NDArray[np.float32], outline: npt.NDArray[np.bool_]) -> float:
    """Median length of the displacements (2, H, W) that the best similarity leaves on the face."""
    rows, columns = np.nonzero(outline)
    rows, columns = rows[::97], columns[::97]
    one, zero = np.ones(rows.size), np.zeros(rows.size)
    known = np.concatenate([np.c_[columns, -rows, one, zero], np.c_[rows, columns, zero, one]])
    wanted = np.concatenate([field[0][rows, columns], field[1][rows, columns]]).astype(np.float64)
    left = wanted - known @ np.linalg.lstsq(known, wanted, rcond=None)[0]
    return float(np.median(np.hypot(left[: rows.size], left[rows.size :])))


def _motion(head: Head, size: float, limit: float, rng: Draw) -> Spoilt:
    away, angle = size * limit * _INTERVAL_S / _EXPOSURE_S, rng.uniform(0, 2 * math.pi)
    frames = []
    for number, share in enumerate((0.0, 1.0)):
        radiance = _moved(head, share * away * math.cos(angle), share * away * math.sin(angle))
        frame = Shot().take(head, radiance, seed(rng))
        header = msgspec.structs.replace(
            frame.header, captured_at=number * _INTERVAL_S, actual=Exposure(time_s=_EXPOSURE_S)
        )
        frames.append(Frame(header, frame.pixels))
    return Spoilt(motion(frames[0], frames[1], head.face.box), size * limit, size)


TRACED: Final = (
    Fault("pose as the booth sees it", "head_pose", 6.0, _pose),
    Fault("eyes open before UV", "eye_opening", 3.0, _eyes, Light.UV),
)
"""Faults whose every picture is traced anew."""
BOOTH_FAULTS: Final = (
    Fault("framing", "framing", 4.0, _framing),
    Fault("distance", "distance", 6.0, _distance),
    TRACED[0],
    Fault("hair over the forehead", "occlusion", 3.0, _occlusion),
    TRACED[1],
    Fault("face out of shape", "registration", 1.5, _registration),
    Fault("motion", "motion", 0.05, _motion),
)


@dataclass(frozen=True, eq=False)
class _Sitting:
    """One person in one pose, traced for one trial."""

    radiance: Plane
    face: Face
    """As it truly is."""

    @classmethod
    def of(cls, person: Identity, pose: Pose) -> "_Sitting":
        tracer = Tracer(person, PhantomView.booth(*_SMALL, pose, None))
        geometry = tracer.run(neutral_tab=False)
        marks = tuple(Landmark(float(x), float(y), 1.0) for x, y, _ in tracer.landmarks(geometry))
        return cls(shade(geometry).linear, Face(box=Box(*geometry.box), landmarks=marks))

    def taken(self, rng: Draw) -> Frame:
        return photographed(self.radiance, Shot(), seed(rng))
