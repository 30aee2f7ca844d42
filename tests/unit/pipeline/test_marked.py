"""Maps of models become marks on the skin they are sought in, at a scale that resolves them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from server.analysis import SkinView, skin_view
from server.inference import FluorescenceMaps, ItemMaps
from server.pipeline.marked import item_layers, item_measures, uv_marks, uv_measures
from station.protocol import Box, Face, Layer

pytestmark = pytest.mark.unit

FACE = Face(box=Box(100, 100, 400, 400))
SKIN = np.full((600, 600), 255, np.uint8)
EYE, CHEEK = (248, 260), (420, 345)  # x, y of the picture


def view() -> SkinView:
    found = skin_view(FACE, SKIN)
    assert found is not None
    return found


def on_grid(zoom: float, *places: tuple[int, int]) -> NDArray[np.uint8]:
    within = view().within
    grid = np.zeros((round(within.height * zoom), round(within.width * zoom)), np.uint8)
    for x, y in places:
        row, column = round((y - within.y) * zoom), round((x - within.x) * zoom)
        grid[row - 6 : row + 6, column - 6 : column + 6] = 255
    return grid


def items(scale: float, *places: tuple[int, int]) -> ItemMaps:
    within, zoom = view().within, 20 / scale
    area = np.stack([on_grid(zoom, *places)] * 4)
    return ItemMaps((within.x, within.y, within.width, within.height), zoom, area, area // 2)


def test_spots_are_not_sought_at_the_eyes_and_wrinkles_are() -> None:
    maps = items(12.0, EYE, CHEEK)
    counts = {
        each.name: each.value
        for each in item_measures(maps, view(), 12.0, "skin_items/1")
        if each.region == "face" and each.name.endswith("_count")
    }
    assert counts == {"spots_count": 1, "trouble_count": 1, "wrinkles_count": 2, "pores_count": 1}
    layers = item_layers(maps, view(), SKIN, 12.0)
    assert layers[Layer.WRINKLES][EYE[1], EYE[0]] > 127 > layers[Layer.SPOTS][EYE[1], EYE[0]]
    assert layers[Layer.SPOTS][CHEEK[1], CHEEK[0]] > 127


def test_sizes_and_depths_are_in_mm() -> None:
    found = {
        each.name: each.value
        for each in item_measures(items(12.0, CHEEK), view(), 12.0, "skin_items/1")
        if each.region == "face"
    }
    assert found["spots_size"] == pytest.approx(12 * 12 / 400)
    assert found["pores_depth"] == pytest.approx(0.2 * 127 / 255)


def test_what_is_too_small_to_be_counted_is_not_shown() -> None:
    maps = items(12.0, CHEEK)
    row, column = (int(place) for place in np.argwhere(maps.area[0])[0])
    maps.area[:] = 0
    maps.area[:, row : row + 4, column : column + 4] = 255
    layers = item_layers(maps, view(), SKIN, 12.0)
    assert {layer: int(values.max()) > 127 for layer, values in layers.items()} == {
        Layer.SPOTS: False,
        Layer.TROUBLE: False,
        Layer.WRINKLES: False,
        Layer.PORES: True,
    }


def test_below_its_scale_a_kind_is_not_measured_nor_shown() -> None:
    found = item_measures(items(6.0, CHEEK), view(), 6.0, "skin_items/1")
    reasons = {each.name: each.reason for each in found if each.value is None}
    assert reasons == {"wrinkles_area": "6.0 px/mm, needs 10", "pores_area": "6.0 px/mm, needs 10"}
    assert set(item_layers(items(6.0, CHEEK), view(), SKIN, 6.0)) == {Layer.SPOTS, Layer.TROUBLE}


def test_fluorescence_counts_what_rises_over_its_own_noise() -> None:
    within, zoom = view().within, 2.0
    noise = np.random.default_rng(4).normal(0, 3, on_grid(zoom).shape).clip(0).astype(np.uint8)
    maps = FluorescenceMaps(
        (within.x, within.y, within.width, within.height),
        zoom,
        np.maximum(noise, on_grid(zoom, CHEEK, EYE)),
        noise,
    )
    marks = uv_marks(maps, view())
    found = {
        each.name: each.value
        for each in uv_measures(marks, view(), "fluorescence/1")
        if each.region == "face"
    }
    assert found["porphyrins_count"] == 1
    assert found["uv_spots_count"] == 0


def test_a_hair_is_no_uv_spot() -> None:
    within, zoom = view().within, 2.0
    spots = on_grid(zoom, CHEEK)
    spots[300:420, 200:204] = 255
    maps = FluorescenceMaps(
        (within.x, within.y, within.width, within.height), zoom, np.zeros_like(spots), spots
    )
    _, marked = uv_marks(maps, view())
    assert marked[300:420, 200:204].max() == 0
    row, column = np.argwhere(on_grid(zoom, CHEEK))[0]
    assert marked[row, column] == 255
