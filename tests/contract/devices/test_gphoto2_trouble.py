"""libgphoto2's virtual camera: files kept as they were made, settings read back, and what goes wrong."""

import asyncio
import importlib
import io
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from station.devices import Bench, LatestFrame, Shot
from station.devices.gphoto2 import (
    Gphoto2Camera,
    Gphoto2CameraOptions,
    Tether,
    exposure_times,
    find_cameras,
)
from station.devices.gphoto2.tether import CameraFile
from station.errors import BadPicture, DeviceError, DeviceUnavailable, ExposureRefused
from station.protocol import Exposure, Light
from tests.contract.devices.virtual_dslr import MODEL, write_card

pytestmark = pytest.mark.contract

ROOT = Path(__file__).parents[3]
SHOT = Shot(light=Light.WHITE)
NOMINAL = Exposure(time_s=0.01)


def a_jpeg(grey: int) -> bytes:
    """A JPEG with EXIF, which decoding and encoding again would lose."""
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x010F] = "Nikon"
    Image.new("RGB", (60, 40), (grey, grey, grey)).save(file, "JPEG", exif=exif)
    return file.getvalue()


def make(cache: Path, **options: object) -> Gphoto2Camera:
    return Gphoto2Camera(Gphoto2CameraOptions.model_validate({"model": MODEL, **options}), Bench(cache))


async def test_the_cameras_file_is_kept_untouched(tmp_path: Path) -> None:
    made = write_card(a_jpeg(90))
    async with make(tmp_path) as camera:
        frame = await camera.expose(NOMINAL, SHOT)
    (kept,) = (tmp_path / "originals").iterdir()
    assert kept.read_bytes() == made
    assert frame.pixels.shape == (40, 60, 3)
    assert abs(float(frame.pixels.mean()) - 90) < 2


async def test_raw_is_kept_beside_the_jpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = CameraFile("DSC_1.NEF", b"raw, as it came")
    async with make(tmp_path, folder=tmp_path / "mine") as camera:
        monkeypatch.setattr(Tether, "capture", lambda _: [raw, CameraFile("DSC_1.JPG", a_jpeg(50))])
        assert (await camera.expose(NOMINAL, SHOT)).header.width == 60
        monkeypatch.setattr(Tether, "capture", lambda _: [raw])
        with pytest.raises(DeviceError, match=r"made \.NEF and no JPEG: set it to RAW \+ JPEG"):
            await camera.expose(NOMINAL, SHOT)
    kept = [path.read_bytes() for path in sorted((tmp_path / "mine").iterdir()) if path.suffix == ".NEF"]
    assert kept == [raw.content] * 2


class Slow:
    """A camera that announces the raw file of the picture before only now."""

    def __init__(self, camera: Any, late: list[Any]) -> None:
        self._camera, self._late = camera, late

    def wait_for_event(self, timeout_ms: int) -> Any:
        return self._late.pop() if self._late else self._camera.wait_for_event(timeout_ms)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._camera, name)


def test_a_file_of_the_picture_before_is_none_of_this_one() -> None:
    write_card(a_jpeg(70))
    tether = Tether.open(MODEL, "")
    try:
        (own,) = tether.capture()
        gphoto2 = importlib.import_module("gphoto2")  # only now: it reads where the virtual camera is
        late = [(gphoto2.GP_EVENT_FILE_ADDED, SimpleNamespace(folder="/", name="LATE.NEF"))]
        slow = Tether(Slow(tether._camera, late), MODEL)
        assert [file.content for file in slow.capture()] == [own.content]
        assert late == []
    finally:
        tether.close()


async def test_the_files_are_their_owner_s_alone(tmp_path: Path) -> None:
    write_card(a_jpeg(90))
    async with make(tmp_path) as camera:
        await camera.expose(NOMINAL, SHOT)
    for path in (tmp_path / "originals", *(tmp_path / "originals").iterdir()):
        assert path.stat().st_mode & 0o077 == 0


async def test_a_full_disk_is_said_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    write_card(a_jpeg(90))
    async with make(tmp_path) as camera:
        monkeypatch.setattr(os, "fsync", fill)
        with pytest.raises(DeviceError, match=r"No space left.*free space"):
            await camera.expose(NOMINAL, SHOT)
    assert list((tmp_path / "originals").iterdir()) == []


