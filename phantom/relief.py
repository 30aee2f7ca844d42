"""The facial relief: brow, sockets, nose, lips, cheeks, folds and wrinkles as a z displacement over the face plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phantom.fields import Field, Grid, blur, bump, f32, ridge, smoothstep
from phantom.identity import Identity
from phantom.surface import FACE


@dataclass(frozen=True)
class FaceFrame:
    """Face coordinates of a set of points: mm along the warped, unstretched face of the average adult."""

    x: Field
    """signed, midline 0"""
    ax: Field
    """|x|"""
    y: Field
    plain_y: Field
    """y before the face's length is divided out (lips are drawn in it)"""


@dataclass(frozen=True)
class Asymmetry:
    """A smooth warp of the face plane that makes the two halves differ; mm on a coarse table over `FACE`."""

    table: Field

    @classmethod
    def of(cls, person: Identity) -> Asymmetry:
        """The person's own."""
        rng = np.random.default_rng([person.seed, 31])
        coarse = Grid(FACE.x0, FACE.x1, FACE.y0, FACE.y1, 0.5)
        parts = [coarse.noise(rng, 38.0) * np.float32(person.asymmetry) for _ in range(2)]
        return cls(f32(np.stack(parts, -1)))

    def frame(self, person: Identity, x: Field, y: Field) -> FaceFrame:
        """Face coordinates of head-space points."""
        coarse = Grid(FACE.x0, FACE.x1, FACE.y0, FACE.y1, 0.5)
        shift = coarse.sample(self.table, x, y)
        fx = f32((x + shift[..., 0]) * np.float32(1 / person.face_width))
        fy = f32(y + shift[..., 1])
        return FaceFrame(fx, np.abs(fx), f32(fy * np.float32(1 / person.face_length)), fy)


@dataclass(frozen=True)
class LipCurves:
    """Heights (mm, `plain_y`) of the four lip contours at given |x|, and the half-width of the mouth."""

    outer_upper: Field
    inner_upper: Field
    inner_lower: Field
    outer_lower: Field
    half_width: float


def lip_curves(p: Identity, ax: Field) -> LipCurves:
    """Contours of the lips; the corners rise with the smile."""
    s = p.smile
    half = p.mouth_half_width * (1 + 0.16 * s)
    t = np.clip(ax * np.float32(1 / half), 0, 1)
    base = np.float32(-67.5 * p.face_length + 0.3) + np.float32(s) * (
        np.float32(7.4) * t ** np.float32(2.1) - np.float32(1.6)
    )
    base = base + np.float32(0.5 * (1 - 0.6 * s)) * (ridge(t - np.float32(0.22), 0.16) - ridge(t, 0.12))
    opening = np.clip(1 - (t / np.float32(0.96)) ** 2, 0, 1) ** np.float32(0.8) * np.float32(p.mouth_gap)
    upper, lower = base + np.float32(0.3) * opening, base - np.float32(0.7) * opening
    bow = 1 - np.float32(0.17) * ridge(ax, 3.2) + np.float32(0.07) * ridge(ax - np.float32(6.2), 3.6)
    upper_height = (
        np.float32(p.upper_lip * (1 - 0.2 * s)) * bow * np.clip(1 - t**2.0, 0, 1) ** np.float32(0.9)
    )
    lower_height = np.float32(p.lower_lip * (1 - 0.14 * s)) * np.clip(1 - t**2.0, 0, 1) ** np.float32(0.9)
    return LipCurves(f32(upper + upper_height), f32(upper), f32(lower), f32(lower - lower_height), half)


def lid_curves(p: Identity, u: Field) -> tuple[Field, Field]:
    """Upper and lower lid margin (mm above the eye centre) at u = (|x| - spacing) / half-width, inner corner at -1."""
    c = np.clip(1 - u * u, 0, 1)
    tilt = np.float32(p.eye_tilt * p.eye_half_width) * u
    upper = np.float32(5.9 * p.eye_opening) * c ** np.float32(0.62) * (1 - np.float32(0.10) * u)
    lower = (
        np.float32(-(4.5 - 0.8 * p.smile) * (0.5 + 0.5 * p.eye_opening))
        * c ** np.float32(0.75)
        * (1 + np.float32(0.16) * u)
    )
    return f32(upper + tilt), f32(lower + tilt)


def eye_coordinate(p: Identity, frame: FaceFrame) -> Field:
    """Horizontal position in the eye: -1 inner corner, 1 outer corner."""
    return f32((frame.ax - np.float32(p.eye_spacing)) * np.float32(1 / p.eye_half_width))


