"""Pigment spots and red areas."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from server.analysis import Finding, LayerMap, find_lesions
from station.protocol import Box, Face, FrameHeader, Layer, View

pytestmark = pytest.mark.unit

FACE = Face(box=Box(40, 60, 480, 480))
SPOTS = ((200, 150, 6), (330, 140, 5), (150, 380, 7), (420, 400, 6))
"""x, y, radius on forehead and cheeks."""


def noise(seed: int, level: float = 60.0, spread: float = 2.0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(level, spread, (640, 560))


def layer(name: Layer, values: NDArray[np.float64]) -> LayerMap:
    return LayerMap(name, np.clip(values, 0, 255).astype(np.uint8), 1 / 60, -0.25, "OD")


def find(
    melanin: NDArray[np.float64], redness: NDArray[np.float64] | None = None, **fields: object
) -> dict[str, Finding]:
    layers = {
        Layer.SKIN: LayerMap(Layer.SKIN, np.full((640, 560), 255, np.uint8), 1 / 255, 0, "1"),
        Layer.MELANIN: layer(Layer.MELANIN, melanin),
        Layer.REDNESS: layer(Layer.REDNESS, noise(9, 0, 1) if redness is None else redness),
    }
    header = FrameHeader(frame_id=0, width=560, height=640, view=View.FRONT, **fields)  # type: ignore[arg-type]
    return {finding.kind: finding for finding in find_lesions(layers, FACE, header)}


def with_spots(values: NDArray[np.float64], rise: float) -> NDArray[np.float64]:
    truth = np.zeros(values.shape, np.uint8)
    for x, y, radius in SPOTS:
        cv2.circle(truth, (x, y), radius, 1, -1)
    return values + rise * truth


def value(finding: Finding, name: str) -> float | None:
    return next(measure.value for measure in finding.measures if measure.name == f"{finding.kind}_{name}")


def test_spots_are_counted_and_outlined() -> None:
    spots = find(with_spots(noise(1), 25))["pigment_spot"]
    assert value(spots, "count") == len(SPOTS)
    assert all(spots.mask[y, x] for x, y, _ in SPOTS)
    painted = sum(np.pi * radius**2 for _, _, radius in SPOTS)
    assert spots.mask.sum() == pytest.approx(painted, rel=0.3)
    assert spots.layer is Layer.MELANIN
    assert value(spots, "contrast") == pytest.approx(25 / 60, rel=0.4)


def test_even_skin_has_no_findings() -> None:
    assert find(noise(2)) == {}


def test_shading_is_no_spot() -> None:
    slope = np.linspace(0, 60, 560)[None, :]
    assert find(noise(3) + slope) == {}


def test_features_of_the_face_are_no_spots() -> None:
    marked = noise(4)
    for u, v in ((0.30, 0.42), (0.70, 0.42), (0.5, 0.69), (0.5, 0.85)):
        cv2.circle(marked, (int(40 + u * 480), int(60 + v * 480)), 10, 110.0, -1)
    assert find(marked) == {}


def test_a_map_of_noise_is_not_searched() -> None:
    assert find(with_spots(noise(5, spread=40), 40)) == {}


def test_a_red_area_may_be_large() -> None:
    red = noise(6, 2, 1)
    cv2.ellipse(red, (400, 380), (40, 60), 0, 0, 360, 60.0, -1)
    areas = find(noise(7), red)["redness"]
    assert value(areas, "count") == 1
    assert areas.mask[380, 400]


def test_sizes_in_mm_need_a_scale() -> None:
    without, scaled = (
        find(with_spots(noise(1), 25), px_per_mm=scale)["pigment_spot"] for scale in (None, 3.0)
    )
    assert value(without, "area") is None
    assert value(scaled, "area") == pytest.approx(float(scaled.mask.sum()) / 9, rel=0.02)


def test_a_finding_keeps_its_name_over_analyses() -> None:
    first, second = (find(with_spots(noise(seed), 25))["pigment_spot"].tracking_id for seed in (1, 8))
    assert first == second == "pigment_spot/front/uncontrolled/face"


def test_without_skin_or_maps_nothing_is_found() -> None:
    header = FrameHeader(frame_id=0, width=560, height=640)
    assert find_lesions({}, FACE, header) == ()
    blank = LayerMap(Layer.SKIN, np.zeros((640, 560), np.uint8), 1, 0, "1")
    assert find_lesions({Layer.SKIN: blank}, FACE, header) == ()
