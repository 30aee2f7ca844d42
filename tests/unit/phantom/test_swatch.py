"""Swatches: their truth, their scale, their light."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from phantom.scene import LIGHTS
from phantom.spectral import individual_typology_angle, lab_from_xyz
from phantom.swatch import CONDITIONS, CONTRAST_TO_NOISE_FLOOR, ITEMS, Condition, Law, Swatch, swatch
from phantom.swatch.sheet import main

pytestmark = pytest.mark.unit

TRAINING = Law.training()
_RGB_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


@pytest.fixture(scope="module")
def pieces() -> list[Swatch]:
    return [swatch(seed, TRAINING, side=160) for seed in range(24)]


def _linear(srgb: np.ndarray) -> np.ndarray:
    value = srgb.astype(float) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, other = (swatch(5, TRAINING, side=96, lights=LIGHTS) for _ in range(2))
    for light in LIGHTS:
        assert np.array_equal(one.pictures[light], other.pictures[light])
        assert one.pictures[light].shape == (96, 96, 3)
        assert one.pictures[light].dtype == np.uint8
    assert np.array_equal(one.masks, other.masks)
    assert one.lesions == other.lesions
    assert not np.array_equal(one.masks, swatch(6, TRAINING, side=96).masks)


def test_intensity_lies_within_masks_and_full_scale(pieces: list[Swatch]) -> None:
    full = np.array([3.0, 3.0, 0.30, 0.20])
    for piece in pieces:
        assert set(np.unique(piece.masks)) <= {0, 1}
        assert not piece.intensity[piece.masks == 0].any()
        assert (piece.intensity.max((1, 2)) <= full).all()
        assert not (piece.ignore & (piece.masks == 0)).any()


def test_every_item_and_kind_occurs(pieces: list[Swatch]) -> None:
    kinds = {lesion.kind for piece in pieces for lesion in piece.lesions}
    assert kinds >= {"lentigo", "ephelis", "papule", "pustule", "open_comedo", "wrinkle", "pore"}
    assert (np.stack([piece.masks for piece in pieces]).sum((0, 2, 3)) > 0).all()


def test_lesions_have_the_size_they_are_said_to_have(pieces: list[Swatch]) -> None:
    for piece in pieces:
        for lesion in piece.lesions:
            margin = 1.6 * lesion.radius
            inside = margin < lesion.y < 160 - margin and margin < lesion.x < 160 - margin
            if lesion.kind == "papule" and inside:
                cut = piece.masks[1][
                    round(lesion.y - margin) : round(lesion.y + margin),
                    round(lesion.x - margin) : round(lesion.x + margin),
                ]
                assert cut.sum() > 0.75 * np.pi * lesion.radius**2
                assert 0.4 * 20 < lesion.radius < 1.7 * 20


def test_visible_is_above_the_floor_and_faint_lesions_are_fainter(pieces: list[Swatch]) -> None:
    for piece in pieces:
        for lesion in piece.lesions:
            assert lesion.visible == (lesion.contrast_to_noise >= CONTRAST_TO_NOISE_FLOOR[lesion.item])
    faint = [swatch(seed, Law.faint(), side=160) for seed in range(12)]
    for item in ITEMS:
        ratios = [
            np.median([x.contrast_to_noise for piece in group for x in piece.lesions if x.item == item])
            for group in (pieces[:12], faint)
        ]
        assert ratios[1] < 0.75 * ratios[0]


@pytest.mark.parametrize("ita", [60.0, 35.0, 0.0, -40.0])
def test_skin_has_the_tone_asked_for(ita: float) -> None:
    found = []
    for seed in range(4):
        piece = swatch(seed, TRAINING, side=96, ita=ita, clean=True, lights=("cross_polarised",))
        assert piece.ita == ita
        lab = lab_from_xyz(_linear(piece.pictures["cross_polarised"]).mean((0, 1)) @ _RGB_TO_XYZ.T)
        found.append(float(individual_typology_angle(lab)))
    assert np.mean(found) == pytest.approx(ita, abs=20)


def test_clean_skin_has_no_truth() -> None:
    piece = swatch(3, TRAINING, side=96, clean=True)
    assert not piece.masks.any()
    assert piece.lesions == ()


def test_gloss_is_in_the_parallel_picture(pieces: list[Swatch]) -> None:
    more = [
        float(piece.pictures["parallel_polarised"].mean()) - float(piece.pictures["cross_polarised"].mean())
        for piece in pieces
    ]
    assert min(more) > 0


def test_a_pigment_spot_is_darker_by_its_dose(pieces: list[Swatch]) -> None:
    for piece in pieces:
        green = _linear(piece.pictures["cross_polarised"])[..., 1]
        spot = (piece.intensity[0] > 0.8) & (piece.masks[1] == 0)
        if spot.sum() > 200 and piece.ita > 10:
            assert green[spot].mean() < green[piece.masks.max(0) == 0].mean()


def test_porphyrins_are_red_under_ultraviolet() -> None:
    piece = swatch(1, TRAINING, side=224, px_per_mm=6, ita=45, conditions={"clogged_pores"}, lights=("uv",))
    light = _linear(piece.pictures["uv"])
    redness = light[..., 0] / light.sum(-1)
    assert piece.porphyrins.any()
    around = cv2.dilate(piece.porphyrins.astype(np.uint8), np.ones((7, 7), np.uint8)) == 0
    assert redness[piece.porphyrins].mean() > redness[around].mean() + 0.01


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_changes_the_picture_where_it_is(name: Condition) -> None:
    piece = swatch(2, TRAINING, side=128, px_per_mm=6, conditions={name}, lights=("white",))
    assert piece.conditions == {name}
    bare = swatch(2, TRAINING, side=128, px_per_mm=6, conditions=(), lights=("white",))
    assert bare.conditions == frozenset()
    assert not np.array_equal(piece.pictures["white"], bare.pictures["white"])


def test_an_unknown_condition_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="ephelides"):
        swatch(1, TRAINING, side=64, conditions=("sunburn",))  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [[], ["--conditions"], ["--law", "faint", "--first-seed", "7"]])
def test_the_sheet_is_written(tmp_path: Path, options: list[str]) -> None:
    assert main([str(tmp_path / "sheet.png"), *options]) == 0
    picture = cv2.imread(str(tmp_path / "sheet.png"))
    assert picture is not None
    columns, rows = (8, 3) if "--conditions" in options else (6, 5)
    assert picture.shape == (228 * rows - 4, 228 * columns - 4, 3)
