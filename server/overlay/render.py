"""A picture with its layers drawn on it."""

import zlib
from collections.abc import Collection, Iterator, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from station.protocol import Contour, Layer, MalformedMessage, Overlay

Picture = NDArray[np.uint8]

COLOURS: Mapping[Layer, tuple[int, int, int]] = {
    Layer.SKIN: (64, 224, 160),
    Layer.MELANIN: (96, 48, 16),
    Layer.REDNESS: (224, 32, 48),
    Layer.REFLECTION: (64, 160, 255),
}
"""sRGB colour of each layer."""
_DRAWN_AS_VEIL = (Layer.MELANIN, Layer.REDNESS, Layer.REFLECTION)
_BAND = 64  # rows mixed at a time: their intermediates stay in the processor's cache


def render(
    srgb: Picture,
    source: Overlay | Mapping[Layer, Picture],
    *,
    shown: Collection[Layer] = tuple(Layer),
    opacity: float = 0.6,
) -> Picture:
    """A copy of `srgb` (uint8, H x W x 3) with the `shown` layers on it.

    `source` is an overlay, or layers of uint8 (rows, columns) over the whole picture at any resolution. Skin is drawn
    as an outline, the others as veils of their colour, `opacity` (0 to 1) where they are 255.
    """
    height, width = srgb.shape[:2]
    layers = layers_of(source) if isinstance(source, Overlay) else source
    veils = [
        (_fitted(layers[layer], width, height), COLOURS[layer])
        for layer in _DRAWN_AS_VEIL
        if layer in shown and layer in layers and opacity > 0
    ]
    picture = srgb.copy()
    for strength, colour in veils:
        for part in _bands(strength):
            picture[part] = _veiled(picture[part], strength[part], colour, opacity)
    if Layer.SKIN in shown and Layer.SKIN in layers:
        _outline(picture, _fitted(layers[Layer.SKIN], width, height))
    return picture


def layers_of(overlay: Overlay) -> dict[Layer, Picture]:
    """The layers that an overlay describes, uint8 at the size of its frame; raises `MalformedMessage` if broken."""
    layers: dict[Layer, Picture] = {}
    for part in overlay.maps:
        cells = _unpacked(part.values, part.rows * part.columns).reshape(part.rows, part.columns)
        layer = layers.setdefault(part.layer, np.zeros((overlay.height, overlay.width), np.uint8))
        window = layer[
            max(part.box.y, 0) : part.box.y + part.box.height,
            max(part.box.x, 0) : part.box.x + part.box.width,
        ]
        if window.size:
            window[:] = cv2.resize(cells, window.shape[::-1], interpolation=cv2.INTER_LINEAR)
    for contour in overlay.contours:
        layer = layers.setdefault(contour.layer, np.zeros((overlay.height, overlay.width), np.uint8))
        cv2.fillPoly(layer, [_corners(contour)], 255)
    return layers


def _bands(strength: Picture) -> Iterator[tuple[slice, slice]]:
    """The part of a layer that is not empty, in bands."""
    left, top, width, height = cv2.boundingRect(strength)
    for row in range(top, top + height, _BAND):
        yield slice(row, min(row + _BAND, top + height)), slice(left, left + width)


def _veiled(picture: Picture, strength: Picture, colour: tuple[int, int, int], opacity: float) -> Picture:
    """`picture` mixed with `colour` by `strength`, in 8-bit arithmetic: within 1 of the exact mix."""
    share = cv2.convertScaleAbs(strength, alpha=min(opacity, 1.0))
    rest = cv2.bitwise_not(share)
    veil = cv2.merge([cv2.convertScaleAbs(share, alpha=value / 255) for value in colour])
    left = cv2.multiply(picture, cv2.merge([rest, rest, rest]), scale=1 / 255)
    return np.asarray(cv2.add(left, veil), np.uint8)


def _outline(picture: Picture, skin: Picture) -> None:
    mask = cv2.threshold(skin, 127, 255, cv2.THRESH_BINARY)[1]
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    thickness = max(1, round(max(picture.shape) / 800))
    cv2.drawContours(picture, outlines, -1, COLOURS[Layer.SKIN], thickness, cv2.LINE_AA)


def _fitted(layer: Picture, width: int, height: int) -> Picture:
    if layer.shape == (height, width):
        return layer
    return np.asarray(cv2.resize(layer, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _corners(contour: Contour) -> NDArray[np.int32]:
    if len(contour.points) % 2:
        raise MalformedMessage("an outline has an odd number of coordinates")
    return np.asarray(contour.points, np.int32).reshape(-1, 1, 2)


def _unpacked(values: bytes, size: int) -> Picture:
    """The cells of a coarse map; never inflates more than `size` bytes."""
    inflater = zlib.decompressobj()
    try:
        cells = inflater.decompress(values, size + 1)
    except zlib.error as error:
        raise MalformedMessage(f"a coarse map cannot be inflated: {error}") from error
    if len(cells) != size:
        raise MalformedMessage(f"a coarse map has not {size} cells")
    return np.frombuffer(cells, np.uint8)
