"""Faces as others told them, and faces that the booth finds in its stills."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from station.geometry import FaceFinder, FoundFace, NotLoadable, SkinNetwork
from station.protocol import Box, Frame, Light, Pixels, View
from station.quality import develop

_SAME_ASPECT = 0.01
_STILL_SIDE: Final = 1280
"""A face is sought on a copy of a still whose longer side has at most this many px."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class KnownFace:
    """A face in the preview, as its overlay told it."""

    box: Box
    width: int
    height: int
    """Size of the picture that the box is in."""
    seen_at: float
    """On the monotonic clock."""

    def within(self, frame: Frame, now: float, limit_s: float) -> Box | None:
        """The face in pixels of `frame`; None if it is older, or if the frame shows another part of the scene."""
        across, down = frame.header.width / self.width, frame.header.height / self.height
        if now - self.seen_at > limit_s or abs(across / down - 1) > _SAME_ASPECT:
            return None
        return self.box.scaled(across, down)


class StillFaces:
    """Finds the face of each still; stills under UV light have that of the last one of the same view and size.

    For one thread. Without a network, or with one that cannot be loaded, no face is found.
    """

    def __init__(self, model: Path | None) -> None:
        self._model = model
        self._finder: FaceFinder | None = None
        self._last: tuple[View, int, int, FoundFace | None] | None = None

    def of(self, frame: Frame, expected: Box | None) -> FoundFace | None:
        """The face in px of the frame; `expected`: where it should be. Some 0.1 s."""
        header = frame.header
        if header.light is Light.UV:
            same = self._last is not None and self._last[:3] == (header.view, header.width, header.height)
            return self._last[3] if self._last is not None and same else None
        finder = self._loaded()
        if finder is None:
            return None
        scale = min(1.0, _STILL_SIDE / max(header.width, header.height))
        near = None if expected is None else expected.scaled(scale, scale)
        found = finder.find(_reduced(frame, scale), expected=near)
        found = None if found is None else found.scaled(header.width, header.height)
        self._last = header.view, header.width, header.height, found
        return found

    def _loaded(self) -> FaceFinder | None:
        if self._finder is None and self._model is not None:
            try:
                self._finder = FaceFinder(SkinNetwork(self._model))
            except NotLoadable as error:
                _log.warning("no face is sought in stills: %s", error)
                self._model = None
        return self._finder


def _reduced(frame: Frame, scale: float) -> NDArray[np.uint8]:
    if scale < 1:
        size = round(frame.header.width * scale), round(frame.header.height * scale)
        small: Pixels = np.ascontiguousarray(cv2.resize(frame.pixels, size, interpolation=cv2.INTER_AREA))  # type: ignore[assignment]
        header = msgspec.structs.replace(frame.header, width=size[0], height=size[1])
        frame = Frame(header, small)
    return develop(frame)
