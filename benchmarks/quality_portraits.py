"""Strong faults added to photographs of real people, judged under the recipe of photographs from elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from server.analysis import find_face
from station.protocol import Frame, FrameHeader, QualityReport, Verdict
from station.quality import UNCONTROLLED, QualityProfile, encode_srgb, examine, linear

Srgb = npt.NDArray[np.uint8]

PORTRAITS: Final = Path(__file__).parents[2] / "shared" / "images" / "portraits"
"""Beside the checkout, where there are any."""
SOFT: Final = frozenset({"D000563", "G000386", "I000024", "M000303"})
"""Enlarged from smaller pictures."""
_WORST: Final = (Verdict.PASS, Verdict.UNKNOWN, Verdict.WARN, Verdict.FAIL)


@dataclass(frozen=True)
class Tried:
    """One portrait with one fault."""

    portrait: str
    fault: str
    before: Verdict
    after: Verdict

    @property
    def found(self) -> bool:
        """Warned of or failed, and worse than the unaltered picture."""
        return self.after in (Verdict.WARN, Verdict.FAIL) and _WORST.index(self.after) > _WORST.index(
            self.before
        )


def frame_of(picture: Srgb) -> Frame:
    """An 8-bit sRGB frame."""
    height, width = picture.shape[:2]
    return Frame(FrameHeader(frame_id=0, width=width, height=height), np.ascontiguousarray(picture))


def judged(picture: Srgb, profile: QualityProfile, *, with_face: bool = True) -> QualityReport:
    """The report on a photograph, with the box of its face."""
    face = find_face(picture) if with_face else None
    return examine(frame_of(picture), recipe=UNCONTROLLED, profile=profile, face=face)


def exposed(picture: Srgb, stops: float) -> Srgb:
    """With so many stops more light, clipped."""
    return encode_srgb(np.clip(linear(frame_of(picture)) * np.float32(2.0**stops), 0, 1))


def noisy(picture: Srgb) -> Srgb:
    """With noise of a standard deviation of 20 sample values."""
    grain = np.random.default_rng(1).normal(0, 20, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def tinted(picture: Srgb) -> Srgb:
    """Under blue light: a third of the red, half more blue."""
    light = linear(frame_of(picture)) * np.array((0.33, 0.8, 1.5), np.float32)
    return encode_srgb(np.clip(light, 0, 1))


def shiny(picture: Srgb) -> Srgb:
    """Two large reflections, on forehead and right cheek."""
    face = find_face(picture)
    if face is None:
        return picture
    light = linear(frame_of(picture)).copy()
    y, x = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]]
    for u, v, a, b in ((0.5, 0.17, 0.15, 0.08), (0.26, 0.63, 0.08, 0.1)):
        across = (x - face.box.x - u * face.box.width) / (a * face.box.width)
        down = (y - face.box.y - v * face.box.height) / (b * face.box.height)
        light += 0.5 * np.exp(-((across**2 + down**2) ** 2))[..., None].astype(np.float32)
    return encode_srgb(np.clip(light, 0, 1))


FAULTS: Final[dict[str, tuple[str, Callable[[Srgb], Srgb]]]] = {
    "three stops under": ("underexposure", lambda picture: exposed(picture, -3)),
    "two stops over": ("overexposure", lambda picture: exposed(picture, 2)),
    "blurred": ("sharpness", lambda picture: np.asarray(cv2.GaussianBlur(picture, (0, 0), 3), np.uint8)),
    "noisy": ("noise", noisy),
    "shiny": ("specular_reflection", shiny),
    "tinted": ("color_cast", tinted),
}
"""The measure that should find it, and what makes it."""


def portraits() -> dict[str, Srgb]:
    """The pictures by name; none where the folder is missing."""
    if not PORTRAITS.is_dir():
        return {}
    paths = sorted(PORTRAITS.iterdir())
    return {path.stem: np.asarray(cv2.imread(str(path)), np.uint8)[..., ::-1].copy() for path in paths}


def try_all(profile: QualityProfile) -> tuple[dict[str, Verdict], list[Tried]]:
    """The verdict of every unaltered portrait, and what became of each fault of each."""
    pictures = portraits()
    before = {name: judged(picture, profile).verdict for name, picture in pictures.items()}
    tried = [
        Tried(name, fault, before[name], judged(spoil(picture), profile).verdict)
        for name, picture in pictures.items()
        for fault, (_, spoil) in FAULTS.items()
    ]
    return before, tried
