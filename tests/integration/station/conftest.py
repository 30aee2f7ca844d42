"""A booth's configuration in a folder of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from station.config import StationConfig
from tests.fixtures.booth import PICTURE_LIGHTS, picture_folder
from tests.fixtures.ports import free_port

ROOT = Path(__file__).parents[3]


def recipe_text(settle_s: float) -> str:
    steps = [
        f'[[steps]]\nlight = "{light}"\npower = 0.5\nsettle_s = {settle_s}\nexposure = {{ time_s = 0.01 }}\n'
        for light in PICTURE_LIGHTS
    ]
    return 'name = "three"\n' + "\n".join(steps)


@pytest.fixture
def make_config(tmp_path: Path) -> Callable[..., StationConfig]:
    def make(settle_s: float = 0.0, **overrides: Any) -> StationConfig:
        (tmp_path / "recipe.toml").write_text(recipe_text(settle_s))
        (tmp_path / "protocol.toml").write_text('name = "t"\nviews = ["front"]\nrecipe = "recipe.toml"\n')
        (tmp_path / "station.toml").write_text(
            f"""booth_id = "test-1"
protocol = "protocol.toml"
quality = "{ROOT / "configs/quality/normal.toml"}"
[camera]
type = "files"
folder = "{picture_folder(tmp_path / "pictures")}"
preview_width = 320
preview_height = 240
[lights]
type = "sim"
state_file = "light.json"
[visit]
pace = "timed"
seating_s = 0.0
[kiosk]
port = 0
"""
        )
        return StationConfig.load(tmp_path / "station.toml", {"data": tmp_path / "data", **overrides})

    return make


@pytest.fixture
def unused_port() -> int:
    return free_port()
