"""Layers as quantities: the scales of the models, the same after a way through a file."""

import numpy as np
import pytest

from server.inference import SCALES, SKIN_FROM
from server.pipeline.examination import as_layers
from station.protocol import Layer

pytestmark = pytest.mark.unit


def test_values_follow_the_models_scales() -> None:
    codes = np.arange(256, dtype=np.uint8).reshape(16, 16)
    layers = as_layers(dict.fromkeys(Layer, codes))
    assert set(layers) == set(Layer)
    for layer in (Layer.MELANIN, Layer.HAEMOGLOBIN, Layer.REDNESS, Layer.REFLECTION):
        scale, found = SCALES[layer.value], layers[layer]
        assert found.unit == scale.unit
        values = found.offset + found.scale * found.pixels.astype(float)
        assert values == pytest.approx((codes.astype(float) - scale.zero) / scale.per_unit)


def test_skin_is_yes_or_no_and_stays_so() -> None:
    codes = np.array([[0, SKIN_FROM - 1, SKIN_FROM, 255]], np.uint8)
    once = as_layers({Layer.SKIN: codes})[Layer.SKIN]
    assert once.pixels.tolist() == [[0, 0, 255, 255]]
    assert as_layers({Layer.SKIN: once.pixels})[Layer.SKIN].pixels.tolist() == once.pixels.tolist()
    assert once.offset + once.scale * 255 == 1.0


def test_maps_of_models_are_shares() -> None:
    found = as_layers({Layer.PORES: np.array([[0, 255]], np.uint8)})[Layer.PORES]
    assert (found.offset, found.scale * 255, found.unit) == (0.0, 1.0, "1")
