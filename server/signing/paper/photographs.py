"""The photographs with what was found drawn on them, as a grid."""

from collections.abc import Mapping
from io import BytesIO

from server.dicom import segment_kind
from server.overlay import COLOURS as COLOURS_OF_LAYERS
from server.signing.paper import words
from server.signing.paper.canvas import LEFT, LINE, MUTED, SHADE, WIDTH, Canvas
from server.signing.paper.front import COLOURS
from server.signing.sheet import Photograph, Sheet
from station.protocol import Layer

_OUTLINED = (
    "redness",
    "pigment_spot",
    "marked_spot",
    "trouble",
    "wrinkle",
    "pore",
    "porphyrin",
    "uv_spot",
)
"""Findings by `segment_kind`, in whose colours overlays have them."""
_GAP = 4.0
_CAPTION = 11.5
_PAGE = 230.0
"""What one page holds: a grid that fits one begins one."""
_SIDE_BY_SIDE = ((4, 2, 98.0), (6, 3, 84.0), (9, 3, 65.0))
"""Up to how many photographs how many stand side by side, and how high at most, mm; more: `_MANY`."""
_MANY = 4, 62.0


def draw_photographs(canvas: Canvas, sheet: Sheet, pictures: Mapping[str, bytes]) -> None:
    """Draw all of them, the fewer the larger."""
    if not sheet.photographs:
        return
    count = len(sheet.photographs)
    side, tallest = next(((side, high) for most, side, high in _SIDE_BY_SIDE if count <= most), _MANY)
    width = (WIDTH - (side - 1) * _GAP) / side
    height = max(min(tallest, width * one.aspect) for one in sheet.photographs)
    rows = -(-count // side)
    canvas.heading("Photographs", needs=min(rows * (height + _CAPTION) + 6, _PAGE))
    if any(one.overlay for one in sheet.photographs):
        _draw_legend(canvas)
    for begin in range(0, len(sheet.photographs), side):
        canvas.need(height + _CAPTION)
        y = canvas.get_y()
        for column, one in enumerate(sheet.photographs[begin : begin + side]):
            _draw(
                canvas,
                one,
                pictures.get(one.sop_instance_uid),
                (LEFT + column * (width + _GAP), y, width, height),
            )
        canvas.set_xy(LEFT, y + height + _CAPTION)


def _draw_legend(canvas: Canvas) -> None:
    """What the colours of the outlines mean, as many in a line as it holds."""
    outlines = [("Skin that was examined", COLOURS_OF_LAYERS[Layer.SKIN])]
    outlines += [(kind.type.meaning, kind.colour) for kind in map(segment_kind, _OUTLINED)]
    x, y = LEFT, canvas.get_y()
    for name, colour in outlines:
        canvas.set_font_size(7)
        wide = canvas.get_string_width(name) + 8
        if x + wide > LEFT + WIDTH:
            x, y = LEFT, y + 4
        with canvas.local_context(fill_color=colour):
            canvas.rect(x, y + 0.5, 2.2, 2.2, style="F")
        canvas.write_at(x + 3.2, y, name, size=7, colour=MUTED)
        x += wide
    canvas.set_xy(LEFT, y + 5.5)


def _draw(
    canvas: Canvas, one: Photograph, jpeg: bytes | None, box: tuple[float, float, float, float]
) -> None:
    x, y, width, height = box
    if jpeg is None:
        with canvas.local_context(fill_color=SHADE, draw_color=LINE):
            canvas.rect(x, y, width, height, style="DF")
        canvas.write_at(
            x, y + height / 2, "its file is not here", size=7.5, colour=MUTED, width=width, align="C"
        )
    else:
        alt = f"Photograph, {words.picture_name(one.view, one.light)}"
        canvas.image(BytesIO(jpeg), x, y, width, height, keep_aspect_ratio=True, alt_text=alt)
    verdict = words.VERDICTS[one.verdict]
    canvas.write_at(x, y + height + 1, words.VIEWS[one.view], size=7.5, width=width - 17)
    canvas.write_at(
        x + width - 16, y + height + 1, verdict, size=7.5, colour=COLOURS[one.verdict], width=16, align="R"
    )
    light = words.sentence(words.LIGHTS[one.light])
    canvas.write_at(x, y + height + 4.8, light, size=7.5, colour=MUTED, width=width)
