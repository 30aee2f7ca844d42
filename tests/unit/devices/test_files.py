"""A folder of photographs as a camera: names, orientation, and files that are no pictures."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from station.devices import Bench, LatestFrame, Shot
from station.devices.files import common_lights, read_catalogue, read_picture
from station.devices.registry import make_devices
from station.errors import BadPicture, ConfigError, DeviceUnavailable, LightUnavailable
from station.protocol import Exposure, Light, View
from tests.fixtures.booth import a_picture, files_sections, picture_folder

pytestmark = pytest.mark.unit


def write(path: Path, brightness: int = 100) -> Path:
    cv2.imwrite(str(path), a_picture(brightness))
    return path


def test_names_carry_view_and_light(tmp_path: Path) -> None:
    for name in ("ann_front_white.png", "ann_front_cross_polarised.jpg", "ann_left_45_white.tif", "bob.png"):
        write(tmp_path / name)
    ann, bob = read_catalogue(tmp_path)
    assert (ann.name, ann.views, ann.lights) == ("ann", 2, frozenset({Light.WHITE, Light.CROSS_POLARISED}))
    assert ann.picture(View.FRONT, Light.CROSS_POLARISED).suffix == ".jpg"
    assert ann.picture(View.LEFT_45, Light.WHITE).suffix == ".tif"
    assert bob.lights == {Light.UNCONTROLLED}
    assert bob.picture(View.RIGHT_45, Light.UNCONTROLLED).name == "bob.png"
    assert common_lights([ann, bob]) == frozenset()
    with pytest.raises(LightUnavailable, match="cross_polarised, white"):
        ann.picture(View.FRONT, Light.UV)


def test_an_empty_or_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnavailable, match=r"\.jpg"):
        read_catalogue(tmp_path)
    with pytest.raises(DeviceUnavailable, match="no folder"):
        read_catalogue(tmp_path / "nowhere")


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:, :20] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of the scene is at the right edge of the stored rows
    Image.fromarray(picture).save(tmp_path / "turned.jpg", exif=exif)
    upright = read_picture(tmp_path / "turned.jpg")
    assert upright.shape == (60, 40, 3)
    assert upright[:15].mean() > 200
    assert upright[30:].mean() < 50


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "I;16", "1"])
def test_other_kinds_of_pictures_become_rgb(tmp_path: Path, mode: str) -> None:
    suffix = "tif" if mode == "CMYK" else "png"
    grey = Image.fromarray(np.full((8, 9), 128, np.uint8))
    image = (
        Image.fromarray(np.full((8, 9), 128 << 8, np.uint16))
        if mode == "I;16"
        else grey.convert("RGB").convert(mode)
    )
    image.save(tmp_path / f"a.{suffix}")
    pixels = read_picture(tmp_path / f"a.{suffix}")
    assert pixels.shape == (8, 9, 3)
    assert pixels.dtype == np.uint8
    if mode != "1":
        assert abs(float(pixels.mean()) - 128) < 4


def test_files_that_are_no_pictures_are_named(tmp_path: Path) -> None:
    whole = io.BytesIO()
    Image.fromarray(a_picture(90, 400, 300)).save(whole, "JPEG")
    (tmp_path / "cut.jpg").write_bytes(whole.getvalue()[:2000])
    (tmp_path / "text.png").write_text("not a picture")
    (tmp_path / "empty.tif").write_bytes(b"")
    for name in ("cut.jpg", "text.png", "empty.tif"):
        with pytest.raises(BadPicture, match=name):
            read_picture(tmp_path / name)


def test_a_decompression_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    Image.new("1", (20_000, 19_000)).save(tmp_path / "bomb.png")
    with pytest.raises(BadPicture, match=r"20000x19000|bomb"):
        read_picture(tmp_path / "bomb.png")


async def test_the_next_subject_sits_down_after_a_still(tmp_path: Path) -> None:
    camera, lights = make_devices(*files_sections(picture_folder(tmp_path, subjects=2)), Bench(tmp_path))
    shot, exposure = Shot(light=Light.WHITE), Exposure(time_s=0.01)
    means = []
    async with camera, lights:
        await lights.set(Light.WHITE, 1.0)
        for _ in range(3):
            preview = camera._do_preview(exposure, shot)
            await anext(preview)
            await preview.aclose()
            means.append(round(float((await camera.expose(exposure, shot)).pixels.mean())))
    assert means == [200, 190, 200]
    assert LatestFrame().latest is None


def test_unknown_types_name_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="files, genicam, gphoto2, sim"):
        make_devices({"type": "dslr"}, {"type": "sim"}, Bench(tmp_path))
    with pytest.raises(ConfigError, match="files, modbus, serial, sim"):
        make_devices({"type": "files", "folder": tmp_path}, {}, Bench(tmp_path))