def relief_table(p: Identity, warp: Asymmetry, wrinkles: Field) -> Field:
    """Z displacement (mm) on `FACE`; `wrinkles` is their depth field (mm) on `FACE`."""
    x, y = FACE.coordinates()
    frame = warp.frame(p, x, y)
    rng = np.random.default_rng([p.seed, 32])
    table = _skull(p, frame) + _eyes(p, frame) + _nose(p, frame) + _mouth(p, frame) + _cheeks(p, frame)
    face = smoothstep(-112, -85, frame.y) * (1 - smoothstep(70, 110, frame.y))
    table = table + FACE.noise(rng, 10.0) * np.float32(0.07 + 0.09 * p.age) * face - wrinkles
    return blur(f32(table), 0.65 * FACE.px_per_mm)


def _skull(p: Identity, f: FaceFrame) -> Field:
    flat = np.float32(6.5) * ridge(f.ax - 44, 20) * smoothstep(-95, -55, f.y) * (1 - smoothstep(45, 95, f.y))
    forehead = (
        np.float32(3.0) * ridge(f.ax - 28, 20) * smoothstep(20, 60, f.y) * (1 - smoothstep(80, 110, f.y))
    )
    brow = np.float32(1.4 + 2.4 * p.masculinity) * ridge(f.y - 19, 8) * ridge(f.ax - 25, 22)
    temple = np.float32(1.6) * bump(f.ax, f.y, 66, 24, 9, 16)
    return f32(flat + forehead + brow - temple)


def _eyes(p: Identity, f: FaceFrame) -> Field:
    u = eye_coordinate(p, f)
    crease, rim = _lids(p, f, u)
    bag, groove = _bags(p, f, u)
    return f32(_eyeball(p, f) - _socket(p, f) - crease + rim + bag - groove)


def _socket(p: Identity, f: FaceFrame) -> Field:
    hollow = np.float32(7.2) * bump(f.ax, f.y, p.eye_spacing, 3, 17, 11)
    hollow = hollow + np.float32(3.0) * bump(f.ax, f.y, 15.5, 3, 6, 9)
    return f32(hollow + np.float32(1.6) * bump(f.ax, f.y, 0, 5, 9, 7))


def _eyeball(p: Identity, f: FaceFrame) -> Field:
    across = (f.ax - np.float32(p.eye_spacing)) / np.float32(14)
    r = np.sqrt(across**2 + ((f.y + np.float32(0.3)) / np.float32(9.5)) ** 2)
    return f32(np.float32(5.0) * np.exp(-(r ** np.float32(2.7))))


def _lids(p: Identity, f: FaceFrame, u: Field) -> tuple[Field, Field]:
    """The crease above the upper lid, and the rims of both."""
    upper, lower = lid_curves(p, u)
    open_lid = smoothstep(1.25, 0.9, np.abs(u))
    crease_y = upper + np.float32(3.0 - 1.3 * p.lid_hood) - np.float32(0.8) * u * u
    crease = np.float32(1.25 - 0.55 * p.lid_hood) * ridge(f.y - crease_y, 1.15) * open_lid
    rims = ridge(f.y - upper - np.float32(0.9), 0.9) + ridge(f.y - lower + np.float32(0.9), 0.9)
    return f32(crease), f32(np.float32(0.8) * rims * open_lid)


def _bags(p: Identity, f: FaceFrame, u: Field) -> tuple[Field, Field]:
    """The bag below the eye, and the groove below that."""
    bag_y = np.float32(-11.5) - np.float32(1.5) * (1 - u * u)
    bulge, depth = np.float32(0.15 + 0.9 * p.age + 0.35 * p.smile), np.float32(0.12 + 0.8 * p.age)
    bag = bulge * ridge(f.y - bag_y, 3.2) * smoothstep(1.3, 0.7, np.abs(u))
    groove = depth * ridge(f.y - bag_y + 5, 2.2) * smoothstep(1.3, 0.6, np.abs(u + np.float32(0.2)))
    return f32(bag), f32(groove)


def _nose(p: Identity, f: FaceFrame) -> Field:
    yn = f.y * np.float32(1 / p.nose_length)
    knots = [-53, -50, -47, -43.5, -38, -33, -26, -16, -6, 3, 10, 18]
    base = yn - np.float32(3.6) * np.minimum((f.ax / np.float32(14)) ** 2, 1.2)
    height = f32(
        np.interp(base, knots, [0, 2.5, 9, 15.5, 18.5, 17.2, 14.2, 10.4, 7.2, 4.8, 2.4, 0])
    ) * np.float32(p.nose_height)
    height = blur(height, 1.4 * FACE.px_per_mm)
    width = f32(np.interp(yn, [-50, -38, -28, -12, 0, 12], [9.4, 9.0, 8.0, 6.7, 6.3, 9.0]))
    width = width * np.float32(0.7 * p.nose_bridge + 0.3 * p.nose_width)
    core = np.exp(-((f.ax / width) ** 2)) * np.float32(0.5)
    skirt = np.float32(0.5) / (1 + (f.ax / (np.float32(1.25) * width)) ** np.float32(2.6))
    tip = (f.ax / np.float32(9.2 * p.nose_width**0.5)) ** 2 + ((yn + 39) / np.float32(7.8)) ** 2
    table = height * (core + skirt) + np.float32(4.6) * np.exp(-tip)
    wing_x = 11.6 * p.nose_width
    wing = ((f.ax - np.float32(wing_x)) / np.float32(5.4)) ** 2 + (
        (yn + np.float32(41.5)) / np.float32(6.4)
    ) ** 2
    table = table + np.float32(4.6) * np.exp(-wing)
    ring = np.sqrt(
        ((f.ax - np.float32(wing_x - 1)) / np.float32(8.4)) ** 2
        + ((yn + np.float32(41.5)) / np.float32(9)) ** 2
    )
    table = table - np.float32(1.1) * ridge(ring - 1, 0.2) * smoothstep(wing_x - 3, wing_x + 3, f.ax)
    return f32(table - np.float32(2.2) * bump(f.ax, yn, 6.4 * p.nose_width, -47.0, 3.4 * p.nose_width, 1.9))


