"""The legend of the live picture says what full colour stands for."""

import re
from pathlib import Path

import numpy as np
import pytest

from server.inference import SCALES

pytestmark = pytest.mark.unit

LAYERS = Path(__file__).parents[3] / "web" / "src" / "overlay" / "layers.ts"
FULL = re.compile(r'name: "(\w+)".*full: \{ value: ([\d.]+), unit: "([^"]+)" \}')


def test_full_colour_is_the_quantity_of_the_highest_value() -> None:
    told = {name: (float(value), unit) for name, value, unit in FULL.findall(LAYERS.read_text())}
    assert told.keys() == {"melanin", "redness", "reflection"}
    for name, (value, unit) in told.items():
        scale = SCALES[name]
        most = float(scale.quantity(np.array([255], np.uint8))[0]) * (100 if unit == "%" else 1)
        assert value == pytest.approx(most, rel=0.01)
        assert unit in (scale.unit, "%")
