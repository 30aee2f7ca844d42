"""The booth's lamps and the reflection model: wrapped diffuse, ambient, and a GGX surface lobe.

Irradiance is relative to a white diffuser facing the camera, so a surface of albedo `a` there has radiance `a`.
Specular: Kelemen-Szirmay-Kalos with a GGX distribution; skin's refractive index gives F0 = 0.028.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from phantom.fields import Field, f32
from phantom.lamps import Lamp, front_irradiance
from phantom.view import Matrix, Vector, View

SKIN_F0 = 0.028
Lamps = tuple[Lamp, ...]


def irradiance(
    view: View,
    turn: Matrix,
    normal: Vector,
    open_sky: Field,
    visible: list[Field],
    wrap: tuple[float, float, float],
    lamps: Lamps | None = None,
    ambient: float | None = None,
) -> Field:
    """(H, W, 3) irradiance; `open_sky` and `visible` (one per lamp) are 0..1, `wrap` widens the terminator per channel.

    `lamps` and `ambient` are those of the view unless given.
    """
    lamps, ambient = lamps or view.rig.lamps, view.rig.ambient if ambient is None else ambient
    up = f32(turn.T @ np.array([0.0, 1.0, 0.0]))
    sky = np.float32(0.76) + np.float32(0.24) * _dot(normal, up)
    out = np.repeat((np.float32(ambient) * sky * open_sky)[..., None], 3, -1)
    for lamp, seen in zip(lamps, visible, strict=True):
        cosine = _dot(normal, view.direction(turn, lamp.direction))
        for channel in range(3):
            w = np.float32(wrap[channel])
            lit = np.clip((cosine + w) / (1 + w), 0, 1) * seen ** np.float32(1.0 - 0.5 * wrap[channel])
            out[..., channel] += np.float32(lamp.strength * lamp.colour[channel]) * lit
    return f32(out * np.float32(1 / front_irradiance(lamps, ambient)))


def specular(
    view: View,
    turn: Matrix,
    normal: Vector,
    visible: Field,
    roughness: Field,
    strength: Field,
    lamps: Lamps | None = None,
    ambient: float | None = None,
) -> Field:
    """(H, W) specular radiance; `strength` scales F0, the lamps' size widens the lobe."""
    lamps, ambient = lamps or view.rig.lamps, view.rig.ambient if ambient is None else ambient
    a2 = (roughness * roughness + np.float32(0.035)) ** 2
    to_camera = f32(turn.T @ np.array([0.0, 0.0, 1.0]))
    out = np.zeros_like(roughness)
    for lamp in lamps:
        to_lamp = view.direction(turn, lamp.direction)
        half = to_lamp + to_camera
        half = half / np.float32(np.linalg.norm(half))
        vh = float(to_camera @ half)
        nh, nl = np.clip(_dot(normal, half), 0, 1), np.clip(_dot(normal, to_lamp), 0, 1)
        lobe = a2 / (nh * nh * (a2 - 1) + 1) ** 2
        fresnel = SKIN_F0 + (1 - SKIN_F0) * (1 - vh) ** 5
        out += np.float32(lamp.strength * fresnel / (4 * vh * vh)) * lobe * nl
    return f32(out * visible * strength * np.float32(1 / front_irradiance(lamps, ambient)))


def _dot(v: Vector, w: NDArray[np.float32]) -> Field:
    return f32(v[0] * w[0] + v[1] * w[1] + v[2] * w[2])
