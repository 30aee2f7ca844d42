"""What every camera holds, whatever is behind it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from station.devices import Bench, Camera, LatestFrame, LightRig, Shot
from station.devices.genicam import GenicamCamera, GenicamCameraOptions
from station.devices.gphoto2 import Gphoto2Camera, Gphoto2CameraOptions
from station.devices.registry import CAMERAS, make_devices
from station.devices.sim import SimLightRig, SimLightsOptions
from station.devices.v4l2 import V4l2Camera, V4l2CameraOptions
from station.errors import DeviceError, DeviceUnavailable, ExposureRefused
from station.protocol import Exposure, Frame, Light, Preparation, Transfer, View
from tests.contract.devices.uvc_camera import UvcCamera
from tests.contract.devices.virtual_dslr import MODEL, Lens, LensLights
from tests.fixtures.booth import files_sections, picture_folder, sim_sections

pytestmark = pytest.mark.contract

NOMINAL = Exposure(time_s=0.01, gain_db=0.0)
SHOT = Shot(light=Light.WHITE, view=View.FRONT, preparation=Preparation.CLEANSED, step=2)
Booth = tuple[Camera, LightRig]


SIZE = {"width": 240, "height": 160, "preview_width": 160, "preview_height": 120}


def make_files(folder: Path, cache: Path) -> Booth:
    return make_devices(*files_sections(picture_folder(folder)), Bench(folder))


def make_sim(folder: Path, cache: Path) -> Booth:
    return make_devices(*sim_sections(), Bench(cache))


def make_v4l2(folder: Path, cache: Path) -> Booth:
    bench = Bench(folder)
    options = V4l2CameraOptions.model_validate({"focus": 100, **SIZE})
    camera = V4l2Camera(options, bench, lambda _: UvcCamera(bench))
    return camera, SimLightRig(SimLightsOptions(), bench)


def make_genicam(folder: Path, cache: Path) -> Booth:
    bench = Bench(folder)
    section = {"camera": "Fake_1", "simulated": True, "pixel_format": "RGB8", **SIZE}
    camera = GenicamCamera(GenicamCameraOptions.model_validate(section), bench)
    return camera, SimLightRig(SimLightsOptions(), bench)


def make_gphoto2(folder: Path, cache: Path) -> Booth:
    bench = Bench(folder)
    Lens(bench).look()
    section = {"model": MODEL, "preview_width": 160, "preview_height": 120, "preview_fps": 10}
    return Gphoto2Camera(Gphoto2CameraOptions.model_validate(section), bench), LensLights(bench)


BOOTHS: Mapping[str, Callable[[Path, Path], Booth]] = {
    "files": make_files,
    "genicam": make_genicam,
    "gphoto2": make_gphoto2,
    "sim": make_sim,
    "v4l2": make_v4l2,
}
"""How to make a booth with each type of camera: given an empty folder, and one that outlives the test."""
BLIND = {"genicam"}
"""Types whose counterpart makes up its picture and sees no light: Aravis' own fake camera."""


def make_booth(kind: str, folder: Path, cache: Path) -> Booth:
    return BOOTHS[kind](folder, cache)


def test_every_driver_has_a_booth() -> None:
    assert BOOTHS.keys() == CAMERAS.keys(), "say in BOOTHS how to make a booth with every registered type"


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest_asyncio.fixture(params=sorted(CAMERAS))
async def booth(request: pytest.FixtureRequest, tmp_path: Path, cache: Path) -> AsyncIterator[Booth]:
    camera, lights = make_booth(request.param, tmp_path, cache)
    async with camera, lights:
        await lights.set(Light.WHITE, 0.5)
        yield camera, lights


async def test_a_still_says_how_it_was_made(booth: Booth) -> None:
    camera, _ = booth
    frame = await camera.expose(NOMINAL, SHOT)
    header = frame.header
    assert (header.light, header.view, header.preparation, header.step) == (
        SHOT.light,
        SHOT.view,
        SHOT.preparation,
        SHOT.step,
    )
    assert header.requested == NOMINAL
    assert header.actual is not None, "captured.actual: give the exposure that the camera really used"
    assert header.actual.time_s == pytest.approx(NOMINAL.time_s, rel=0.05), (
        "captured.actual: not the time asked for; raise DeviceError where the camera does not obey"
    )
    assert header.camera == camera.info, "info: it changed with the exposure"
    assert header.captured_at > 1.7e9, "captured_at: seconds since 1970, as time.time() has them"
    assert header.white_level <= (1 << header.bit_depth) - 1, "white_level: more than bit_depth holds"
    assert frame.pixels.flags.c_contiguous, "pixels: not C-contiguous; np.ascontiguousarray makes them so"
    assert float(frame.pixels.mean()) > header.black_level + 0.02 * header.white_level, (
        "pixels: as good as black under white light; look at black_level, white_level and when the still began"
    )


async def test_frame_ids_count_up_over_stills_and_preview(booth: Booth) -> None:
    camera, _ = booth
    first = await camera.expose(NOMINAL, SHOT)
    newest = await first_frames(camera, 1)
    last = await camera.expose(NOMINAL, SHOT)
    assert first.header.frame_id < newest[0].header.frame_id < last.header.frame_id


