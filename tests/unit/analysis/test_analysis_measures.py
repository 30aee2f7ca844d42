"""Measures: values in units, or the reason why there is none."""

import math

import numpy as np
import pytest
import skimage.color
from numpy.typing import NDArray

from server.analysis import (
    NO_CALIBRATION,
    NO_WHITE,
    LayerMap,
    measure_gloss,
    measure_skin,
    measure_texture,
    no_scale,
    skin_view,
)
from server.analysis.colour import lab, typology_angle
from server.analysis.regions import OUTLINES
from station.protocol import Box, Face, Frame, FrameHeader, Layer, Light, Measure, NeutralTab, Transfer
from station.quality import encode_srgb

pytestmark = pytest.mark.unit

FACE = Face(box=Box(60, 40, 200, 200))
SKIN = (0.45, 0.28, 0.2)
Layers = dict[Layer, LayerMap]


def header(**changes: object) -> FrameHeader:
    fields: dict[str, object] = {"frame_id": 0, "width": 320, "height": 320, "light": Light.WHITE}
    return FrameHeader(**(fields | changes))  # type: ignore[arg-type]


def picture(colour: tuple[float, float, float] = SKIN, exposure: float = 1.0) -> NDArray[np.uint8]:
    light = np.ones((320, 320, 3), np.float32) * np.array(colour, np.float32)
    light[4:36, 4:36] = 0.5
    return encode_srgb(light * np.float32(exposure))


TAB = NeutralTab(Box(4, 4, 32, 32), 0.5)


def layers(**maps: NDArray[np.uint8]) -> Layers:
    full = {"skin": np.full((320, 320), 255, np.uint8)} | maps
    scales = {
        "skin": (1 / 255, 0.0, "1"),
        "melanin": (0.02, -0.3, "OD"),
        "redness": (0.005, 0.0, "OD"),
        "reflection": (0.001, 0.0, "1"),
    }
    return {Layer(name): LayerMap(Layer(name), pixels, *scales[name]) for name, pixels in full.items()}


def found(measures: tuple[Measure, ...]) -> dict[tuple[str, str], Measure]:
    return {(measure.region, measure.name): measure for measure in measures}


def test_a_map_becomes_quantities_of_each_region() -> None:
    melanin = np.full((320, 320), 40, np.uint8)
    melanin[:, 160:] = 60
    measures = found(measure_skin(layers(melanin=melanin), picture(), header(), FACE))
    assert measures["right_cheek", "melanin"].value == pytest.approx(-0.3 + 0.02 * 40)
    assert measures["left_cheek", "melanin"].value == pytest.approx(-0.3 + 0.02 * 60)
    assert measures["face", "melanin_sd"].value == pytest.approx(0.02 * 10, rel=0.02)
    assert measures["left_cheek", "melanin"].unit == "OD"
    assert {region for region, _ in measures} == set(OUTLINES)


def test_areas_are_shares_of_the_skin_of_the_region() -> None:
    red = np.zeros((320, 320), np.uint8)
    red[:, 160:] = 100
    shine = np.zeros((320, 320), np.uint8)
    shine[:60] = 200
    measures = found(measure_skin(layers(redness=red, reflection=shine), picture(), header(), FACE))
    assert measures["left_cheek", "redness_area"].value == 100
    assert measures["right_cheek", "redness_area"].value == 0
    assert measures["face", "redness"].value == pytest.approx(0.25, abs=0.01)
    assert measures["chin", "shine_area"].value == 0
    assert 0 < (measures["forehead", "shine_area"].value or 0) < 30


@pytest.mark.parametrize("exposure", [0.6, 1.0])
def test_indices_are_held_against_the_tab(exposure: float) -> None:
    measures = found(measure_skin(layers(), picture(exposure=exposure), header(neutral_tab=TAB), FACE))
    for region in OUTLINES:
        assert measures[region, "melanin_index"].value == pytest.approx(100 * math.log10(1 / 0.45), abs=0.6)
        assert measures[region, "erythema_index"].value == pytest.approx(
            100 * math.log10(0.45 / 0.28), abs=0.6
        )
    assert measures["face", "evenness"].value == pytest.approx(0, abs=0.01)


def test_without_a_tab_there_is_no_index_and_no_evenness() -> None:
    measures = found(measure_skin(layers(), picture(), header(), FACE))
    for name in ("melanin_index", "erythema_index", "evenness"):
        assert measures["face", name].value is None
        assert measures["face", name].reason == NO_WHITE


def test_calibrated_colour_needs_a_calibration_record() -> None:
    measures = found(measure_skin(layers(), picture(), header(neutral_tab=TAB), FACE))
    for name in ("l_star", "a_star", "b_star", "ita"):
        assert measures["face", name].value is None
        assert measures["face", name].reason == NO_CALIBRATION
        assert ("nose", name) not in measures


