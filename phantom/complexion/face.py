"""A normalised face photograph with its acne truth, by repainting the skin of a traced head."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom.camera import CameraModel
from phantom.complexion.law import Law
from phantom.complexion.lesions import (
    INFLAMMATORY,
    AcneKind,
    Painter,
    SkinState,
    Spot,
    hayashi_grade,
    wanted_count,
)
from phantom.complexion.plate import HEADS, PX_PER_MM, SIDE, Head, People, Plate, plate, unpack
from phantom.fields import Field, blur, f32
from phantom.identity import ITA_RANGES, Pose
from phantom.lamps import Lamp
from phantom.lighting import Lamps, irradiance, specular
from phantom.scene import PART
from phantom.spectral import ITA_CLASSES, Optics, SkinTable, ita_class, skin_table
from phantom.view import View, rotation

ILLUMINATIONS = ("left", "front", "right")
"""side of the picture from which the key lamp shines; within 12 degrees of the camera it is front"""
DETECTABILITY_FLOOR = 5.0
"""Ideal-observer detectability d' of a lesion in the sensor's noise, green channel, below which it is not counted."""
GRADE_SHARES = (0.2, 0.2, 0.2, 0.2, 0.2)
_FRONT_DEGREES = 12.0
_WRAP = (0.36, 0.22, 0.16)
_ROUGHNESS = 0.41
_PUS = np.array([0.62, 0.55, 0.36], np.float32)
_VARIANTS = 6


@dataclass(frozen=True)
class FaceLesion:
    """One acne lesion of the truth; centre and radius in px of the picture."""

    kind: AcneKind
    y: float
    x: float
    radius: float
    visible: bool
    """detectability at or above `DETECTABILITY_FLOOR`; non-inflammatory lesions always are"""


@dataclass(frozen=True)
class FacePicture:
    """A face normalised by its geometry: the point between the eyes and the midline lie in fixed places, 1.3 px/mm."""

    image: NDArray[np.uint8]
    """(224, 224, 3) sRGB"""
    skin: NDArray[np.bool_]
    """(224, 224) facial skin"""
    lesions: tuple[FaceLesion, ...]
    count: int
    """visible inflammatory lesions"""
    grade: int
    """0..4 by `hayashi_grade` of `count`"""
    ita: float
    ita_class: str
    illumination: int
    """index into `ILLUMINATIONS`"""
    face_width: float
    """px"""
    seed: int
    head: int
    """index of the head among its people"""


def face(
    seed: int, law: Law, *, people: People = "test", grade: int | None = None, ita: float | None = None
) -> FacePicture:
    """Face `seed` under `law`: a function of the arguments alone, in some 20 ms once its head is traced.

    `people` are the heads, those of training or, disjoint from them, of tests. `grade` (0..4) and `ita` (degrees)
    are drawn evenly over grades and ITA classes where None. ValueError for a grade out of range.
    """
    if grade is not None and not 0 <= grade <= 4:
        raise ValueError(f"grade {grade} is not one of 0 to 4")
    return _Sitting(seed, law, people, grade, ita).picture()


class _Sitting:
    def __init__(self, seed: int, law: Law, people: People, grade: int | None, ita: float | None) -> None:
        self.seed, self.law = seed, law
        self.rng = rng = np.random.default_rng([seed, 61])
        self.index = int(rng.integers(HEADS[people]))
        self.plate: Plate = plate(people, self.index)
        self.head: Head = unpack(self.plate)
        drawn = int(rng.choice(5, p=GRADE_SHARES))
        low, high = ITA_RANGES[ITA_CLASSES[int(rng.integers(len(ITA_CLASSES)))]]
        tone = float(rng.uniform(low, high))
        self.grade, self.ita = (drawn if grade is None else grade), (tone if ita is None else ita)
        self.table = _table(law, int(rng.integers(_VARIANTS)))
        self.blood = float(np.exp(rng.uniform(np.log(0.005), np.log(0.014))))
        self.melanin = self.table.melanin_for(self.ita, self.blood)

    def picture(self) -> FacePicture:
        painter = Painter(self.rng, self.law, self.plate.site)
        state = painter.paint(wanted_count(self.rng, self.grade), male=bool(self.plate.about[3]))
        azimuth, lamps, ambient = self._lamps()
        linear, without = self._radiance(state, lamps, ambient)
        camera = self._camera()
        image = camera.expose(linear, self.seed).srgb
        lesions = tuple(self._measured(state, linear, without, camera))
        count = sum(one.visible and one.kind in INFLAMMATORY for one in lesions)
        side = 1 if abs(azimuth) <= _FRONT_DEGREES else (0 if azimuth < 0 else 2)
        return FacePicture(
            image, self.plate.labels == PART["skin"], lesions, count, hayashi_grade(count), self.ita,
            ita_class(self.ita), side, float(self.plate.about[4]), self.seed, self.index,
        )  # fmt: skip

    def _lamps(self) -> tuple[float, Lamps, float]:
        rng, law = self.rng, self.law
        azimuth = law.draw(rng, "key_azimuth") * float(rng.choice([-1.0, 1.0]))
        elevation, ambient = law.draw(rng, "key_elevation"), law.draw(rng, "ambient")
        key = rng.uniform(0.55, 0.8) * (1 - ambient)
        fill = Lamp(-azimuth * rng.uniform(0.7, 1.3), rng.uniform(0, 25), 1 - ambient - key)
        return azimuth, (Lamp(azimuth, elevation, key), fill), ambient

    def _radiance(self, state: SkinState, lamps: Lamps, ambient: float) -> tuple[Field, Field]:
        """Scene-linear radiance, and the green channel as it would be without inflammatory lesions."""
        head, view = (
            self.head,
            View(SIDE, SIDE, PX_PER_MM, Pose(self.plate.about[1], self.plate.about[2], 0.0)),
        )
        slope_x, slope_y = _slopes(state.height)
        n = head.normal
        normal = (f32(n[0] - slope_x), f32(n[1] - slope_y), n[2])
        turn = rotation(view.pose)
        light = irradiance(
            view, turn, normal, head.ambient, [head.visible] * len(lamps), _WRAP, lamps, ambient
        )
        level = np.float32(light[head.relit].mean())
        share = head.cover * np.where(head.relit[..., None], light, level)
        albedo, clear = self._albedo(state)
        strength = head.oil * np.float32(self.law.draw(self.rng, "gloss")) * head.relit
        rough = np.full((SIDE, SIDE), _ROUGHNESS, np.float32)
        gloss = specular(view, turn, normal, head.visible, rough, f32(strength), lamps, ambient)
        rest = head.rest * level
        backdrop = np.float32(self.rng.uniform(0.02, 0.5)) * (
            1 - f32(self.plate.coverage) * np.float32(1 / 255)
        )
        linear = albedo * share + rest + (gloss + backdrop)[..., None]
        return f32(linear), f32(linear[..., 1] + (clear - albedo[..., 1]) * share[..., 1])

    def _albedo(self, state: SkinState) -> tuple[Field, Field]:
        """Skin's reflectance, and its green channel without inflammatory lesions."""
        rng, head = self.rng, self.head
        mottling = np.float32(self.law.draw(rng, "mottling"))
        even = np.float32(0.5 / (1 + 1.2 * max(0.0, (30 - self.ita) / 30)))
        flush = _noise(rng, 5) * np.float32(0.5) + _noise(rng, 12)
        log_melanin = (
            head.log_melanin + np.float32(np.log(self.melanin)) + even * mottling * _noise(rng, 6)
        ) + blur(state.log_melanin, 0.5)
        log_blood = (
            head.log_blood + np.float32(np.log(self.blood)) + mottling * flush + blur(state.log_blood, 0.5)
        )
        red = blur(state.inflamed, 0.5)
        albedo, clear = (
            self.table.colour(f32(log_melanin), f32(log_blood + red)),
            self.table.colour(f32(log_melanin), f32(log_blood)),
        )
        pus = np.float32(0.55) * state.pus[..., None]
        lightest = clear.mean(-1, keepdims=True) * np.float32(1.6) + np.float32(0.02)
        dark = (1 - state.dark)[..., None]
        albedo = (albedo + pus * (_PUS / _PUS.mean() * lightest - albedo)) * dark
        return f32(albedo), f32(clear[..., 1] * dark[..., 0])

    def _camera(self) -> CameraModel:
        rng, law = self.rng, self.law
        error = law.draw(rng, "white_balance")
        gains = 1 + error * rng.choice([-1.0, 1.0], 3) * rng.uniform(0.5, 1.0, 3)
        electrons = 1 / law.draw(rng, "noise")
        return CameraModel(
            exposure=float(np.log2(1.25 * law.draw(rng, "exposure"))),
            psf_sigma_px=law.draw(rng, "psf"),
            read_noise=0.12 * float(np.sqrt(electrons)),
            shot_noise=float(electrons),
            white_balance=(float(gains[0]), 1.0, float(gains[2])),
        )

    def _measured(
        self, state: SkinState, linear: Field, without: Field, camera: CameraModel
    ) -> list[FaceLesion]:
        gain = np.float32(2.0**camera.exposure)
        signal = np.clip(blur(linear[..., 1], camera.psf_sigma_px) * gain, 0, 1)
        change = signal - np.clip(blur(without, camera.psf_sigma_px) * gain, 0, 1)
        variance = signal / camera.shot_noise + (camera.read_noise / camera.shot_noise) ** 2
        power = change * change / variance
        return [_measure(spot, power) for spot in state.lesions]


