"""Procedural skin and face phantom: seeded people, three polarisations of light, exact truth with every picture."""

from phantom.camera import CameraModel, Picture, develop
from phantom.identity import Identity, Pose
from phantom.scene import (
    LIGHTS,
    MASK_BITS,
    NEUTRAL_TAB_REFLECTANCE,
    PART,
    PARTS,
    SPECULAR_THRESHOLD,
    Geometry,
    Light,
    Scene,
)
from phantom.shade import shade
from phantom.spectral import ITA_CLASSES, ita_class
from phantom.stage import Stage
from phantom.trace import trace

__all__ = [
    "ITA_CLASSES", "LIGHTS", "MASK_BITS", "NEUTRAL_TAB_REFLECTANCE", "PART", "PARTS", "SPECULAR_THRESHOLD", "CameraModel",
    "Geometry", "Identity", "Light", "Picture", "Pose", "Scene", "Stage", "develop", "ita_class", "shade", "trace",
]  # fmt: skip
