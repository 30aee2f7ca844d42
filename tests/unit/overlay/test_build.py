"""The overlay fits its budget and lies where the picture shows it."""

import zlib

import cv2
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from server.overlay import build_overlay
from station.protocol import (
    MAX_OVERLAY_BYTES,
    Box,
    CoarseMap,
    Face,
    Layer,
    Overlay,
    PreviewOverlay,
    decode_overlay,
    encode_overlay,
)
from station.quality import ZONES

pytestmark = pytest.mark.unit

WIDTH, HEIGHT = 1280, 720
FACE = Face(box=Box(440, 120, 400, 480))


def ellipse() -> NDArray[np.uint8]:
    mask = np.zeros((180, 320), np.uint8)
    cv2.ellipse(mask, (160, 90), (50, 60), 0, 0, 360, 255, -1)
    return mask


def build(layers: dict[Layer, NDArray[np.uint8]], face: Face | None = FACE) -> Overlay:
    return build_overlay(7, WIDTH, HEIGHT, face, layers, model="live/1", inference_ms=12.345)


def cells(part: CoarseMap) -> NDArray[np.uint8]:
    return np.frombuffer(zlib.decompress(part.values), np.uint8).reshape(part.rows, part.columns)


def test_outline_of_the_skin_is_in_pixels_of_the_frame() -> None:
    overlay = build({Layer.SKIN: ellipse()})
    (contour,) = (each for each in overlay.contours if each.layer is Layer.SKIN)
    points = np.array(contour.points).reshape(-1, 2)
    assert np.abs(points.min(0) - [440, 120]).max() <= 6
    assert np.abs(points.max(0) - [840, 600]).max() <= 6
    assert (overlay.frame_id, overlay.inference_ms, overlay.model) == (7, 12.35, "live/1")


def test_map_covers_the_face_and_nothing_beside_the_skin() -> None:
    redness = np.zeros((180, 320), np.uint8)
    redness[:, 160:] = 200
    overlay = build({Layer.SKIN: ellipse(), Layer.REDNESS: redness})
    (part,) = overlay.maps
    assert part.layer is Layer.REDNESS
    assert part.box == FACE.box
    values = cells(part)
    middle = values[part.rows // 2]
    assert middle[part.columns // 4] == 0
    assert abs(int(middle[3 * part.columns // 4]) - 200) <= 8
    assert values[0, -1] == 0  # a corner of the box is no skin


def test_without_a_face_there_are_outlines_but_no_maps() -> None:
    overlay = build({Layer.SKIN: ellipse(), Layer.REDNESS: ellipse()}, face=None)
    assert overlay.contours
    assert overlay.maps == ()
    assert overlay.faces == ()


def test_the_regions_of_the_face_are_outlined() -> None:
    outlines = [each.points for each in build({}).contours if each.layer is Layer.REGIONS]
    assert len(outlines) == len(ZONES)
    across, down = np.array(outlines).reshape(len(ZONES), -1, 2).mean(1).T
    box = FACE.box
    assert across.mean() == pytest.approx(box.x + box.width / 2, abs=1)
    assert (box.y < down).all()
    assert (down < box.y + 1.05 * box.height).all()
    assert build({}, face=None).contours == ()


def test_face_beyond_the_picture_is_clipped() -> None:
    face = Face(box=Box(-100, 600, 500, 400))
    (part,) = build({Layer.MELANIN: ellipse()}, face).maps
    assert part.box == Box(0, 600, 400, 120)
    assert build({Layer.MELANIN: ellipse()}, Face(box=Box(2000, 0, 10, 10))).maps == ()


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_made_coarser_until_it_fits(seed: int) -> None:
    random = np.random.default_rng(seed)
    noise = {layer: random.integers(0, 256, (360, 640), np.uint8) for layer in Layer}
    noise[Layer.SKIN] = cv2.blur(noise[Layer.SKIN], (9, 9))
    noise[Layer.SKIN] = np.where(noise[Layer.SKIN] > 127, 255, 0).astype(np.uint8)
    message = PreviewOverlay(
        rtp_timestamp=(1 << 32) - 1, overlay=build(noise, Face(box=Box(0, 0, 1280, 720)))
    )
    data = encode_overlay(message)
    assert len(data) <= MAX_OVERLAY_BYTES
    assert message.overlay.maps
    assert decode_overlay(data) == message


def test_one_pixel_and_empty_layers() -> None:
    assert build({}).maps == ()
    tiny = {layer: np.full((1, 1), 255, np.uint8) for layer in Layer}
    overlay = build(tiny, Face(box=Box(3, 3, 1, 1)))
    assert [(part.rows, part.columns) for part in overlay.maps] == [(1, 1)] * 4
    assert len(msgspec.json.encode(overlay)) < 1500
