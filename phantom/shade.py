"""From geometry to a scene under one of the booth's lights.

Light scattered below a surface loses its polarisation, light reflected at it keeps it: with D and S the diffuse and
specular radiance under unpolarised light of the same power, I_parallel = D/2 + S and I_cross = D/2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from phantom.fields import Field, f32
from phantom.fluorescence import fluorescence
from phantom.scene import LIGHTS, MASK_BITS, PART, SPECULAR_THRESHOLD, Geometry, Light, Scene

BACKGROUND = (0.105, 0.125, 0.145)


def shade(geometry: Geometry, light: Light = "white", *, polariser_leak: float = 0.0) -> Scene:
    """The scene under `light`; that of "uv" is exposed so that pale skin glows about as bright as it looks in white light.

    `polariser_leak` (0..1) is the share of reflections that crossed polarisers let through. Behind the person is the
    booth's wall. Raises ValueError for an unknown light.
    """
    if light not in LIGHTS:
        raise ValueError(f"unknown light {light!r}; one of {', '.join(LIGHTS)}")
    wall = _wall(geometry)
    if light == "uv":
        linear, reflected = fluorescence(geometry, wall), np.zeros(geometry.labels.shape, np.float32)
    else:
        linear, reflected = _reflection(geometry, light, wall, polariser_leak)
    maps = {"melanin": f32(geometry.melanin), "blood": f32(geometry.blood), "specular": reflected}
    masks = _masks(geometry, reflected)
    return Scene(
        light, linear, geometry.labels, geometry.box, masks, maps, dict(geometry.truth), geometry.neutral_tab
    )


def _reflection(geometry: Geometry, light: Light, wall: Field, polariser_leak: float) -> tuple[Field, Field]:
    """Radiance, and the part of it that surfaces reflected."""
    diffuse_share, specular_share = {
        "white": (1.0, 1.0),
        "cross_polarised": (0.5, polariser_leak),
        "parallel_polarised": (0.5, 1.0),
    }[light]
    linear = f32(geometry.diffuse)
    linear += (1 - f32(geometry.coverage))[..., None] * wall
    linear *= np.float32(diffuse_share)
    reflected = f32(geometry.specular) * np.float32(specular_share)
    linear += reflected[..., None]
    return linear, reflected


def _wall(geometry: Geometry) -> Field:
    """Diffuse reflectance (H, W, 3), brightest behind the head."""
    height, width = geometry.labels.shape
    y, x = np.ogrid[0:height, 0:width]
    fall = 1.12 - 0.45 * (((x / width - 0.5) * 1.1) ** 2 + ((y / height - 0.42) * 1.1) ** 2)
    return f32(fall)[..., None] * f32(BACKGROUND)


def _masks(geometry: Geometry, reflected: Field) -> dict[str, NDArray[np.bool_]]:
    skin = geometry.labels == PART["skin"]
    masks = {name: (geometry.mask_bits >> bit) & 1 == 1 for bit, name in enumerate(MASK_BITS)}
    return masks | {"skin": skin, "specular": skin & (reflected > SPECULAR_THRESHOLD)}
