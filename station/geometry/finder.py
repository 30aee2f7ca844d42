"""One face of a picture: sought around where it is expected, then looked at closely."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import cv2
import msgspec
import numpy as np

from station.geometry.network import PARTS, SIDE, Plane, Seen, SkinNetwork
from station.geometry.square import Square
from station.protocol import Box, Face, Landmark
from station.quality import SURE, face_box, head_pose

SKIN_FROM: Final = 128
"""Probability times 255 from which a pixel counts as skin."""
CLOSE: Final = 1.35
"""Side of the last look in longer sides of the skin."""
AROUND_BOX: Final = 1.9
"""Side of a first look in widths of a face box."""
SMALLEST_SHARE: Final = 0.01
"""Skin that is a smaller share of a look is nobody's face."""
FEWEST_SURE: Final = 6
"""Landmarks, of the eight, that a face must show."""
NEAREST: Final = 4.0
"""A closer look follows where the face fills less than this part of one at the whole picture."""
_STEADY: Final = 0.25
"""A known face that moved or grew by more than this share is looked at again."""


@dataclass(frozen=True, eq=False)
class FoundFace:
    """A face with what the network saw of it."""

    face: Face
    """With landmarks and pose; `source` is `tracked`."""
    around: Square
    """Its skin, as the next look should see it."""
    look: Square
    """What the network looked at."""
    width: int
    height: int
    """Of the picture."""
    seen: Seen = field(repr=False)

    def scaled(self, width: int, height: int) -> "FoundFace":
        """The same face in px of a picture of the same scene of this size."""
        factor = height / self.height
        face = msgspec.structs.replace(
            self.face,
            box=self.face.box.scaled(factor, factor),
            landmarks=tuple(
                Landmark(point.x * factor, point.y * factor, point.confidence)
                for point in self.face.landmarks
            ),
        )
        return FoundFace(face, self.around.scaled(factor), self.look.scaled(factor), width, height, self.seen)

    @cached_property
    def skin(self) -> Plane:
        """(height, width): 255 on skin. Made once."""
        mask = np.where(_largest_piece(self.seen.skin), np.uint8(255), np.uint8(0))
        return self.look.laid_back(mask, self.width, self.height)

    @cached_property
    def parts(self) -> Mapping[str, Plane]:
        """(height, width) each: 255 on hair and on glasses. Made once."""
        return {
            name: self.look.laid_back(
                np.where(self.seen.parts == PARTS.index(name), np.uint8(255), np.uint8(0)),
                self.width,
                self.height,
            )
            for name in ("hair", "glasses")
        }


class FaceFinder:
    """Finds a face by the skin and landmarks that `skin_segmenter` sees. For one thread at a time."""

    def __init__(self, network: SkinNetwork) -> None:
        self._network = network

    def find(self, srgb: Plane, *, expected: Box | None = None) -> FoundFace | None:
        """The face of a picture (height, width, 3) around the box where it is expected, else anywhere; None: no face.

        Two looks where it is as expected, up to five elsewhere.
        """
        starts = [] if expected is None else [_around(expected)]
        for start in (*starts, *_whole(srgb)):
            if (found := self._closing_in(srgb, start)) is not None:
                return found
        return None

    def follow(self, srgb: Plane, known: FoundFace) -> FoundFace | None:
        """The face that an earlier picture of the same size showed, with one look where it moved little; None: lost."""
        found = self._look(srgb, known.around)
        if found is None or _moved(known.around, found.around) < _STEADY:
            return found
        return self._look(srgb, found.around)

    def _closing_in(self, srgb: Plane, start: Square) -> FoundFace | None:
        """Looks that each see the face better, the last one at its skin alone."""
        around = self._skin_in(srgb, start)
        if around is not None and around.extent < start.extent / NEAREST:
            closer = Square(around.x, around.y, 2 / CLOSE * around.extent)
            around = self._skin_in(srgb, closer) or around
        return None if around is None else self._look(srgb, around)

    def _skin_in(self, srgb: Plane, look: Square) -> Square | None:
        return _around_skin(self._network.see(look.cut(srgb)).skin, look)

    def _look(self, srgb: Plane, look: Square) -> FoundFace | None:
        seen = self._network.see(look.cut(srgb))
        around = _around_skin(seen.skin, look)
        landmarks = _landmarks(seen, look)
        box, pose = face_box(landmarks), head_pose(landmarks)
        if around is None or box is None or pose is None:
            return None
        if sum(point.confidence >= SURE for point in landmarks) < FEWEST_SURE:
            return None
        face = Face(box=box, source="tracked", landmarks=landmarks, pose=pose)
        return FoundFace(face, around, look, srgb.shape[1], srgb.shape[0], seen)


def _around(box: Box) -> Square:
    return Square(box.x + box.width / 2, box.y + box.height / 2, AROUND_BOX * max(box.width, box.height))


def _whole(srgb: Plane) -> tuple[Square, ...]:
    """The middle of the picture, then all of it."""
    height, width = srgb.shape[:2]
    middle = Square(width / 2, height / 2, min(width, height))
    if max(width, height) < 1.1 * min(width, height):
        return (middle,)
    return middle, Square(width / 2, height / 2, max(width, height))


def _around_skin(skin: Plane, look: Square) -> Square | None:
    piece = _largest_piece(skin)
    if np.count_nonzero(piece) < SMALLEST_SHARE * piece.size:
        return None
    x, y, width, height = cv2.boundingRect(piece.view(np.uint8))
    scale = look.extent / SIDE
    return Square(
        look.left + (x + width / 2) * scale,
        look.top + (y + height / 2) * scale,
        CLOSE * max(width, height) * scale,
    )


def _largest_piece(skin: Plane) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    where = skin >= SKIN_FROM
    number, labels, stats, _ = cv2.connectedComponentsWithStats(where.view(np.uint8))
    if number <= 2:
        return np.asarray(where)
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


def _landmarks(seen: Seen, look: Square) -> tuple[Landmark, ...]:
    places = look.outwards(seen.landmarks[:, :2])
    return tuple(
        Landmark(float(x), float(y), float(np.clip(confidence, 0, 1)))
        for (x, y), confidence in zip(places, seen.landmarks[:, 2], strict=True)
    )


def _moved(before: Square, after: Square) -> float:
    """Shift and change of size, as a share of the side."""
    shift = max(abs(after.x - before.x), abs(after.y - before.y)) / before.extent
    return float(max(shift, abs(after.extent / before.extent - 1)))
