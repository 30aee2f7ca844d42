"""Measures that move with the truth of the phantom."""

import numpy as np
import pytest
from numpy.typing import NDArray

from phantom import ITA_CLASSES
from server.analysis import LayerMap, face_regions, find_face, find_lesions, measure_gloss, measure_skin
from station.protocol import Layer, Light, Measure
from station.quality import develop, linear, luminance
from tests.fixtures import triton_reference as reference
from tests.fixtures.phantom_heads import photograph, scene, true_face, true_skin

pytestmark = pytest.mark.integration

Srgb = NDArray[np.uint8]


def layers(light: NDArray[np.float32], skin: Srgb) -> dict[Layer, LayerMap]:
    melanin, haemoglobin = reference.pigments(light.astype(np.float64))
    red = reference.redness(haemoglobin, skin)
    return {
        Layer.SKIN: LayerMap(Layer.SKIN, skin, 1 / 255, 0.0, "1"),
        Layer.MELANIN: LayerMap(Layer.MELANIN, melanin, 1 / 60, -0.25, "optical density"),
        Layer.REDNESS: LayerMap(Layer.REDNESS, red, 1 / 240, 0.0, "optical density"),
    }


def measured(tone: str, **header: object) -> dict[tuple[str, str], Measure]:
    picture = scene(tone, Light.WHITE)
    frame = photograph(picture, Light.WHITE, **header)  # type: ignore[arg-type]
    skin = true_skin(picture)
    found = measure_skin(layers(linear(frame), skin), develop(frame), frame.header, true_face(picture))
    return {(measure.region, measure.name): measure for measure in found}


def value(measures: dict[tuple[str, str], Measure], region: str, name: str) -> float:
    found = measures[region, name].value
    assert found is not None
    return found


def test_the_melanin_index_rises_with_melanin_and_the_angle_falls() -> None:
    by_melanin = sorted(ITA_CLASSES, key=lambda tone: scene(tone, Light.WHITE).truth["melanin"])
    measures = [measured(tone, calibration="phantom") for tone in by_melanin]
    for region in ("forehead", "left_cheek", "face"):
        indices = [value(each, region, "melanin_index") for each in measures]
        assert indices == sorted(indices)
    angles = [value(each, "forehead", "ita") for each in measures]
    assert angles == sorted(angles, reverse=True)


@pytest.mark.parametrize("stops", [-1.0, 0.5])
def test_indices_do_not_follow_the_exposure(stops: float) -> None:
    nominal, other = measured("light"), measured("light", stops=stops)
    for name in ("melanin_index", "erythema_index"):
        assert value(other, "face", name) == pytest.approx(value(nominal, "face", name), abs=1.5)


def test_added_blood_raises_redness_where_it_is() -> None:
    picture = scene("light", Light.WHITE)
    frame = photograph(picture, Light.WHITE)
    face, skin = true_face(picture), true_skin(picture)
    light = linear(frame)
    box = face.box
    y, x = np.mgrid[0 : light.shape[0], 0 : light.shape[1]]
    patch = np.hypot(x - box.x - 0.74 * box.width, y - box.y - 0.64 * box.height) < 0.05 * box.width
    flushed = np.where(
        patch[..., None], light * np.exp(-0.5 * np.array([0.255, 0.682, 0.685])), light
    ).astype(np.float32)
    before, after = layers(light, skin), layers(flushed, skin)
    srgb, header = develop(frame), frame.header
    changes = {}
    for name in ("left_cheek", "right_cheek"):
        areas = [
            next(
                m.value
                for m in measure_skin(maps, srgb, header, face)
                if (m.region, m.name) == (name, "redness_area")
            )
            for maps in (before, after)
        ]
        assert areas[0] is not None
        assert areas[1] is not None
        changes[name] = areas[1] - areas[0]
    cheek = face_regions(face, skin, skin.shape)["left_cheek"]
    painted = 100 * (cheek & patch).sum() / cheek.sum()
    assert 0.4 * painted < changes["left_cheek"] < 1.3 * painted
    assert changes["right_cheek"] == pytest.approx(0, abs=1)
    findings = {finding.kind: finding for finding in find_lesions(after, face, header)}
    assert (findings["redness"].mask & patch).sum() > 0.6 * patch.sum()


def test_spots_painted_on_skin_are_found() -> None:
    picture = scene("light", Light.WHITE)
    frame = photograph(picture, Light.WHITE)
    face, skin = true_face(picture), true_skin(picture)
    box = face.box
    light = linear(frame)
    y, x = np.mgrid[0 : light.shape[0], 0 : light.shape[1]]
    centres = [(0.30, 0.60), (0.70, 0.62), (0.42, 0.20), (0.60, 0.16), (0.28, 0.72)]
    spots = np.zeros(light.shape[:2], bool)
    for u, v in centres:
        spots |= np.hypot(x - box.x - u * box.width, y - box.y - v * box.height) < 3
    painted = np.where(spots[..., None], light * np.exp(-0.8 * np.array([0.242, 0.464, 0.852])), light)
    plain, spotted = (
        {f.kind: f for f in find_lesions(layers(each.astype(np.float32), skin), face, frame.header)}
        for each in (light, painted)
    )
    mask = spotted["pigment_spot"].mask
    at = [(round(box.y + v * box.height), round(box.x + u * box.width)) for u, v in centres]
    assert all(mask[row, column] for row, column in at)
    before = plain["pigment_spot"].mask if "pigment_spot" in plain else np.zeros_like(mask)
    assert not any(before[row, column] for row, column in at)


@pytest.mark.parametrize("tone", ITA_CLASSES)
def test_gloss_of_each_region_is_the_true_one(tone: str) -> None:
    parallel, cross = scene(tone, Light.PARALLEL_POLARISED), scene(tone, Light.CROSS_POLARISED)
    frames = photograph(parallel, Light.PARALLEL_POLARISED), photograph(cross, Light.CROSS_POLARISED, seed=2)
    face, skin = true_face(parallel), true_skin(parallel)
    gloss = {m.region: m.value for m in measure_gloss(*frames, face, skin) if m.name == "gloss"}
    truth = luminance(parallel.linear)
    for region, mask in face_regions(face, skin, skin.shape).items():
        expected = 100 * parallel.maps["specular"][mask].sum() / truth[mask].sum()
        assert gloss[region] == pytest.approx(expected, rel=0.1, abs=0.3), region


def test_the_faces_of_the_phantom_are_found() -> None:
    found = 0
    for tone in ITA_CLASSES:
        picture = scene(tone, Light.WHITE)
        face, true = find_face(develop(photograph(picture, Light.WHITE))), true_face(picture).box
        if face is not None:
            across = face.box.x + face.box.width / 2 - true.x - true.width / 2
            down = face.box.y + face.box.height / 2 - true.y - true.height / 2
            found += max(abs(across), abs(down)) < 0.2 * true.width
    assert found >= len(ITA_CLASSES) - 1
