"""Heads of the phantom with faults of known size, photographed by the phantom's camera."""

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from phantom import (
    ITA_CLASSES,
    NEUTRAL_TAB_REFLECTANCE,
    CameraModel,
    Identity,
    Pose,
    Scene,
    shade,
)
from phantom import Light as PhantomLight
from phantom.landmarks import landmark_points
from phantom.trace import Tracer
from phantom.view import View as PhantomView
from phantom.view import rotation
from station.protocol import (
    Box,
    Face,
    Frame,
    FrameHeader,
    HeadPose,
    Landmark,
    Light,
    NeutralTab,
    Transfer,
    View,
)

WIDTH, HEIGHT = 480, 640
FIRST_SEED: Final = 61_000
"""Of the people; no training draws from here."""
_EXPOSED: Final = {Light.WHITE: 0.0, Light.CROSS_POLARISED: 1.0, Light.PARALLEL_POLARISED: 1.0}
"""Stops that make up for the half of the light that a polariser takes."""
_LIGHTS: Final[dict[Light, PhantomLight]] = {
    Light.WHITE: "white",
    Light.CROSS_POLARISED: "cross_polarised",
    Light.PARALLEL_POLARISED: "parallel_polarised",
}

Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Head:
    """One person, looking into the camera."""

    seed: int
    tone: str
    tracer: Tracer
    scenes: dict[tuple[Light, float], Scene] = field(default_factory=dict)

    @classmethod
    def trace(cls, seed: int, tone: str) -> "Head":
        """The person of this seed in this skin tone."""
        person = Identity.sample(seed, tone)
        tracer = Tracer(person, PhantomView.booth(WIDTH, HEIGHT, Pose(), None))
        geometry = tracer.run(neutral_tab=True)
        found = cls(seed, tone, tracer)
        for light, leak in ((Light.WHITE, 0.0), (Light.PARALLEL_POLARISED, 0.0)):
            found.scenes[light, leak] = shade(geometry, _LIGHTS[light], polariser_leak=leak)
        found.scenes[Light.CROSS_POLARISED, 0.0] = shade(geometry, "cross_polarised")
        return found

    @property
    def white(self) -> Scene:
        """Under white light."""
        return self.scenes[Light.WHITE, 0.0]

    @property
    def skin(self) -> Mask:
        """255 on skin."""
        return np.where(self.white.masks["skin"], np.uint8(255), np.uint8(0))

    @property
    def face(self) -> Face:
        """As the detector frames it."""
        return Face(box=Box(*self.white.box))

    def crossed(self, leak: float) -> Plane:
        """Radiance behind crossed polarisers that let this share of the reflections through."""
        cross, parallel = self.scenes[Light.CROSS_POLARISED, 0.0], self.scenes[Light.PARALLEL_POLARISED, 0.0]
        leaked = np.float32(leak) * parallel.maps["specular"][..., None]
        return np.asarray(cross.linear + leaked, np.float32)


@dataclass(frozen=True)
class Shot:
    """How a picture is taken."""

    stops: float = 0.0
    blur_px: float = 0.6
    full_well: float = 15_000.0
    balance: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def take(self, head: Head, radiance: Plane, seed: int, light: Light = Light.WHITE) -> Frame:
        """A 12-bit linear frame of the front view, the tab in its header."""
        assert head.white.neutral_tab is not None
        tab = NeutralTab(Box(*head.white.neutral_tab), NEUTRAL_TAB_REFLECTANCE)
        return photographed(radiance, self, seed, light, tab)


def photographed(
    radiance: Plane, shot: Shot, seed: int, light: Light = Light.WHITE, tab: NeutralTab | None = None
) -> Frame:
    """A 12-bit linear frame of the front view."""
    camera = CameraModel(
        exposure=shot.stops + _EXPOSED[light],
        psf_sigma_px=shot.blur_px,
        shot_noise=shot.full_well,
        white_balance=shot.balance,
    )
    header = FrameHeader(
        frame_id=0,
        width=radiance.shape[1],
        height=radiance.shape[0],
        bit_depth=12,
        transfer=Transfer.LINEAR,
        black_level=camera.black_level,
        white_level=camera.white_level,
        light=light,
        view=View.FRONT,
        neutral_tab=tab,
    )
    return Frame(header, camera.expose(radiance, seed).raw)


def person(number: int, tones: tuple[str, ...] = ITA_CLASSES) -> list[Head]:
    """One of the people, in every skin tone."""
    return [Head.trace(FIRST_SEED + number, tone) for tone in tones]


def turned(head: Head, pose: HeadPose, rng: np.random.Generator, error_px: float) -> Face:
    """The landmarks of the head in another pose, each with an error of this standard deviation."""
    own = Pose(yaw=pose.yaw, pitch=pose.pitch, roll=-pose.roll)
    view = PhantomView.booth(WIDTH, HEIGHT, own, None)
    points = _places(head.tracer, view) + rng.normal(0, error_px, (8, 2))
    marks = tuple(Landmark(float(x), float(y), 1.0) for x, y in points)
    return Face(box=Box(*view.face_box), landmarks=marks)


def _places(tracer: Tracer, view: PhantomView) -> npt.NDArray[np.float64]:
    points = landmark_points(tracer.person, tracer.warp, tracer.surface)
    column, row, _ = view.project(rotation(view.pose), *(points[:, i : i + 1] for i in range(3)))
    return np.asarray(np.hstack([column, row]), np.float64)


def blob(head: Head, zone: Mask, share: float, strength: float) -> Plane:
    """An even reflection over this share of a zone (of the whole frame's size), around its middle."""
    rows, columns = np.nonzero(zone)
    if rows.size == 0:
        return np.zeros((HEIGHT, WIDTH), np.float32)
    from_middle = np.hypot(rows - rows.mean(), columns - columns.mean())
    wanted = np.argsort(from_middle, kind="stable")[: round(share * rows.size)]
    light = np.zeros((HEIGHT, WIDTH), np.float32)
    light[rows[wanted], columns[wanted]] = strength
    return np.asarray(cv2.GaussianBlur(light, (3, 3), 0), np.float32)
