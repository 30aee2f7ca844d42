"""The head and shoulders as implicit surfaces: first-order signed distances in mm, negative inside.

Axes: x to the right of the picture, y up, z to the viewer; origin between the eyes on the front of the face.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from phantom.fields import Field, Grid, bump, f32, ridge, smoothstep
from phantom.identity import Identity

FACE = Grid(-92.0, 92.0, -128.0, 136.0, 2.0)
_Y_MIN, _Y_MAX, _PER_MM = -420.0, 160.0, 20
Knots = Sequence[tuple[float, float]]


def _profile(knots: Knots) -> Field:
    """Monotone cubic through (y, value) knots, tabulated at equal steps."""
    ordered = sorted(knots)
    y, v = np.array([k[0] for k in ordered], float), np.array([k[1] for k in ordered], float)
    grid = _Y_MIN + np.arange(int((_Y_MAX - _Y_MIN) * _PER_MM)) / _PER_MM
    return f32(PchipInterpolator(y, v)(np.clip(grid, y[0], y[-1])))


@dataclass(frozen=True)
class Tube:
    """Generalised cylinder along y with elliptic sections: half-width, front, widest and back z tabulated over y."""

    profiles: tuple[Field, Field, Field, Field]
    """half-width, front, widest and back z at equal steps of y"""

    @classmethod
    def through(cls, half_width: Knots, front: Knots, widest: Knots, back: Knots) -> Tube:
        """A tube through (y, value) knots."""
        return cls((_profile(half_width), _profile(front), _profile(widest), _profile(back)))

    def distance(self, x: Field, y: Field, z: Field) -> Field:
        """q(q-1)/|grad q| of the section's ellipse at each point's own height."""
        row = ((y - np.float32(_Y_MIN)) * np.float32(_PER_MM)).astype(np.intp)
        half_width, front, mid, back = (np.take(profile, row, mode="clip") for profile in self.profiles)
        a = np.maximum(half_width, np.float32(1.5))
        depth = z - mid
        b = np.maximum(np.where(depth > 0, front - mid, mid - back), np.float32(1.5))
        u, v = x / a, depth / b
        q = np.sqrt(u * u + v * v)
        g = np.sqrt((u / a) ** 2 + (v / b) ** 2) + np.float32(1e-4)
        return f32(np.maximum(q * (q - 1) / g, -np.minimum(a, b)))


class Surface:
    """Bare head, ears and body of one person; `relief` is the face's z displacement on `FACE` (mm)."""

    def __init__(self, person: Identity, relief: Field) -> None:
        self.person = person
        self.relief = relief
        self._fold_length = 60 * person.face_length
        self._skull = _skull_tube(person, self._lengthen)
        self._trunk = _trunk_tube(person)
        self._chin_y, self._crown_y = self._lengthen(-115.8), self._lengthen(127.0)

    def _lengthen(self, y: float) -> float:
        return y * self.person.face_length if y < 60 else self._fold_length + (y - 60)

    def head(self, x: Field, y: Field, z: Field) -> Field:
        """Bald head with the facial relief."""
        tube = self._skull.distance(x, y, z)
        over = np.maximum(np.maximum(np.float32(self._chin_y) - y, y - np.float32(self._crown_y)), 0)
        tube = np.where(over > 0, np.sqrt(np.maximum(tube, 0) ** 2 + over * over), tube)
        blend = smoothstep(-5, 45, y - np.float32(40 * self.person.face_length))
        shape = tube * (1 - blend) + blend * self._cranium(x, y, z)
        lift = FACE.sample(self.relief, x, y) * smoothstep(-78, -38, z)
        return f32(shape - np.float32(0.9) * lift)

    def _cranium(self, x: Field, y: Field, z: Field) -> Field:
        centre = 40 * self.person.face_length
        ex, ey, ez = x, y - np.float32(centre), z + np.float32(87)
        a, b = np.float32(73 * self.person.face_width), np.float32(self._crown_y + 1 - centre)
        c = np.where(ez > 0, np.float32(96), np.float32(99))
        u, v, w = ex / a, ey / b, ez / c
        k0 = np.sqrt(u * u + v * v + w * w)
        k1 = np.sqrt((u / a) ** 2 + (v / b) ** 2 + (w / c) ** 2) + np.float32(1e-4)
        return f32(k0 * (k0 - 1) / k1)

    def ear(self, x: Field, y: Field, z: Field) -> Field:
        """Both ears."""
        u, v, w = self.ear_coordinates(x, y, z)
        r = np.sqrt(u * u + v * v + np.float32(1e-6))
        k0 = np.sqrt(r * r + (w / np.float32(6.5)) ** 2)
        k1 = np.sqrt((r / np.float32(16)) ** 2 + (w / np.float32(42)) ** 2) + np.float32(1e-4)
        shell = k0 * (k0 - 1) / k1 - ear_relief(u, v, r) * smoothstep(-1, 3, w)
        return f32(np.maximum(shell, np.float32(60) - np.abs(x)) * np.float32(0.7))

    def ear_coordinates(self, x: Field, y: Field, z: Field) -> tuple[Field, Field, Field]:
        """Backward, upward (both 1 at the rim) and outward (mm) coordinates of the nearer ear."""
        out = np.abs(x) - np.float32(70.0 * self.person.face_width)
        up = y + np.float32(14 * self.person.face_length)
        fore = z + np.float32(92)
        c, s = np.float32(np.cos(0.5)), np.float32(np.sin(0.5))
        back = -fore * c + out * s
        up = up - np.float32(0.12) * back
        v = up / np.float32(29)
        half = np.float32(16) * (1 - np.float32(0.22) * np.clip(-v, 0, 1) + np.float32(0.08) * v)
        return f32((back - 3) / half), f32(v), f32(out * c + fore * s)

    def body(self, x: Field, y: Field, z: Field) -> Field:
        """Neck, shoulders and garment."""
        p = self.person
        tube = self._trunk.distance(x, y, z) * np.float32(0.8)
        tube = np.maximum(tube, y - np.float32(10))
        side = np.abs(x) - (np.float32(12) + np.float32(0.42) * (y + 150))
        muscle = np.float32(2.6) * smoothstep(-150, -135, y) * ridge(side, 8) * smoothstep(-75, -55, z)
        notch = np.float32(3.5) * bump(x, y, 0, -149, 9, 8) * smoothstep(-80, -50, z)
        apple = np.float32(2.6 if p.male else 0) * bump(x, y, 0, -118, 8, 10) * smoothstep(-80, -55, z)
        below = self.collar(x, z) - y
        cloth = np.float32(4) * smoothstep(-2, 5, below) * smoothstep(15, 130, below + 20) + np.float32(
            2.2
        ) * smoothstep(0, 2, below)
        fold = np.float32(15 * p.double_chin) * bump(x, y, 0, -127, 36, 13) * smoothstep(-85, -50, z)
        return f32(tube - muscle + notch - apple - cloth - fold)

    def collar(self, x: Field, z: Field) -> Field:
        """Height of the garment's upper edge."""
        ax, front = np.abs(x), smoothstep(-100, -60, z)
        if self.person.garment == "crew":
            return f32(np.float32(-141) - np.float32(13) * front * np.sqrt(np.clip(1 - (ax / 62) ** 2, 0, 1)))
        if self.person.garment == "vneck":
            return f32(
                np.float32(-138) - np.float32(72) * front * np.clip(1 - ax / 58, 0, 1) ** np.float32(1.1)
            )
        return f32(np.float32(-124) - np.float32(48) * front * np.clip(1 - ax / 46, 0, 1))