def _mouth(p: Identity, f: FaceFrame) -> Field:
    s, y0 = p.smile, -67.0
    muzzle = np.float32(4.6) * bump(f.x, f.y, 0, -63, 31, 20) + np.float32(2.2) * bump(
        f.ax, f.y, 0, -63, 17, 18
    )
    column = smoothstep(-59, -55, f.y) * (1 - smoothstep(-51, -48, f.y))
    philtrum = column * (
        np.float32(0.55) * ridge(f.ax - np.float32(4.3), 1.7) - np.float32(0.9) * ridge(f.x, 2.6)
    )
    lips = _lips(p, f)
    corner = np.float32(0.9) * bump(
        f.ax, f.plain_y, p.mouth_half_width * (1 + 0.16 * s) * 1.05, y0 * p.face_length + 3.4 * s, 3.4, 4.2
    )
    under = np.float32(2.6) * bump(f.x, f.y, 0, -84 - 1.2 * s, 21, 5.0)
    chin = np.float32(4.6) * bump(f.x, f.y, 0, -100, 17 * p.chin, 10)
    cleft = np.float32(0.5 * p.masculinity) * ridge(f.x, 3.0) * bump(f.x, f.y, 0, -102, 40, 6)
    return f32(muzzle + philtrum + lips - corner - under + chin - cleft)


def _lips(p: Identity, f: FaceFrame) -> Field:
    c = lip_curves(p, f.ax)
    t = f.ax * np.float32(1 / c.half_width)
    up = np.clip(
        (f.plain_y - c.inner_upper) / np.maximum(c.outer_upper - c.inner_upper, np.float32(0.3)), 0, 1
    )
    down = np.clip(
        (c.inner_lower - f.plain_y) / np.maximum(c.inner_lower - c.outer_lower, np.float32(0.3)), 0, 1
    )
    inside = t < 1.02
    upper = np.where(
        (f.plain_y >= c.inner_upper) & inside, np.float32(2.6) * np.sqrt(np.clip(1 - up**2, 0, 1)), 0
    )
    arc = np.float32(1.15) * np.abs(down - np.float32(0.35)) / np.float32(0.75)
    lower = np.where(
        (f.plain_y <= c.inner_lower) & inside, np.float32(3.6) * np.sqrt(np.clip(1 - arc**2, 0, 1)), 0
    )
    seam = np.float32(0.0 if p.mouth_gap > 1 else 1.5) * ridge(
        f.plain_y - (c.inner_upper + c.inner_lower) / 2, 1.1
    )
    return f32(
        upper * smoothstep(1, 0.55, t) + lower * smoothstep(1, 0.5, t) - seam * smoothstep(1.02, 0.8, t)
    )


def _cheeks(p: Identity, f: FaceFrame) -> Field:
    s = p.smile
    bone = np.float32(2 + 2.4 * p.cheekbone) * bump(f.ax, f.y, 48, -17, 16, 13)
    apple = np.float32(2.8 * s) * bump(f.ax, f.y, 37, -28, 15, 13)
    hollow = np.float32(1.6 * (1 - p.fat) + 0.2) * bump(f.ax, f.y, 47, -52, 14, 17)
    full = np.float32(2.2 * p.fat) * bump(f.ax, f.y, 40, -58, 17, 17)
    down = np.clip((-38 - f.y) / np.float32(34), 0, np.float32(1.3))
    line = (
        np.float32(16.5)
        + np.float32(17) * down ** np.float32(0.9)
        + np.float32(4 * s) * down * (np.float32(1.2) - down)
    )
    across = (f.ax - line) * np.float32(0.85)
    window = smoothstep(-36, -45, f.y) * smoothstep(-84 + 10 * s, -66 + 10 * s, f.y)
    depth = np.float32(0.18 + 0.9 * p.age + 0.55 * s) * window
    fold = depth * (np.float32(1.0) * ridge(across - 8, 6.5) - ridge(across, 3.4))
    return f32(bone + apple - hollow + full + fold)
