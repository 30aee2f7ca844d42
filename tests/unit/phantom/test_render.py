"""Geometry, lights and truth of rendered scenes."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from phantom import (
    LIGHTS,
    NEUTRAL_TAB_REFLECTANCE,
    PART,
    PARTS,
    Geometry,
    Identity,
    Pose,
    Scene,
    shade,
    trace,
)
from phantom.fields import Field, f32

pytestmark = pytest.mark.unit


def test_the_same_arguments_give_the_same_bytes(spotted: Identity, geometry: Geometry) -> None:
    again = trace(spotted, 520, 640)
    for name in ("diffuse", "specular", "coverage", "labels", "mask_bits", "melanin", "blood", "glow"):
        assert np.array_equal(getattr(again, name), getattr(geometry, name)), name
    assert again.truth == geometry.truth


def test_other_seeds_give_other_people() -> None:
    assert Identity.sample(1) != Identity.sample(2)
    assert Identity.sample(1) == Identity.sample(1)


def test_every_part_of_a_face_is_labelled() -> None:
    person = Identity.sample(5, "tan").with_(
        hair_style="short", beard="full", glasses=False, smile=0.9, mouth_gap=8.0, age=0.3, beard_density=1.0
    )
    bare = trace(person, 400, 480).labels
    worn = trace(person.with_(glasses=True), 400, 480).labels
    assert {PARTS[i] for i in np.unique(bare)} == set(PARTS) - {"glasses"}
    assert (worn[bare == PART["eye"]] == PART["glasses"]).mean() > 0.95


def test_the_face_box_holds_eyes_and_mouth(scene: Scene) -> None:
    x, y, w, h = scene.box
    inside = np.zeros(scene.labels.shape, bool)
    inside[y : y + h, x : x + w] = True
    for part in ("eye", "lips", "brow"):
        assert inside[scene.labels == PART[part]].all()


def test_parallel_minus_cross_is_the_reflection(geometry: Geometry) -> None:
    white, cross, parallel = (shade(geometry, light) for light in LIGHTS[:3])
    reflection = f32(geometry.specular)[..., None]
    assert np.allclose(parallel.linear - cross.linear, reflection, atol=1e-6)
    assert np.allclose(2 * cross.linear + reflection, white.linear, atol=1e-6)
    assert cross.masks["specular"].sum() == 0 < white.masks["specular"].sum()


def test_a_leaking_polariser_lets_its_share_of_reflections_through(geometry: Geometry) -> None:
    tight, leaky = shade(geometry, "cross_polarised"), shade(geometry, "cross_polarised", polariser_leak=0.1)
    assert np.allclose(leaky.linear - tight.linear, 0.1 * f32(geometry.specular)[..., None], atol=1e-6)


def test_an_unknown_light_is_refused(geometry: Geometry) -> None:
    with pytest.raises(ValueError, match="cross_polarised"):
        shade(geometry, "ultraviolet")  # type: ignore[arg-type]


def test_the_neutral_tab_reads_its_reflectance(geometry: Geometry) -> None:
    for light, share in zip(LIGHTS[:3], (1.0, 0.5, 0.5), strict=True):
        scene = shade(geometry, light)
        assert scene.neutral_tab is not None
        x, y, w, h = scene.neutral_tab
        assert scene.linear[y : y + h, x : x + w] == pytest.approx(share * NEUTRAL_TAB_REFLECTANCE, rel=1e-3)
        assert (scene.labels[y : y + h, x : x + w] == PART["background"]).all()


def test_masks_lie_on_skin_and_maps_off_skin_are_zero(scene: Scene) -> None:
    skin = scene.labels == PART["skin"]
    assert np.array_equal(scene.masks["skin"], skin)
    for name, mask in scene.masks.items():
        assert not (mask & ~skin).any(), name
    assert (scene.maps["melanin"][scene.labels == PART["hair"]] == 0).all()
    assert np.median(scene.maps["melanin"][skin]) == pytest.approx(scene.truth["melanin"], rel=0.15)


def _contrast(picture: Field, mask: NDArray[np.bool_], skin: NDArray[np.bool_]) -> float:
    """Mean of the masked pixels over that of unmarked skin within 12 px."""
    around = cv2.dilate(mask.astype(np.uint8), np.ones((25, 25), np.uint8)).astype(bool) & skin & ~mask
    return float(picture[mask].mean() / picture[around].mean())


def test_spots_are_dark_and_papules_red_where_the_masks_say(geometry: Geometry) -> None:
    scene = shade(geometry, "cross_polarised")
    clear = scene.masks["skin"] & ~scene.masks["papule"] & ~scene.masks["pigment_spot"]
    spots, papules = scene.masks["pigment_spot"], scene.masks["papule"] & ~scene.masks["pigment_spot"]
    assert spots.sum() > 50 < papules.sum()
    assert _contrast(scene.linear[..., 1], spots, clear) < 0.85
    redness = np.log(scene.linear[..., 0] / np.maximum(scene.linear[..., 1], 1e-4))
    assert redness[papules].mean() > redness[clear].mean() + 0.15
    assert scene.maps["melanin"][spots].mean() > 1.3 * scene.maps["melanin"][clear].mean()


def test_counts_match_what_is_visible(scene: Scene) -> None:
    pieces = cv2.connectedComponents(scene.masks["pigment_spot"].astype(np.uint8))[0] - 1
    assert 5 <= scene.truth["spot_count"] <= 17
    assert abs(pieces - scene.truth["spot_count"]) <= 5


def test_pores_are_truth_only_where_a_pixel_can_hold_them(spotted: Identity) -> None:
    coarse = trace(spotted, 400, 480)
    fine = shade(trace(spotted, 600, 600, px_per_mm=4.5))
    assert not shade(coarse).masks["pore"].any()
    share = fine.masks["pore"].sum() / fine.masks["skin"].sum()
    assert 0.002 < share < 0.06


def test_turning_the_head_moves_the_box_and_hides_lesions(spotted: Identity, geometry: Geometry) -> None:
    left, right = (trace(spotted, 200, 240, Pose(yaw=yaw)) for yaw in (-15.0, 40.0))
    assert left.box[0] < right.box[0]
    for name in ("spot_count", "papule_count", "pore_count"):
        assert right.truth[name] <= geometry.truth[name]
    assert right.truth["pore_count"] < 0.98 * geometry.truth["pore_count"]


def test_a_tiny_picture_is_refused(spotted: Identity) -> None:
    with pytest.raises(ValueError, match="at least 64"):
        trace(spotted, 40, 40)
