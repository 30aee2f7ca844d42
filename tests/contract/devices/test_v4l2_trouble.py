"""A UVC camera that does not obey, falls behind or falls silent."""

import asyncio
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from station.devices import Bench, LatestFrame, Shining, Shot
from station.devices.base import fitted
from station.devices.v4l2 import Control, Picture, V4l2Camera, V4l2CameraOptions, open_device
from station.errors import DeviceError, DeviceUnavailable
from station.protocol import Exposure, Frame, Light
from tests.contract.devices.uvc_camera import UvcCamera

pytestmark = pytest.mark.contract

SHOT = Shot(light=Light.WHITE)
BRIGHT, DIM = Exposure(time_s=0.01), Exposure(time_s=0.002)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, shining=Shining(Light.WHITE, 0.5))


def make(bench: Bench, device: UvcCamera, **options: object) -> V4l2Camera:
    settings = {"width": 240, "height": 160, "focus": 100, **options}
    return V4l2Camera(V4l2CameraOptions.model_validate(settings), bench, lambda _: device)


async def expose(bench: Bench, device: UvcCamera, exposure: Exposure = BRIGHT, **options: object) -> Frame:
    async with make(bench, device, **options) as camera:
        return await camera.expose(exposure, SHOT)


async def test_the_preview_is_reduced_beside_the_event_loop(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Some 20 ms for 1920x1080, and more for larger pictures, at every frame.
    threads: set[threading.Thread] = set()

    def watched(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
        threads.add(threading.current_thread())
        return fitted(pixels, size)

    monkeypatch.setattr("station.devices.v4l2.camera.fitted", watched)
    async with make(bench, UvcCamera(bench)) as camera:
        frames = LatestFrame()
        preview = asyncio.create_task(camera.preview(frames, BRIGHT, SHOT))
        frame = await frames.get()
        preview.cancel()
        await asyncio.wait({preview})
    assert frame.pixels.shape == (720, 1280, 3)
    assert threads
    assert threading.main_thread() not in threads


async def test_every_automatic_control_is_off(bench: Bench) -> None:
    device = UvcCamera(bench)
    await expose(bench, device, white_balance_k=5200, gain=12)
    assert device.values[Control.AUTO_EXPOSURE] == 1
    assert device.values[Control.EXPOSURE] == 100
    assert device.values[Control.AUTO_WHITE_BALANCE] == 0
    assert device.values[Control.WHITE_BALANCE] == 5200
    assert device.values[Control.AUTO_FOCUS] == 0
    assert device.values[Control.FOCUS] == 100
    assert device.values[Control.GAIN] == 12
    assert device.released


@pytest.mark.parametrize(
    ("control", "value", "named"),
    [
        (Control.AUTO_EXPOSURE, 3, "auto exposure: asked for 1, the camera has 3"),
        (Control.EXPOSURE, 156, "exposure: asked for 100, the camera has 156"),
        (Control.AUTO_WHITE_BALANCE, 1, "auto white balance: asked for 0, the camera has 1"),
        (Control.WHITE_BALANCE, 4000, "white balance temperature: asked for 5000, the camera has 4000"),
        (Control.AUTO_FOCUS, 1, "autofocus: asked for 0, the camera has 1"),
        (Control.FOCUS, -1, "focus: asked for 100, the camera has no such control"),
        (Control.GAIN, 64, "gain: asked for 0, the camera has 64"),
        (Control.WIDTH, 640, "width: asked for 240, the camera has 640"),
    ],
)
async def test_a_control_that_does_not_obey_is_named(
    bench: Bench, control: Control, value: float, named: str
) -> None:
    with pytest.raises(DeviceError, match=named):
        await expose(bench, UvcCamera(bench, stuck={control: value}))


async def test_a_lens_without_a_motor_needs_no_focus(bench: Bench) -> None:
    device = UvcCamera(bench, stuck={Control.FOCUS: -1, Control.AUTO_FOCUS: -1})
    assert (await expose(bench, device, focus=None)).header.width == 240


async def test_an_exposure_that_the_camera_rounds_is_told_as_it_is(bench: Bench) -> None:
    frame = await expose(bench, UvcCamera(bench, stuck={Control.EXPOSURE: 102}))
    assert frame.header.requested == BRIGHT
    assert frame.header.actual == Exposure(time_s=0.0102)


@pytest.mark.parametrize("timeless", [False, True])
async def test_pictures_that_piled_up_are_not_the_still(bench: Bench, timeless: bool) -> None:
    device = UvcCamera(bench, timeless=timeless)
    async with make(bench, device) as camera:
        await camera.expose(BRIGHT, SHOT)
        device.pile_up()
        bench.shining = Shining()
        assert (await camera.expose(BRIGHT, SHOT)).pixels.mean() < 1


async def test_pictures_of_the_exposure_before_are_not_the_still(bench: Bench) -> None:
    async with make(bench, UvcCamera(bench, lag=2), settle_frames=3) as camera:
        bright = await camera.expose(BRIGHT, SHOT)
        dim = await camera.expose(DIM, SHOT)
    assert dim.pixels.mean() == pytest.approx(bright.pixels.mean() / 5, rel=0.1)


async def test_a_camera_without_pictures_is_unavailable(bench: Bench) -> None:
    device = UvcCamera(bench, silent=True)
    with pytest.raises(DeviceUnavailable, match="delivers no picture"):
        await expose(bench, device)
    assert device.released


def test_a_device_file_that_is_not_there_is_named() -> None:
    with pytest.raises(DeviceUnavailable, match="/dev/video99"):
        open_device(Path("/dev/video99"))


def test_a_device_file_that_is_no_camera_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnavailable, match="cannot be opened"):
        open_device(Path("/dev/null"))


class HungCamera(UvcCamera):
    """A camera whose driver does not come back, from opening or from a picture, until the test lets it."""

    def __init__(self, bench: Bench, *, opening: bool = False) -> None:
        super().__init__(bench)
        self.hung, self.go_on = threading.Event(), threading.Event()
        self.hangs = opening

    def read(self) -> Picture | None:
        if self.hangs:
            self.hung.set()
            self.go_on.wait(60)
        return super().read()


@pytest.mark.parametrize("opening", [False, True])
async def test_closing_does_not_wait_for_a_driver_that_hangs(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, opening: bool
) -> None:
    monkeypatch.setattr("station.devices.driver_thread.CLOSE_LIMIT_S", 0.2)
    device = HungCamera(bench, opening=opening)
    camera = make(bench, device)
    if opening:
        busy: asyncio.Task[object] = asyncio.create_task(camera.__aenter__())
    else:
        await camera.__aenter__()
        device.hangs = True
        busy = asyncio.create_task(camera.expose(BRIGHT, SHOT))
    await asyncio.to_thread(device.hung.wait, 30)
    async with asyncio.timeout(20):
        busy.cancel()
        await asyncio.wait({busy})
        await camera.close()
    with pytest.raises(DeviceUnavailable, match="unplug the instrument"):
        await make(bench, UvcCamera(bench)).__aenter__()
    device.hangs = False
    device.go_on.set()
    await asyncio.to_thread(camera._thread._thread.join, 30)
    assert device.released
    async with make(bench, UvcCamera(bench)) as another:
        await another.expose(BRIGHT, SHOT)
