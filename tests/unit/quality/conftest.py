"""Profiles that several modules judge by."""

import pytest

from station.quality import QualityProfile
from tests.unit.quality.pictures import profile


@pytest.fixture(scope="session")
def normal() -> QualityProfile:
    return profile("normal")
