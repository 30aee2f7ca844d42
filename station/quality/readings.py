"""Which measures a picture is given, by recipe, light and what is known of the face."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from station.protocol import Box, Face, Frame, Light, Pixels
from station.quality.colour import skin_cast
from station.quality.exposure import clipping, dynamic_range, scene_exposure, tab_exposure
from station.quality.illumination import illumination_uniformity
from station.quality.motion import gradient_anisotropy
from station.quality.occlusion import occlusion
from station.quality.placement import (
    Baseline,
    Guide,
    against_baseline,
    framing,
    framing_elsewhere,
    pose_against_guide,
)
from station.quality.profile import UNCONTROLLED, QualityProfile
from station.quality.reflection import (
    polarised_pair,
    polarised_reflection,
    polariser_leak,
    specular_reflection,
)
from station.quality.registration import registration
from station.quality.sample import Reading, Sample
from station.quality.sharpness import face_sharpness, sharpness
from station.quality.tone import Linear, linear_pixels
from station.quality.zones import Mask

_SCENE_SIDE = 320


@dataclass(frozen=True, eq=False)
class Known:
    """What was found out about a picture before it is measured."""

    face: Face | None = None
    parts: Mapping[str, Mask] | None = None
    """Masks (frame height x width) of what is no skin, by name; `hair` and `glasses` are looked at."""
    baseline: Baseline | None = None
    """The same view at the visit to compare with."""

    @property
    def box(self) -> Box | None:
        """Of the face."""
        return None if self.face is None else self.face.box


def pixel_readings(
    frame: Frame, sample: Sample, recipe: str, profile: QualityProfile, known: Known
) -> tuple[Reading, ...]:
    """The measures of exposure, light, colour, sharpness and reflections."""
    if recipe == UNCONTROLLED:
        return (
            *scene_exposure(sample, _scene(frame)),
            clipping(sample),
            dynamic_range(sample),
            face_sharpness(sample),
            specular_reflection(sample),
            skin_cast(sample),
            *illumination_uniformity(sample),
            gradient_anisotropy(sample),
        )
    light = frame.header.light
    if light is Light.UV:
        # A tab does not fluoresce: it says nothing about the exposure or the colour of the skin.
        return clipping(sample), *sharpness(sample)
    return (
        *tab_exposure(sample, white=profile.tab_white.get(light, 1.0)),
        clipping(sample),
        dynamic_range(sample),
        *sharpness(sample),
        specular_reflection(sample),
        *illumination_uniformity(sample),
        gradient_anisotropy(sample),
    )


def placement_readings(
    frame: Frame, sample: Sample, recipe: str, profile: QualityProfile, known: Known
) -> tuple[Reading, ...]:
    """Where the face stands and what hides it."""
    header = frame.header
    guide = profile.guide.get(header.view)
    placed = framing(known.face, header.width, header.height, guide)
    if recipe == UNCONTROLLED:
        # Nobody was shown a guide; a portrait looks into the camera.
        guide, placed = Guide(), (framing_elsewhere(known.box, header.width, header.height),)
    readings = pose_against_guide(known.face, guide), *placed, occlusion(sample, known.parts)
    if known.baseline is not None:
        readings += against_baseline(known.face, frame, known.baseline)
    return readings


def pair_readings(first: Sample, second: Sample) -> tuple[Reading, ...]:
    """The measures of two polarisations of one view."""
    pair = polarised_pair(first, second)
    if pair is None:
        return ()
    return *polarised_reflection(pair, first.region, first.zones), polariser_leak(pair, first.region)


def baseline_readings(frame: Frame, known: Known) -> tuple[Reading, ...]:
    """The registration to the picture of an earlier visit."""
    baseline = known.baseline
    if baseline is None or not baseline.pictured:
        return ()
    earlier = None if baseline.face is None else baseline.face.box
    return (registration(baseline.frame, frame, known.box, earlier),)


def _scene(frame: Frame) -> Linear:
    """The whole photograph as light, thinned to a side of 320 px or less."""
    step = max(1, math.ceil(max(frame.pixels.shape[:2]) / _SCENE_SIDE))
    pixels: Pixels = np.ascontiguousarray(frame.pixels[::step, ::step])  # type: ignore[assignment]
    return linear_pixels(frame.header, pixels)