def test_calibrated_colour_is_cielab_of_the_reflectance() -> None:
    measures = found(
        measure_skin(layers(), picture(exposure=0.7), header(neutral_tab=TAB, calibration="rig-1"), FACE)
    )
    expected = skimage.color.rgb2lab(encode_srgb(np.array([[SKIN]], np.float32)))[0, 0]
    values = [measures["face", name].value for name in ("l_star", "a_star", "b_star")]
    assert values == pytest.approx(list(expected), abs=0.5)
    angle = math.degrees(math.atan((expected[0] - 50) / expected[2]))
    assert measures["chin", "ita"].value == pytest.approx(angle, abs=1.0)


def test_calibrated_colour_goes_through_the_records_matrix() -> None:
    """A camera whose red is three tenths green, and the matrix that takes it out again."""
    mixing = np.array([[0.7, 0.3, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    seen = mixing @ np.array(SKIN)
    record = {"neutral_tab": TAB, "calibration": "rig-1"}
    matrix = tuple(np.linalg.inv(mixing).ravel().tolist())
    mended, as_seen, wanted = (
        found(measure_skin(layers(), picture(colour), header(**record, color_matrix=given), FACE))
        for colour, given in ((tuple(seen), matrix), (tuple(seen), None), (SKIN, None))
    )
    for name in ("l_star", "a_star", "b_star", "ita"):
        truth = wanted["face", name].value
        assert mended["face", name].value == pytest.approx(truth, abs=0.5)
    assert as_seen["face", "a_star"].value != pytest.approx(wanted["face", "a_star"].value, abs=1.5)


def test_the_booths_reason_is_passed_on() -> None:
    reason = "calibration rig-1-20260101-00000000 expired on 2026-04-03"
    told = header(neutral_tab=TAB, calibration="rig-1-20260101-00000000", color_refused=reason)
    measures = found(measure_skin(layers(), picture(), told, FACE))
    assert measures["face", "ita"].value is None
    assert measures["face", "ita"].reason == reason
    assert no_scale(header(scale_refused=reason)) == reason
    view = skin_view(FACE, np.full((320, 320), 255, np.uint8))
    assert view is not None
    texture = measure_texture(Frame(header(scale_refused=reason), picture()), view)
    assert texture[0].reason == f"{reason}, needs 10 px/mm"


def test_cielab_equals_that_of_scikit_image() -> None:
    codes = np.random.default_rng(1).integers(0, 256, (16, 16, 3), np.uint8)
    linear = np.where(codes <= 10, codes / 255 / 12.92, ((codes / 255 + 0.055) / 1.055) ** 2.4).astype(
        np.float32
    )
    np.testing.assert_allclose(lab(linear), skimage.color.rgb2lab(codes), atol=0.05)


def test_the_typology_angle_needs_yellow_skin() -> None:
    assert typology_angle(60, 10) == pytest.approx(45)
    assert typology_angle(40, 10) == pytest.approx(-45)
    assert typology_angle(60, -1) is None


def test_fluorescence_has_no_colour() -> None:
    measures = found(
        measure_skin(layers(), picture(), header(neutral_tab=TAB, calibration="rig-1", light=Light.UV), FACE)
    )
    assert measures["face", "ita"].value is None
    assert "fluorescence" in measures["face", "melanin_index"].reason


def test_a_hidden_region_says_so() -> None:
    skin = np.full((320, 320), 255, np.uint8)
    skin[:100] = 0
    measures = found(measure_skin(layers(skin=skin), picture(), header(), FACE))
    assert measures["forehead", "melanin"].value is None
    assert "too little skin" in measures["forehead", "melanin"].reason


def test_without_a_face_all_skin_is_one_region_or_nothing_is_measured() -> None:
    melanin = np.full((320, 320), 40, np.uint8)
    measures = measure_skin(layers(melanin=melanin), picture(), header(), None)
    assert {measure.region for measure in measures} == {"skin"}
    nothing = measure_skin(layers(skin=np.zeros((320, 320), np.uint8)), picture(), header(), None)
    assert [measure.reason for measure in nothing] == ["no face found"]


def polarised(light: Light, shine: float) -> Frame:
    matte = np.ones((320, 320, 3), np.float32) * np.array(SKIN, np.float32) / 2
    matte[100:200] += np.float32(shine)
    matte[4:36, 4:36] = 0.25
    codes = np.rint(matte * 4095).astype(np.uint16)
    coding = {"bit_depth": 12, "transfer": Transfer.LINEAR, "white_level": 4095}
    return Frame(header(light=light, neutral_tab=TAB, **coding), codes)


def test_gloss_comes_from_the_difference_of_the_pair() -> None:
    skin = np.full((320, 320), 255, np.uint8)
    pair = polarised(Light.PARALLEL_POLARISED, 0.1), polarised(Light.CROSS_POLARISED, 0.0)
    measures = found(measure_gloss(*pair, FACE, skin))
    luminance = float(np.dot((0.2126, 0.7152, 0.0722), SKIN)) / 2
    assert measures["nose", "gloss"].value == pytest.approx(100 * 0.1 / (luminance + 0.1), rel=0.05)
    assert measures["nose", "polarised_shine_area"].value == pytest.approx(100, abs=3)
    assert measures["chin", "gloss"].value == pytest.approx(0, abs=0.1)
    assert measure_gloss(pair[0], pair[0], FACE, skin) == ()
