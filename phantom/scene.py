"""What a trace yields and what a light makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from phantom.fields import Field

Light = Literal["white", "cross_polarised", "parallel_polarised", "uv"]
LIGHTS: tuple[Light, ...] = ("white", "cross_polarised", "parallel_polarised", "uv")
PARTS = (
    "background", "skin", "lips", "eye", "brow", "hair", "ear", "neck", "clothing", "glasses", "mouth", "beard",
)  # fmt: skip
PART = {name: index for index, name in enumerate(PARTS)}
NEUTRAL_TAB_REFLECTANCE = 0.2
SPECULAR_THRESHOLD = 0.05
"""linear specular radiance, of white, from which a pixel counts as a reflection"""
Box = tuple[int, int, int, int]
MASK_BITS = (
    "pigment_spot", "freckle", "papule", "pore", "wrinkle", "pustule", "open_comedo", "closed_comedo", "telangiectasia",
    "melasma", "sun_spot", "porphyrin",
)  # fmt: skip


@dataclass(frozen=True)
class Geometry:
    """Everything about a picture that no light changes. Radiances are stored in half precision."""

    diffuse: NDArray[np.float16]
    """(H, W, 3) radiance scattered below surfaces, times coverage"""
    specular: NDArray[np.float16]
    """(H, W) radiance reflected at surfaces"""
    coverage: NDArray[np.float16]
    """(H, W) 1 where the person hides the background"""
    labels: NDArray[np.uint8]
    mask_bits: NDArray[np.uint16]
    """bit i set where `MASK_BITS[i]` holds"""
    melanin: NDArray[np.float16]
    blood: NDArray[np.float16]
    veil: NDArray[np.uint8]
    """255 under hair, between where hair is translucent or two parts have no edge between them"""
    glow: NDArray[np.uint8]
    """(H, W, 2) 255ths of full: porphyrin in follicles, melanin of sun spots that only ultraviolet light shows"""
    box: Box
    neutral_tab: Box | None
    truth: dict[str, float]


@dataclass(frozen=True)
class Scene:
    """A picture's radiance under one light, with its exact truth."""

    light: Light
    linear: Field
    """(H, W, 3) scene-linear, sRGB primaries; 1.0 is a perfect white diffuser at the neutral tab under white light"""
    labels: NDArray[np.uint8]
    """(H, W) index into `PARTS`"""
    box: Box
    """(x, y, w, h) of the face as a frontal detector frames it, px"""
    masks: dict[str, NDArray[np.bool_]]
    """skin, specular and those of `MASK_BITS`; lesions only where skin shows them"""
    maps: dict[str, Field]
    """melanin and blood volume fractions (0 off skin), specular radiance of this light"""
    truth: dict[str, float]
    """ita (degrees), melanin, blood, px_per_mm, counts of visible lesions, age"""
    neutral_tab: Box | None
    """(x, y, w, h) of the grey card of reflectance `NEUTRAL_TAB_REFLECTANCE`, px"""
