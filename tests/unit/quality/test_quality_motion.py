"""Movement and registration."""

import cv2
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from station.protocol import Box, Exposure, Frame, FrameHeader
from station.quality import frame_shift, gradient_anisotropy, motion, register, registration, take_sample
from tests.fixtures.real_face import real_face
from tests.fixtures.skin_pictures import FACE, expose, skin_picture

pytestmark = pytest.mark.unit

Srgb = NDArray[np.uint8]
REAL_FACE = Box(168, 62, 108, 108)


def frame_of(picture: Srgb, at: float = 0.0, time_s: float | None = None) -> Frame:
    height, width = picture.shape[:2]
    actual = None if time_s is None else Exposure(time_s=time_s)
    header = FrameHeader(frame_id=0, width=width, height=height, captured_at=at, actual=actual)
    return Frame(header, np.ascontiguousarray(picture))


def moved(picture: Srgb, right: float, down: float, turn: float = 0.0, scale: float = 1.0) -> Srgb:
    matrix = cv2.getRotationMatrix2D((220, 120), -turn, scale)
    matrix[:, 2] += np.array((right, down))
    return np.asarray(
        cv2.warpAffine(picture, matrix, picture.shape[1::-1], borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


@pytest.mark.parametrize("shift", [(0.0, 0.0), (3.0, 0.0), (-2.5, 4.25)])
def test_a_shift_is_told_to_a_fraction_of_a_pixel(shift: tuple[float, float]) -> None:
    face = real_face()
    found = frame_shift(frame_of(face), frame_of(moved(face, *shift)), Box(120, 20, 210, 210))
    assert found == pytest.approx(shift, abs=0.35)


def test_flicker_is_not_movement() -> None:
    face = real_face()
    darker = (face * 0.8).astype(np.uint8)
    assert frame_shift(frame_of(face), frame_of(darker)) == pytest.approx((0, 0), abs=0.2)


def test_motion_is_the_way_within_an_exposure() -> None:
    face = real_face()
    first, second = frame_of(face, 10.0), frame_of(moved(face, 6, 0), 10.1, time_s=0.02)
    assert motion(first, second).value == pytest.approx(1.2, abs=0.1)
    for untold in (frame_of(face, 10.1), frame_of(face, 12.0, 0.02), frame_of(face[:256], 10.1, 0.02)):
        reading = motion(first, untold)
        assert reading.value is None
        assert not reading.given


def test_blur_in_one_direction_shows_in_the_edges() -> None:
    picture = skin_picture(detail=0.2)
    still = gradient_anisotropy(take_sample(expose(picture, tab=False), FACE)).value
    smeared = np.asarray(cv2.blur(picture, (9, 1)), np.float32)
    swept = gradient_anisotropy(take_sample(expose(smeared, tab=False), FACE)).value
    assert still is not None
    assert swept is not None
    assert still < 0.1
    assert swept > 0.5


def test_turn_scale_and_shift_between_visits_are_found() -> None:
    face = real_face()
    later = (moved(face, 5, -3, turn=4, scale=1.1) * 0.8).astype(np.uint8)
    found = register(frame_of(face), frame_of(later))
    assert found is not None
    assert found.scale == pytest.approx(1.1, abs=0.01)
    assert found.turn == pytest.approx(4, abs=0.3)
    assert found.residual_px < 1.5


def test_another_picture_does_not_register() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (512, 512, 3), np.uint8)
    assert register(frame_of(real_face()), frame_of(noise)) is None
    assert registration(frame_of(real_face()), frame_of(noise)).value is None


def test_a_header_of_another_size_is_no_pair() -> None:
    header = msgspec.structs.replace(frame_of(real_face()).header, frame_id=3)
    assert frame_shift(Frame(header, real_face()), frame_of(real_face()[:100])) is None
