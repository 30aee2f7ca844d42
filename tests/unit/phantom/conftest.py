"""Renders shared by the phantom's tests."""

import pytest

from phantom import Geometry, Identity, Scene, shade, trace


@pytest.fixture(scope="session")
def spotted() -> Identity:
    return Identity.sample(7, "light").with_(
        moles=3,
        age_spots=14,
        papules=10,
        freckles=0.0,
        age=0.7,
        glasses=False,
        beard="none",
        hair_style="short",
    )


@pytest.fixture(scope="session")
def geometry(spotted: Identity) -> Geometry:
    return trace(spotted, 520, 640)


@pytest.fixture(scope="session")
def scene(geometry: Geometry) -> Scene:
    return shade(geometry)
