"""The benchmarks' pictures: their numbers survive coding, and damage is seen."""

import av
import cv2
import numpy as np
import pytest

from benchmarks.live import scene, stamp
from server.live.pictures import rgb_of
from station.transport.vp8 import TIME_BASE, PreviewEncoder

pytestmark = pytest.mark.unit


def decoded(
    without: int | None = None, count: int = 24
) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    """The scene's first pictures coded and decoded as the live plane does, one of them lost on the way."""
    encoder = PreviewEncoder(scene.WIDTH, scene.HEIGHT, 30.0, 1_500_000)
    decoder = av.CodecContext.create("libvpx", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    pictures = []
    for number in range(count):
        data = encoder.encode(scene.frame(number), 3000 * number, number == 0)
        if number != without:
            packet = av.Packet(data)
            packet.pts, packet.time_base = 3000 * number, TIME_BASE
            pictures += [rgb_of(picture, 640) for picture in decoder.decode(packet)]
    return pictures


@pytest.mark.parametrize("number", [0, 1, 0x5555, 0xFFFF])
@pytest.mark.parametrize("row", [0, 1])
def test_a_number_survives_scaling_and_grey(number: int, row: int) -> None:
    picture = scene.portrait()
    stamp.paint(picture, number, row)
    small = np.asarray(cv2.resize(picture, (640, 360), interpolation=cv2.INTER_AREA), np.uint8)
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    assert [stamp.number_in(one, row) for one in (picture, small, grey)] == [number] * 3


def test_what_is_coded_whole_is_not_taken_for_damaged() -> None:
    pictures = decoded()
    assert [stamp.number_in(picture) for picture in pictures] == list(range(len(pictures)))
    assert max(scene.damage(picture, number) for number, picture in enumerate(pictures)) < scene.DAMAGED / 2


def test_a_picture_whose_predecessor_is_gone_is_seen() -> None:
    after = decoded(without=12)[12:]
    numbers = [stamp.number_in(picture) for picture in after]
    wrong = [read != number for number, read in enumerate(numbers, 13)]
    assert any(wrong), "the number of a picture that refers to a missing one is not its own"


def test_another_pictures_content_is_damage() -> None:
    assert scene.damage(scene.picture(0), 15) > scene.DAMAGED
