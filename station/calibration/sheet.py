"""A chart sheet drawn: as a picture of known scale, or as a PDF of vectors."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from station.calibration.colour import Colours
from station.calibration.layout import MARKERS, PAGE_MM, ChartLayout, Rectangle

DICTIONARY: Final = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
EDGE_TURN_DEG: Final = 5.0
"""Turn of the square whose edges tell the sharpness (ISO 12233)."""
MM_PER_INCH: Final = 25.4
_POINT_MM = MM_PER_INCH / 72
_BLACK, _WHITE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
_FINE = 4
"""Parts of a pixel's side that an edge is smoothed over."""
_STRIPE_ROWS = 64
_BEHIND = 0.05
"""Reflectance of the room behind a sheet that stands."""
_SHIFT = 4
"""Bits of the fraction of a pixel that polygons are drawn with."""

Paint = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Shape:
    """A filled polygon."""

    corners: Colours
    """(n, 2), mm."""
    paint: Paint
    """Linear sRGB reflectance."""


@dataclass(frozen=True)
class Label:
    """A line of text, left end of its base line."""

    x: float
    y: float
    size_mm: float
    text: str


def sheet_shapes(layout: ChartLayout, *, mounted: bool = False) -> tuple[Shape, ...]:
    """Everything on the sheet but its words, to paint in this order on white.

    `mounted` adds the patches of a bought chart, as it lies in its frame.
    """
    shapes = [shape for number, at in MARKERS.items() for shape in _marker(number, at)]
    if layout.printed or mounted:
        shapes += [Shape(patch.at.corners, patch.rgb) for patch in layout.patches]
    else:
        shapes += [shape for patch in layout.patches for shape in _frame(patch.at, 0.3)]
    shapes += [Shape(patch.at.corners, patch.rgb) for patch in layout.ramp]
    shapes += [*_frame(layout.white, 0.3), *_ruler(layout.scale)]
    return (*shapes, Shape(turned_edge(layout), _BLACK))


def turned_edge(layout: ChartLayout) -> Colours:
    """Corners (4, 2) of the slanted square, mm, clockwise."""
    corners = layout.edge.corners
    middle, angle = corners.mean(0), np.radians(EDGE_TURN_DEG)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray((corners - middle) @ turn.T + middle)


def draw_light(layout: ChartLayout, px_per_mm: float) -> NDArray[np.float32]:
    """The sheet, its patches mounted, as reflectance, (height, width, 3) linear sRGB, edges smoothed over 4 x 4 parts of a pixel.

    Colours beyond sRGB stay what they are: a component may be below 0.
    """
    width, height = (round(side * px_per_mm) for side in PAGE_MM)
    shapes = sheet_shapes(layout, mounted=True)
    paints = list(dict.fromkeys([_WHITE, *(shape.paint for shape in shapes)]))
    page = np.zeros((height * _FINE, width * _FINE), np.uint8)
    for shape in shapes:
        points = np.rint((shape.corners * px_per_mm * _FINE - 0.5) * (1 << _SHIFT)).astype(np.int32)
        cv2.fillConvexPoly(page, points, paints.index(shape.paint), shift=_SHIFT)
    palette, drawn = np.array(paints, np.float32), np.empty((height, width, 3), np.float32)
    for row in range(0, height, _STRIPE_ROWS):
        fine = palette[page[row * _FINE : (row + _STRIPE_ROWS) * _FINE]]
        size = width, fine.shape[0] // _FINE
        drawn[row : row + _STRIPE_ROWS] = cv2.resize(fine, size, interpolation=cv2.INTER_AREA)
    return drawn


def draw_standing(layout: ChartLayout, width: int, height: int, px_per_mm: float) -> NDArray[np.float32]:
    """The sheet, its patches mounted, upright in the middle of a dark scene: (height, width, 3) reflectance.

    Drawn in whole pixels and set down on whole pixels, so that the truth is exact. What does not fit is cut off.
    """
    sheet = draw_light(layout, px_per_mm)
    scene = np.full((height, width, 3), _BEHIND, np.float32)
    left, top = (width - sheet.shape[1]) // 2, (height - sheet.shape[0]) // 2
    cut = sheet[max(-top, 0) : max(-top, 0) + height, max(-left, 0) : max(-left, 0) + width]
    at, along = max(top, 0), max(left, 0)
    scene[at : at + cut.shape[0], along : along + cut.shape[1]] = cut
    return scene


def draw_picture(layout: ChartLayout, dpi: int) -> NDArray[np.uint8]:
    """The sheet with its words, (height, width, 3) 8-bit sRGB at `dpi` dots per inch; sides within half a dot."""
    scale = dpi / MM_PER_INCH
    page = np.full((round(PAGE_MM[1] * scale), round(PAGE_MM[0] * scale), 3), 255, np.uint8)
    for shape in sheet_shapes(layout):
        # Whole dots, so that no edge is grey; a polygon's last row and column belong to it, hence the half.
        points = np.rint(shape.corners * scale)
        points = points - (points > points.mean(0))
        cv2.fillConvexPoly(page, points.astype(np.int32), _encoded(shape.paint))
    for label in _labels(layout):
        _write(page, label, scale)
    return page


