"""Reflections in one picture and in a polarised pair."""

import numpy as np
import pytest
from numpy.typing import NDArray

from station.protocol import Light
from station.quality import (
    PolarisedPair,
    Reading,
    gloss_share,
    polarised_pair,
    polariser_leak,
    specular_part,
    specular_reflection,
    take_sample,
)
from station.quality.reflection import polarised_reflection
from tests.fixtures.skin_pictures import DARK_SKIN, FACE, LIGHT_SKIN, Picture, expose, skin_picture

pytestmark = pytest.mark.unit

MIDDLE = (0.36, 0.22, 0.15)


def highlight(peak: float, *, x: int = 160, y: int = 70, radius: int = 16) -> NDArray[np.float32]:
    rows, columns = np.mgrid[0:320, 0:320]
    inside = (columns - x) ** 2 + (rows - y) ** 2 <= radius**2
    return np.where(inside, peak, 0).astype(np.float32)


def sheen(seed: int = 3) -> NDArray[np.float32]:
    """A fine pattern of reflections that the skin's relief makes."""
    rng = np.random.default_rng(seed)
    shine = np.clip(rng.normal(0.02, 0.03, (80, 80)), 0, 0.15).astype(np.float32)
    full = np.kron(shine, np.ones((4, 4), np.float32))
    full[4:36, 4:36] = 0
    return np.asarray(full, np.float32)


def single(colour: tuple[float, float, float], shine: NDArray[np.float32]) -> Reading:
    return specular_reflection(take_sample(expose(skin_picture(colour) + shine[..., None]), FACE))


@pytest.mark.parametrize("colour", [LIGHT_SKIN, MIDDLE, DARK_SKIN])
def test_skin_without_reflection_shows_none(colour: tuple[float, float, float]) -> None:
    assert single(colour, highlight(0.0)).value == pytest.approx(0, abs=0.5)


@pytest.mark.parametrize("colour", [LIGHT_SKIN, MIDDLE, DARK_SKIN])
def test_a_highlight_is_found_where_it_is_in_every_tone(colour: tuple[float, float, float]) -> None:
    reading = single(colour, highlight(0.3))
    zone = np.pi / 4 * (0.52 * 240) * (0.22 * 240)
    assert reading.region == "forehead"
    assert reading.value == pytest.approx(100 * np.pi * 16**2 / zone, rel=0.15)


@pytest.mark.parametrize("colour", [LIGHT_SKIN, MIDDLE, DARK_SKIN])
def test_the_white_part_is_measured(colour: tuple[float, float, float]) -> None:
    shine = highlight(0.25)
    part = specular_part(
        skin_picture(colour, detail=0.0) + shine[..., None], np.full((320, 320), 255, np.uint8)
    )
    assert np.median(part[shine > 0]) == pytest.approx(0.25, rel=0.12)


def pair_of(colour: tuple[float, float, float], *, leak: float, shine: NDArray[np.float32]) -> PolarisedPair:
    matte: Picture = skin_picture(colour) * np.float32(0.5)
    parallel = expose(matte + shine[..., None], stops=0.6, noise=0.0005, light=Light.PARALLEL_POLARISED)
    cross = expose(
        matte + np.float32(leak) * shine[..., None], stops=0.9, noise=0.0005, light=Light.CROSS_POLARISED
    )
    pair = polarised_pair(take_sample(cross, FACE), take_sample(parallel, FACE))
    assert pair is not None
    return pair


@pytest.mark.parametrize("colour", [LIGHT_SKIN, MIDDLE, DARK_SKIN])
def test_a_pair_measures_gloss_whatever_its_exposures(colour: tuple[float, float, float]) -> None:
    shine = sheen()
    pair = pair_of(colour, leak=0.0, shine=shine)
    inside = pair.skin > 0
    rows, columns = slice(6, 6 + inside.shape[0]), slice(45, 45 + inside.shape[1])
    seen = shine[rows, columns]
    total = (skin_picture(colour) / 2 @ np.array([0.2126, 0.7152, 0.0722], np.float32))[rows, columns] + seen
    assert gloss_share(pair, pair.skin) == pytest.approx(
        100 * seen[inside].sum() / total[inside].sum(), rel=0.03
    )


def test_a_pair_counts_hot_spots() -> None:
    pair = pair_of(MIDDLE, leak=0.0, shine=highlight(0.3))
    spots, _ = polarised_reflection(pair, "face", {})
    share = 100 * np.pi * 16**2 / float((pair.skin > 0).sum())
    assert spots.value == pytest.approx(share, rel=0.05)


@pytest.mark.parametrize("colour", [MIDDLE, DARK_SKIN])
@pytest.mark.parametrize("leak", [0.0, 0.1, 0.3, 0.6])
def test_the_leak_of_the_polarisers_is_measured(colour: tuple[float, float, float], leak: float) -> None:
    reading = polariser_leak(pair_of(colour, leak=leak, shine=sheen()), "face")
    assert reading.value == pytest.approx(100 * leak, abs=8)


def test_a_polariser_that_is_not_turned_is_found() -> None:
    value = polariser_leak(pair_of(MIDDLE, leak=1.0, shine=sheen()), "face").value
    assert value is not None
    assert value > 70


def test_matte_skin_cannot_tell() -> None:
    pair = pair_of(MIDDLE, leak=0.0, shine=np.zeros((320, 320), np.float32))
    flat = PolarisedPair(np.full_like(pair.parallel, 0.2), np.full_like(pair.cross, 0.2), pair.skin)
    reading = polariser_leak(flat, "face")
    assert reading.value is None
    assert reading.reason


def test_two_pictures_of_one_light_are_no_pair() -> None:
    picture: Picture = skin_picture()
    first, second = (take_sample(expose(picture, light=Light.CROSS_POLARISED), FACE) for _ in range(2))
    assert polarised_pair(first, second) is None