def _measure(spot: Spot, power: Field) -> FaceLesion:
    """Seen or not by detectability d' of an ideal observer: the root of the summed squared change over the noise's variance."""
    if spot.kind not in INFLAMMATORY:
        return FaceLesion(spot.kind, spot.y, spot.x, spot.radius, visible=True)
    reach = int(np.ceil(1.3 * spot.radius))
    row, col = int(spot.y), int(spot.x)
    window = power[max(0, row - reach) : row + reach + 1, max(0, col - reach) : col + reach + 1]
    d = float(np.sqrt(window.sum()))
    return FaceLesion(spot.kind, spot.y, spot.x, spot.radius, visible=d >= DETECTABILITY_FLOOR)


def _slopes(height: Field) -> tuple[Field, Field]:
    smooth = blur(height, 0.5)
    dx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    dy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=-0.125)
    return f32(dx), f32(dy)


def _noise(rng: np.random.Generator, cell_px: int) -> Field:
    cells = SIDE // cell_px + 3
    coarse = rng.standard_normal((cells, cells), dtype=np.float32)
    return f32(cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC))


@lru_cache(maxsize=64)
def _table(law: Law, variant: int) -> SkinTable:
    """One of a few skins that the law allows."""
    rng = np.random.default_rng([variant, 62])
    return skin_table(
        Optics(
            melanin_slope=law.draw(rng, "melanin_slope"),
            oxygenation=law.draw(rng, "oxygenation"),
            epidermis_um=law.draw(rng, "epidermis"),
            dermal_scatter=law.draw(rng, "dermal_scatter"),
        )
    )