def draw_pdf(layout: ChartLayout) -> bytes:
    """The sheet as a PDF 1.4 of one A4 page: vectors, exact at every printer's resolution, colours named as sRGB."""
    content = "\n".join(["/sRGB cs", *_pdf_shapes(layout), "/sRGB cs 0 0 0 sc", *_pdf_labels(layout)])
    packed = zlib.compress(content.encode("latin-1"), 9)
    width, height = (side / _POINT_MM for side in PAGE_MM)
    space = (
        "[/CalRGB << /WhitePoint [0.95047 1 1.08883] /Gamma [2.2 2.2 2.2] "
        "/Matrix [0.4124 0.2126 0.0193 0.3576 0.7152 0.1192 0.1805 0.0722 0.9505] >>]"
    )
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R /ViewerPreferences << /PrintScaling /None >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width:.4f} {height:.4f}] /Contents 4 0 R /Resources << "
        f"/ColorSpace << /sRGB {space} >> /Font << /F 5 0 R >> >> >>".encode(),
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream" % (len(packed), packed),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    return _pdf_file(parts)


def _pdf_file(parts: list[bytes]) -> bytes:
    """Objects 1 to n, numbered as they come, with their cross-reference table (ISO 32000-1 section 7.5)."""
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, part in enumerate(parts, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count, start = len(parts) + 1, len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R >>\n" % (count, table, count)
    out += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def _pdf_shapes(layout: ChartLayout) -> Iterator[str]:
    for shape in sheet_shapes(layout):
        # Gamma 2.2 of the CalRGB space; linear reflectance raised to it gives the same light again.
        red, green, blue = (max(value, 0.0) ** (1 / 2.2) for value in shape.paint)
        yield f"{min(red, 1):.4f} {min(green, 1):.4f} {min(blue, 1):.4f} sc"
        points = [(x / _POINT_MM, (PAGE_MM[1] - y) / _POINT_MM) for x, y in shape.corners]
        path = " ".join(f"{x:.4f} {y:.4f} {'l' if index else 'm'}" for index, (x, y) in enumerate(points))
        yield f"{path} h f"


def _pdf_labels(layout: ChartLayout) -> Iterator[str]:
    for label in _labels(layout):
        x, y = label.x / _POINT_MM, (PAGE_MM[1] - label.y) / _POINT_MM
        text = label.text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        yield f"BT /F {label.size_mm / _POINT_MM:.3f} Tf {x:.4f} {y:.4f} Td ({text}) Tj ET"


def _labels(layout: ChartLayout) -> Iterator[Label]:
    yield Label(45, 18, 4.0, f"dermabooth chart sheet: {layout.name}")
    yield Label(45, 24, 2.6, "Print at 100 %, matte paper. The scale below must measure 100 mm.")
    yield Label(45, 28, 2.6, "Stand it where the face is, square to the camera, markers in sight.")
    if not layout.printed:
        yield Label(45, 32, 2.6, "Mount the 24-patch chart on the frames, dark skin upper left.")
    yield Label(47, 190, 2.6, "white field: keep clean")
    for ten in range(0, 101, 10):
        yield Label(layout.scale.x + ten - 1, layout.scale.y + layout.scale.height + 3, 2.4, str(ten))


def _marker(number: int, at: Rectangle) -> Iterator[Shape]:
    """Cells of a marker: a black square with its white cells on it."""
    bits = cv2.aruco.generateImageMarker(DICTIONARY, number, 6)
    cell = at.width / 6
    yield Shape(at.corners, _BLACK)
    for row, column in np.argwhere(bits > 0):
        white = Rectangle(at.x + column * cell, at.y + row * cell, cell, cell)
        yield Shape(white.corners, _WHITE)


def _frame(at: Rectangle, line: float) -> Iterator[Shape]:
    """A thin grey outline outside the rectangle."""
    outer = Rectangle(at.x - line, at.y - line, at.width + 2 * line, at.height + 2 * line)
    yield Shape(outer.corners, (0.5, 0.5, 0.5))
    yield Shape(at.corners, _WHITE)


def _ruler(at: Rectangle) -> Iterator[Shape]:
    """A line every millimetre, longer at five and ten; its left edge is the mark."""
    for mark in range(round(at.width) + 1):
        long = at.height if mark % 10 == 0 else 0.7 * at.height if mark % 5 == 0 else 0.45 * at.height
        yield Shape(Rectangle(at.x + mark, at.y + at.height - long, 0.2, long).corners, _BLACK)


def _encoded(paint: Paint) -> list[int]:
    light = np.clip(np.array(paint), 0, 1)
    return [
        int(v)
        for v in np.rint(
            255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
        )
    ]


def _write(page: NDArray[np.uint8], label: Label, scale: float) -> None:
    height = label.size_mm * 0.7 * scale
    face, thick = cv2.FONT_HERSHEY_SIMPLEX, max(1, round(height / 12))
    size = cv2.getFontScaleFromHeight(face, max(1, round(height)), thick)
    origin = round(label.x * scale), round(label.y * scale)
    cv2.putText(page, label.text, origin, face, size, (0, 0, 0), thick, cv2.LINE_AA)
