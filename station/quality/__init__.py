"""Capture quality: a frame in, numbers and a verdict out. Pure functions, no I/O and no clock; used by booth and server."""

from station.quality.exposure import clipping, scene_exposure, tab_exposure
from station.quality.gate import examine, hint, judge
from station.quality.profile import MEASURES, UNCONTROLLED, Limit, QualityProfile, load_profile
from station.quality.reflection import (
    HIGHLIGHT,
    HOT_SPOT,
    PolarisedPair,
    gloss_share,
    highlights,
    polarised_pair,
    polariser_leak,
    specular_part,
    specular_reflection,
)
from station.quality.sample import Reading, Sample, Tab, read_tab, take_sample
from station.quality.sharpness import detail_ratios, face_sharpness, sharpness
from station.quality.tone import Linear, develop, encode_srgb, linear, linear_pixels, luminance
from station.quality.zones import FACE, ZONES, Mask, Zone, extent, zone_mask

__all__ = [
    "FACE",
    "HIGHLIGHT",
    "HOT_SPOT",
    "MEASURES",
    "UNCONTROLLED",
    "ZONES",
    "Limit",
    "Linear",
    "Mask",
    "PolarisedPair",
    "QualityProfile",
    "Reading",
    "Sample",
    "Tab",
    "Zone",
    "clipping",
    "detail_ratios",
    "develop",
    "encode_srgb",
    "examine",
    "extent",
    "face_sharpness",
    "gloss_share",
    "highlights",
    "hint",
    "judge",
    "linear",
    "linear_pixels",
    "load_profile",
    "luminance",
    "polarised_pair",
    "polariser_leak",
    "read_tab",
    "scene_exposure",
    "sharpness",
    "specular_part",
    "specular_reflection",
    "tab_exposure",
    "take_sample",
    "zone_mask",
]