@pytest.mark.parametrize("kind", sorted(CAMERAS))
async def test_a_camera_opened_anew_goes_on_counting(kind: str, tmp_path: Path, cache: Path) -> None:
    seen = []
    for _ in range(2):
        camera, lights = make_booth(kind, tmp_path, cache)
        async with camera, lights:
            await lights.set(Light.WHITE, 0.5)
            seen.append((await camera.expose(NOMINAL, SHOT)).header.frame_id)
    assert seen[0] < seen[1]


async def test_a_camera_that_gives_no_picture_has_failed(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera, _ = booth

    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    async def show_nothing(_: Exposure, __: Shot) -> AsyncIterator[None]:
        await asyncio.Event().wait()
        yield

    monkeypatch.setattr("station.devices.base.camera.ANSWER_LIMIT_S", 0.01)
    monkeypatch.setattr(camera, "_do_expose", hang)
    monkeypatch.setattr(camera, "_do_preview", show_nothing)
    with pytest.raises(DeviceUnavailable, match="no picture"):
        await camera.expose(NOMINAL, SHOT)
    with pytest.raises(DeviceUnavailable, match="no picture"):
        await camera.preview(LatestFrame(), NOMINAL, SHOT)


async def first_frames(camera: Camera, count: int) -> list[Frame]:
    box, seen = LatestFrame(), list[Frame]()

    async def watch() -> None:
        while len(seen) < count:
            seen.append(await box.get(seen[-1].header.frame_id if seen else -1))

    preview, watching = asyncio.create_task(camera.preview(box, NOMINAL, SHOT)), asyncio.create_task(watch())
    try:
        ended, _ = await asyncio.wait({preview, watching}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
    finally:
        preview.cancel()
        watching.cancel()
        await asyncio.wait({preview, watching})
    if preview in ended:
        await preview
    assert watching in ended, f"the preview gave {len(seen)} of {count} pictures in 20 s"
    return seen


async def test_the_preview_is_8_bit_srgb_and_moves(booth: Booth) -> None:
    frames = await first_frames(booth[0], 4)
    assert {frame.header.transfer for frame in frames} == {Transfer.SRGB}, "the preview: sRGB, not linear"
    assert {frame.pixels.dtype for frame in frames} == {np.dtype(np.uint8)}, "the preview: 8 bits"
    assert len({frame.pixels.shape for frame in frames}) == 1, "the preview: pictures of one size"
    assert not np.array_equal(frames[0].pixels, frames[-1].pixels), (
        "the preview does not move: its first picture and its fourth are the same to the last pixel; "
        "ask the instrument, or what stands in for it, for a new picture each time"
    )


async def test_a_cancelled_preview_leaves_the_camera_ready(booth: Booth) -> None:
    camera, _ = booth
    await first_frames(camera, 1)
    await camera.expose(NOMINAL, SHOT)
    await first_frames(camera, 1)


async def test_a_still_during_the_preview_is_refused(booth: Booth) -> None:
    camera, _ = booth
    preview = asyncio.create_task(camera.preview(LatestFrame(), NOMINAL, SHOT))
    await asyncio.sleep(0)
    with pytest.raises(DeviceError, match="preview"):
        await camera.expose(NOMINAL, SHOT)
    preview.cancel()
    await asyncio.wait({preview})


async def test_a_cancelled_exposure_leaves_the_camera_ready(booth: Booth) -> None:
    camera, _ = booth
    exposure = asyncio.create_task(camera.expose(NOMINAL, SHOT))
    await asyncio.sleep(0)
    exposure.cancel()
    await asyncio.wait({exposure})
    assert (await camera.expose(NOMINAL, SHOT)).header.width > 0


@pytest.mark.parametrize("side", ["short", "long", "gain"])
async def test_an_exposure_out_of_range_is_refused_with_the_range(booth: Booth, side: str) -> None:
    camera, _ = booth
    limits = camera.exposure_range
    wrong = {
        "short": Exposure(time_s=limits.shortest_s / 2),
        "long": Exposure(time_s=limits.longest_s * 2) if limits.longest_s <= 30 else None,
        "gain": Exposure(time_s=limits.longest_s, gain_db=limits.max_gain_db + 1)
        if limits.max_gain_db < 60
        else None,
    }[side]
    if wrong is not None:
        with pytest.raises(ExposureRefused, match="this camera takes"):
            await camera.expose(wrong, SHOT)


@pytest.mark.parametrize("booth", sorted(CAMERAS.keys() - BLIND), indirect=True)
async def test_a_wrong_light_shows_in_the_picture(booth: Booth) -> None:
    camera, lights = booth
    asked = (await camera.expose(NOMINAL, SHOT)).pixels.astype(float)
    await lights.set(Light.CROSS_POLARISED, 0.5)
    wrong = (await camera.expose(NOMINAL, SHOT)).pixels.astype(float)
    assert abs(asked.mean() - wrong.mean()) > 0.05 * asked.mean(), (
        "the picture is the same in another light: begin a still after it was asked for; "
        "a type whose stand-in sees no light is named in BLIND"
    )


@pytest.mark.parametrize("kind", sorted(CAMERAS))
async def test_a_camera_is_used_once(kind: str, tmp_path: Path, cache: Path) -> None:
    camera, _ = make_booth(kind, tmp_path, cache)
    with pytest.raises(DeviceUnavailable):
        await camera.expose(NOMINAL, SHOT)
    async with camera:
        pass
    await camera.close()
    with pytest.raises(DeviceUnavailable):
        async with camera:
            pass
    with pytest.raises(DeviceUnavailable):
        await camera.expose(NOMINAL, SHOT)
