"""The first UVC camera that is plugged in."""

from pathlib import Path

import pytest

from station.devices import Bench, Shot
from station.devices.v4l2 import V4l2Camera, V4l2CameraOptions
from station.protocol import Exposure, Light

pytestmark = pytest.mark.hardware

CAMERAS = sorted(Path("/dev").glob("video*"))


@pytest.mark.skipif(not CAMERAS, reason="needs a UVC camera at /dev/video*")
async def test_exposure_is_taken_and_seen(tmp_path: Path) -> None:
    options = V4l2CameraOptions(device=CAMERAS[0], width=640, height=480, gain=None, white_balance_k=None)
    async with V4l2Camera(options, Bench(tmp_path)) as camera:
        dim = await camera.expose(Exposure(time_s=0.001), Shot(light=Light.UNCONTROLLED))
        bright = await camera.expose(Exposure(time_s=0.02), Shot(light=Light.UNCONTROLLED))
    assert bright.pixels.mean() > dim.pixels.mean()
