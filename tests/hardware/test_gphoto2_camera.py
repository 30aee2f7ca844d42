"""The first tethered camera that is plugged in, set to manual and RAW + JPEG."""

import os
from pathlib import Path

import pytest

from station.devices import Bench, Shot
from station.devices.gphoto2 import Gphoto2Camera, Gphoto2CameraOptions, find_cameras
from station.protocol import Exposure, Light

pytestmark = pytest.mark.hardware

SHOT = Shot(light=Light.UNCONTROLLED)


@pytest.mark.skipif(
    "VCAMERADIR" in os.environ or not find_cameras(),
    reason="needs a tethered camera on USB, and libgphoto2's virtual one not loaded",
)
async def test_stills_and_raw_come_over_the_cable(tmp_path: Path) -> None:
    async with Gphoto2Camera(Gphoto2CameraOptions(), Bench(tmp_path)) as camera:
        frame = await camera.expose(Exposure(time_s=1 / 60), SHOT)
        preview = camera._do_preview(Exposure(time_s=1 / 60), SHOT)
        shown = await anext(preview)
        await preview.aclose()
        await camera.expose(Exposure(time_s=1 / 60), SHOT)
    assert frame.header.width > shown.pixels.shape[1]
    assert {path.suffix.lower() for path in (tmp_path / "originals").iterdir()} >= {".jpg"}