async def test_the_preview_without_live_view_is_the_jpeg_beside_the_raw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = [CameraFile("DSC_1.NEF", b"raw, as it came"), CameraFile("DSC_1.JPG", a_jpeg(50))]
    monkeypatch.setattr(Tether, "view", lambda _: None)
    monkeypatch.setattr(Tether, "capture", lambda _: pair)
    async with make(tmp_path) as camera:
        frames = LatestFrame()
        preview = asyncio.create_task(camera.preview(frames, NOMINAL, SHOT))
        waiting = asyncio.create_task(frames.get())
        await asyncio.wait({preview, waiting}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        preview.cancel()
        waiting.cancel()
        await asyncio.wait({preview, waiting})
    assert waiting.result().pixels.any()


async def test_a_file_that_is_no_picture_is_kept_and_named(tmp_path: Path) -> None:
    made = write_card(b"\xff\xd8 cut")
    async with make(tmp_path) as camera:
        with pytest.raises(BadPicture, match="JPG"):
            await camera.expose(NOMINAL, SHOT)
    assert [path.read_bytes() for path in (tmp_path / "originals").iterdir()] == [made]


async def test_the_exposure_is_set_and_read_back(tmp_path: Path) -> None:
    write_card(a_jpeg(90))
    async with make(tmp_path) as camera:
        assert (camera.exposure_range.shortest_s, camera.exposure_range.longest_s) == (0.0001, 1.0)
        frame = await camera.expose(Exposure(time_s=0.055), SHOT)
        assert camera._tether is not None
        assert camera._tether.read("shutterspeed") == "0.0500s"
        with pytest.raises(ExposureRefused, match=r"0\.0100s"):
            await camera.expose(Exposure(time_s=0.03), SHOT)
    assert frame.header.actual == Exposure(time_s=0.05)


async def test_settings_are_set_and_a_camera_that_refuses_one_is_named(tmp_path: Path) -> None:
    async with make(tmp_path, settings={"exposurecompensation": "1"}) as camera:
        assert camera._tether is not None
        assert camera._tether.read("exposurecompensation") == "1"
    with pytest.raises(DeviceError, match="setting imagesize, asked for 1024x768"):
        async with make(tmp_path, settings={"imagesize": "1024x768"}):
            pass
    with pytest.raises(DeviceError, match="setting no-such"):
        async with make(tmp_path, settings={"no-such": "1"}):
            pass


async def test_a_camera_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnavailable, match=r"Canon EOS R5.*dermabooth devices"):
        async with make(tmp_path, model="Canon EOS R5"):
            pass


def test_cameras_and_models_are_listed() -> None:
    assert MODEL in {camera.model for camera in find_cameras()}
    gphoto2 = importlib.import_module("gphoto2")
    table = gphoto2.CameraAbilitiesList()
    table.load()
    takes = {
        table[index].model: bool(table[index].operations & gphoto2.GP_OPERATION_CAPTURE_IMAGE)
        for index in range(table.count())
    }
    assert len(takes) > 2000
    assert takes["Canon EOS R5"]
    assert not takes["Mass Storage Camera"]


def test_the_real_bus_is_searched_without_an_error() -> None:
    program = "from station.devices.gphoto2 import find_cameras; print(find_cameras())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin"},
    )
    assert done.stdout.startswith("[")


def test_times_are_read_as_cameras_write_them() -> None:
    times = exposure_times(["1/125", "0.0080s", "30", '1.3"', "bulb", "Time", "0", "1/3"])
    assert times == {0.008: "1/125", 30.0: "30", 1.3: '1.3"', 1 / 3: "1/3"}


async def test_closing_does_not_wait_for_a_library_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_card(a_jpeg(90))
    hung, go_on = threading.Event(), threading.Event()

    def hang(_: Tether) -> list[CameraFile]:
        hung.set()
        go_on.wait(60)
        raise DeviceUnavailable("it came back")

    monkeypatch.setattr("station.devices.driver_thread.CLOSE_LIMIT_S", 0.2)
    monkeypatch.setattr(Tether, "capture", hang)
    async with asyncio.timeout(20):
        async with make(tmp_path) as camera:
            exposing = asyncio.create_task(camera.expose(NOMINAL, SHOT))
            await asyncio.to_thread(hung.wait, 30)
        with pytest.raises(DeviceUnavailable, match="does not come back"):
            await exposing
    go_on.set()
    await asyncio.to_thread(camera._thread._thread.join, 30)
