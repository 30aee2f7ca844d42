"""A GigE Vision camera on the network: Aravis' own, as a process, on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from station.devices import Bench, Shot
from station.devices.genicam import GenicamCamera, GenicamCameraOptions
from station.errors import DeviceError
from station.protocol import Exposure, Light

pytestmark = pytest.mark.integration

SHOT = Shot(light=Light.WHITE)
NOMINAL = Exposure(time_s=0.005)


@asynccontextmanager
async def fake_camera(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        "arv-fake-gv-camera-0.8", "-i", "lo", *arguments, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def opened(folder: Path, **options: object) -> GenicamCamera:
    """The camera, once its process answers."""
    section = {"camera": "127.0.0.1", "pixel_format": "Mono8", "width": 512, "height": 512, **options}
    async with asyncio.timeout(30):
        while True:
            camera = GenicamCamera(GenicamCameraOptions.model_validate(section), Bench(folder))
            try:
                return await camera.__aenter__()
            except DeviceError:
                await asyncio.sleep(0.2)


async def test_pictures_come_over_the_network(tmp_path: Path) -> None:
    async with fake_camera("-s", "booth-1"):
        camera = await opened(tmp_path)
        try:
            frames = [await camera.expose(NOMINAL, SHOT) for _ in range(3)]
        finally:
            await camera.close()
    assert {frame.header.actual for frame in frames} == {NOMINAL}
    assert frames[0].header.camera is not None
    assert frames[0].header.camera.serial == "booth-1"
    assert all(frame.pixels.std() > 0 for frame in frames)


async def test_a_camera_that_left_the_network_is_said(tmp_path: Path) -> None:
    async with fake_camera() as process:
        camera = await opened(tmp_path)
        try:
            await camera.expose(NOMINAL, SHOT)
            process.kill()
            await process.wait()
            with pytest.raises(DeviceError):
                await camera.expose(NOMINAL, SHOT)
        finally:
            await camera.close()
