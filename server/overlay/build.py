"""The overlay of a preview frame: outlines of skin and regions, coarse maps of the face, in a bounded number of bytes."""

import zlib
from collections.abc import Iterator, Mapping

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from station.protocol import (
    MAX_OVERLAY_BYTES,
    Box,
    CoarseMap,
    Contour,
    Face,
    Layer,
    Overlay,
    PreviewOverlay,
)
from station.quality import zone_outlines

Mask = NDArray[np.uint8]

MAPPED_LAYERS = (Layer.MELANIN, Layer.REDNESS, Layer.REFLECTION, Layer.SEVERITY)
"""Layers sent as coarse maps; the skin is sent as outlines."""
_MAX_CONTOURS = 8
_MIN_AREA = 1 / 2000  # of the picture: smaller islands of skin are noise
_STEPS = ((48, 0.002), (36, 0.004), (24, 0.006), (16, 0.01), (8, 0.02), (4, 0.05))
"""Columns of a map and tolerance of outlines; finer maps would cost each viewer a packet more than the eye gains."""
_LEVELS = np.uint8(0xF8)  # 32 levels are more than an eye tells apart in a veil, and compress to half


def build_overlay(
    frame_id: int,
    width: int,
    height: int,
    face: Face | None,
    layers: Mapping[Layer, Mask],
    *,
    model: str,
    inference_ms: float,
) -> Overlay:
    """The overlay of a `width` x `height` frame; its `PreviewOverlay` never exceeds `MAX_OVERLAY_BYTES` as JSON.

    `layers` are uint8 (rows, columns) over the whole frame at any resolution; skin is a mask (over 127: skin), the
    others are strengths. `face` is in pixels of the frame; without a face there are outlines but no maps. An overlay
    that would be too large is made coarser until it fits.
    """
    for columns, tolerance in _STEPS:
        overlay = Overlay(
            frame_id=frame_id,
            width=width,
            height=height,
            faces=() if face is None else (face,),
            contours=(*_contours(layers.get(Layer.SKIN), width, height, tolerance), *_regions(face)),
            maps=() if face is None else tuple(_maps(face.box, layers, width, height, columns)),
            model=model,
            inference_ms=round(inference_ms, 2),
        )
        if _json_bytes(overlay) <= MAX_OVERLAY_BYTES:
            return overlay
    return msgspec.structs.replace(overlay, contours=(), maps=())


def _json_bytes(overlay: Overlay) -> int:
    return len(msgspec.json.encode(PreviewOverlay(rtp_timestamp=(1 << 32) - 1, overlay=overlay)))


def _contours(skin: Mask | None, width: int, height: int, tolerance: float) -> Iterator[Contour]:
    """Outer outlines of the largest areas of skin, simplified to `tolerance` times the frame's diagonal."""
    if skin is None or skin.size == 0:
        return
    mask = cv2.threshold(skin, 127, 255, cv2.THRESH_BINARY)[1]
    found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    rows, columns = skin.shape
    scale = np.array([width / columns, height / rows])
    epsilon = tolerance * float(np.hypot(rows, columns))
    large = [outline for outline in found if cv2.contourArea(outline) >= _MIN_AREA * skin.size]
    for outline in sorted(large, key=cv2.contourArea, reverse=True)[:_MAX_CONTOURS]:
        corners = cv2.approxPolyDP(outline, epsilon, True).reshape(-1, 2)
        if len(corners) >= 3:
            points = np.rint((corners + 0.5) * scale).astype(int)
            yield Contour(layer=Layer.SKIN, points=tuple(points.ravel().tolist()))


def _regions(face: Face | None) -> Iterator[Contour]:
    if face is not None:
        for outline in zone_outlines(face.box, face.pose).values():
            yield Contour(layer=Layer.REGIONS, points=tuple(np.rint(outline).astype(int).ravel().tolist()))


def _maps(
    box: Box, layers: Mapping[Layer, Mask], width: int, height: int, columns: int
) -> Iterator[CoarseMap]:
    """The mapped layers inside `box`, `columns` cells wide."""
    visible = _clipped(box, width, height)
    if visible.width < 1 or visible.height < 1:
        return
    columns = min(columns, visible.width)
    rows = int(np.clip(round(columns * visible.height / visible.width), 1, min(256, visible.height)))
    for layer in MAPPED_LAYERS:
        if layer in layers:
            cells = _cells(layers[layer], layers.get(Layer.SKIN), visible, width, height, (columns, rows))
            yield CoarseMap(
                layer=layer, box=visible, columns=columns, rows=rows, values=zlib.compress(cells.tobytes(), 6)
            )


def _cells(
    layer: Mask, skin: Mask | None, box: Box, width: int, height: int, size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Mean strength per cell; where there is no skin, nothing."""
    crop = _crop(layer, box, width, height)
    cells = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    if skin is not None and skin.shape == layer.shape:
        share = cv2.resize(_crop(skin, box, width, height), size, interpolation=cv2.INTER_AREA)
        cells = np.where(share > 127, cells, 0)
    return np.asarray(cells, np.uint8) & _LEVELS


def _crop(layer: Mask, box: Box, width: int, height: int) -> Mask:
    rows, columns = layer.shape
    inside = box.scaled(columns / width, rows / height)
    left, top = min(inside.x, columns - 1), min(inside.y, rows - 1)
    return layer[top : top + max(inside.height, 1), left : left + max(inside.width, 1)]


def _clipped(box: Box, width: int, height: int) -> Box:
    left, top = max(box.x, 0), max(box.y, 0)
    right, bottom = min(box.x + box.width, width), min(box.y + box.height, height)
    return Box(left, top, max(right - left, 0), max(bottom - top, 0))
