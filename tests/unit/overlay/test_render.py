"""The picture that shows the layers."""

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from server.overlay import COLOURS, build_overlay, layers_of, render
from station.protocol import Box, Face, Layer, MalformedMessage

pytestmark = pytest.mark.unit

GREY = np.full((120, 160, 3), 128, np.uint8)


def half(width: int = 160, height: int = 120) -> NDArray[np.uint8]:
    layer = np.zeros((height, width), np.uint8)
    layer[:, width // 2 :] = 255
    return layer


def test_veil_has_the_layers_colour_where_it_is_strong() -> None:
    picture = render(GREY, {Layer.REDNESS: half()}, opacity=1.0)
    assert np.array_equal(picture[:, :80], GREY[:, :80])
    assert np.abs(picture[:, 81:].astype(int) - COLOURS[Layer.REDNESS]).max() <= 1
    assert GREY.min() == GREY.max() == 128


def test_opacity_mixes() -> None:
    picture = render(GREY, {Layer.REDNESS: half()}, opacity=0.5)
    middle = (np.array(COLOURS[Layer.REDNESS]) + 128) / 2
    assert np.abs(picture[60, 120] - middle).max() <= 2


def test_layers_can_be_left_out() -> None:
    assert np.array_equal(render(GREY, {layer: half() for layer in Layer}, shown=()), GREY)
    skin = render(GREY, {layer: half() for layer in Layer}, shown=[Layer.SKIN])
    assert np.array_equal(skin[60, 120], GREY[60, 120])
    assert not np.array_equal(skin[60, 80], GREY[60, 80])


def test_overlay_draws_as_its_layers_do() -> None:
    layers = {Layer.SKIN: half(), Layer.MELANIN: half()}
    face = Face(box=Box(0, 0, 160, 120))
    overlay = build_overlay(1, 160, 120, face, layers, model="live/1", inference_ms=1.0)
    drawn, direct = render(GREY, overlay), render(GREY, layers)
    assert np.abs(drawn[:, 100:150].astype(int) - direct[:, 100:150]).mean() < 8


def test_broken_map_is_refused() -> None:
    overlay = build_overlay(
        1, 160, 120, Face(box=Box(0, 0, 160, 120)), {Layer.MELANIN: half()}, model="m", inference_ms=0
    )
    (part,) = overlay.maps
    for values in (b"no zlib", part.values[:-8], b""):
        broken = msgspec.structs.replace(overlay, maps=(msgspec.structs.replace(part, values=values),))
        with pytest.raises(MalformedMessage):
            layers_of(broken)
