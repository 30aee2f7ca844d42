"""Aravis' fake camera in every pixel format, and a helper process that cannot do what it is asked."""

import asyncio
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from station.devices import Bench, Shot
from station.devices.genicam import (
    PIXEL_FORMATS,
    GenicamCamera,
    GenicamCameraOptions,
    decoded,
    find_cameras,
)
from station.devices.registry import camera_options
from station.errors import ConfigError, DeviceError, DeviceUnavailable
from station.protocol import Exposure, Light, Transfer

pytestmark = pytest.mark.contract

SHOT = Shot(light=Light.WHITE)
NOMINAL = Exposure(time_s=0.01, gain_db=3.0)


def make(folder: Path, **options: object) -> GenicamCamera:
    section = {"camera": "Fake_1", "simulated": True, "pixel_format": "Mono8", "width": 64, "height": 48}
    return GenicamCamera(GenicamCameraOptions.model_validate(section | options), Bench(folder))


@pytest.mark.parametrize(
    ("name", "bits"), [("Mono8", 8), ("Mono16", 16), ("RGB8", 8), ("BayerRG8", 8), ("BayerGB8", 8)]
)
async def test_stills_are_linear_in_every_format(tmp_path: Path, name: str, bits: int) -> None:
    async with make(tmp_path, pixel_format=name, black_level=2) as camera:
        frame = await camera.expose(NOMINAL, SHOT)
    header = frame.header
    assert (header.width, header.height, header.bit_depth) == (64, 48, bits)
    assert (header.transfer, header.black_level, header.white_level) == (
        Transfer.LINEAR,
        2,
        (1 << bits) - 1,
    )
    assert header.actual == NOMINAL
    assert header.camera is not None
    assert header.camera.manufacturer == "Aravis"
    assert frame.pixels.max() > 0


async def test_a_longer_exposure_is_brighter(tmp_path: Path) -> None:
    async with make(tmp_path) as camera:
        dim, bright = [await camera.expose(Exposure(time_s=time_s), SHOT) for time_s in (0.001, 0.004)]
    assert bright.pixels.mean() > 3 * dim.pixels.mean()


async def test_the_whole_sensor_is_the_default(tmp_path: Path) -> None:
    async with make(tmp_path, width=0, height=0) as camera:
        assert (await camera.expose(NOMINAL, SHOT)).pixels.shape == (2048, 2048, 3)
        assert camera.exposure_range.longest_s == 10.0


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"camera": "Nobody-1"}, "Nobody-1"),
        ({"pixel_format": "BayerRG12"}, "BayerRG12|not found|pixel"),
        ({"python": sys.executable}, "apt-get install python3-gi gir1.2-aravis-0.8"),
        ({"python": "/no/python"}, "camera.python /no/python cannot be started"),
    ],
)
async def test_what_cannot_be_opened_is_named(tmp_path: Path, options: dict[str, object], named: str) -> None:
    with pytest.raises(DeviceError, match=named):
        async with make(tmp_path, **options):
            pass


async def test_a_helper_that_died_is_unavailable(tmp_path: Path) -> None:
    async with make(tmp_path) as camera:
        await camera.expose(NOMINAL, SHOT)
        assert camera._helper is not None
        camera._helper._process.kill()
        with pytest.raises(DeviceUnavailable, match="has ended"):
            await camera.expose(NOMINAL, SHOT)


async def test_closing_does_not_wait_for_a_helper_that_hangs(tmp_path: Path) -> None:
    camera = make(tmp_path)
    await camera.__aenter__()
    assert camera._helper is not None
    camera._helper._process.send_signal(signal.SIGSTOP)
    exposing = asyncio.create_task(camera.expose(NOMINAL, SHOT))
    await asyncio.sleep(0.1)
    async with asyncio.timeout(20):
        await camera.close()
        with pytest.raises(DeviceUnavailable):
            await exposing


def test_the_fake_camera_is_found_where_asked_for() -> None:
    assert "Fake_1" in {camera.id for camera in find_cameras(simulated=True)}


def test_wrong_settings_are_named() -> None:
    with pytest.raises(ConfigError, match=r"pixel_format: .*BayerRG12"):
        camera_options({"type": "genicam", "pixel_format": "Mono12p"})
    with pytest.raises(ConfigError, match="black_level 300"):
        camera_options({"type": "genicam", "pixel_format": "Mono8", "black_level": 300})


def test_a_bayer_picture_has_its_colours_in_their_places() -> None:
    mosaic = np.zeros((8, 8), "<u2")
    mosaic[0::2, 0::2] = 4000  # red, in the order RG
    red = decoded(mosaic.tobytes(), "BayerRG12", 8, 8)
    assert red.dtype == np.uint16
    assert red[4, 4].tolist() == [4000, 0, 0]
    blue = decoded(mosaic.tobytes(), "BayerBG12", 8, 8)
    assert blue[4, 4].tolist() == [0, 0, 4000]
    assert PIXEL_FORMATS["BayerRG12"].bits == 12
