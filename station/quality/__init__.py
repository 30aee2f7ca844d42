"""Capture quality: a frame in, numbers and a verdict out. Pure functions, no I/O and no clock; used by booth and server."""

from station.quality.exposure import clipping, dynamic_range, scene_exposure, tab_exposure
from station.quality.eyes import eye_opening
from station.quality.gate import examine, eyes_closed, hint, judge
from station.quality.head_fit import SURE
from station.quality.illumination import flat_field, flat_field_uniformity, illumination_uniformity
from station.quality.motion import frame_shift, gradient_anisotropy, motion
from station.quality.occlusion import occlusion
from station.quality.placement import (
    Baseline,
    Guide,
    against_baseline,
    face_box,
    face_width,
    framing,
    framing_elsewhere,
    head_pose,
    pose_against_guide,
)
from station.quality.profile import CLOSE_UP, MEASURES, UNCONTROLLED, Limit, QualityProfile, load_profile
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
from station.quality.registration import Registration, register, registration
from station.quality.sample import Reading, Sample, Tab, read_tab, take_sample
from station.quality.sharpness import detail_ratios, face_sharpness, sharpness
from station.quality.standard import StandardMeasure, standard_measures
from station.quality.tone import Linear, develop, encode_srgb, linear, linear_pixels, luminance
from station.quality.zones import FACE, ZONES, Mask, Zone, extent, zone_mask, zone_outlines

__all__ = [
    "CLOSE_UP",
    "FACE",
    "HIGHLIGHT",
    "HOT_SPOT",
    "MEASURES",
    "SURE",
    "UNCONTROLLED",
    "ZONES",
    "Baseline",
    "Guide",
    "Limit",
    "Linear",
    "Mask",
    "PolarisedPair",
    "QualityProfile",
    "Reading",
    "Registration",
    "Sample",
    "StandardMeasure",
    "Tab",
    "Zone",
    "against_baseline",
    "clipping",
    "detail_ratios",
    "develop",
    "dynamic_range",
    "encode_srgb",
    "examine",
    "extent",
    "eye_opening",
    "eyes_closed",
    "face_box",
    "face_sharpness",
    "face_width",
    "flat_field",
    "flat_field_uniformity",
    "frame_shift",
    "framing",
    "framing_elsewhere",
    "gloss_share",
    "gradient_anisotropy",
    "head_pose",
    "highlights",
    "hint",
    "illumination_uniformity",
    "judge",
    "linear",
    "linear_pixels",
    "load_profile",
    "luminance",
    "motion",
    "occlusion",
    "polarised_pair",
    "polariser_leak",
    "pose_against_guide",
    "read_tab",
    "register",
    "registration",
    "scene_exposure",
    "sharpness",
    "specular_part",
    "specular_reflection",
    "standard_measures",
    "tab_exposure",
    "take_sample",
    "zone_mask",
    "zone_outlines",
]
