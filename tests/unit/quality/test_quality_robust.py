"""Median and robust deviation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from station.quality.robust import deviation, median

pytestmark = pytest.mark.unit


@given(arrays(np.float32, st.integers(1, 40), elements=st.floats(-1000, 1000, width=32)))
def test_the_median_is_that_of_numpy(values: np.ndarray) -> None:
    assert median(values) == pytest.approx(float(np.median(values)), abs=1e-3)


def test_the_deviation_of_noise_is_its_own_whatever_a_tenth_of_it_is() -> None:
    values = np.random.default_rng(0).normal(5, 2, 20_000)
    values[::10] = 1e6
    assert deviation(values, 5) == pytest.approx(2, rel=0.2)