def ear_relief(u: Field, v: Field, r: Field) -> Field:
    """Helix, concha, antihelix and scapha, mm outwards, in the unit coordinates of the ear."""
    helix = np.float32(2.8) * ridge(r - np.float32(0.84), 0.13) * (1 - smoothstep(-0.55, -0.95, v))
    concha = np.float32(5.2) * bump(u, v, -0.3, -0.1, 0.32, 0.36)
    antihelix = (
        np.float32(2.0) * ridge(r - np.float32(0.52), 0.12) * smoothstep(-0.1, 0.3, u + np.float32(0.6) * v)
    )
    scapha = np.float32(1.5) * ridge(r - np.float32(0.68), 0.08) * smoothstep(-0.2, 0.3, u + v)
    return f32(helix - concha + antihelix - scapha)


def _skull_tube(p: Identity, lengthen: Callable[[float], float]) -> Tube:
    f, j, c = p.fat, p.jaw, p.chin
    width = [
        (128, 0), (127, 12), (124, 24), (117, 39), (106, 51), (92, 60), (70, 68.5), (40, 73), (10, 72), (-15, 70), (-40, 65.5 + 2 * f),
        (-62, 59 * j + 3.5 * f), (-80, 51 * j + 4.5 * f), (-94, 40.5 * j * (0.6 + 0.4 * c) + 3.5 * f), (-105, 29 * c + 1.5 * f),
        (-112, 19 * c), (-116.5, 8), (-118, 0),
    ]  # fmt: skip
    front = [
        (128, -88), (126, -70), (121, -52), (112, -30), (98, -12), (80, 0), (62, 6), (40, 9), (20, 8), (5, 4.5), (-20, 2.5), (-45, 3),
        (-65, 3), (-85, -1), (-98, 0), (-107, -4), (-113, -11), (-118, -26),
    ]  # fmt: skip
    widest = [
        (128, -88), (60, -86), (20, -82), (0, -78), (-30, -73), (-60, -66), (-80, -55), (-98, -42), (-110, -32), (-118, -28),
    ]  # fmt: skip
    back = [
        (128, -88), (124, -115), (114, -140), (95, -165), (65, -182), (35, -187), (5, -181), (-20, -165), (-40, -142), (-60, -112),
        (-80, -84), (-98, -58), (-110, -45), (-118, -30),
    ]  # fmt: skip

    def stretched(knots: Knots, scale: float = 1.0) -> Knots:
        return [(lengthen(y), v * scale) for y, v in knots]

    return Tube.through(stretched(width, p.face_width), stretched(front), stretched(widest), stretched(back))


def _trunk_tube(p: Identity) -> Tube:
    n = (0.97 if p.male else 0.83) * (1 + 0.08 * p.fat)
    m = 1.0 if p.male else 0.9
    return Tube.through(
        [(60, 38), (-30, 50 * n), (-80, 52 * n), (-115, 54 * n), (-136, 59 * n), (-150, 72 * m), (-163, 98 * m), (-176, 132 * m),
         (-193, 165 * m), (-213, 190 * m), (-250, 208 * m), (-420, 222 * m)],
        [(60, -75), (-30, -52), (-90, -47), (-125, -49), (-150, -44), (-175, -30), (-210, -8), (-420, 8)],
        [(60, -92), (-120, -98), (-160, -95), (-420, -90)],
        [(60, -140), (-120, -155), (-160, -175), (-420, -185)],
    )  # fmt: skip
