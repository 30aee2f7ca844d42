"""What is measured about the skin of each region, in units, or the reason why it cannot be."""

from collections.abc import Iterator, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from server.analysis.colour import SkinColour, lab, pigment_indices, skin_colour, typology_angle
from server.analysis.layers import LayerMap
from server.analysis.regions import OUTLINES, WHOLE_FACE, SkinView, skin_view
from station.protocol import Face, FrameHeader, Layer, Measure
from station.quality import HOT_SPOT, Mask

REDNESS_CONTRAST = 0.12
"""Optical density of haemoglobin above its surroundings from which skin counts as red."""

CHROMOPHORES = "chromophores/1"
REDNESS = "redness/1"
REFLECTIONS = "reflections/1"
INDICES = "reflectance_indices/1"
CIELAB = "cielab_d65/1"

Layers = Mapping[Layer, LayerMap]


def measure_skin(
    layers: Layers,
    srgb: NDArray[np.uint8],
    header: FrameHeader,
    face: Face | None,
    *,
    view: SkinView | None = None,
) -> tuple[Measure, ...]:
    """The measures of one picture, region by region, the whole face first; without a face of all skin as one region.

    `srgb` is (height, width, 3), the layers of the same size. Faces wider than 640 px are measured on a reduced copy.
    Colour is held against the neutral tab; CIELAB and the typology angle need a calibration record.
    `view` is the `skin_view` of the same picture, where it is at hand.
    """
    skin = layers.get(Layer.SKIN)
    view = view or (None if skin is None else skin_view(face, skin.pixels))
    if view is None:
        reason = "no face found" if face is None else "no skin in sight"
        return (
            Measure(
                region=WHOLE_FACE, name="melanin", value=None, unit="", method=CHROMOPHORES, reason=reason
            ),
        )
    colour = skin_colour(srgb, header, view)
    found = [*_of_layers(layers, view), *_indices(colour, view), *_cielab(colour, view)]
    found += _hidden(face, view)
    order = {name: index for index, name in enumerate(view.regions)}
    return tuple(sorted(found, key=lambda measure: order.get(measure.region, len(order))))


def _of_layers(layers: Layers, view: SkinView) -> Iterator[Measure]:
    if (melanin := layers.get(Layer.MELANIN)) is not None:
        yield from _mean_and_spread("melanin", melanin, view)
    if (redness := layers.get(Layer.REDNESS)) is not None:
        values = view.quantity(redness)
        for name, region in view.regions.items():
            mean = float(cv2.mean(values, region)[0])
            yield _measure(name, "redness", mean, redness.unit, REDNESS)
            yield _measure(name, "redness_area", _share(values > REDNESS_CONTRAST, region), "%", REDNESS)
    if (reflection := layers.get(Layer.REFLECTION)) is not None:
        values = view.quantity(reflection)
        for name, region in view.regions.items():
            yield _measure(name, "shine_area", _share(values > HOT_SPOT, region), "%", REFLECTIONS)


def _mean_and_spread(name: str, layer: LayerMap, view: SkinView) -> Iterator[Measure]:
    values = view.quantity(layer)
    for region, mask in view.regions.items():
        mean, deviation = cv2.meanStdDev(values, mask=mask)
        yield _measure(region, name, float(mean[0, 0]), layer.unit, CHROMOPHORES)
        yield _measure(region, f"{name}_sd", float(deviation[0, 0]), layer.unit, CHROMOPHORES)


def _indices(colour: SkinColour, view: SkinView) -> Iterator[Measure]:
    if colour.reflectance is None:
        yield from _refused(view, ("melanin_index", "erythema_index"), "1", INDICES, colour.reason)
        return
    for name, region in view.regions.items():
        melanin, erythema = pigment_indices(colour.reflectance, region)
        yield _measure(name, "melanin_index", melanin, "1", INDICES)
        yield _measure(name, "erythema_index", erythema, "1", INDICES)


def _cielab(colour: SkinColour, view: SkinView) -> Iterator[Measure]:
    """L*, a*, b*, typology angle and evenness, the standard deviation of L*, which needs a white only."""
    if colour.reflectance is None:
        yield from _refused(view, ("evenness",), "L*", CIELAB, colour.reason)
    if not colour.calibrated:
        yield from _refused(view, ("l_star", "a_star", "b_star"), "Lab", CIELAB, colour.reason)
        yield from _refused(view, ("ita",), "deg", CIELAB, colour.reason)
    light = colour.linear_srgb
    if light is None:
        return
    values = lab(light)
    for name, region in view.regions.items():
        mean, deviation = cv2.meanStdDev(values, mask=region)
        yield _measure(name, "evenness", float(deviation[0, 0]), "L*", CIELAB)
        if colour.calibrated:
            yield from _calibrated(name, [float(value) for value in mean[:, 0]])


def _calibrated(region: str, mean: list[float]) -> Iterator[Measure]:
    for name, value in zip(("l_star", "a_star", "b_star"), mean, strict=True):
        yield _measure(region, name, value, "Lab", CIELAB)
    angle = typology_angle(mean[0], mean[2])
    reason = "" if angle is not None else "b* is not positive"
    yield Measure(region=region, name="ita", value=angle, unit="deg", method=CIELAB, reason=reason)


def _hidden(face: Face | None, view: SkinView) -> Iterator[Measure]:
    """Regions of the face without skin in sight."""
    if face is None:
        return
    for name in OUTLINES:
        if name not in view.regions:
            yield Measure(
                region=name,
                name="melanin",
                value=None,
                unit="",
                method=CHROMOPHORES,
                reason="too little skin in sight",
            )


def _refused(
    view: SkinView, names: tuple[str, ...], unit: str, method: str, reason: str
) -> Iterator[Measure]:
    """Said once, of the whole: it holds for every region."""
    region = next(iter(view.regions))
    for name in names:
        yield Measure(region=region, name=name, value=None, unit=unit, method=method, reason=reason)


def _share(where: NDArray[np.bool_], region: Mask) -> float:
    return 100 * cv2.countNonZero(cv2.bitwise_and(where.view(np.uint8), region)) / cv2.countNonZero(region)


def _measure(region: str, name: str, value: float, unit: str, method: str) -> Measure:
    return Measure(region=region, name=name, value=value, unit=unit, method=method)
