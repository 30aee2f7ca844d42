"""The preview is sent as the booth's configuration has the camera deliver it."""

from pathlib import Path

import pytest

from station.agent.link import preview_settings
from station.config import StationConfig

pytestmark = pytest.mark.unit

CONFIGS = Path(__file__).parents[3] / "configs/station"


@pytest.mark.parametrize("name", ["sim", "files"])
def test_size_and_rate_are_those_of_the_camera(name: str) -> None:
    camera = {"preview_width": 640, "preview_height": 360, "preview_fps": 7.5}
    settings = preview_settings(StationConfig.load(CONFIGS / f"{name}.toml", {"camera": camera}))
    assert (settings.width, settings.height, settings.fps) == (640, 360, 7.5)
