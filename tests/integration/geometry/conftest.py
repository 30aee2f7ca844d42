"""The phantom in the preview, and the booth's own face finder."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray

from dermabooth import resources
from phantom import CameraModel, Identity, Pose, shade
from phantom.trace import trace
from station.geometry import FaceFinder, SkinNetwork

WIDTH, HEIGHT = 640, 360
SEED = 90_003

Srgb = NDArray[np.uint8]
Picture = Callable[[float], tuple[Srgb, tuple[int, int, int, int]]]


@lru_cache(maxsize=8)
def _picture(yaw: float) -> tuple[Srgb, tuple[int, int, int, int]]:
    geometry = trace(Identity.sample(SEED), WIDTH, HEIGHT, Pose(yaw, 0.0, 0.0), neutral_tab=False)
    return CameraModel().expose(shade(geometry).linear, 1).srgb, geometry.box


@pytest.fixture(scope="session")
def picture() -> Picture:
    """A head turned by so many degrees, and the box that its face truly has."""
    return _picture


@pytest.fixture(scope="session")
def finder() -> FaceFinder:
    return FaceFinder(SkinNetwork(resources.face_model()))
