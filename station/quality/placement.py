"""Where the face stands: turned, off the guide, too near, against the guide and against an earlier visit."""

import math
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from station.protocol import Box, Face, Frame, HeadPose, Landmark
from station.quality.head import BOX_CENTRE_MM, BOX_MM, left_behind
from station.quality.head_fit import fit_head
from station.quality.sample import PICTURE, Reading
from station.quality.zones import extent

NO_LANDMARKS = "The landmarks of the face are not known at this check."
NO_FACE = "No face in the picture."
NO_GUIDE = "The profile has no guide for this view."


class Guide(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the face should be in the picture of a view."""

    x: Annotated[float, Meta(ge=0, le=1)] = 0.5
    """Centre of the face box, share of the width."""
    y: Annotated[float, Meta(ge=0, le=1)] = 0.49
    """Share of the height."""
    size: Annotated[float, Meta(gt=0, le=1)] = 0.5
    """Width of the face box, share of the picture's height."""
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    """Degrees, as in `HeadPose`."""

    def box(self, width: int, height: int) -> Box:
        """The face box in a picture of this size, px."""
        side = self.size * height
        return Box(
            round(self.x * width - side / 2), round(self.y * height - side / 2), round(side), round(side)
        )


@dataclass(frozen=True, eq=False)
class Baseline:
    """The picture of the same view at the visit that others are compared with."""

    frame: Frame
    face: Face | None = None
    pictured: bool = True
    """False: the frame has the picture's size and nothing else; faces are compared, pictures are not."""


def head_pose(landmarks: tuple[Landmark, ...]) -> HeadPose | None:
    """The turn of the head: a head fitted to the landmarks in perspective, seen by a camera 1.3 m away at the height of the
    eyes.

    None with under six landmarks that are sure. People differ: on heads of the phantom, with exact landmarks, the error has
    a standard deviation of 1 to 2 degrees of yaw and 1 to 3 of pitch, most of which cancels between two pictures of one
    person; a yaw of 40 degrees is told 2 degrees too large.
    """
    fit = fit_head(landmarks)
    return None if fit is None else fit.pose


def face_width(landmarks: tuple[Landmark, ...]) -> float | None:
    """Px that the box of a face would be wide, by the size of the head fitted to the landmarks, however turned.

    A detector's own box is no measure of distance: its width jumps by a tenth and more. None as for `head_pose`.
    """
    fit = fit_head(landmarks)
    return None if fit is None else fit.px_per_mm * BOX_MM


def face_box(landmarks: tuple[Landmark, ...]) -> Box | None:
    """The box that a frontal detector would draw around these landmarks, in whole px.

    Of a turned head it stays with the visible face. None as for `head_pose`.
    """
    fit = fit_head(landmarks)
    if fit is None:
        return None
    x, y = fit.place(BOX_CENTRE_MM)
    x -= fit.px_per_mm * left_behind(fit.pose.yaw)
    side = fit.px_per_mm * BOX_MM
    return Box(round(x - side / 2), round(y - side / 2), max(round(side), 1), max(round(side), 1))


def pose_against_guide(face: Face | None, guide: Guide | None) -> Reading:
    """`head_pose` in degrees: the largest of the deviations of yaw, pitch and roll from the guide."""
    pose = _pose(face)
    if pose is None or guide is None:
        reason = NO_LANDMARKS if pose is None else NO_GUIDE
        return _untold("head_pose", "deg", face is not None, reason)
    return _deviation("head_pose", pose, HeadPose(yaw=guide.yaw, pitch=guide.pitch, roll=guide.roll))


def framing(face: Face | None, width: int, height: int, guide: Guide | None) -> tuple[Reading, ...]:
    """`framing`: distance of the face's centre from the guide's, % of the guide's width; `distance`: % wider than the guide.

    Wider is nearer; it is told by the landmarks. `width` and `height` are those of the picture.
    """
    if face is None or guide is None:
        reason = NO_FACE if face is None else NO_GUIDE
        return tuple(_untold(name, "%", face is not None, reason) for name in ("framing", "distance"))
    size = guide.size * height
    right = face.box.x + face.box.width / 2 - guide.x * width
    down = face.box.y + face.box.height / 2 - guide.y * height
    away = Reading("framing", 100 * math.hypot(right, down) / size, "%", "face", fault=_side(right, down))
    seen = face_width(face.landmarks)
    return away, _untold("distance", "%", True, NO_LANDMARKS) if seen is None else _distance(
        "distance", seen / size
    )


def framing_elsewhere(face: Box | None, width: int, height: int) -> Reading:
    """`framing` of a photograph without a guide: % of the face that the edge of the picture cuts off."""
    if face is None:
        return _untold("framing", "%", False, NO_FACE)
    far = 4 * max(width, height, face.width, face.height)
    moved = Box(face.x + far, face.y + far, face.width, face.height)
    whole = extent(moved, 9 * far, 9 * far)
    left, top = whole.x - far, whole.y - far
    across = max(min(left + whole.width, width) - max(left, 0), 0)
    down = max(min(top + whole.height, height) - max(top, 0), 0)
    return Reading(
        "framing", 100 * (1 - across * down / (whole.width * whole.height)), "%", "face", fault="cut"
    )


def against_baseline(face: Face | None, frame: Frame, baseline: Baseline) -> tuple[Reading, ...]:
    """`pose_change` in degrees and `distance_change` in %, from the baseline's face to this one, by their landmarks.

    The size is that of the picture, not of the pixels: a baseline of another resolution is brought to this one's.
    """
    before, after = _pose(baseline.face), _pose(face)
    if before is None or after is None:
        pose = _untold("pose_change", "deg", face is not None, NO_LANDMARKS)
    else:
        pose = _deviation("pose_change", after, before)
    widths = [None if one is None else face_width(one.landmarks) for one in (baseline.face, face)]
    if widths[0] is None or widths[1] is None:
        return pose, _untold("distance_change", "%", face is not None, NO_LANDMARKS)
    ratio = widths[1] / frame.header.height / (widths[0] / baseline.frame.header.height)
    return pose, _distance("distance_change", ratio)


def _untold(name: str, unit: str, in_sight: bool, reason: str) -> Reading:
    return Reading(name, None, unit, "face" if in_sight else PICTURE, reason, given=False)


def _pose(face: Face | None) -> HeadPose | None:
    """By the landmarks, so that one method measures every picture; else as somebody else told it."""
    if face is None:
        return None
    return head_pose(face.landmarks) or face.pose


def _deviation(name: str, pose: HeadPose, wanted: HeadPose) -> Reading:
    turns = {
        axis: (getattr(pose, axis) - getattr(wanted, axis) + 180) % 360 - 180
        for axis in ("yaw", "pitch", "roll")
    }
    worst = max(turns, key=lambda axis: abs(turns[axis]))
    sign = "more" if turns[worst] > 0 else "less"
    return Reading(name, abs(turns[worst]), "deg", "face", fault=f"{worst}_{sign}")


def _distance(name: str, ratio: float) -> Reading:
    return Reading(name, 100 * (ratio - 1), "%", "face", fault="near" if ratio > 1 else "far")


def _side(right: float, down: float) -> str:
    """Which way the face is off; the picture is not mirrored, so its right is the subject's left."""
    if abs(right) > abs(down):
        return "left" if right > 0 else "right"
    return "low" if down > 0 else "high"
